//! The kouan binary as a library: command line, configuration, wiring, workers, demo. The only
//! crate that knows all the others, the wall clock and the process.

pub mod bench;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod evidence;
mod exact;
mod failure;
pub mod folder;
pub mod judgement;
pub mod platform;
pub mod serve;
pub mod signing;
mod skeleton;
pub mod worker;

pub use failure::Failure;
