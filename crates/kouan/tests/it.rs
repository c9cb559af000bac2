//! The binary as its users meet it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/bench.rs"]
mod bench;
#[path = "it/command.rs"]
mod command;
#[path = "it/crash.rs"]
mod crash;
#[path = "it/day.rs"]
mod day;
#[path = "it/ending.rs"]
mod ending;
#[path = "it/evidence.rs"]
mod evidence;
#[path = "it/fault.rs"]
mod fault;
#[path = "it/folder.rs"]
mod folder;
#[path = "it/generated.rs"]
mod generated;
#[path = "it/house.rs"]
mod house;
#[path = "it/measure.rs"]
mod measure;
#[path = "it/moody.rs"]
mod moody;
#[path = "it/own_postgres.rs"]
mod own_postgres;
#[path = "it/restart.rs"]
mod restart;
#[path = "it/sim/mod.rs"]
mod sim;
