//! Plans a simulated day: who sends what, when, and what ought to come of it.
//!
//! Everything follows from the seed, and no outcome depends on the order in which messages are
//! taken. A plan is light; messages are made and signed when asked for, on as many threads as
//! the caller likes.

mod chance;
mod credential;
mod day;
mod document;
mod even;
mod fault;
mod good;
mod lot;
mod parcel;
mod person;
mod trade;
mod withholding;

pub use chance::Chance;
pub use credential::Cards;
pub use day::{Accepted, Counts, Day, Submission, TrafficError};
pub use even::Course;
pub use fault::{FAULTS, Fault, FaultRow, Outcome};
pub use trade::Incomplete;

#[cfg(test)]
mod tests;
