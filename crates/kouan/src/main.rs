//! The kouan binary: command line, configuration, wiring.
fn main() {}
