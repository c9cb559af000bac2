//! The one door out: customs transport, webhooks, and the customs stand-in.
