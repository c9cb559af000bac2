//! Amounts, roles, the states of a charge and the acts that move it. Values only.

use kernel::{Date, Fen, Id, Time, id::Kind};

/// Marks ids of guarantors.
pub enum GuarantorKind {}
impl Kind for GuarantorKind {
    const PREFIX: &'static str = "gtr";
}
/// Id of a guarantor.
pub type GuarantorId = Id<GuarantorKind>;

/// Marks ids of liabilities.
pub(crate) enum LiabilityKind {}
impl Kind for LiabilityKind {
    const PREFIX: &'static str = "lbl";
}
/// Id of a liability: a guarantor answering for a firm, with the agent that withholds.
pub(crate) type LiabilityId = Id<LiabilityKind>;

/// Marks ids of movements.
pub(crate) enum MovementKind {}
impl Kind for MovementKind {
    const PREFIX: &'static str = "mvt";
}
/// Id of a movement; also the reference of its transfers in the ledger.
pub(crate) type MovementId = Id<MovementKind>;

/// Marks ids of bills.
pub enum BillKind {}
impl Kind for BillKind {
    const PREFIX: &'static str = "bil";
}
/// Id of a period bill.
pub type BillId = Id<BillKind>;

/// The key of an inventory or of a return, given by the caller; the same key is the same thing.
/// Keys that grow with time are cheapest: put an id's eight bytes at the end of zeros.
pub type Key = [u8; 16];

/// The three taxes of an inventory or a bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Duty.
    pub duty: Fen,
    /// Value added tax.
    pub vat: Fen,
    /// Consumption tax.
    pub consumption_tax: Fen,
}

impl Parts {
    /// Nothing.
    pub const ZERO: Parts = Parts { duty: Fen(0), vat: Fen(0), consumption_tax: Fen(0) };

    /// All three together. Amounts far beyond any trade stop at the largest number.
    pub fn total(&self) -> Fen {
        let sum = self.duty.0.saturating_add(self.vat.0).saturating_add(self.consumption_tax.0);
        Fen(sum)
    }

    /// Each with its counterpart.
    #[must_use]
    pub fn plus(self, other: Parts) -> Parts {
        self.with(other, i64::saturating_add)
    }

    /// Each less its counterpart.
    #[must_use]
    pub fn minus(self, other: Parts) -> Parts {
        self.with(other, i64::saturating_sub)
    }

    fn with(self, other: Parts, f: fn(i64, i64) -> i64) -> Parts {
        Parts {
            duty: Fen(f(self.duty.0, other.duty.0)),
            vat: Fen(f(self.vat.0, other.vat.0)),
            consumption_tax: Fen(f(self.consumption_tax.0, other.consumption_tax.0)),
        }
    }

    /// Whether none is below nothing.
    pub fn is_amount(&self) -> bool {
        self.duty.0 >= 0 && self.vat.0 >= 0 && self.consumption_tax.0 >= 0
    }

    /// Whether each is at least its counterpart.
    pub fn covers(&self, other: &Parts) -> bool {
        self.minus(*other).is_amount()
    }
}

/// In which role a firm guarantees or withholds (regulations B2): kept for each case, because the
/// law has named different ones at different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Platform 电商平台.
    Platform = 1,
    /// E-commerce firm 电商企业.
    Ecommerce = 2,
    /// Logistics firm 物流企业.
    Logistics = 3,
    /// Customs broker 报关企业; withholds only.
    Broker = 4,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Platform, Role::Ecommerce, Role::Logistics, Role::Broker];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Platform => "platform",
            Role::Ecommerce => "ecommerce",
            Role::Logistics => "logistics",
            Role::Broker => "broker",
        }
    }

    /// The role of that word.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// The tax an inventory asks a guarantee for.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The inventory's key.
    pub key: Key,
    /// `assureCode`: who guarantees. In the form the register names the firm by
    /// (`register::party::Party::code`), here and below.
    pub guarantor: &'a str,
    /// `ebcCode`: whose goods.
    pub firm: &'a str,
    /// Who withholds the tax from the buyer.
    pub agent: &'a str,
    /// In which role.
    pub agent_role: Role,
    /// Customs' number of the inventory, when it has one already.
    pub invt_no: Option<&'a str>,
    /// The taxes reckoned.
    pub tax: Parts,
    /// Day of declaration.
    pub on: Date,
}

/// How a declaration ended.
#[derive(Clone, Copy, Debug)]
pub enum Settlement<'a> {
    /// Customs released it: the return window starts.
    Released {
        /// When.
        at: Time,
        /// Customs' number of the inventory.
        invt_no: Option<&'a str>,
    },
    /// Rejected, cancelled or forgotten, or all of it came back after release: no tax is due.
    GivenBack,
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It happened.
    Done,
    /// It had happened before.
    Already,
    /// What was paid is claimed back: the bill had been paid.
    Refunded,
    /// No charge has this key.
    Unknown,
    /// It cannot happen any more, such as the release of what was given back.
    Late,
}

/// Goods came back: their tax is not due, or is refunded.
#[derive(Clone, Copy, Debug)]
pub struct Return {
    /// Key of the return.
    pub key: Key,
    /// Key of the inventory.
    pub of: Key,
    /// Taxes of what came back; none: all that is left.
    pub tax: Option<Parts>,
}

/// What became of a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// The tax is void; it had not been paid.
    Voided(Parts),
    /// The tax is refunded; it had been paid.
    Refunded(Parts),
    /// This return was known.
    Already,
    /// No charge of that inventory, or it has not been released.
    NotReleased,
    /// More than is left of a tax, or below nothing.
    TooMuch,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeState {
    /// Declared; the guarantee is held for it.
    Held = 1,
    /// Released; within its return window.
    Due = 2,
    /// Not released after all.
    Freed = 3,
    /// On a bill.
    Billed = 4,
    /// Released, and all of it given back before payment.
    Void = 5,
}

impl ChargeState {
    const ALL: [ChargeState; 5] = [
        ChargeState::Held,
        ChargeState::Due,
        ChargeState::Freed,
        ChargeState::Billed,
        ChargeState::Void,
    ];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            ChargeState::Held => "held",
            ChargeState::Due => "due",
            ChargeState::Freed => "freed",
            ChargeState::Billed => "billed",
            ChargeState::Void => "void",
        }
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<ChargeState> {
        ChargeState::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What moves in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Lodged or topped up, from its first day.
    Grant = 1,
    /// Reduced by the guarantor.
    Reduce = 2,
    /// Its last day is past.
    Lapse = 3,
    /// Held at declaration.
    Hold = 4,
    /// Given back before release.
    GiveBack = 5,
    /// Released: the tax falls due.
    Release = 6,
    /// Returned within the window: not due.
    VoidDue = 7,
    /// Carried to a bill.
    Carry = 8,
    /// Taken off a bill before payment.
    VoidBilled = 9,
    /// Paid: the guarantee is free again.
    Pay = 10,
    /// Refunded after payment.
    Refund = 11,
}

impl Act {
    /// Every act, in the order of the life of a tax.
    pub const ALL: [Act; 11] = [
        Act::Grant,
        Act::Reduce,
        Act::Lapse,
        Act::Hold,
        Act::GiveBack,
        Act::Release,
        Act::VoidDue,
        Act::Carry,
        Act::VoidBilled,
        Act::Pay,
        Act::Refund,
    ];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Act::Grant => "granted",
            Act::Reduce => "reduced",
            Act::Lapse => "lapsed",
            Act::Hold => "held",
            Act::GiveBack => "given_back",
            Act::Release => "released",
            Act::VoidDue => "voided",
            Act::Carry => "carried",
            Act::VoidBilled => "voided_on_bill",
            Act::Pay => "paid",
            Act::Refund => "refunded",
        }
    }

    /// What an accountant reads, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Act::Grant => "提交担保",
            Act::Reduce => "核减担保",
            Act::Lapse => "担保到期",
            Act::Hold => "申报占用",
            Act::GiveBack => "未放行退还",
            Act::Release => "放行转应税",
            Act::VoidDue => "退货不征",
            Act::Carry => "结转税单",
            Act::VoidBilled => "税单核销",
            Act::Pay => "缴税释放",
            Act::Refund => "缴后退税",
        }
    }

    /// What an accountant reads, in English.
    pub const fn en(self) -> &'static str {
        match self {
            Act::Grant => "Guarantee lodged",
            Act::Reduce => "Guarantee reduced",
            Act::Lapse => "Guarantee lapsed",
            Act::Hold => "Held at declaration",
            Act::GiveBack => "Given back before release",
            Act::Release => "Released, tax due",
            Act::VoidDue => "Returned, not due",
            Act::Carry => "Carried to bill",
            Act::VoidBilled => "Taken off bill",
            Act::Pay => "Paid",
            Act::Refund => "Refunded after payment",
        }
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.code() == code)
    }

    /// What the act does to a guarantor's sums.
    pub fn effect(self, amount: Fen) -> Sums {
        let (plus, minus, none) = (amount, Fen(-amount.0), Fen(0));
        let [granted, held, due, billed] = match self {
            Act::Grant => [plus, none, none, none],
            Act::Reduce | Act::Lapse => [minus, none, none, none],
            Act::Hold => [none, plus, none, none],
            Act::GiveBack => [none, minus, none, none],
            Act::Release => [none, minus, plus, none],
            Act::VoidDue => [none, none, minus, none],
            Act::Carry => [none, none, minus, plus],
            Act::VoidBilled | Act::Pay => [none, none, none, minus],
            Act::Refund => [none; 4],
        };
        Sums { granted, held, due, billed }
    }

    /// What the act does to what an agent has withheld and not yet paid over or given back.
    pub fn withheld(self, amount: Fen) -> Fen {
        match self {
            Act::Release => amount,
            Act::VoidDue | Act::VoidBilled | Act::Pay => Fen(-amount.0),
            _ => Fen(0),
        }
    }
}

/// What a guarantor has lodged, and how it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Lodged and in force.
    pub granted: Fen,
    /// For declarations not decided.
    pub held: Fen,
    /// Released, within the return window.
    pub due: Fen,
    /// On bills that are not paid.
    pub billed: Fen,
}

impl Sums {
    /// What is free; below nothing when tax is uncovered.
    pub fn available(&self) -> Fen {
        Fen(self.granted.0 - self.held.0 - self.due.0 - self.billed.0)
    }

    /// Each with its counterpart.
    #[must_use]
    pub fn plus(self, other: Sums) -> Sums {
        Sums {
            granted: Fen(self.granted.0 + other.granted.0),
            held: Fen(self.held.0 + other.held.0),
            due: Fen(self.due.0 + other.due.0),
            billed: Fen(self.billed.0 + other.billed.0),
        }
    }
}

/// A day as a number of eight digits, as narrow rows keep it.
pub(crate) fn day_number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The day of such a number.
pub(crate) fn day_of(number: i64) -> Option<Date> {
    let year = i16::try_from(number / 10_000).ok()?;
    let month = i8::try_from(number / 100 % 100).ok()?;
    let day = i8::try_from(number % 100).ok()?;
    Date::new(year, month, day).ok()
}

/// So many days later; the last day of the calendar when beyond it.
pub(crate) fn days_after(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(days.clamp(-3_660_000, 3_660_000)))
}
