//! A submission and its outcome.

use std::sync::Arc;

use kernel::Finding;
use serde::Serialize;

use crate::document::{DocumentId, Door, Kind, MessageId};

/// Something handed in at a door.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Which way it came.
    pub door: Door,
    /// Code of the firm that handed it in; `None` for the platform's own doors (a folder, a
    /// transport connection), where the message itself says who sent it.
    pub sender: Option<Arc<str>>,
    /// Who did it, for the audit trail.
    pub actor: Arc<str>,
    /// What was handed in.
    pub body: Body,
}

/// The content of a submission.
#[derive(Clone, Debug)]
pub enum Body {
    /// A national XML message, or a transport envelope around one.
    Message(Vec<u8>),
    /// Documents of one kind in JSON form, at most as many as a message of that kind may hold.
    Json(Kind, Vec<serde_json::Value>),
}

/// An idempotency key and what was asked under it, as the door of the platform reads them.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Whose key it is.
    pub caller: String,
    /// The key.
    pub key: String,
    /// Hash of the request.
    pub hash: [u8; 32],
}

/// The answer to a submission that may be a repeat by its idempotency key.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It was taken in, or refused, now.
    Fresh(Outcome),
    /// It was answered before, so.
    Replayed {
        /// HTTP status given then.
        status: u16,
        /// Body given then.
        body: String,
    },
}

/// Why a submission was not taken. Nothing of it was kept; it may be handed in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too much is waiting.
    #[error("intake is full")]
    Full {
        /// When to come back, seconds.
        retry_after_s: u32,
    },
    /// This sender has too much waiting.
    #[error("this sender has too much waiting")]
    SenderFull {
        /// When to come back, seconds.
        retry_after_s: u32,
    },
    /// The idempotency key was used for a different request.
    #[error("the idempotency key was used for something else")]
    KeyReused,
    /// The platform is stopping.
    #[error("intake is closed")]
    Closed,
    /// The database could not take it; the outcome is not stored.
    #[error("the database is unavailable")]
    Unavailable {
        /// When to come back, seconds.
        retry_after_s: u32,
    },
}

/// What became of a message as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeStatus {
    /// Every document was taken (some may be held back by findings).
    Accepted,
    /// Some documents were taken, some refused.
    Partly,
    /// Nothing was taken.
    Refused,
    /// Every document was here before; nothing changed.
    Repeated,
}

/// What became of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Taken.
    Accepted,
    /// Here before; answered as before.
    Repeated,
    /// Not taken; see the findings.
    Refused,
    /// Taken, and held back by findings until they are mended.
    Held,
}

/// The answer to one document.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Item {
    /// Its place in the message, from 0.
    pub index: usize,
    /// Its business key, by element name.
    pub key: serde_json::Value,
    /// Our id, when it is stored.
    #[schema(value_type = Option<String>, example = "doc_0dzq3k1v00000")]
    pub id: Option<DocumentId>,
    /// What became of it.
    pub status: ItemStatus,
    /// Where it stands now, such as `ready` or `waiting`; absent when refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// Why.
    #[schema(value_type = Vec<web::ErrorItem>)]
    pub findings: Vec<Finding>,
}

/// The answer to a message, given after it is durable.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Outcome {
    /// Our id of the message; of the first one when it is a repeat; absent when refused.
    #[schema(value_type = Option<String>, example = "msg_0dzq3k1v00000")]
    pub message_id: Option<MessageId>,
    /// Such as `CEB311`; empty when it could not be told.
    pub message_type: String,
    /// The message's own guid; empty when it could not be read.
    pub guid: String,
    /// What became of it.
    pub status: OutcomeStatus,
    /// When it was received, RFC 3339, Beijing time.
    pub received_at: String,
    /// One for each document.
    pub items: Vec<Item>,
    /// Findings on the message as a whole.
    #[schema(value_type = Vec<web::ErrorItem>)]
    pub findings: Vec<Finding>,
    /// Whether the input could not be understood at all, as opposed to being wrong: 400 rather
    /// than 422.
    #[serde(skip)]
    pub malformed: bool,
}

impl Outcome {
    /// The HTTP status it is answered with: 202 when something of it was taken, 200 for a repeat,
    /// 400 when it could not be understood, 422 when all of it is refused.
    pub fn http_status(&self) -> u16 {
        match self.status {
            OutcomeStatus::Accepted | OutcomeStatus::Partly => 202,
            OutcomeStatus::Repeated => 200,
            OutcomeStatus::Refused if self.malformed => 400,
            OutcomeStatus::Refused => 422,
        }
    }

    /// The status of the whole from the parts. No parts at all is a refusal.
    pub fn status_of(items: &[Item]) -> OutcomeStatus {
        let all = |status| items.iter().all(|item| item.status == status);
        let any = |status| items.iter().any(|item| item.status == status);
        if all(ItemStatus::Refused) {
            OutcomeStatus::Refused
        } else if all(ItemStatus::Repeated) {
            OutcomeStatus::Repeated
        } else if any(ItemStatus::Refused) {
            OutcomeStatus::Partly
        } else {
            OutcomeStatus::Accepted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_follows_from_the_parts() {
        use ItemStatus::{Accepted, Held, Refused, Repeated};
        for (parts, whole) in [
            (&[][..], OutcomeStatus::Refused),
            (&[Accepted], OutcomeStatus::Accepted),
            (&[Held, Accepted], OutcomeStatus::Accepted),
            (&[Repeated, Repeated], OutcomeStatus::Repeated),
            (&[Repeated, Accepted], OutcomeStatus::Accepted),
            (&[Refused, Accepted], OutcomeStatus::Partly),
            (&[Refused, Repeated], OutcomeStatus::Partly),
            (&[Refused, Refused], OutcomeStatus::Refused),
        ] {
            let items: Vec<Item> = parts
                .iter()
                .map(|status| Item {
                    index: 0,
                    key: serde_json::Value::Null,
                    id: None,
                    status: *status,
                    state: None,
                    findings: vec![],
                })
                .collect();
            assert_eq!(Outcome::status_of(&items), whole, "{parts:?}");
        }
    }
}
