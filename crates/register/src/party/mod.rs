//! Parties of the zone: firms with their roles, codes, transport addresses and signing
//! certificates, and the delegations between them (regulations section H).
//!
//! The hot path asks a [`Directory`]; everything else goes through [`flow`].

mod directory;
mod draft;
pub mod rules;
mod types;
mod zone;

pub use directory::Directory;
pub use rules::Deed;
pub use types::*;
pub use zone::*;
