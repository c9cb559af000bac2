//! Parties, code lists, tariff, law by date. Read by all.

pub mod party;
