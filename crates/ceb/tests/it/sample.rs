//! Messages made up from the definition: every field filled, or only what must be.

use ceb::schema::{BASE_SUBSCRIBE, EXTEND_MESSAGE, Format, Preset};
use ceb::{Document, Extension, Field, Message, MessageType, Record, RecordDef};
use rand::RngExt;
use rand::rngs::StdRng;

pub(crate) const GUID: &str = "4CDE1CFD-EDED-46B1-946C-B8022E42FC94";

/// Characters that want care in XML, and others that do not.
const LETTERS: &[char] = &['a', 'Z', '0', '清', '单', '𠀀', '&', '<', '>', '"', '\'', ']', '-'];

/// How to fill a message.
pub(crate) struct Filling<'r> {
    /// Fill optional fields too, and optional blocks, with several documents and lines.
    pub(crate) full: bool,
    /// Chance for strange values; plain ones without.
    pub(crate) rng: Option<&'r mut StdRng>,
    /// Longest text where the field allows more.
    pub(crate) longest: u32,
}

impl Filling<'_> {
    pub(crate) fn message(&mut self, kind: &'static MessageType) -> Message {
        let mut message = Message::new(kind, GUID);
        let documents = if self.full { kind.document.max.min(3) } else { 1 };
        message.documents = (0..documents).map(|_| self.document(kind)).collect();
        if let Some(transfer) = kind.transfer() {
            message.transfer = Some(self.record(transfer, 1));
            if self.full {
                message.subscriptions = vec![self.record(&BASE_SUBSCRIBE, 1)];
                let head = self.record(&EXTEND_MESSAGE, 1);
                let body = "<x:own xmlns:x=\"urn:x\" a=\"1\"><y>&amp;&lt;&gt;</y></x:own>";
                message.extension = Some(Extension { head, body: Some(body.into()) });
            }
        }
        message
    }

    fn document(&mut self, kind: &'static MessageType) -> Document {
        let mut document = Document::new(kind);
        document.head = self.record(kind.document.head, 1);
        if let Some(lines) = &kind.document.lines {
            let count = if self.full { 3 } else { lines.min };
            document.lines = (1..=count).map(|line| self.record(lines.record, line)).collect();
        }
        document
    }

    fn record(&mut self, def: &'static RecordDef, line: u32) -> Record {
        let mut record = Record::new(def);
        for field in def.fields {
            if self.full || field.required {
                let value = self.value(field, line);
                assert!(record.set(field.name, &value));
            }
        }
        record
    }

    fn value(&mut self, field: &Field, line: u32) -> String {
        if let Some(Preset::Fixed(value)) = field.preset {
            return value.into();
        }
        match field.format {
            Format::Text { min, max, .. } => {
                let most = if self.full { max.min(self.longest).max(min) } else { min.max(1) };
                self.text(min.max(u32::from(max > 0)), most)
            }
            Format::Decimal { .. } if self.full => "12345678901234.56789".into(),
            Format::Decimal { .. } => "0".into(),
            Format::Int { digits: 0 } => line.to_string(),
            Format::Int { digits } => "9".repeat(usize::from(digits)),
        }
    }

    fn text(&mut self, min: u32, max: u32) -> String {
        match &mut self.rng {
            Some(rng) => {
                let length = rng.random_range(min..=max);
                (0..length).map(|_| LETTERS[rng.random_range(0..LETTERS.len())]).collect()
            }
            None => "x".repeat(max as usize),
        }
    }
}

/// A signature block of the right shape with nothing behind it, for telling structure alone.
pub(crate) const SIGNATURE_SHAPE: &str = "<ds:Signature \
    xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
    <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>\
    <ds:SignatureMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#rsa-sha1\"/>\
    <ds:Reference URI=\"\"><ds:Transforms><ds:Transform \
    Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/></ds:Transforms>\
    <ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>\
    <ds:DigestValue>SF/P+2sVsRQ9dJIqJSroW6ajb0Y=</ds:DigestValue></ds:Reference></ds:SignedInfo>\
    <ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo><ds:KeyName>0001</ds:KeyName>\
    <ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
    </ds:Signature>";

/// Puts the block where the flow wants it.
pub(crate) fn with_signature_shape(message: &Message, text: &str) -> String {
    let kind = message.kind;
    let close = format!("</ceb:{}>", kind.root);
    let before = match kind.flow {
        ceb::Flow::Export if text.contains("<ceb:ExtendMessage>") => "<ceb:ExtendMessage>",
        _ => &close,
    };
    text.replace(before, &format!("{SIGNATURE_SHAPE}{before}"))
}
