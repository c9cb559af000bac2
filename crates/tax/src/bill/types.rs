//! Bills, their states, and what customs says of them. Values only.

use kernel::{Date, Decimal, Fen, Finding, Text};

use crate::charge::{BillId, GuarantorId, Parts};

/// Where a bill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillState {
    /// Its period runs.
    Open = 1,
    /// Its period is over; nothing is added any more.
    Closed = 2,
    /// Customs' payment notice is known.
    Issued = 3,
    /// Paid in full.
    Paid = 4,
    /// Nothing of it was left to be paid.
    Void = 5,
    /// Paid, and all of it refunded.
    Refunded = 6,
}

impl BillState {
    /// Every state, in the order of a bill's life.
    pub const ALL: [BillState; 6] = [
        BillState::Open,
        BillState::Closed,
        BillState::Issued,
        BillState::Paid,
        BillState::Void,
        BillState::Refunded,
    ];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            BillState::Open => "open",
            BillState::Closed => "closed",
            BillState::Issued => "issued",
            BillState::Paid => "paid",
            BillState::Void => "void",
            BillState::Refunded => "refunded",
        }
    }

    /// The state of that word.
    pub fn parse(name: &str) -> Option<BillState> {
        BillState::ALL.into_iter().find(|state| state.name() == name)
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<BillState> {
        BillState::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether its tax still has to be paid.
    pub const fn is_payable(self) -> bool {
        matches!(self, BillState::Closed | BillState::Issued)
    }
}

/// A period bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Our id.
    pub id: BillId,
    /// Who guarantees and pays.
    pub guarantor: GuarantorId,
    /// Whose inventories; empty: those of all firms.
    pub firm: Box<str>,
    /// First day of the period.
    pub from_on: Date,
    /// Last day of the period.
    pub to_on: Date,
    /// Where it stands.
    pub state: BillState,
    /// Inventories of which tax is left.
    pub inventories: i64,
    /// What is to be paid, or was paid.
    pub tax: Parts,
    /// What came back after payment.
    pub refunded: Fen,
    /// The earliest last day to pay among its inventories.
    pub pay_until: Date,
    /// Customs' payment notices, in order.
    pub notices: Vec<String>,
    /// When it was closed.
    pub closed_on: Option<Date>,
    /// When customs issued it.
    pub issued_on: Option<Date>,
    /// When it was paid.
    pub paid_on: Option<Date>,
    /// Reference of the payment.
    pub payment: Option<Box<str>>,
    /// When it became void.
    pub voided_on: Option<Date>,
    /// When the last of it was refunded.
    pub refunded_on: Option<Date>,
    /// Why it is void or refunded.
    pub reason: Option<Box<str>>,
    /// Whether it was told that it was not paid by its last day.
    pub(crate) overdue: bool,
    pub(crate) version: i64,
}

impl Bill {
    /// The last day to pay: that of its earliest inventory, and not before the bill is closed. In
    /// a half-month of at most fifteen days the two agree (worked example T1).
    pub fn pay_by(&self) -> Date {
        self.pay_until.max(self.to_on)
    }
}

/// A payment of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment<'a> {
    /// What was paid; must be the bill's sum to the fen.
    pub amount: Fen,
    /// When.
    pub on: Date,
    /// Number of the payment notice paid, or of the transfer.
    pub reference: &'a str,
}

/// What [`super::flow::advance`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Inventories carried to bills.
    pub carried: u32,
    /// Bills closed.
    pub closed: u32,
    /// Bills whose last day to pay is past, told now.
    pub overdue: u32,
    /// Whether there may be more to do at once.
    pub more: bool,
}

/// What customs says of an e-tax bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectronicStatus {
    /// Generated.
    Generated = 1,
    /// Summarised into a payment notice.
    Summarised = 2,
    /// Void.
    Void = 3,
}

impl ElectronicStatus {
    /// Every status.
    pub const ALL: [ElectronicStatus; 3] =
        [ElectronicStatus::Generated, ElectronicStatus::Summarised, ElectronicStatus::Void];

    /// The digit in the message.
    pub const fn digit(self) -> &'static str {
        match self {
            ElectronicStatus::Generated => "1",
            ElectronicStatus::Summarised => "2",
            ElectronicStatus::Void => "3",
        }
    }

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            ElectronicStatus::Generated => "generated",
            ElectronicStatus::Summarised => "summarised",
            ElectronicStatus::Void => "void",
        }
    }

    /// The status of that digit.
    pub fn parse(digit: &str) -> Option<ElectronicStatus> {
        ElectronicStatus::ALL.into_iter().find(|status| status.digit() == digit)
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<ElectronicStatus> {
        ElectronicStatus::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// The three taxes as customs states them, to five decimals, in yuan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// `customsTax`.
    pub duty: Decimal,
    /// `valueAddedTax`.
    pub vat: Decimal,
    /// `consumptionTax`.
    pub consumption_tax: Decimal,
}

impl From<Parts> for Stated {
    fn from(tax: Parts) -> Stated {
        Stated {
            duty: tax.duty.to_yuan(),
            vat: tax.vat.to_yuan(),
            consumption_tax: tax.consumption_tax.to_yuan(),
        }
    }
}

/// One tax on which customs and we differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Element of the message: `customsTax`, `valueAddedTax`, `consumptionTax`.
    pub part: &'static str,
    /// What customs states, in yuan.
    pub stated: Decimal,
    /// What was reckoned here.
    pub own: Fen,
}

impl Difference {
    /// The difference in words.
    pub fn finding(&self) -> Finding {
        Finding::warning(
            "bill.differs",
            Text::new(
                "电子税单与平台计税不一致",
                "customs' e-tax bill is not what was reckoned here",
            ),
            Text::new(
                "核对归类、完税价格和税率；以海关税单为准，有异议向海关提出",
                "compare classification, value and rates; customs' bill decides, object to customs",
            ),
        )
        .at(self.part)
        .found(self.stated.to_string(), self.own.to_string())
    }
}

/// What became of one e-tax bill or status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It fits what was reckoned, to the fen; or it is a status without amounts.
    Matched,
    /// It does not.
    Differs(Vec<Difference>),
    /// No inventory of that number is known here; it is kept as a difference.
    Unknown,
    /// It was known.
    Repeat,
    /// Something newer was known.
    Late,
}

/// One e-tax bill or status, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Customs' number of the inventory.
    pub invt_no: String,
    /// Number of the e-tax bill.
    pub tax_no: String,
    /// What became of it.
    pub outcome: Outcome,
}
