//! Parties of the zone: firms with their roles, codes, transport addresses and signing
//! certificates, and the delegations between them (regulations section H).
//!
//! The hot path asks a [`Directory`]; everything else goes through [`flow`].

mod directory;
mod draft;
pub mod flow;
mod live;
mod refusal;
pub mod routes;
pub mod rules;
mod store;
mod types;
mod zone;

pub use directory::Directory;
pub use live::LiveDirectory;
pub use rules::{Deed, PartyRefusal};
pub use store::{Registered, RegisteredDelegation};
pub use types::*;
pub use zone::*;

/// The tables of the register of parties.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration {
    room: "register",
    number: 1,
    name: "party",
    sql: include_str!("../../migrations/0001_party.sql"),
}];
