//! Behaviour of the crate as its users see it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "it/cases.rs"]
mod cases;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/laws.rs"]
mod laws;
#[path = "it/support.rs"]
mod support;
