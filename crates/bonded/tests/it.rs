//! Behaviour of the bonded rooms as clearance and callers see them, on every engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/destructions.rs"]
mod destructions;
#[path = "it/doors.rs"]
mod doors;
#[path = "it/draws.rs"]
mod draws;
#[path = "it/gate.rs"]
mod gate;
#[path = "it/random.rs"]
mod random;
#[path = "it/stage.rs"]
mod stage;
#[path = "it/stocktakes.rs"]
mod stocktakes;
#[path = "it/transfers.rs"]
mod transfers;
