//! Comparing order, payment, waybill and inventory of one parcel (三单比对). Pure.

pub mod rules;
pub mod types;

pub use rules::{compare, compare_foreign};
pub use types::{Mismatch, Missing, Outcome, Parcel, Points, Role, Ruleset, Side, Task, Tolerance};
