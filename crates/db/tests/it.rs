//! The database room, on every engine there is.

#[path = "it/statement.rs"]
mod statement;
