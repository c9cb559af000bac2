//! The supervised place: warehousing details (711) that arrived and the entry they belong to, and
//! instructions to the X-ray and inspection line with what came of them.

mod flow;
pub(crate) mod store;
mod types;

pub(crate) use flow::answer;
pub use flow::{arrived, instruct};
pub(crate) use store::link_entry;
pub use types::*;
