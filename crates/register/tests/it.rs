//! Behaviour of the register as other rooms and callers see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/party_api.rs"]
mod party_api;
#[path = "it/party_flow.rs"]
mod party_flow;
