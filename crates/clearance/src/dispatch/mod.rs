//! What goes out: messages that are due, and what became of sending them.

pub(crate) mod recent;
pub mod types;

pub use recent::Recent;
pub use types::{Dispatch, DispatchId, Sending, Sent};
