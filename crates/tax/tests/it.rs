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

#[path = "it/books/api.rs"]
mod api;
#[path = "it/books/bills.rs"]
mod bills;
#[path = "it/books/electronic.rs"]
mod electronic;
#[path = "it/books/holds.rs"]
mod holds;
#[path = "it/books/instruments.rs"]
mod instruments;
#[path = "it/books/measure.rs"]
mod measure;
#[path = "it/books/random.rs"]
mod random;
#[path = "it/books/site.rs"]
mod site;
#[path = "it/books/statements.rs"]
mod statements;
