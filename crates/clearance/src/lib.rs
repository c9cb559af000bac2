//! Documents, three-document match, pre-check, the life of an inventory, receipts.
//!
//! Documents come in through [`intake::Intake`], which answers when they are durable. What is ready
//! is claimed with [`flow::claim_dispatches`] and reported on with [`flow::dispatched`]; what
//! comes back is read with [`receipt::Letter::read`] and taken in with [`flow::take_receipts`].

pub mod dispatch;
pub mod document;
pub mod events;
pub mod flow;
pub mod intake;
pub mod law;
pub mod lifecycle;
pub mod matching;
pub mod precheck;
pub mod receipt;
pub mod reference;
mod store;

pub use reference::Reference;
