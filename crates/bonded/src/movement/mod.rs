//! What changed the stock on hand, and why.

mod store;
mod types;

pub(crate) use store::{insert, of_record, totals};
pub use types::*;
