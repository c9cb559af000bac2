//! The one door out: customs transport, webhooks, and the customs stand-in.
//!
//! [`Customs`] is what the platform sees of customs: messages go out with
//! [`send`](Customs::send), receipts come in with [`collect`](Customs::collect) and are
//! acknowledged with [`delivered`](Customs::delivered). [`DxpClient`] puts them into envelopes for
//! a real address; [`standin::StandIn`] answers as customs does, and within one process needs no
//! envelope. Everything here is synchronous: callers give it
//! threads of their own.

pub mod client;
pub mod envelope;
mod http;
mod json;
pub mod originals;
pub mod standin;
pub mod transport;
pub mod webhook;

pub use client::DxpClient;
pub use envelope::{Addresses, Unwrapped};
pub use originals::OriginalsClient;
pub use transport::{Accepted, Customs, Delivery, TransportFailure};
pub use webhook::WebhookClient;
