//! What parties are told: a numbered queue each party pulls at its own pace, and webhooks that push
//! the same notices, signed, until they are taken.
//!
//! A notice is written in the transaction of the change it tells of, so it is told if and only if
//! the change happened. Bodies hold business numbers, never personal data.

mod body_store;
mod deliver;
mod delivery_store;
pub(crate) mod routes;
mod sign;
mod store;
mod target;
mod webhook_routes;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

pub use deliver::{Outcome, Outgoing, Post, Report, bring_forward, deliver_due, release};
pub use sign::{Signature, WebhookSecret};
pub use store::{Head, post, prune};
pub use target::{TargetPolicy, UrlFault};

/// Marks ids of notices.
pub enum NoticeKind {}
impl kernel::id::Kind for NoticeKind {
    const PREFIX: &'static str = "ntc";
}
/// Id of a notice: the `webhook-id`, the same over all attempts.
pub type NoticeId = kernel::Id<NoticeKind>;

/// Marks ids of webhooks.
pub enum WebhookKind {}
impl kernel::id::Kind for WebhookKind {
    const PREFIX: &'static str = "whk";
}
/// Id of a webhook.
pub type WebhookId = kernel::Id<WebhookKind>;

/// Marks ids of deliveries.
pub enum DeliveryKind {}
impl kernel::id::Kind for DeliveryKind {
    const PREFIX: &'static str = "dlv";
}
/// Id of one notice to one webhook.
pub type DeliveryId = kernel::Id<DeliveryKind>;

/// Something to tell a party.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Code of the party told.
    pub party: String,
    /// What kind of news, in the past tense with dots: `clearance.receipt_arrived`.
    pub kind: &'static str,
    /// The thing it is about, such as the id of an inventory.
    pub subject: String,
    /// The news itself; no personal data.
    pub body: Body,
}

/// The news of a notice, as JSON written once, however many parties are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(Arc<str>);

impl Body {
    /// Writes the news down. What cannot be written as JSON becomes `null`.
    pub fn of(news: &impl Serialize) -> Body {
        Body(serde_json::to_string(news).unwrap_or_else(|_| "null".to_owned()).into())
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Value> for Body {
    fn from(news: Value) -> Body {
        Body::of(&news)
    }
}

/// The kind of the notice a test of a webhook sends.
pub const PING: &str = "web.ping";

/// Milliseconds to wait before each attempt: at once, 30 s, 1 min, 5 min, 10 min, 30 min, 1 h. After
/// the last the delivery is dead until somebody replays it.
pub const SCHEDULE_MS: [i64; 7] = [0, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000];

/// 推送地址状态:启用、暂停、对方已停用 / Whether a webhook takes deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    /// Yes.
    Active,
    /// No, by its owner's wish; what is due waits.
    Paused,
    /// No: the receiver answered 410 Gone.
    Gone,
}

impl WebhookState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            WebhookState::Active => "active",
            WebhookState::Paused => "paused",
            WebhookState::Gone => "gone",
        }
    }

    pub(crate) fn parse(text: &str) -> WebhookState {
        match text {
            "active" => WebhookState::Active,
            "gone" => WebhookState::Gone,
            _ => WebhookState::Paused,
        }
    }
}

/// 推送状态:待推送、已送达、死信 / How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// To be tried at its time.
    Due,
    /// The receiver answered 2xx.
    Delivered,
    /// Every attempt failed; replay it when the receiver is mended.
    Dead,
}

impl DeliveryState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            DeliveryState::Due => "due",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Dead => "dead",
        }
    }

    pub(crate) fn parse(text: &str) -> DeliveryState {
        match text {
            "delivered" => DeliveryState::Delivered,
            "dead" => DeliveryState::Dead,
            _ => DeliveryState::Due,
        }
    }
}

/// Whether a webhook with these kinds wants a notice of that kind. `clearance.*` wants all whose
/// kind begins with `clearance.`; no kinds at all want everything.
pub(crate) fn wants(kinds: &str, kind: &str) -> bool {
    let fits = |wanted: &str| match wanted.strip_suffix('*') {
        Some(prefix) => kind.starts_with(prefix),
        None => wanted == kind,
    };
    kinds.is_empty() || kinds.split(' ').any(fits)
}

#[cfg(test)]
mod tests {
    use super::wants;

    #[test]
    fn kinds_are_matched_whole_or_by_prefix() {
        assert!(wants("", "clearance.released"));
        assert!(wants("clearance.*", "clearance.released"));
        assert!(wants("tax.paid clearance.released", "clearance.released"));
        assert!(!wants("clearance.release", "clearance.released"));
        assert!(!wants("tax.*", "clearance.released"));
    }
}
