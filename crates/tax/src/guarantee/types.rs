//! Guarantors, their instruments, and what they want changed. Values only.

use kernel::{Date, Fen, Id, id::Kind};

use crate::charge::{GuarantorId, Role, Sums};

/// Marks ids of instruments.
pub enum InstrumentKind {}
impl Kind for InstrumentKind {
    const PREFIX: &'static str = "gti";
}
/// Id of an instrument.
pub type InstrumentId = Id<InstrumentKind>;

/// How a guarantor's tax is put on bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillBy {
    /// One bill a period for all firms.
    Guarantor = 1,
    /// One bill a period and firm.
    GuarantorAndFirm = 2,
}

impl BillBy {
    /// The word on the wire and in the rules.
    pub const fn name(self) -> &'static str {
        match self {
            BillBy::Guarantor => "guarantor",
            BillBy::GuarantorAndFirm => "guarantor_firm",
        }
    }

    /// The choice of that word.
    pub fn parse(name: &str) -> Option<BillBy> {
        [BillBy::Guarantor, BillBy::GuarantorAndFirm].into_iter().find(|by| by.name() == name)
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<BillBy> {
        [BillBy::Guarantor, BillBy::GuarantorAndFirm].into_iter().find(|by| by.code() == code)
    }
}

/// A firm that guarantees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantor {
    /// Our id.
    pub id: GuarantorId,
    /// Its code, as the register names it.
    pub code: Box<str>,
    /// In which role; none when only a declaration named it.
    pub role: Option<Role>,
    /// How its bills are made; none: as the rule says.
    pub bill_by: Option<BillBy>,
    /// The highest threshold of use that was told, in per cent.
    pub(crate) warned: i64,
    /// From this day on an instrument waits to begin or to lapse.
    pub(crate) changes_on: i64,
    pub(crate) version: i64,
}

/// What kind of thing was lodged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstrumentForm {
    /// Cash deposit 保证金.
    Cash = 1,
    /// Bank guarantee letter 银行保函.
    Letter = 2,
    /// Insurance bond 关税保证保险单.
    Bond = 3,
}

impl InstrumentForm {
    const ALL: [InstrumentForm; 3] =
        [InstrumentForm::Cash, InstrumentForm::Letter, InstrumentForm::Bond];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            InstrumentForm::Cash => "cash",
            InstrumentForm::Letter => "letter",
            InstrumentForm::Bond => "bond",
        }
    }

    /// The form of that word.
    pub fn parse(name: &str) -> Option<InstrumentForm> {
        InstrumentForm::ALL.into_iter().find(|form| form.name() == name)
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<InstrumentForm> {
        InstrumentForm::ALL.into_iter().find(|form| form.code() == code)
    }
}

/// Where an instrument stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstrumentState {
    /// Its first day is yet to come.
    Pending = 1,
    /// It counts.
    Active = 2,
    /// Its last day is past, and tax would be uncovered without it.
    Lapsing = 3,
    /// It counts no more.
    Ended = 4,
}

impl InstrumentState {
    const ALL: [InstrumentState; 4] = [
        InstrumentState::Pending,
        InstrumentState::Active,
        InstrumentState::Lapsing,
        InstrumentState::Ended,
    ];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            InstrumentState::Pending => "pending",
            InstrumentState::Active => "active",
            InstrumentState::Lapsing => "lapsing",
            InstrumentState::Ended => "ended",
        }
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(code: i64) -> Option<InstrumentState> {
        InstrumentState::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What a guarantor lodged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Our id.
    pub id: InstrumentId,
    /// Whose.
    pub guarantor: GuarantorId,
    /// What kind of thing.
    pub form: InstrumentForm,
    /// Number at its issuer.
    pub number: Box<str>,
    /// Bank, insurer or customs treasury that holds it.
    pub issuer: Box<str>,
    /// What it is for at present.
    pub amount: Fen,
    /// What of it counts as granted.
    pub counted: Fen,
    /// First day.
    pub valid_from: Date,
    /// Last day; none: until it is reduced to nothing.
    pub valid_until: Option<Date>,
    /// Where it stands.
    pub state: InstrumentState,
    /// Of how many days before its end was told last.
    pub(crate) reminded: Option<i64>,
    pub(crate) version: i64,
}

/// A guarantor to register, or its new particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuarantorDraft<'a> {
    /// Its code.
    pub code: &'a str,
    /// In which role it guarantees.
    pub role: Role,
    /// How its bills are made; none: as the rule says.
    pub bill_by: Option<BillBy>,
}

/// An instrument to lodge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstrumentDraft<'a> {
    /// What kind of thing.
    pub form: InstrumentForm,
    /// Number at its issuer, unique for the guarantor and kind.
    pub number: &'a str,
    /// Who issued it.
    pub issuer: &'a str,
    /// What it is for.
    pub amount: Fen,
    /// First day.
    pub valid_from: Date,
    /// Last day; none: without end.
    pub valid_until: Option<Date>,
}

/// A change of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is for so much more.
    TopUp(Fen),
    /// It is for so much less.
    Reduce(Fen),
    /// Its last day is another.
    Extend(Date),
}

/// A guarantor and how its lodging is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The guarantor.
    pub guarantor: Guarantor,
    /// Granted, held, due, billed.
    pub sums: Sums,
}

/// What [`super::flow::sweep`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Guarantors looked at; call again while it is as many as were allowed.
    pub guarantors: u32,
    /// Instruments that began.
    pub began: u32,
    /// Instruments that ended.
    pub ended: u32,
    /// Instruments whose last day is past and that still cover tax.
    pub lapsing: u32,
}
