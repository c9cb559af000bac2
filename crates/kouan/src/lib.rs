//! The kouan binary as a library: command line, configuration, wiring, workers, demo. The only
//! crate that knows all the others, the wall clock and the process.

pub mod demo;
