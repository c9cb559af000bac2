//! What clearance asks of the account books, and what it hears. Values only.

use kernel::id::Kind;
use kernel::{Decimal, Finding, Id};

use crate::Quantity;
use crate::accounts::Counted;
use crate::book::BookId;

/// Marks the id of a draw.
pub(crate) enum DrawKind {}
impl Kind for DrawKind {
    const PREFIX: &'static str = "bdr";
}
/// Our id of a draw.
pub(crate) type DrawId = Id<DrawKind>;

/// Marks the id of a return.
pub(crate) enum ReturnKind {}
impl Kind for ReturnKind {
    const PREFIX: &'static str = "brt";
}
/// Our id of a return.
pub(crate) type ReturnId = Id<ReturnKind>;

/// A bonded inventory is declared: hold its goods.
#[derive(Clone, Debug)]
pub struct Draw<'a> {
    /// Of the inventory. Declared once more with the same lines, nothing happens; with others,
    /// they take the place of those held.
    pub key: [u8; 16],
    /// Account book number (`emsNo`).
    pub book: &'a str,
    /// Code of the zone enterprise (`areaCode`).
    pub holder: &'a str,
    /// Such as `1210`.
    pub trade_mode: &'a str,
    /// The goods.
    pub lines: Vec<DrawLine<'a>>,
}

/// A line of an inventory.
#[derive(Clone, Copy, Debug)]
pub struct DrawLine<'a> {
    /// Line number in the inventory.
    pub gnum: u32,
    /// Record in the book (`itemRecordNo`).
    pub item_record_no: &'a str,
    /// More than nothing, at most five decimals.
    pub quantity: Decimal,
    /// Customs unit code of the quantity.
    pub unit: &'a str,
}

/// What became of the inventory of a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Released: what is held leaves the book.
    Released,
    /// Rejected, cancelled, expired: what is held, or left with a release that was cancelled, is
    /// back.
    GivenBack,
}

/// What a settlement did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It happened now.
    Done,
    /// It had happened before.
    Already,
    /// Nothing was ever drawn under this key.
    Nothing,
    /// Released after it had been given back, and the goods have gone elsewhere since: nothing
    /// changed.
    Short(Vec<Finding>),
}

/// Goods of a released inventory come home: an accepted return application (625).
#[derive(Clone, Debug)]
pub struct Return<'a> {
    /// Of the return; the same again changes nothing.
    pub key: [u8; 16],
    /// Of the inventory whose goods these are.
    pub of: [u8; 16],
    /// The goods.
    pub lines: Vec<ReturnLine<'a>>,
}

/// A line of a return.
#[derive(Clone, Copy, Debug)]
pub struct ReturnLine<'a> {
    /// Line number in the inventory.
    pub gnum: u32,
    /// Record in the book.
    pub item_record_no: &'a str,
    /// More than nothing, at most what is left of the line.
    pub quantity: Decimal,
}

/// Where a draw stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Held = 1,
    Released = 2,
    GivenBack = 3,
    Replaced = 4,
}

impl State {
    pub(super) fn parse(code: i64) -> Option<State> {
        Some(match code {
            1 => State::Held,
            2 => State::Released,
            3 => State::GivenBack,
            4 => State::Replaced,
            _ => return None,
        })
    }
}

/// A line of a draw as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) gnum: u32,
    pub(super) of: Counted,
    pub(super) item_no: Box<str>,
    pub(super) quantity: Quantity,
    pub(super) returned: Quantity,
}

impl Line {
    pub(super) fn left(&self) -> Quantity {
        self.quantity.minus(self.returned)
    }
}

/// The latest draw of an inventory.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) id: DrawId,
    pub(super) round: i64,
    pub(super) book: BookId,
    pub(super) state: State,
    pub(super) lines: Vec<Line>,
}

/// A book as a draw meets it.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) book: BookId,
    pub(super) open: bool,
    pub(super) holder_code: Box<str>,
    pub(super) area_code: Box<str>,
    pub(super) trade_mode: Box<str>,
    pub(super) mode_bound: bool,
}

/// A return as kept, to tell a repeat from a mistake.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    pub(super) draw: DrawId,
    pub(super) lines: Vec<(u32, Quantity)>,
}
