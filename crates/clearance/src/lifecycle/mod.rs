//! The lives of documents: states, what receipts do to them, and which acts a state allows.
//! Pure.

pub mod action;
pub mod application;
pub mod expectation;
pub mod state;

pub use action::{Action, Refusal};
pub use state::{Advance, Position, State};
