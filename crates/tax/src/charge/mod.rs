//! The tax of each inventory from declaration to payment, and the ledger accounts it moves
//! through. What guarantee, bill and withholding share.
//!
//! A charge is a narrow row. What a batch of charges does is summed by liability (guarantor, firm,
//! withholding agent) and moves through the ledger once: the cost of the books does not grow with
//! the number of inventories.

pub(crate) mod bill_store;
pub(crate) mod book;
pub(crate) mod chart;
pub(crate) mod journal;
pub(crate) mod movement_store;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod types;

pub use types::*;
