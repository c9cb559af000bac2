//! The double-entry ledger kernel: post, hold, post a hold, void it, let it expire, reverse.
//!
//! An account belongs to an owner (a hash), a period and a ledger, and a ledger counts in one
//! unit. Every transfer debits one account and credits another by the same whole amount, carries a
//! key under which it happens once, and may name a limit that the debit account must keep.
//! Transfers come in batches: order within the batch counts, a later one sees the earlier ones,
//! and the batch costs a fixed number of statements however long it is ([`apply`]).
//!
//! [`quota`] is the first book kept in it: what each buyer has used of the yearly limit.

mod book;
mod flow;
pub mod quota;
mod store;
mod types;
mod verify;

pub use flow::{apply, balances, entries, expire, open};
pub use types::*;
pub use verify::{Report, verify};

/// The tables of this crate.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration {
    room: "ledger",
    number: 1,
    name: "ledger",
    sql: include_str!("../migrations/0001_ledger.sql"),
}];
