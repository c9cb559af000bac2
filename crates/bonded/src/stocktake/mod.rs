//! Stock-take: the book against a warehouse file. Differences are listed; the book is adjusted
//! only by an explicit decision with a reason.

mod file;
mod flow;
mod store;
mod types;

pub(crate) use flow::{count, decide, find};
pub(crate) use store::list;
pub use types::*;
