//! The binary as its users meet it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/command.rs"]
mod command;
#[path = "it/crash.rs"]
mod crash;
#[path = "it/day.rs"]
mod day;
#[path = "it/folder.rs"]
mod folder;
#[path = "it/generated.rs"]
mod generated;
#[path = "it/house.rs"]
mod house;
#[path = "it/restart.rs"]
mod restart;
