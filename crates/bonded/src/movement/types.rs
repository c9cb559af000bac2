//! Movements and their causes. Values only.

use kernel::Id;
use kernel::id::Kind;

use crate::Quantity;
use crate::book::RecordId;

/// Marks the id of a movement.
pub enum MovementKind {}
impl Kind for MovementKind {
    const PREFIX: &'static str = "bmv";
}
/// Our id of a movement; it also tells when.
pub type MovementId = Id<MovementKind>;

/// Why the stock on hand changed. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Taken over when the record was filed.
    Opening = 1,
    /// Entered the zone: a 核注清单.
    Entered = 2,
    /// Left with a released inventory.
    Exited = 3,
    /// Came back with an accepted return.
    Returned = 4,
    /// Came back because the released inventory was cancelled.
    Cancelled = 5,
    /// Left for another book.
    Dispatched = 6,
    /// Came back from the way to another book.
    Recalled = 7,
    /// Came from another book.
    Received = 8,
    /// Destroyed.
    Destroyed = 9,
    /// Adjusted by decision after a stock-take.
    Adjusted = 10,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 10] = [
        Cause::Opening,
        Cause::Entered,
        Cause::Exited,
        Cause::Returned,
        Cause::Cancelled,
        Cause::Dispatched,
        Cause::Recalled,
        Cause::Received,
        Cause::Destroyed,
        Cause::Adjusted,
    ];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Opening => "opening",
            Cause::Entered => "entered",
            Cause::Exited => "exited",
            Cause::Returned => "returned",
            Cause::Cancelled => "cancelled",
            Cause::Dispatched => "dispatched",
            Cause::Recalled => "recalled",
            Cause::Received => "received",
            Cause::Destroyed => "destroyed",
            Cause::Adjusted => "adjusted",
        }
    }

    pub(super) fn parse(code: i64) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| *cause as i64 == code)
    }
}

/// One change of the stock on hand of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Which; also when.
    pub id: MovementId,
    /// Of which record.
    pub record: RecordId,
    /// Why.
    pub cause: Cause,
    /// In when positive, out when negative.
    pub quantity: Quantity,
    /// Our id of the thing that caused it, as stored.
    pub source: i64,
    /// How people know that thing: a checklist number, a transfer, a reason. Empty in a movement
    /// about to be written.
    pub reference: String,
}
