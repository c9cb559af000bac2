//! A message in memory: documents made of records, whose values lie in one shared text.

use std::sync::Arc;

use kernel::Decimal;

use crate::schema::{self, Field, FieldIndex, MessageType, RecordDef};

/// A message of the family, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its type.
    pub kind: &'static MessageType,
    /// `guid` of the root element, 36 characters when valid.
    pub guid: String,
    /// `version` of the root element, in practice `1.0`.
    pub version: String,
    /// The business documents, in order.
    pub documents: Vec<Document>,
    /// `BaseTransfer`: who transmits. Absent in receipts.
    pub transfer: Option<Record>,
    /// `BaseSubscribe`: who else gets the data or the receipts.
    pub subscriptions: Vec<Record>,
    /// `ExtendMessage`: something of the firm's own.
    pub extension: Option<Extension>,
    /// Whether a signature block stands in the source. Says nothing about its being right.
    pub signed: bool,
}

/// One business document: a head and its lines.
#[derive(Clone, Debug)]
pub struct Document {
    /// The head; for flat documents the document itself.
    pub head: Record,
    /// The lines, empty for documents without.
    pub lines: Vec<Record>,
    /// Line of the source on which it starts, counted from 1; 0 when it was not read from text.
    pub line: u32,
}

/// The firm's own block, passed through unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// `name` and `version`.
    pub head: Record,
    /// The one element inside `Message`, self-contained XML; `None` when there is none.
    pub body: Option<String>,
}

/// The values of one record. Reading shares one text between all records of a message; values
/// set later are the record's own.
#[derive(Clone)]
pub struct Record {
    def: &'static RecordDef,
    shared: Option<Arc<String>>,
    own: String,
    spans: Box<[Span]>,
    extra: Vec<(Box<str>, Box<str>)>,
    /// Line of the source on which the record starts; 0 when it was not read from text.
    pub line: u32,
}

/// Where a value lies. The top bit of `start` tells the record's own text from the shared one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
    pub(crate) line: u32,
}

impl Span {
    const OWN: u32 = 1 << 31;
    pub(crate) const ABSENT: Span = Span { start: u32::MAX, len: 0, line: 0 };

    fn is_absent(self) -> bool {
        self.start == u32::MAX
    }
}

/// Most bytes of text one message can hold: offsets are 31 bits wide.
pub(crate) const TEXT_BYTES_MAX: usize = (1 << 31) - 2;

impl Message {
    /// An empty message to be filled. `guid` should be an upper-case UUID.
    pub fn new(kind: &'static MessageType, guid: impl Into<String>) -> Message {
        Message {
            kind,
            guid: guid.into(),
            version: "1.0".into(),
            documents: Vec::new(),
            transfer: None,
            subscriptions: Vec::new(),
            extension: None,
            signed: false,
        }
    }

    /// `BaseTransfer/dxpId`, the sender at the data exchange platform.
    pub fn dxp_id(&self) -> Option<&str> {
        self.transfer.as_ref()?.text("dxpId")
    }
}

impl Document {
    /// An empty document of a type, with no lines.
    pub fn new(kind: &MessageType) -> Document {
        Document { head: Record::new(kind.document.head), lines: Vec::new(), line: 0 }
    }
}

/// Equal when the values are; the place in a source text does not count.
impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        self.head == other.head && self.lines == other.lines
    }
}

impl Eq for Document {}

impl Record {
    /// A record without any value.
    pub fn new(def: &'static RecordDef) -> Record {
        Record {
            def,
            shared: None,
            own: String::new(),
            spans: vec![Span::ABSENT; def.fields.len()].into_boxed_slice(),
            extra: Vec::new(),
            line: 0,
        }
    }

    /// Its definition.
    pub fn def(&self) -> &'static RecordDef {
        self.def
    }

    /// A value by element name; `None` when the element is absent, empty or unknown.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.at(self.def.index(name)?)
    }

    /// A value by position; `None` when the element is absent or empty.
    pub fn at(&self, at: FieldIndex) -> Option<&str> {
        self.raw(at).filter(|value| !value.is_empty())
    }

    /// A number by element name; `None` when absent, empty or no number.
    pub fn decimal(&self, name: &str) -> Option<Decimal> {
        parse_decimal(self.text(name)?)
    }

    /// A number by position; `None` when absent, empty or no number.
    pub fn decimal_at(&self, at: FieldIndex) -> Option<Decimal> {
        parse_decimal(self.at(at)?)
    }

    /// Sets a value by element name. `false`, and nothing happens, when the record has no such
    /// field.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        match self.def.index(name) {
            Some(at) => {
                self.put(at, value);
                true
            }
            None => false,
        }
    }

    /// Sets a value by position. A position of another record is ignored.
    pub fn put(&mut self, at: FieldIndex, value: &str) {
        let Some(span) = self.spans.get_mut(usize::from(at.0)) else { return };
        let (Ok(start), Ok(len)) = (u32::try_from(self.own.len()), u32::try_from(value.len()))
        else {
            return;
        };
        self.own.push_str(value);
        *span = Span { start: start | Span::OWN, len, line: span.line };
    }

    /// Takes a value away.
    pub fn clear(&mut self, at: FieldIndex) {
        if let Some(span) = self.spans.get_mut(usize::from(at.0)) {
            *span = Span::ABSENT;
        }
    }

    /// Whether the element stands there, be it empty.
    pub fn has(&self, at: FieldIndex) -> bool {
        self.raw(at).is_some()
    }

    /// Line of the source on which a field stands; the record's own line when unknown.
    pub fn line_of(&self, at: FieldIndex) -> u32 {
        match self.spans.get(usize::from(at.0)) {
            Some(span) if span.line != 0 => span.line,
            _ => self.line,
        }
    }

    /// The fields that hold something, in the order of the wire.
    pub fn values(&self) -> impl Iterator<Item = (&'static Field, &str)> {
        self.def.fields.iter().zip(0u8..).filter_map(|(field, at)| {
            let value = self.at(FieldIndex(at))?;
            Some((field, value))
        })
    }

    /// A value that stood in a receipt under a name the definition does not know, such as the
    /// `orderNo` that live tax bills carry.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra.iter().find(|(n, _)| &**n == name).map(|(_, value)| &**value)
    }

    pub(crate) fn raw(&self, at: FieldIndex) -> Option<&str> {
        let span = *self.spans.get(usize::from(at.0))?;
        if span.is_absent() {
            return None;
        }
        let text: &str =
            if span.start & Span::OWN != 0 { &self.own } else { self.shared.as_deref()? };
        let start = (span.start & !Span::OWN) as usize;
        text.get(start..start + span.len as usize)
    }

    pub(crate) fn span(&self, at: usize) -> Span {
        self.spans.get(at).copied().unwrap_or(Span::ABSENT)
    }

    pub(crate) fn seen(&self, at: usize) -> bool {
        !self.span(at).is_absent()
    }

    pub(crate) fn place(&mut self, at: usize, span: Span) {
        if let Some(slot) = self.spans.get_mut(at) {
            *slot = span;
        }
    }

    pub(crate) fn share(&mut self, text: &Arc<String>) {
        self.shared = Some(Arc::clone(text));
    }

    pub(crate) fn keep_extra(&mut self, name: &str, value: &str) {
        self.extra.push((name.into(), value.into()));
    }
}

/// Equal when definition and values are; absent and empty are the same.
impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        self.def == other.def
            && (0..self.def.fields.len() as u8)
                .map(FieldIndex)
                .all(|at| self.at(at) == other.at(at))
            && self.extra == other.extra
    }
}

impl Eq for Record {}

/// Shows values, personal ones masked.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct(self.def.element);
        for (field, value) in self.values() {
            out.field(field.name, &field.shown(value));
        }
        out.finish()
    }
}

fn parse_decimal(text: &str) -> Option<Decimal> {
    let text = text.trim_matches(schema::is_space);
    // The parser also takes exponents and underscores, which are no numbers here.
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+')) {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse().ok().or_else(|| text.strip_suffix('.')?.parse().ok())
}
