//! Parties, code lists, tariff, law by date. Read by all.

pub mod party;

mod builtin;
pub mod codes;
pub mod remedies;
pub mod rules;
mod source;
mod table;
pub mod tariff;

pub use source::Source;
