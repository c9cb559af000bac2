//! JSON to messages and documents, with every finding at its JSON path.

use std::borrow::Cow;

use kernel::{Finding, Text};
use serde_json::{Map, Value};

use crate::message::{Document, Extension, Message, Record};
use crate::read::{Reading, field_missing, judge, normal, value_fault};
use crate::schema::{
    BASE_SUBSCRIBE, EXTEND_MESSAGE, Field, FieldIndex, GUID_CHARS, LineDef, MessageType, Preset,
    RecordDef, SUBSCRIPTIONS_MAX, VERSION_CHARS_MAX,
};

/// Reads a message from its JSON form. `structure_valid` says whether the official schema would
/// accept what is written from it, a required signature aside.
pub fn message_from_json(kind: &'static MessageType, value: &Value) -> Reading {
    let mut reader = JsonReader { findings: Vec::new() };
    let message = reader.message(kind, value);
    let structure_valid = message.is_some() && reader.findings.is_empty();
    Reading { message, structure_valid, findings: reader.findings }
}

/// Reads one document from its JSON form. The document is there whenever the value is an object,
/// however wrong; use it only when no finding is an error.
pub fn document_from_json(
    kind: &'static MessageType,
    value: &Value,
) -> (Option<Document>, Vec<Finding>) {
    let mut reader = JsonReader { findings: Vec::new() };
    let document = reader.document(kind, value, "");
    (document, reader.findings)
}

/// Most findings of one JSON value.
const FINDINGS_MAX: usize = 1_000;

struct JsonReader {
    findings: Vec<Finding>,
}

impl JsonReader {
    fn message(&mut self, kind: &'static MessageType, value: &Value) -> Option<Message> {
        let object = self.object(value, "")?;
        let mut message = Message::new(kind, "");
        for (key, value) in object {
            match key.as_str() {
                "type" => self.kind(kind, value),
                "guid" => message.guid = self.own_text(value, "guid"),
                "version" => message.version = self.own_text(value, "version"),
                "documents" => {
                    for (value, at) in self.array(value, "documents").iter().zip(0usize..) {
                        let path = format!("documents[{at}]");
                        message.documents.extend(self.document(kind, value, &path));
                    }
                }
                "BaseTransfer" if kind.transfer().is_some() => {
                    let def = kind.transfer();
                    message.transfer = def.and_then(|def| self.record(def, value, key));
                }
                "BaseSubscribe" if kind.transfer().is_some() => {
                    for (value, at) in self.array(value, key).iter().zip(0usize..) {
                        let path = format!("{key}[{at}]");
                        let record = self.record(&BASE_SUBSCRIBE, value, &path);
                        message.subscriptions.extend(record);
                    }
                }
                "ExtendMessage" if kind.transfer().is_some() => {
                    message.extension = self.extension(value, key);
                }
                _ => self.unknown(key, key),
            }
        }
        self.whole(&message);
        Some(message)
    }

    /// What must stand in a message as a whole.
    fn whole(&mut self, message: &Message) {
        let kind = message.kind;
        let guid = message.guid.chars().count();
        if guid != GUID_CHARS as usize {
            self.length("guid", guid, "36 characters");
        }
        let version = message.version.chars().count();
        if version < 1 || version > VERSION_CHARS_MAX as usize {
            self.length("version", version, "1..10 characters");
        }
        self.count("documents", message.documents.len(), 1, kind.document.max);
        self.count("BaseSubscribe", message.subscriptions.len(), 0, SUBSCRIPTIONS_MAX);
        if let (Some(def), None) = (kind.transfer(), &message.transfer) {
            let texts = Text::new("缺少基础报文传输实体", "The transmission block is missing");
            self.add("element.missing", def.element, texts, "", def.element);
        }
    }

    fn document(
        &mut self,
        kind: &'static MessageType,
        value: &Value,
        path: &str,
    ) -> Option<Document> {
        let object = self.object(value, path)?;
        let def = &kind.document;
        let mut document = Document::new(kind);
        let mut headed = false;
        for (key, value) in object {
            let inner = join(path, key);
            match &def.lines {
                _ if key == def.head.element => {
                    headed = true;
                    if let Some(head) = self.record(def.head, value, &inner) {
                        document.head = head;
                    }
                }
                Some(lines) if key == lines.record.element => {
                    self.lines(lines, value, &inner, &mut document);
                }
                _ => self.unknown(key, &inner),
            }
        }
        if !headed {
            let texts = Text::new(
                format!("缺少{}", def.head.zh),
                format!("The {} is missing", def.head.en),
            );
            let element = def.head.element;
            self.add("element.missing", &join(path, element), texts, "", element);
        }
        if let Some(lines) = &def.lines {
            let inner = join(path, lines.record.element);
            self.count(&inner, document.lines.len(), lines.min, lines.max);
        }
        Some(document)
    }

    fn lines(&mut self, lines: &LineDef, value: &Value, path: &str, to: &mut Document) {
        for (value, at) in self.array(value, path).iter().zip(0usize..) {
            let line = self.record(lines.record, value, &format!("{path}[{at}]"));
            to.lines.extend(line);
        }
    }

    fn record(&mut self, def: &'static RecordDef, value: &Value, path: &str) -> Option<Record> {
        let object = self.object(value, path)?;
        let mut record = Record::new(def);
        for (key, value) in object {
            let inner = join(path, key);
            let Some(at) = def.index(key) else {
                self.unknown(key, &inner);
                continue;
            };
            if let (Some(text), Some(field)) = (self.text(value, &inner), def.field(at)) {
                self.place(&mut record, at, field, &text, &inner);
            }
        }
        self.complete(&mut record, path);
        Some(record)
    }

    fn place(
        &mut self,
        record: &mut Record,
        at: FieldIndex,
        field: &'static Field,
        text: &str,
        path: &str,
    ) {
        if text.is_empty() && !field.required {
            return; // an empty optional field is an absent one
        }
        let judged = !text.is_empty() || field.preset.is_none();
        if let Some(fault) = judged.then(|| judge(field, text)).flatten() {
            self.push(value_fault(field, fault, text).at(path));
        }
        if text.contains(crate::write::is_forbidden) {
            let texts =
                Text::new("含有 XML 不允许的字符", "It holds a character XML does not allow");
            self.add("xml.character", path, texts, "", "printable characters");
            return;
        }
        record.put(at, &normal(field, text));
    }

    /// Supplies the values nothing else may stand for, and finds what is missing.
    fn complete(&mut self, record: &mut Record, path: &str) {
        let def = record.def();
        for (field, at) in def.fields.iter().zip(0u8..) {
            let at = FieldIndex(at);
            if record.has(at) || !field.required {
                continue;
            }
            match field.preset {
                Some(Preset::Fixed(value)) => record.put(at, value),
                _ => self.push(field_missing(def, field).at(join(path, field.name))),
            }
        }
    }

    fn extension(&mut self, value: &Value, path: &str) -> Option<Extension> {
        let object = self.object(value, path)?;
        let mut fields = object.clone();
        let body = fields.remove("Message").and_then(|body| {
            let inner = join(path, "Message");
            let body = self.own_text(&body, &inner);
            (!body.is_empty() && self.is_element(&body, &inner)).then_some(body)
        });
        let head = self.record(&EXTEND_MESSAGE, &Value::Object(fields), path)?;
        Some(Extension { head, body })
    }

    /// The firm's own element is written as it stands, so it must be one well-formed element.
    fn is_element(&mut self, body: &str, path: &str) -> bool {
        let good = crate::read::is_one_element(body);
        if !good {
            let texts = Text::new("须为一个完整的 XML 元素", "This must be one XML element");
            self.add("json.not_element", path, texts, "", "<x>…</x>");
        }
        good
    }

    fn kind(&mut self, kind: &MessageType, value: &Value) {
        let named = value.as_str().is_some_and(|name| name == kind.code || name == kind.root);
        if !named {
            let texts = Text::new("报文类型不符", "Another message type than the one asked for");
            let found = value.as_str().unwrap_or("").to_owned();
            self.add("message.unknown_type", "type", texts, &found, kind.code);
        }
    }

    /// A value as text: strings, numbers written plainly; null is absent.
    fn text<'v>(&mut self, value: &'v Value, path: &str) -> Option<Cow<'v, str>> {
        match value {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => {
                let text = number.to_string();
                if text.contains(['e', 'E']) {
                    let texts =
                        Text::new("数字须写成普通小数", "Write the number without exponent");
                    self.add("json.number", path, texts, &text, "a string of digits");
                    return None;
                }
                Some(Cow::Owned(text))
            }
            Value::Null => None,
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong_type(path, value, "a string");
                None
            }
        }
    }

    fn own_text(&mut self, value: &Value, path: &str) -> String {
        self.text(value, path).unwrap_or_default().into_owned()
    }

    fn object<'v>(&mut self, value: &'v Value, path: &str) -> Option<&'v Map<String, Value>> {
        if value.as_object().is_none() {
            self.wrong_type(path, value, "an object");
        }
        value.as_object()
    }

    fn array<'v>(&mut self, value: &'v Value, path: &str) -> &'v [Value] {
        match value {
            Value::Array(values) => values,
            _ => {
                self.wrong_type(path, value, "an array");
                &[]
            }
        }
    }

    fn wrong_type(&mut self, path: &str, value: &Value, expected: &str) {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        let texts = Text::new("JSON 类型不符", "Another JSON type is asked for here");
        self.add("json.type", path, texts, found, expected);
    }

    fn unknown(&mut self, key: &str, path: &str) {
        let texts = Text::new("没有这样的字段", "There is no such field");
        self.add("json.unknown_field", path, texts, key, "a field of the definition");
    }

    fn length(&mut self, path: &str, chars: usize, expected: &str) {
        let texts = Text::new("长度有误", "The length is wrong");
        let found = format!("{chars} characters");
        self.add("message.attribute_length", path, texts, &found, expected);
    }

    fn count(&mut self, path: &str, count: usize, min: u32, max: u32) {
        if count < min as usize || max != u32::MAX && count > max as usize {
            let texts = Text::new("数量不符合规范", "The standard allows another number of these");
            let most = if max == u32::MAX { String::new() } else { max.to_string() };
            let expected = format!("{min}..{most}");
            self.add("element.count", path, texts, &count.to_string(), &expected);
        }
    }

    fn add(&mut self, code: &'static str, path: &str, texts: Text, found: &str, expected: &str) {
        let remedy = Text::new(
            "由调用方按该报文类型的 JSON Schema 改正",
            "The caller corrects it by the JSON Schema of the message type",
        );
        self.push(Finding::error(code, texts, remedy).at(path).found(found, expected));
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
