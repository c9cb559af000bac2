//! What inventories draw on the account books: held when declared, out when released, back when
//! rejected, cancelled or returned. Called in the transactions of clearance: however large the
//! batch, a fixed number of statements.

mod flow;
mod rules;
mod store;
mod types;

pub use flow::{draw, put_back, settle};
pub use types::*;
