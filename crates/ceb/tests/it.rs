//! Behaviour of the crate as its users see it.

#[path = "it/c14n.rs"]
mod c14n;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/signature.rs"]
mod signature;
#[path = "it/support.rs"]
mod support;
