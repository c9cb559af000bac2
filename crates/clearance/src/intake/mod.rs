//! The way in: what is submitted and what is answered.

pub mod types;

pub use types::{Body, Item, ItemStatus, NotTaken, Outcome, OutcomeStatus, Submission};
