//! What a firm sends: a message of one or several documents in one of the forms the doors take, and
//! what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use ceb::signature::{Spelling, sign};
use clearance::document::{Door, Kind};
use clearance::intake::{Answer, Body, Mark, Submission};
use gateway::Addresses;
use gateway::envelope::{Outgoing, wrap};
use kernel::Time;
use kouan::platform::load_zone;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value as Json;

use super::chance::Digest;
use super::parcel::{Parcel, SENDERS, Version, sender_of};

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
    Envelope,
}

/// How a message was spoilt on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noise {
    /// It breaks off.
    Cut,
    /// It was changed after it was signed; a JSON document lacks a field.
    Changed,
}

/// One document of a letter.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub(super) parcel: usize,
    pub(super) version: Version,
}

/// A message to be sent until it is answered.
pub(super) struct Letter {
    pub(super) kind: Kind,
    pub(super) docs: Vec<Doc>,
    pub(super) form: Form,
    /// Whether the door knows which firm hands it in.
    pub(super) named: bool,
    pub(super) noise: Option<Noise>,
    pub(super) not_before: Time,
    /// Letters that must have been answered before.
    pub(super) after: Vec<usize>,
    /// Whether its sender still wants an answer.
    pub(super) open: bool,
    /// Whether it was handed in since it was last answered: nobody knows what became of it.
    pub(super) in_doubt: bool,
    /// Number of the idempotency key it is sent under, if it is.
    pub(super) key: Option<usize>,
    /// How often it was handed in.
    pub(super) tries: usize,
    /// The first answer that left no doubt.
    pub(super) told: Option<Told>,
    /// What was told under each idempotency key, once something was taken.
    pub(super) told_by_key: BTreeMap<usize, Told>,
    /// Messages of ours that it became.
    pub(super) messages: BTreeSet<String>,
    body: Option<Body>,
}

/// An answer that leaves no doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: String,
    pub(super) message: Option<String>,
    /// Id, status and state of each document.
    pub(super) items: Vec<ToldItem>,
    /// The findings' codes, for the story.
    pub(super) codes: Vec<String>,
}

/// What was said of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToldItem {
    pub(super) id: Option<String>,
    pub(super) status: String,
    pub(super) codes: Vec<String>,
}

impl Told {
    /// What an answer says; a replayed one is read from what was kept.
    pub(super) fn of(answer: &Answer) -> Told {
        let body = match answer {
            Answer::Fresh(outcome) => serde_json::to_value(outcome).unwrap_or_default(),
            Answer::Replayed { body, .. } => serde_json::from_str(body).unwrap_or_default(),
        };
        let text = |value: &Json| value.as_str().map(str::to_owned);
        let items = body["items"].as_array().into_iter().flatten();
        let items: Vec<ToldItem> = items
            .map(|item| ToldItem {
                id: text(&item["id"]),
                status: text(&item["status"]).unwrap_or_default(),
                codes: codes(&item["findings"]),
            })
            .collect();
        let mut all = codes(&body["findings"]);
        all.extend(items.iter().flat_map(|item| item.codes.iter().cloned()));
        Told {
            status: text(&body["status"]).unwrap_or_default(),
            message: text(&body["message_id"]),
            items,
            codes: all,
        }
    }

    /// Whether anything of it is in the house.
    pub(super) fn took_something(&self) -> bool {
        self.items.iter().any(|item| item.id.is_some())
    }

    /// Whether it was taken in whole or refused in whole.
    pub(super) fn is_whole(&self) -> bool {
        let taken = self.items.iter().filter(|item| item.id.is_some()).count();
        taken == 0 || taken == self.items.len()
    }
}

impl ToldItem {
    /// Whether the document was taken by this very try.
    pub(super) fn is_taken_now(&self) -> bool {
        self.status == "accepted" || self.status == "held"
    }
}

fn codes(findings: &Json) -> Vec<String> {
    let errors = findings.as_array().into_iter().flatten().filter(|f| f["level"] == "error");
    errors.map(|f| f["code"].as_str().unwrap_or_default().to_owned()).collect()
}

impl Letter {
    pub(super) fn new(kind: Kind, docs: Vec<Doc>, form: Form, not_before: Time) -> Letter {
        Letter {
            kind,
            docs,
            form,
            named: true,
            noise: None,
            not_before,
            after: Vec::new(),
            open: true,
            in_doubt: false,
            key: None,
            tries: 0,
            told: None,
            told_by_key: BTreeMap::new(),
            messages: BTreeSet::new(),
            body: None,
        }
    }

    /// Whether another letter is about one of its documents, too.
    pub(super) fn shares(&self, other: &Letter) -> bool {
        let about = |parcel: usize| other.docs.iter().any(|doc| doc.parcel == parcel);
        self.kind == other.kind && self.docs.iter().any(|doc| about(doc.parcel))
    }

    pub(super) fn sender(&self) -> &'static str {
        sender_of(self.kind)
    }

    /// The original as it is to be found in the archive; `None` where the platform writes it
    /// itself, from JSON.
    pub(super) fn original(&self) -> Option<Vec<u8>> {
        match (&self.body, self.form) {
            (Some(Body::Message(bytes)), Form::Xml) => Some(bytes.clone()),
            (Some(Body::Message(bytes)), Form::Envelope) => {
                gateway::envelope::unwrap(bytes).ok().map(|inner| inner.message)
            }
            _ => None,
        }
    }

    /// The submission, the same at every try.
    pub(super) fn submission(&mut self, parcels: &[Parcel]) -> Submission {
        let body = match &self.body {
            Some(body) => body.clone(),
            None => self.body.insert(self.written(parcels)).clone(),
        };
        let door = match self.form {
            Form::Json => Door::Json,
            Form::Xml if self.named => Door::Http,
            Form::Xml => Door::Folder,
            Form::Envelope => Door::Transport,
        };
        let sender = self.named.then(|| Arc::from(self.sender()));
        Submission { door, sender, actor: "simulation".into(), body }
    }

    /// The mark of the request, when it is sent under a key.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.key.filter(|_| self.named).map(|key| self.mark_under(key))
    }

    /// The mark of the request under a key.
    pub(super) fn mark_under(&self, key: usize) -> Mark {
        let mut digest = Digest::new();
        match &self.body {
            Some(Body::Message(bytes)) => digest.feed(&String::from_utf8_lossy(bytes)),
            Some(Body::Json(_, values)) => values.iter().for_each(|v| digest.feed(&v.to_string())),
            None => {}
        }
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(digest.to_string().as_bytes());
        Mark { caller: self.sender().to_owned(), key: format!("key-{key}"), hash }
    }

    fn written(&self, parcels: &[Parcel]) -> Body {
        let documents: Vec<Json> = self
            .docs
            .iter()
            .map(|doc| parcels[doc.parcel].document(self.kind, &doc.version))
            .collect();
        if self.form == Form::Json {
            return Body::Json(self.kind, documents.into_iter().map(|d| self.spoilt(d)).collect());
        }
        let mut bytes = self.signed(&documents);
        match self.noise {
            Some(Noise::Cut) => bytes.truncate(bytes.len() * 2 / 3),
            Some(Noise::Changed) => {
                let text = String::from_utf8_lossy(&bytes).replacen("版本", "版夲", 1);
                bytes = text.into_bytes();
            }
            None => {}
        }
        if self.form == Form::Envelope {
            bytes = self.wrapped(&bytes);
        }
        Body::Message(bytes)
    }

    /// A JSON document that lacks what it must have, when the letter is noise.
    fn spoilt(&self, mut document: Json) -> Json {
        if self.noise.is_some() {
            for head in document.as_object_mut().into_iter().flatten() {
                if let Some(fields) = head.1.as_object_mut() {
                    fields.remove("appTime");
                }
            }
        }
        document
    }

    fn signed(&self, documents: &[Json]) -> Vec<u8> {
        let definition = ceb::message_type(self.kind.code()).expect("a message type");
        let guid = &self.docs[0].version.guid;
        // The message has a guid of its own, apart from its documents'.
        let mut message = ceb::Message::new(definition, guid.replacen('A', "B", 1));
        for document in documents {
            let (document, findings) = ceb::document_from_json(definition, document);
            message.documents.push(document.unwrap_or_else(|| panic!("{findings:?}")));
        }
        let firm = &FIRMS[self.sender()];
        let mut transfer = ceb::Record::new(&ceb::schema::BASE_TRANSFER);
        transfer.set("copCode", self.sender());
        transfer.set("copName", &firm.name);
        transfer.set("dxpMode", "DXP");
        transfer.set("dxpId", &firm.dxp_id);
        message.transfer = Some(transfer);
        let bytes = ceb::write(&message).unwrap_or_else(|findings| panic!("{findings:?}"));
        sign(&bytes, &firm.key, Spelling::Sm2National).expect("signed")
    }

    fn wrapped(&self, message: &[u8]) -> Vec<u8> {
        let firm = &FIRMS[self.sender()];
        let outgoing = Outgoing {
            message,
            message_type: ceb::message_type(self.kind.code()).map_or("", |kind| kind.root),
            transfer_id: Some(&firm.dxp_id),
            cop_msg_id: &self.docs[0].version.guid,
        };
        wrap(&Addresses::of(firm.dxp_id.clone()), &outgoing, self.not_before).expect("wrapped")
    }
}

/// A firm that signs.
pub(super) struct Firm {
    pub(super) name: String,
    pub(super) dxp_id: String,
    pub(super) key: SigningKey,
}

/// The firms with their keys; made once, the same for every story.
pub(super) static FIRMS: LazyLock<BTreeMap<&'static str, Firm>> = LazyLock::new(|| {
    let zone = load_zone("zibo").expect("a zone");
    let mut rng = StdRng::seed_from_u64(7);
    let numbered = SENDERS.into_iter().zip(1..);
    let firm = |(code, n): (&'static str, u64)| {
        let party = zone.parties.iter().find(|p| p.social_credit_code.as_deref() == Some(code));
        let party = party.expect("a firm of the zone");
        let request = CertificateRequest {
            subject: format!("CN={code},C=CN"),
            serial: format!("03{n:014x}"),
            not_before: Time::parse_compact("20260101000000").expect("a time"),
            not_after: Time::parse_compact("20280101000000").expect("a time"),
            authority: false,
        };
        let key = SigningKey::generate(KeyKind::Sm2, &request, &mut rng).expect("a key");
        let (name, dxp_id) = (party.name_zh.clone(), party.dxp_id.clone());
        (code, Firm { name, dxp_id: dxp_id.unwrap_or_default(), key })
    };
    numbered.map(firm).collect()
});
