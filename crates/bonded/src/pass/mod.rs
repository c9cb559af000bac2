//! Gate passes 核放单: what a vehicle carries through the gate of the zone.

mod flow;
mod print;
mod rules;
mod store;
mod types;

pub(crate) use flow::{bind, close, draft, find, firm_name, issue, unbind, void, weigh};
pub(crate) use print::page;
pub(crate) use rules::{declared, deviates};
pub(crate) use store::list;
pub use types::*;
