//! From bytes to a checked message, without the database: read, check, verify, ask the directory.
//! Runs on many threads at once.

use std::borrow::Cow;
use std::sync::Arc;

use ceb::dxp::Limits;
use ceb::{Message, ReadOptions, Record};
use db::{Ctx, Db, DbError, Original, Sealer};
use kernel::{Finding, Text, Time};
use register::party::{Directory, Party};
use serde_json::Value as Json;

use super::checked::{Checked, CheckedDocument, Content, refused};
use super::outcome::{Body, Outcome, Submission};
use super::sender::{self, Acting};
use crate::dispatch::Recent;
use crate::dispatch::recent::Kept;
use crate::document::Kind;
use crate::document::read::{Veil, facts, inventory};
use crate::precheck::goods::assess;
use crate::reference::Reference;

/// What checking needs, shared by all who check.
pub(crate) struct Checker {
    pub(crate) reference: Arc<Reference>,
    pub(crate) sealer: Sealer,
    pub(crate) db: Db,
    pub(crate) recent: Arc<Recent>,
}

/// What checking gives.
pub(crate) enum Verdict {
    /// For the writer.
    Enters(Box<Checked>),
    /// Answered already: refused as a whole.
    Refused(Box<Outcome>),
}

/// A message made out, before its documents are looked at.
struct Opened {
    kind: Kind,
    message: Message,
    /// Whether it came as JSON: then it is the platform that signs, when it is sent.
    from_json: bool,
    /// The XML that is archived and sent on.
    xml: Vec<u8>,
    /// Documents that could not be read, by index in what was handed in.
    unread: Vec<(usize, Vec<Finding>)>,
    /// Index in what was handed in of each document of the message.
    indexes: Vec<usize>,
}

type Refusal = Box<Outcome>;

impl Checker {
    /// Checks a submission.
    ///
    /// # Errors
    /// When the original cannot be sealed.
    pub(crate) fn check(&self, ctx: &Ctx, submission: Submission) -> Result<Verdict, DbError> {
        let directory = self.reference.directory.current();
        let Submission { door, sender, body, .. } = submission;
        let opened = match body {
            Body::Message(bytes) => open_message(bytes, ctx.now),
            Body::Json(kind, values) => {
                open_json(kind, &values, sender.as_deref(), &directory, ctx.now)
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let acting = match behind(&directory, &opened, sender.as_deref(), ctx.now) {
            Ok(acting) => acting,
            Err(findings) => {
                let refusal = self.refused_unsent(&directory, &opened, findings, ctx.now);
                return Ok(Verdict::Refused(refusal));
            }
        };
        let (documents, findings) = self.documents(&directory, Some(&acting), &opened, ctx.now);
        let original = Original {
            kind: opened.kind.code(),
            door: door.word(),
            sender: acting.sender.code(),
            bytes: &opened.xml,
        };
        let mut checked = Checked {
            kind: opened.kind,
            guid_key: self.veil(|veil| veil.guid(&opened.message.guid)),
            guid: opened.message.guid.clone(),
            sender: acting.sender.code().to_owned(),
            signer: acting.signer.code().to_owned(),
            received_at: ctx.now,
            documents,
            findings,
            original: Arc::default(),
        };
        if let Some(outcome) = checked.refused_outright() {
            return Ok(Verdict::Refused(Box::new(outcome)));
        }
        checked.original = Arc::new(self.db.archiver().pack(ctx, &[original])?);
        if let Some(packed) = checked.original.first() {
            let kept = Kept {
                sender_dxp: opened.message.dxp_id().unwrap_or_default().to_owned(),
                signed: opened.message.signed,
                documents: opened.message.documents.len(),
                bytes: opened.xml,
            };
            self.recent.keep(packed.id(), kept);
        }
        Ok(Verdict::Enters(Box::new(checked)))
    }

    fn veil<T>(&self, with: impl FnOnce(&Veil<'_>) -> T) -> T {
        with(&Veil(&|purpose, text| self.sealer.keyed_hash(purpose, text)))
    }

    /// The answer when nobody stands behind a message: with everything else that is wrong, so that
    /// it need not be handed in once more to learn of it.
    fn refused_unsent(
        &self,
        directory: &Directory,
        opened: &Opened,
        mut findings: Vec<Finding>,
        at: Time,
    ) -> Refusal {
        let (documents, of_message) = self.documents(directory, None, opened, at);
        // Who sends is not named at all: that the field is missing says it better.
        let unnamed = |f: &Finding| f.code == "party.unknown" && f.found.is_empty();
        if documents.iter().any(|one| one.findings.iter().any(Finding::is_error)) {
            findings.retain(|finding| !unnamed(finding));
        }
        findings.extend(of_message);
        let items = documents.iter().map(|document| document.refusal(Vec::new())).collect();
        let whole = refused(opened.kind.code(), &opened.message.guid, at, findings, false);
        Box::new(Outcome { items, ..whole })
    }

    /// The documents with what is found on each, and what is found on the message.
    fn documents(
        &self,
        directory: &Directory,
        acting: Option<&Acting<'_>>,
        opened: &Opened,
        at: Time,
    ) -> (Vec<CheckedDocument>, Vec<Finding>) {
        let mut found = ceb::check(&opened.message, &self.reference.codes);
        if opened.from_json {
            // Both are ours to add when it is sent.
            let unsent = opened.message.transfer.is_none();
            let ours = |f: &Finding| {
                matches!(f.code, "signature.missing" | "signature.advised")
                    || unsent && f.path.starts_with("BaseTransfer")
            };
            found.retain(|finding| !ours(finding));
        }
        let count = opened.message.documents.len();
        let (mut by_document, of_message) = distribute(found, count, opened.kind);
        let mut documents: Vec<CheckedDocument> = Vec::with_capacity(count + opened.unread.len());
        for (position, document) in (0_i64..).zip(&opened.message.documents) {
            let n = documents.len();
            let mut findings = by_document.get_mut(n).map(std::mem::take).unwrap_or_default();
            let content = self.content(opened.kind, document, at);
            findings.extend(match (&content, acting) {
                (Some(Content::Paper(facts)), Some(acting)) => {
                    sender::paper(directory, acting, facts, at)
                }
                (Some(Content::Inventory(facts, _)), Some(acting)) => {
                    sender::inventory(directory, acting, facts, at)
                }
                _ => Vec::new(),
            });
            let index = opened.indexes.get(n).copied().unwrap_or(n);
            documents.push(CheckedDocument { index, position, content, findings });
        }
        for (index, findings) in &opened.unread {
            let (index, findings) = (*index, findings.clone());
            documents.push(CheckedDocument { index, position: -1, content: None, findings });
        }
        documents.sort_by_key(|document| document.index);
        (documents, of_message)
    }

    fn content(&self, kind: Kind, document: &ceb::Document, at: Time) -> Option<Content> {
        if !kind.is_inventory() {
            let facts = self.veil(|veil| facts(kind, document, veil));
            return facts.map(|facts| Content::Paper(Arc::new(facts)));
        }
        let inventory = self.veil(|veil| inventory(kind, document, veil));
        let day = inventory.declared_on.unwrap_or_else(|| at.date());
        let law = self.reference.law(day).ok().filter(|_| kind == Kind::Inventory);
        let assessment = law.map(|law| Arc::new(assess(&inventory, &law, &self.reference)));
        Some(Content::Inventory(Arc::new(inventory), assessment))
    }
}

fn open_message(bytes: Vec<u8>, at: Time) -> Result<Opened, Refusal> {
    let unreadable = |findings| Box::new(refused("", "", at, findings, true));
    let (bytes, envelope) = if ceb::dxp::is_envelope(&bytes) {
        let envelope = ceb::dxp::read(&bytes, &Limits::default()).map_err(unreadable)?;
        (envelope.data, Some(envelope.header))
    } else {
        (bytes, None)
    };
    let reading = ceb::read(&bytes, &ReadOptions::strict());
    let Some(message) = reading.message else { return Err(unreadable(reading.findings)) };
    let refuse =
        |findings| Box::new(refused(message.kind.code, &message.guid, at, findings, false));
    let Some(kind) = Kind::of_code(message.kind.code) else {
        return Err(refuse(vec![not_taken(message.kind.code)]));
    };
    if !reading.structure_valid {
        return Err(refuse(reading.findings));
    }
    let differs = envelope
        .as_ref()
        .is_some_and(|header| message.dxp_id().is_some_and(|dxp_id| dxp_id != header.sender_id));
    if differs {
        return Err(refuse(vec![other_envelope_sender(&message, envelope.as_ref())]));
    }
    let indexes = (0..message.documents.len()).collect();
    Ok(Opened { kind, message, from_json: false, xml: bytes, unread: Vec::new(), indexes })
}

fn open_json(
    kind: Kind,
    values: &[Json],
    caller: Option<&str>,
    directory: &Directory,
    at: Time,
) -> Result<Opened, Refusal> {
    let Some(definition) = ceb::message_type(kind.code()) else {
        return Err(Box::new(refused(kind.code(), "", at, vec![not_taken(kind.code())], true)));
    };
    let mut documents = Vec::with_capacity(values.len());
    let mut indexes = Vec::with_capacity(values.len());
    let mut unread = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match ceb::document_from_json(definition, &headed(definition, value)) {
            (Some(document), findings) if !findings.iter().any(Finding::is_error) => {
                documents.push(document);
                indexes.push(index);
            }
            (_, findings) => unread.push((index, findings)),
        }
    }
    let guid = documents.first().and_then(|document| document.head.text("guid"));
    let mut message = Message::new(definition, guid.unwrap_or_default());
    message.documents = documents;
    let responsible = documents_sender(kind, &message);
    let party = caller.or(responsible).and_then(|code| directory.by_code(code));
    message.transfer = party.zip(definition.transfer()).map(|(party, def)| transfer(def, party));
    // Without a sender there is no message to write; it will be refused for that.
    let xml = if message.documents.is_empty() || message.transfer.is_none() {
        Vec::new()
    } else {
        ceb::write(&message).map_err(|findings| {
            Box::new(refused(kind.code(), &message.guid, at, findings, false))
        })?
    };
    Ok(Opened { kind, message, from_json: true, xml, unread, indexes })
}

/// A document whose head stands for itself: `{"orderNo": …, "OrderList": […]}` is taken like
/// `{"OrderHead": {"orderNo": …}, "OrderList": […]}`.
fn headed<'v>(definition: &ceb::MessageType, value: &'v Json) -> Cow<'v, Json> {
    let head = definition.document.head.element;
    let Json::Object(fields) = value else { return Cow::Borrowed(value) };
    if fields.contains_key(head) {
        return Cow::Borrowed(value);
    }
    let lines = definition.document.lines.as_ref().map(|lines| lines.record.element);
    let (lines, fields): (Vec<_>, Vec<_>) =
        fields.clone().into_iter().partition(|(name, _)| Some(name.as_str()) == lines);
    let mut object = serde_json::Map::new();
    object.insert(head.to_owned(), Json::Object(fields.into_iter().collect()));
    object.extend(lines);
    Cow::Owned(Json::Object(object))
}

/// The firm responsible for the first document: who transmits it when no firm's key was used.
fn documents_sender(kind: Kind, message: &Message) -> Option<&str> {
    message.documents.first()?.head.text(kind.sender_field())
}

/// The transmission block of a message made from JSON.
fn transfer(def: &'static ceb::RecordDef, party: &Party) -> Record {
    let mut transfer = Record::new(def);
    transfer.set("copCode", party.code());
    transfer.set("copName", &party.name.zh);
    transfer.set("dxpMode", "DXP");
    transfer.set("dxpId", party.dxp_id.as_deref().unwrap_or_default());
    transfer
}

/// Who stands behind a message.
fn behind<'d>(
    directory: &'d Directory,
    opened: &Opened,
    caller: Option<&str>,
    at: Time,
) -> Result<Acting<'d>, Vec<Finding>> {
    let transfer = opened.message.transfer.as_ref();
    let named = transfer.and_then(|transfer| transfer.text("copCode"));
    let responsible = documents_sender(opened.kind, &opened.message);
    // A message made from JSON has no transmission block of its own: the document says it.
    let stated = caller.or(if opened.from_json { responsible } else { None });
    let code = named.or(stated).unwrap_or_default();
    let by_document = named.is_none() && caller.is_none() && opened.from_json;
    let sender = sender::sender(directory, code, opened.message.dxp_id(), caller, at);
    let sender = match sender {
        Err(findings) if by_document => {
            let field = opened.kind.sender_field();
            return Err(findings.into_iter().map(|finding| finding.at(field)).collect());
        }
        sender => sender?,
    };
    if !opened.message.signed {
        return Ok(Acting { sender, signer: sender });
    }
    let verification = ceb::signature::verify(&opened.xml);
    if !verification.is_good() {
        return Err(verification.findings);
    }
    let Some(certificate) = verification.certificate else {
        return Err(verification.findings);
    };
    let signer = sender::signer(directory, &certificate.fingerprint, &certificate.serial, at)
        .map_err(|finding| vec![finding])?;
    Ok(Acting { sender, signer })
}

/// Findings by document, and those on the message as a whole. A finding on a document has a path
/// that starts with its element and its place, counted from 1: `Order[2]/OrderHead/orderNo`.
fn distribute(found: Vec<Finding>, count: usize, kind: Kind) -> (Vec<Vec<Finding>>, Vec<Finding>) {
    let mut by_document: Vec<Vec<Finding>> = vec![Vec::new(); count];
    let mut of_message = Vec::new();
    for finding in found {
        match place_of(&finding.path, kind).and_then(|n| by_document.get_mut(n)) {
            Some(list) => list.push(finding),
            None => of_message.push(finding),
        }
    }
    // What is wrong with the message as a whole stops every document of it.
    if of_message.iter().any(Finding::is_error) {
        for list in &mut by_document {
            list.extend(of_message.iter().filter(|f| f.is_error()).cloned());
        }
    }
    (by_document, of_message)
}

/// The place of the document a path begins with, from 0.
fn place_of(path: &str, kind: Kind) -> Option<usize> {
    let element = ceb::message_type(kind.code())?.document.element;
    let rest = path.strip_prefix(element)?;
    match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse::<usize>().ok()?.checked_sub(1),
        None if rest.is_empty() || rest.starts_with('/') => Some(0),
        None => None,
    }
}

fn not_taken(code: &str) -> Finding {
    let taken: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    let taken_en = taken.join(", ");
    Finding::error(
        "message.not_taken",
        Text::new("本平台不接收此类报文", "this type of message is not taken in here"),
        Text::new(format!("可报送 {}", taken.join("、")), format!("send one of {taken_en}")),
    )
    .found(code, taken_en)
}

fn other_envelope_sender(message: &Message, envelope: Option<&ceb::dxp::Header>) -> Finding {
    Finding::error(
        "message.envelope_sender",
        Text::new(
            "报文传输编号与信封发送方不一致",
            "dxpId in the message is not the envelope's sender",
        ),
        Text::new(
            "两处填写同一 dxpId 后重新签名发送",
            "write the same dxpId in both, sign and send again",
        ),
    )
    .at("BaseTransfer/dxpId")
    .found(
        message.dxp_id().unwrap_or_default(),
        envelope.map_or("", |header| header.sender_id.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_its_document() {
        for (path, kind, place) in [
            ("Order[2]/OrderHead/orderNo", Kind::Order, Some(1)),
            ("Order/OrderHead/orderNo", Kind::Order, Some(0)),
            ("OrderList[1]/qty", Kind::Order, None),
            ("BaseTransfer/dxpId", Kind::Order, None),
            ("Order[0]", Kind::Order, None),
            ("Inventory[100]/InventoryList[3]/gcode", Kind::Inventory, Some(99)),
        ] {
            assert_eq!(place_of(path, kind), place, "{path}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_message_stops_each_document() {
        let at = |path: &str| Finding::error("x", Text::default(), Text::default()).at(path);
        let found = vec![at("Order[2]/OrderHead/orderNo"), at("BaseTransfer/copCode")];
        let (by_document, of_message) = distribute(found, 3, Kind::Order);
        let counts: Vec<_> = by_document.iter().map(Vec::len).collect();
        assert_eq!((counts, of_message.len()), (vec![1, 2, 1], 1));
    }
}
