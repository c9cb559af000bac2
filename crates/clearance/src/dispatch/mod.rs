//! What goes out: messages that are due, and what became of sending them.

pub mod types;

pub use types::{Dispatch, DispatchId, Sending, Sent};
