//! The message as a whole: root, documents, transmission blocks, signature.

use std::sync::Arc;

use kernel::Finding;

use crate::message::{Document, Message, Record};
use crate::read::fault::{self, Faults};
use crate::read::record::Place;
use crate::read::scan::{Malformed, Ns, Scanner, Tag, Token};
use crate::read::sequence::{Fit, Particle, Sequence};
use crate::read::{ReadOptions, Reading, extension, xmldsig};
use crate::schema::{
    BASE_SUBSCRIBE, DocumentDef, Flow, GUID_CHARS, MessageType, Presence, SUBSCRIPTIONS_MAX,
    VERSION_CHARS_MAX, is_space, message_type,
};

/// Reads decoded text.
pub(crate) fn read(text: &str, options: &ReadOptions, mut faults: Faults) -> Reading {
    let scan = match Scanner::new(text, options.depth_max) {
        Ok(scan) => scan,
        Err(malformed) => {
            faults.add(fault::malformed(malformed));
            return broken(faults);
        }
    };
    let mut reader = MessageReader {
        scan,
        faults,
        lenient: options.lenient,
        foreign: false,
        flow: Flow::Import,
        values: String::new(),
    };
    match reader.message() {
        Ok(message) => {
            let structure_valid = message.is_some() && reader.faults.valid;
            let findings = reader.faults.into_findings();
            Reading { message, structure_valid, findings }
        }
        Err(malformed) => {
            reader.faults.add(fault::malformed(malformed));
            broken(reader.faults)
        }
    }
}

fn broken(faults: Faults) -> Reading {
    Reading { message: None, structure_valid: false, findings: faults.into_findings() }
}

/// Reading of one message.
pub(crate) struct MessageReader<'a> {
    pub(crate) scan: Scanner<'a>,
    pub(crate) faults: Faults,
    pub(crate) lenient: bool,
    foreign: bool,
    /// Which schema applies.
    pub(crate) flow: Flow,
    /// Values that do not stand in the source as they are, one after the other. The records share
    /// one text: the source and then these.
    pub(crate) values: String,
}

/// Most documents kept of a lenient reading, where the schema's own bound is no ground to drop
/// what customs sent.
const LENIENT_DOCUMENTS_MAX: u32 = 10_000;

impl<'a> MessageReader<'a> {
    fn message(&mut self) -> Result<Option<Message>, Malformed> {
        let Token::Start(root) = self.scan.next()? else {
            return Err(self.scan.malformed("there is no root element"));
        };
        let Some(kind) = self.kind(&root) else {
            let line = self.scan.line();
            self.faults.valid = false;
            self.faults.add(fault::unknown_type(root.local).on_line(line));
            return Ok(None);
        };
        self.flow = kind.flow;
        let mut message = Message::new(kind, "");
        message.version.clear();
        self.root_attributes(&root, &mut message)?;
        self.blocks(&mut message)?;
        let Token::Eof = self.scan.next()? else {
            return Err(self.scan.malformed("a second root element"));
        };
        self.share(&mut message);
        Ok(Some(message))
    }

    fn kind(&mut self, root: &Tag<'_>) -> Option<&'static MessageType> {
        let kind = message_type(root.local)?;
        let line = self.scan.line();
        self.foreign(root);
        if root.local != kind.root {
            self.faults.structural(|| fault::root_name(root.local, kind.root).on_line(line));
        }
        Some(kind)
    }

    /// Notes an element of another namespace where one of ours should stand; said once.
    pub(crate) fn foreign(&mut self, tag: &Tag<'_>) {
        if tag.ns == Ns::Ceb {
            return;
        }
        self.faults.valid = false;
        if !self.foreign {
            self.foreign = true;
            let line = self.scan.line();
            self.faults.structural(|| fault::namespace(tag.name).on_line(line));
        }
    }

    fn root_attributes(&mut self, root: &Tag<'a>, to: &mut Message) -> Result<(), Malformed> {
        let line = self.scan.line();
        let (mut guid, mut version) = (None, None);
        for attribute in self.scan.attributes(root)? {
            match attribute.name {
                "guid" => guid = Some(attribute.value),
                "version" => version = Some(attribute.value),
                name if self.is_declaration(name) => {}
                name => self.faults.structural(|| fault::attribute_unknown(name).on_line(line)),
            }
        }
        let mut take = |name, value: Option<std::borrow::Cow<'a, str>>, min, max, expected| {
            let Some(value) = value else {
                self.faults.structural(|| fault::attribute_missing(name).on_line(line));
                return String::new();
            };
            let chars = value.chars().count();
            if chars < min || chars > max {
                let finding = || fault::attribute_length(name, chars, expected);
                self.faults.structural(|| finding().on_line(line));
            }
            value.into_owned()
        };
        to.guid = take("guid", guid, GUID_CHARS as usize, GUID_CHARS as usize, "36 characters");
        to.version = take("version", version, 1, VERSION_CHARS_MAX as usize, "1..10 characters");
        Ok(())
    }

    /// Whether an attribute declares a namespace or says where a schema lies.
    pub(crate) fn is_declaration(&self, name: &str) -> bool {
        if name == "xmlns" || name.starts_with("xmlns:") {
            return true;
        }
        let (ns, local) = self.scan.resolve_attribute(name);
        ns == Ns::Xsi && matches!(local, "schemaLocation" | "noNamespaceSchemaLocation")
    }

    /// Finds attributes where none belong. `own_type` is the name of the element's type, which
    /// `xsi:type` may repeat.
    pub(crate) fn no_attributes(
        &mut self,
        tag: &Tag<'a>,
        own_type: Option<(&str, &str)>,
        path: impl Fn() -> String,
    ) -> Result<(), Malformed> {
        if tag.attributes.is_empty() {
            return Ok(());
        }
        let line = self.scan.line();
        for attribute in self.scan.attributes(tag)? {
            let repeats_type = self.scan.resolve_attribute(attribute.name) == (Ns::Xsi, "type")
                && own_type.is_some_and(|own| self.names_type(&attribute.value, own));
            if !self.is_declaration(attribute.name) && !repeats_type {
                let finding = || fault::attribute_unknown(attribute.name).at(path());
                self.faults.structural(|| finding().on_line(line));
            }
        }
        Ok(())
    }

    pub(crate) fn names_type(&self, value: &str, (namespace, local): (&str, &str)) -> bool {
        let value = value.trim_matches(is_space);
        let (prefix, name) = value.split_once(':').unwrap_or(("", value));
        name == local && self.scan.uri(prefix) == Some(namespace)
    }

    /// Everything under the root.
    fn blocks(&mut self, message: &mut Message) -> Result<(), Malformed> {
        const DOCUMENT: &str = "document";
        let kind = message.kind;
        let document = &kind.document;
        let mut particles = vec![Particle::new(Ns::Ceb, document.element, 1, document.max)];
        if let Some(transfer) = kind.transfer() {
            let signed = u32::from(kind.signature == Presence::Required);
            let extension = Particle::new(Ns::Ceb, "ExtendMessage", 0, 1);
            let signature = Particle::new(Ns::Ds, "Signature", signed, 1);
            particles.push(Particle::new(Ns::Ceb, transfer.element, 1, 1));
            let subscribe = BASE_SUBSCRIBE.element;
            particles.push(Particle::new(Ns::Ceb, subscribe, 0, SUBSCRIPTIONS_MAX));
            particles.extend(match kind.flow {
                Flow::Import => [extension, signature],
                Flow::Export => [signature, extension],
            });
        }
        let mut sequence = Sequence::new(&mut particles, self.lenient);
        let mut stray = false;
        let root_line = self.scan.line();
        while let Some(tag) = self.child(&mut stray, String::new)? {
            let fit = sequence.admit(&tag);
            let Some(at) = self.fits(&tag, fit, &sequence, String::new) else {
                if !self.keeps_excess(fit, message) {
                    self.skip(&tag)?;
                    continue;
                }
                let number = sequence.particle(0).seen;
                message.documents.push(self.document(document, &tag, number)?);
                continue;
            };
            let name = if at == 0 { DOCUMENT } else { sequence.particle(at).name };
            match name {
                DOCUMENT => {
                    let number = sequence.particle(0).seen;
                    message.documents.push(self.document(document, &tag, number)?);
                }
                "BaseTransfer" => message.transfer = self.transfer(kind, &tag)?,
                "BaseSubscribe" => {
                    let place = Place::block("BaseSubscribe", sequence.particle(at).seen);
                    let record = self.record(&BASE_SUBSCRIBE, &tag, place)?;
                    message.subscriptions.push(record);
                }
                "ExtendMessage" => message.extension = Some(extension::read(self, &tag)?),
                _ => {
                    message.signed = true;
                    xmldsig::check(self, &tag)?;
                }
            }
        }
        for name in sequence.missing() {
            self.faults.structural(|| missing_block(kind, name).on_line(root_line));
        }
        Ok(())
    }

    /// Whether a document beyond the schema's bound is kept all the same.
    fn keeps_excess(&self, fit: Fit, message: &Message) -> bool {
        self.lenient
            && fit == Fit::Excess(0)
            && message.documents.len() < LENIENT_DOCUMENTS_MAX as usize
    }

    fn transfer(&mut self, kind: &MessageType, tag: &Tag<'a>) -> Result<Option<Record>, Malformed> {
        match kind.transfer() {
            Some(def) => self.record(def, tag, Place::block(def.element, 0)).map(Some),
            None => self.skip(tag).map(|()| None),
        }
    }

    /// Reads a document whose start tag has just been read.
    pub(crate) fn document(
        &mut self,
        def: &'static DocumentDef,
        tag: &Tag<'a>,
        number: u32,
    ) -> Result<Document, Malformed> {
        let place = Place::block(def.element, number);
        let line = self.scan.line();
        if def.is_flat() {
            let head = self.record(def.head, tag, place)?;
            return Ok(Document { head, lines: Vec::new(), line });
        }
        self.no_attributes(tag, None, || place.path(""))?;
        let mut particles = vec![Particle::new(Ns::Ceb, def.head.element, 1, 1)];
        if let Some(lines) = &def.lines {
            let name = lines.record.element;
            particles.push(Particle::new(Ns::Ceb, name, lines.min, lines.max));
        }
        let mut sequence = Sequence::new(&mut particles, self.lenient);
        let mut document = Document { head: Record::new(def.head), lines: Vec::new(), line };
        document.head.line = line;
        let mut stray = false;
        while let Some(child) = self.child(&mut stray, || place.path(""))? {
            let fit = sequence.admit(&child);
            let at = self.fits(&child, fit, &sequence, || place.path(""));
            match (at, &def.lines) {
                (Some(0), _) => {
                    let within = place.record(def.head.element, 0);
                    document.head = self.record(def.head, &child, within)?;
                }
                (Some(_), Some(lines)) => {
                    let within = place.record(lines.record.element, sequence.particle(1).seen);
                    document.lines.push(self.record(lines.record, &child, within)?);
                }
                _ => self.skip(&child)?,
            }
        }
        for name in sequence.missing() {
            let (zh, en) = if name == def.head.element {
                (def.head.zh, def.head.en)
            } else {
                ("表体", "line")
            };
            let finding = || fault::element_missing(name, zh, en).at(place.path(name));
            self.faults.structural(|| finding().on_line(line));
        }
        Ok(document)
    }

    /// The next child of an element whose content is elements only; `None` at its end.
    pub(crate) fn child(
        &mut self,
        stray: &mut bool,
        path: impl Fn() -> String,
    ) -> Result<Option<Tag<'a>>, Malformed> {
        loop {
            let blank = match self.scan.next()? {
                Token::Start(tag) => return Ok(Some(tag)),
                Token::End | Token::Eof => return Ok(None),
                Token::Text(text) => text.trim_matches(is_space).is_empty(),
                Token::Character(c) => is_space(c),
                Token::Cdata(_) => false,
            };
            if !blank && !*stray {
                *stray = true;
                let line = self.scan.line();
                self.faults.structural(|| fault::stray_text().at(path()).on_line(line));
            }
        }
    }

    /// Reports a child that does not fit; its place in the sequence when it can be used.
    pub(crate) fn fits(
        &mut self,
        tag: &Tag<'a>,
        fit: Fit,
        sequence: &Sequence<'_>,
        path: impl Fn() -> String,
    ) -> Option<usize> {
        let line = self.scan.line();
        let (use_it, finding): (_, &dyn Fn() -> Finding) = match fit {
            Fit::Good(at) => {
                if sequence.particle(at).ns == Ns::Ceb {
                    self.foreign(tag);
                }
                return Some(at);
            }
            Fit::Misplaced(at) => (Some(at), &|| {
                let expected = format!("before {}", sequence.expected());
                fault::element_misplaced(tag.name, &expected)
            }),
            Fit::Excess(at) => {
                let particle = sequence.particle(at);
                if particle.seen > particle.max.saturating_add(1) {
                    return None; // said once
                }
                (None, &|| fault::element_repeated(particle.name, particle.max))
            }
            Fit::Unknown => (None, &|| fault::element_unknown(tag.name, sequence.expected())),
        };
        self.faults.structural(|| {
            let parent = path();
            let at = match parent.as_str() {
                "" => tag.local.to_owned(),
                _ => format!("{parent}/{}", tag.local),
            };
            finding().at(at).on_line(line)
        });
        use_it
    }

    /// Passes over an element and all in it.
    pub(crate) fn skip(&mut self, _tag: &Tag<'a>) -> Result<(), Malformed> {
        let outside = self.scan.depth() - 1;
        while self.scan.depth() > outside {
            self.scan.next()?;
        }
        Ok(())
    }

    /// Hands the text to every record.
    fn share(&mut self, message: &mut Message) {
        let source = self.scan.source();
        let mut text = String::with_capacity(source.len() + self.values.len());
        text.push_str(source);
        text.push_str(&self.values);
        let text = Arc::new(text);
        for document in &mut message.documents {
            document.head.share(&text);
            document.lines.iter_mut().for_each(|line| line.share(&text));
        }
        let blocks = message.transfer.iter_mut().chain(&mut message.subscriptions);
        blocks.for_each(|record| record.share(&text));
        if let Some(extension) = &mut message.extension {
            extension.head.share(&text);
        }
    }
}

fn missing_block(kind: &MessageType, name: &str) -> Finding {
    let (zh, en) = match name {
        "BaseTransfer" => ("基础报文传输实体", "transmission block"),
        "Signature" => ("数字签名", "signature"),
        _ => (kind.zh, kind.en),
    };
    fault::element_missing(name, zh, en).at(name)
}
