//! Period bills of retail import tax (汇总征税): what has left its return window is carried to a
//! bill of its guarantor, by half-month or month, closed with the period, issued by customs, paid;
//! voided or refunded when goods come back. And customs' e-tax bills (CEB816, CEB818), matched
//! inventory by inventory with what was reckoned here.

pub mod electronic;
pub mod flow;
pub mod listing;
mod receive;
pub(crate) mod receive_store;
mod returns;
pub mod routes;
pub mod rules;
pub(crate) mod store;
mod types;

pub use crate::charge::{BillId, ChargeState, Key, Parts, Return, Returned};
pub use receive::receive;
pub use returns::give_back;
pub use types::*;
