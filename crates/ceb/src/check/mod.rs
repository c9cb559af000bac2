//! Business checks beyond structure: code lists, real dates, arithmetic, check digits, fixed
//! values, what a trade mode asks for. They need one message and nothing else; comparing
//! documents with one another and with what was declared before is the clearance room's work.

mod arithmetic;
mod export;
mod field;
mod import;

use std::collections::HashSet;

use kernel::{Finding, Level, Text};

use crate::message::{Document, Message, Record};
use crate::schema::{CodeList, Direction, FieldIndex, MessageType, Presence};

/// The code lists a message draws from, as they stand on the day of the message.
pub trait CodeLists {
    /// Whether the list has the code; `None` when the list is not known here, and then nothing is
    /// found against the code. Never asked about lists that [`CodeList::builtin`] holds.
    fn contains(&self, list: CodeList, code: &str) -> Option<bool>;
}

/// No lists: codes outside the message format are not judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCodeLists;

impl CodeLists for NoCodeLists {
    fn contains(&self, _: CodeList, _: &str) -> Option<bool> {
        None
    }
}

/// Checks a message. What the structure already forbids is not said again. Receipts are only
/// looked at for dates and status codes, and only warned about.
pub fn check(message: &Message, lists: &dyn CodeLists) -> Vec<Finding> {
    let mut check = Check::new(message.kind, lists);
    check.message(message);
    check.findings
}

/// Checks one document of a type, numbered from 1 in its message.
pub fn check_document(
    kind: &'static MessageType,
    document: &Document,
    number: u32,
    lists: &dyn CodeLists,
) -> Vec<Finding> {
    let mut check = Check::new(kind, lists);
    check.document(document, number);
    check.findings
}

struct Check<'c> {
    kind: &'static MessageType,
    lists: &'c dyn CodeLists,
    findings: Vec<Finding>,
    /// Of each list the code last found on it, [shortened](field::shortened): the documents of a
    /// message mostly have the same.
    known: [Option<u64>; CodeList::COUNT],
}

/// A record and how to name it in a path.
#[derive(Clone, Copy)]
struct At<'r> {
    record: &'r Record,
    document: u32,
    /// 0 for the head.
    line: u32,
}

impl<'c> Check<'c> {
    fn new(kind: &'static MessageType, lists: &'c dyn CodeLists) -> Check<'c> {
        Check { kind, lists, findings: Vec::new(), known: [None; CodeList::COUNT] }
    }
}

impl Check<'_> {
    fn message(&mut self, message: &Message) {
        for (document, number) in message.documents.iter().zip(1u32..) {
            self.document(document, number);
        }
        if self.kind.direction == Direction::FromCustoms {
            return;
        }
        self.duplicates(message);
        self.signature(message);
        if !field::is_proper_guid(&message.guid) {
            self.guid(&message.guid, "@guid", 1);
        }
        let blocks = message.transfer.iter().chain(&message.subscriptions);
        for (record, at) in blocks.zip(0u32..) {
            self.fields(At { record, document: at, line: 0 });
        }
        if let Some(id) = message.dxp_id().filter(|id| id.len() > DXP_ID_CHARS) {
            self.add(
                Level::Warning,
                "transfer.dxp_id",
                "BaseTransfer/dxpId".into(),
                message.transfer.as_ref().map_or(0, |record| record.line),
                (id, "16 characters"),
                (
                    "报文传输编号超过 16 位，信封放不下",
                    "The DXP number is longer than an envelope allows",
                ),
                ("填写电子口岸发给的传输编号", "fill in the DXP number the e-port issued"),
            );
        }
    }

    fn document(&mut self, document: &Document, number: u32) {
        let head = At { record: &document.head, document: number, line: 0 };
        self.fields(head);
        for (record, line) in document.lines.iter().zip(1u32..) {
            self.fields(At { record, document: number, line });
        }
        match self.kind.code {
            "CEB311" => self.import_order(document, head),
            "CEB411" => self.import_payment(head),
            "CEB511" => self.import_waybill(head),
            "CEB621" => self.import_inventory(document, head),
            "CEB623" => self.import_cancel(head),
            "CEB625" => self.import_return(document, head),
            "CEB711" => self.warehousing(document, head),
            "CEB303" => self.export_order(document, head),
            "CEB507" | "CEB509" | "CEB607" => self.transport(document, head),
            "CEB603" => self.export_inventory(document, head),
            "CEB213" => self.export_return(document, head),
            "CEB215" => self.export_tally(head),
            "CEB701" => self.summary(document, head),
            _ => {}
        }
    }

    /// One business key may stand once in a message, and so may one document guid.
    fn duplicates(&mut self, message: &Message) {
        if message.documents.len() < 2 {
            return;
        }
        let keys: Vec<FieldIndex> = self.kind.key_fields().collect();
        let guid_at = self.kind.document.head.index("guid");
        let mut seen = HashSet::with_capacity(message.documents.len());
        let mut guids = HashSet::with_capacity(message.documents.len());
        for (document, number) in message.documents.iter().zip(1u32..) {
            let mut key = [None; KEY_FIELDS_MAX];
            for (value, at) in key.iter_mut().zip(&keys) {
                *value = document.head.at(*at);
            }
            if key.iter().any(Option::is_some) && !seen.insert(key) {
                let shown: Vec<&str> = key.into_iter().flatten().collect();
                let shown = shown.join(" ");
                self.add(
                    Level::Error,
                    "document.duplicate",
                    format!("{}[{number}]", self.kind.document.element),
                    document.line,
                    (&shown, &self.kind.key.join(" + ")),
                    ("同一报文中重复报送同一单证", "The same document stands twice in one message"),
                    ("只保留一份", "keep one of them"),
                );
            }
            let guid = guid_at.and_then(|at| document.head.at(at));
            if let Some(guid) = guid.filter(|guid| !guids.insert(*guid)) {
                self.add(
                    Level::Warning,
                    "guid.repeated",
                    format!("{}[{number}]", self.kind.document.element),
                    document.line,
                    (guid, "a guid of its own"),
                    ("单证序号重复", "Two documents share one guid"),
                    ("为每份单证生成新的 UUID", "make a new UUID for each document"),
                );
            }
        }
    }

    /// What is declared (appStatus 2) must be signed.
    fn signature(&mut self, message: &Message) {
        let declares = |document: &Document| document.head.text("appStatus") == Some("2");
        if message.signed || !message.documents.iter().any(declares) {
            return;
        }
        let (level, code, zh, en) = match self.kind.signature {
            Presence::Absent => return,
            Presence::Required => (
                Level::Error,
                "signature.missing",
                "申报报文没有数字签名",
                "The message declares but is not signed",
            ),
            Presence::Optional => (
                Level::Warning,
                "signature.advised",
                "申报报文应当加签",
                "What is declared should be signed",
            ),
        };
        self.add(
            level,
            code,
            "Signature".into(),
            0,
            ("", "ds:Signature"),
            (zh, en),
            ("用本单位的证书加签后重发", "sign with the firm's own certificate and send again"),
        );
    }

    fn path(&self, at: At<'_>, name: &str) -> String {
        let record = at.record.def().element;
        let document = &self.kind.document;
        let mut path = String::with_capacity(48);
        if record == "BaseTransfer" || at.document == 0 {
            path.push_str(record);
        } else if record == "BaseSubscribe" {
            path = format!("{record}[{}]", at.document);
        } else {
            path = format!("{}[{}]", document.element, at.document);
            if at.line != 0 {
                path.push_str(&format!("/{record}[{}]", at.line));
            } else if !document.is_flat() {
                path.push('/');
                path.push_str(record);
            }
        }
        if !name.is_empty() {
            path.push('/');
            path.push_str(name);
        }
        path
    }

    /// Adds a finding about a field. `texts` and `remedy` are Chinese and English; the remedy is
    /// an act, and who is to do it is put before it.
    #[expect(clippy::too_many_arguments, reason = "one call says one finding whole")]
    fn on_field(
        &mut self,
        level: Level,
        code: &'static str,
        at: At<'_>,
        field: FieldIndex,
        expected: &str,
        texts: (&str, &str),
        remedy: (&str, &str),
    ) {
        let Some(def) = at.record.def().field(field).filter(|_| !self.is_full()) else { return };
        let path = self.path(at, def.name);
        let found = at.record.at(field).map(|value| def.shown(value)).unwrap_or_default();
        let line = at.record.line_of(field);
        self.add(level, code, path, line, (&found, expected), texts, remedy);
    }

    #[expect(clippy::too_many_arguments, reason = "one call says one finding whole")]
    fn add(
        &mut self,
        level: Level,
        code: &'static str,
        path: String,
        line: u32,
        (found, expected): (&str, &str),
        (zh, en): (&str, &str),
        (remedy_zh, remedy_en): (&str, &str),
    ) {
        if self.is_full() {
            return;
        }
        let remedy = Text::new(
            format!("由{}{remedy_zh}", self.kind.sender_zh),
            format!("To be mended by the {}: {remedy_en}", self.kind.sender_en),
        );
        let level =
            if self.kind.direction == Direction::FromCustoms { Level::Warning } else { level };
        let finding = Finding::error(code, Text::new(zh, en), remedy);
        let finding = Finding { level, ..finding }.at(path).found(found, expected);
        self.findings.push(if line == 0 { finding } else { finding.on_line(line) });
        if self.findings.len() == FINDINGS_MAX {
            self.findings.push(crate::read::truncated());
        }
    }

    /// Whether more findings would help nobody.
    fn is_full(&self) -> bool {
        self.findings.len() > FINDINGS_MAX
    }
}

/// Most fields that together tell one document from another.
const KEY_FIELDS_MAX: usize = 4;

/// Characters of a DXP number that an envelope has room for.
const DXP_ID_CHARS: usize = 16;

/// Most findings of one check.
const FINDINGS_MAX: usize = 1_000;
