//! Receipts: what authorities answer, whose document it is about, and in what words it is kept.

mod advice;
pub mod letter;
pub mod scrub;
pub(crate) mod sheet;
pub mod types;

pub(crate) use advice::{Advice, advice};
pub use letter::Letter;
pub use types::{Arrived, Effect, Names, ReceiptId, Subject, SummaryResult};
