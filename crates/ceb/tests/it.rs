//! Behaviour of the crate as its users see it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

#[path = "it/c14n.rs"]
mod c14n;
#[path = "it/definition.rs"]
mod definition;
#[path = "it/dxp.rs"]
mod dxp;
#[path = "it/forms.rs"]
mod forms;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/judge.rs"]
mod judge;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/mutant.rs"]
mod mutant;
#[path = "it/plain.rs"]
mod plain;
#[path = "it/receipts.rs"]
mod receipts;
#[path = "it/rules.rs"]
mod rules;
#[path = "it/sample.rs"]
mod sample;
#[path = "it/signature.rs"]
mod signature;
#[path = "it/structure.rs"]
mod structure;
#[path = "it/support.rs"]
mod support;
#[path = "it/writing.rs"]
mod writing;
