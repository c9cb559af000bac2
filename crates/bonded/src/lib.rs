//! Bonded account books 账册 (1210): what zone enterprises keep in the zone, how it came and went.
//!
//! A book has records 备案料号; every quantity of a record stands in the [`ledger`], where nothing
//! can be drawn or set aside beyond what is free, and debits equal credits. Clearance calls
//! [`draw`], [`settle`] and [`put_back`] in its own transactions, and tells of warehousing details
//! with [`arrived`]; everything else has routes: entry, transfer between books, destruction,
//! stock-take, what is where, inspection instructions, the gate.

mod accounts;
mod book;
mod calendar;
mod destruction;
mod draw;
mod fault;
mod movement;
mod pass;
mod quantity;
mod refusal;
mod routes;
mod site;
mod stock;
mod stocktake;
mod transfer;

pub use accounts::Position;
pub use book::{
    Book, BookDraft, BookId, Entry, EntryDraft, EntryId, LineDraft, Record, RecordDraft, RecordId,
    enter, file_records, load_zone, open_book,
};
pub use calendar::{Calendar, WorkingDay};
pub use destruction::{Clocks, DestructionId};
pub use draw::{Draw, DrawLine, Return, ReturnLine, Settled, Settlement, draw, put_back, settle};
pub use movement::{Cause, Movement, MovementId};
pub use pass::{Pass, PassId};
pub use quantity::Quantity;
pub use refusal::{Failure, Refusal};
pub use site::{
    Arrived, ArrivedLine, Instruction, InstructionAct, InstructionAnswer, InstructionId,
    InstructionOutcome, arrived, instruct,
};
pub use stock::{Discrepancy, verify};
pub use stocktake::StocktakeId;
pub use transfer::TransferId;

/// The tables of this room. Those of the ledger lie beside them.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration {
    room: "bonded",
    number: 1,
    name: "bonded",
    sql: include_str!("../migrations/0001_bonded.sql"),
}];

/// What this room brings to the door. Its handlers ask for the [`register::rules::Rules`] shared
/// in the application.
pub fn module() -> web::Module {
    web::Module {
        name: "bonded",
        about: (
            "保税账册、库存、销毁、盘点与核放",
            "bonded account books: stock, destruction, stock-take, gate",
        ),
        migrations: MIGRATIONS,
        routes: routes::routes,
        checks: &[],
    }
}
