//! Guarantees for the tax of retail imports (税款担保, regulations B7): who has lodged what, what of
//! it is held for declarations, due after release, or on bills, and what is free.
//!
//! [`hold`] weighs a declaration's tax against what is free, [`settle`] ends the declaration; both
//! take a batch and cost a fixed number of statements. What is free never goes below nothing unless
//! the law of the day only warns (`import.tax.guarantee_shortfall`), and then it is said each time.

mod alarm;
pub mod flow;
mod hold;
pub(crate) mod refusal;
pub mod routes;
pub(crate) mod rules;
pub mod statement;
pub(crate) mod store;
mod totals;
mod totals_store;
mod types;
mod views;

pub use crate::charge::{Act, Charge, GuarantorId, Key, Parts, Role, Settled, Settlement, Sums};
pub(crate) use alarm::tell;
pub use hold::{hold, settle};
pub use refusal::TaxRefusal;
pub use totals::{Totals, totals};
pub use types::*;
