//! The one door out: customs transport, webhooks, and the customs stand-in.
//!
//! [`Customs`] is what the platform sees of customs: envelopes go out with
//! [`submit`](Customs::submit), receipts come in with [`collect`](Customs::collect) and are
//! acknowledged with [`delivered`](Customs::delivered). [`DxpClient`] speaks to a real address,
//! [`standin::StandIn`] answers as customs does. Everything here is synchronous: callers give it
//! threads of their own.

pub mod client;
pub mod envelope;
mod http;
pub mod standin;
pub mod transport;
pub mod webhook;

pub use client::DxpClient;
pub use envelope::{Addresses, Unwrapped};
pub use transport::{Accepted, Customs, Delivery, TransportFailure};
pub use webhook::WebhookClient;
