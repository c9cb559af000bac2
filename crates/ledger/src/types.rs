//! Accounts, transfers, and what becomes of them. Values only.

use kernel::id::Kind;
use kernel::{Id, Time};

/// Marks the id of an account.
pub enum AccountKind {}
impl Kind for AccountKind {
    const PREFIX: &'static str = "acc";
}
/// Our id of an account.
pub type AccountId = Id<AccountKind>;

/// Marks the id of a transfer.
pub enum TransferKind {}
impl Kind for TransferKind {
    const PREFIX: &'static str = "trf";
}
/// Our id of a transfer; it also tells when the transfer was made.
pub type TransferId = Id<TransferKind>;

/// What amounts of a ledger count. Amounts of different units never meet in one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(pub u16);

impl Unit {
    /// Chinese yuan in fen.
    pub const FEN: Unit = Unit(1);
}

/// When an account of a ledger comes into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opening {
    /// With the first transfer that names it.
    OnFirstUse,
    /// By [`crate::open`] only; until then transfers are refused.
    Explicit,
}

/// How many batches touch an account at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// Few: the account can be guarded by a limit, and its entries are chained.
    Own,
    /// Nearly all of them: the counter side of a book. Batches add to it without waiting to see
    /// it, so it cannot be guarded by a limit.
    Shared,
}

/// A kind of account. One constant a kind; the code is stored, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Unique, stored.
    pub code: u16,
    /// What its amounts count.
    pub unit: Unit,
    /// When its accounts come into being.
    pub opening: Opening,
    /// Whether everybody touches its accounts.
    pub sharing: Sharing,
}

/// What an account is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey {
    /// Its ledger.
    pub ledger: Ledger,
    /// Keyed hash or id of the owner, 16 bytes.
    pub owner: [u8; 16],
    /// Calendar year, or 0 where there are no periods.
    pub period: i32,
}

/// The key under which a transfer happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) reference: i64,
    pub(crate) step: i64,
}

/// Steps of one thing in one ledger: enough for its kinds of transfer and their repetitions.
const STEP_BITS: u32 = 32;

impl Key {
    /// The key of a step of the life of a thing: the id of an inventory, say, the ledger's code,
    /// and a number that the book gives to the step. Keys of things made one after another lie
    /// beside one another on disk.
    pub const fn of(thing: i64, ledger: Ledger, step: u32) -> Key {
        Key { reference: thing & i64::MAX, step: ((ledger.code as i64) << STEP_BITS) | step as i64 }
    }

    /// The key that stands for a text (a caller's idempotency key): give a 16-byte hash of it.
    pub const fn hashed(hash: [u8; 16]) -> Key {
        let bits = u128::from_be_bytes(hash);
        // Negative references are texts', so that they never meet a thing's.
        Key { reference: (bits >> 64) as i64 | i64::MIN, step: bits as i64 & i64::MAX }
    }

    /// The ledger's own key for letting a hold expire. Negative steps are the ledger's.
    pub(crate) const fn of_expiry(hold: TransferId) -> Key {
        Key { reference: hold.to_i64(), step: -1 }
    }

    /// All steps of one thing in one ledger: from the first up to but without the second.
    pub(crate) const fn steps(ledger: Ledger) -> (i64, i64) {
        ((ledger.code as i64) << STEP_BITS, (ledger.code as i64 + 1) << STEP_BITS)
    }

    /// The number the book gave to the step.
    pub(crate) const fn step_number(self) -> u32 {
        (self.step & ((1 << STEP_BITS) - 1)) as u32
    }
}

/// One movement asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Under this key it happens once.
    pub key: Key,
    /// What shall happen.
    pub act: Act,
    /// The most that the debit account may have, posted (debits less credits) and held together,
    /// after this transfer. Only posts and holds are tested.
    pub limit: Option<i64>,
    /// Whether it stands or falls with the next one of the batch: a run of linked transfers and
    /// the one after it happen all or not at all.
    pub linked: bool,
}

impl Transfer {
    /// A transfer by itself without a limit.
    pub const fn new(key: Key, act: Act) -> Transfer {
        Transfer { key, act, limit: None, linked: false }
    }
}

/// What a transfer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Moves an amount for good.
    Post {
        /// The account debited.
        debit: AccountKey,
        /// The account credited.
        credit: AccountKey,
        /// In the ledger's unit, at least 1.
        amount: i64,
    },
    /// Sets an amount aside.
    Hold {
        /// The account to be debited.
        debit: AccountKey,
        /// The account to be credited.
        credit: AccountKey,
        /// In the ledger's unit, at least 1.
        amount: i64,
        /// From this instant on the hold can only expire.
        expires: Option<Time>,
    },
    /// Moves what was held, and frees the rest.
    PostHold {
        /// Key of the hold.
        hold: Key,
        /// At most what is held; none is all of it.
        amount: Option<i64>,
    },
    /// Frees what was held.
    VoidHold {
        /// Key of the hold.
        hold: Key,
    },
    /// Moves back what was posted, by a post or by posting a hold; several times up to the whole.
    Reverse {
        /// Key of the posting.
        posting: Key,
        /// At most what is left of it; none is all that is left.
        amount: Option<i64>,
    },
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened now.
    Applied(TransferId),
    /// It had happened before, under the same key and with the same content.
    AlreadyApplied(TransferId),
    /// It did not happen and changed nothing.
    Refused(Refusal),
}

impl Outcome {
    /// Whether it has happened, now or before.
    pub fn stands(self) -> bool {
        !matches!(self, Outcome::Refused(_))
    }
}

/// Why a transfer did not happen. The checks are made in the order in which they stand here, so
/// that the same wrong transfer is always refused for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Linked to a next transfer, but it is the last of the batch.
    #[error("the group has no end")]
    GroupOpen,
    /// Another transfer of its group was refused.
    #[error("another transfer of the group was refused")]
    Linked,
    /// Another transfer has this key.
    #[error("the key belongs to a transfer with other content")]
    KeyTaken,
    /// The amount is zero or negative.
    #[error("the amount is not positive")]
    AmountNotPositive,
    /// Debit and credit are one account.
    #[error("debit and credit are one account")]
    SameAccount,
    /// The account to debit is not open.
    #[error("no such account to debit")]
    NoSuchDebit,
    /// The account to credit is not open.
    #[error("no such account to credit")]
    NoSuchCredit,
    /// The accounts, or an account and its ledger, count in different units.
    #[error("the accounts count in different units")]
    UnitMismatch,
    /// No transfer has the key of the hold, or it is not a hold.
    #[error("no such hold")]
    HoldNotFound,
    /// The hold has been posted.
    #[error("the hold has been posted")]
    HoldPosted,
    /// The hold has been voided.
    #[error("the hold has been voided")]
    HoldVoided,
    /// The hold has expired, or its time is up.
    #[error("the hold has expired")]
    HoldExpired,
    /// More than is held.
    #[error("asked {asked} of {held} held")]
    ExceedsHold {
        /// What is held.
        held: i64,
        /// What was asked.
        asked: i64,
    },
    /// No transfer has the key of the posting, or it posted nothing.
    #[error("no such posting")]
    PostingNotFound,
    /// More than is left of the posting, or nothing is left.
    #[error("asked {asked} of {left} left")]
    ExceedsPosting {
        /// What has not been reversed yet.
        left: i64,
        /// What was asked.
        asked: i64,
    },
    /// A limit on a shared account, which cannot be kept.
    #[error("a shared account cannot be guarded")]
    Unguardable,
    /// The debit account would have more than the limit.
    #[error("{used} used and {held} held, {asked} asked, limit {limit}")]
    ExceedsLimit {
        /// Posted: debits less credits.
        used: i64,
        /// Held.
        held: i64,
        /// Asked for.
        asked: i64,
        /// The limit.
        limit: i64,
    },
    /// A sum would not fit 63 bits.
    #[error("a sum would overflow")]
    Overflow,
}

/// The sums of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Debited for good.
    pub debits_posted: i64,
    /// Credited for good.
    pub credits_posted: i64,
    /// To be debited, set aside.
    pub debits_held: i64,
    /// To be credited, set aside.
    pub credits_held: i64,
}

impl Balance {
    /// Debits less credits, posted.
    pub fn net_debits(&self) -> i64 {
        self.debits_posted.saturating_sub(self.credits_posted)
    }
}

/// One line of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The transfer; also tells when.
    pub transfer: TransferId,
    /// What it did.
    pub act: EntryAct,
    /// Whether this account was debited; credited otherwise.
    pub debit: bool,
    /// The other account.
    pub other: AccountId,
    /// The amount.
    pub amount: i64,
    /// The hold settled or the posting reversed.
    pub about: Option<TransferId>,
}

/// What a line of an account records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryAct {
    /// Moved for good.
    Post = 1,
    /// Set aside.
    Hold = 2,
    /// Moved what was set aside.
    PostHold = 3,
    /// Freed what was set aside.
    VoidHold = 4,
    /// Time freed what was set aside.
    Expire = 5,
    /// Moved back.
    Reverse = 6,
}

impl EntryAct {
    pub(crate) fn parse(code: i64) -> Option<EntryAct> {
        Some(match code {
            1 => EntryAct::Post,
            2 => EntryAct::Hold,
            3 => EntryAct::PostHold,
            4 => EntryAct::VoidHold,
            5 => EntryAct::Expire,
            6 => EntryAct::Reverse,
            _ => return None,
        })
    }

    pub(crate) fn code(self) -> i64 {
        self as i64
    }
}

/// A page of an account's lines, latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// The lines.
    pub items: Vec<Entry>,
    /// Where the next page starts; none when this is the last.
    pub next: Option<TransferId>,
}
