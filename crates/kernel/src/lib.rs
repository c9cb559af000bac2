//! Words every room shares: findings, identifiers with check digits, money, time, ids.
//!
//! Pure: no input or output, no clock, no randomness. It changes slowly, because everything
//! is rebuilt when it does.

pub mod finding;
pub mod id;
pub mod identifier;
pub mod mask;
pub mod money;
pub mod time;

pub use finding::{Finding, Level, Text};
pub use id::{Id, IdSource};
pub use jiff::civil::Date;
pub use money::{Fen, Round};
pub use rust_decimal::Decimal;
pub use time::{Clock, Time};
