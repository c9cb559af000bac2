//! Bonded goods between books and zones: planned, on the way, received, or recalled.

mod flow;
mod store;
mod types;

pub(crate) use flow::{cancel, dispatch, find, plan, reasoned, recall, receive, unknown_line};
pub(crate) use store::list;
pub use types::*;
