//! Writing: UTF-8, prefix `ceb:`, the order of the schema, no white space between elements, empty
//! optional elements left out. What is written twice is the same bytes, which is the canonical
//! form of a message.

use kernel::{Finding, Text};

use crate::message::{Extension, Message, Record};
use crate::read::{field_missing, judge, value_fault};
use crate::schema::{
    EXTEND_MESSAGE, FieldIndex, GUID_CHARS, NAMESPACE, Presence, RecordDef, SUBSCRIPTIONS_MAX,
    VERSION_CHARS_MAX,
};

/// Writes a message. Refuses what the official schema would refuse, except that a required
/// signature block may still be lacking: `signature::sign` adds it.
///
/// # Errors
/// Every finding that stands against writing it.
pub fn write(message: &Message) -> Result<Vec<u8>, Vec<Finding>> {
    let mut writer = Writer { out: String::with_capacity(4_096), findings: Vec::new() };
    writer.message(message);
    if writer.findings.is_empty() { Ok(writer.out.into_bytes()) } else { Err(writer.findings) }
}

struct Writer {
    out: String,
    findings: Vec<Finding>,
}

impl Writer {
    fn message(&mut self, message: &Message) {
        let kind = message.kind;
        self.root(message);
        let document = &kind.document;
        self.count(&|| "documents".to_owned(), message.documents.len(), 1, document.max);
        for (each, number) in message.documents.iter().zip(1u32..) {
            let path = || format!("{}[{number}]", document.element);
            if document.is_flat() {
                self.record(&each.head, document.head, &path);
                continue;
            }
            self.open(document.element);
            let head = document.head;
            self.record(&each.head, head, &|| format!("{}/{}", path(), head.element));
            let (min, max) = document.lines.map_or((0, 0), |lines| (lines.min, lines.max));
            self.count(&path, each.lines.len(), min, max);
            for (line, at) in each.lines.iter().zip(1u32..) {
                if let Some(lines) = &document.lines {
                    let element = lines.record.element;
                    self.record(line, lines.record, &|| format!("{}/{element}[{at}]", path()));
                }
            }
            self.close(document.element);
        }
        self.transmission(message);
        self.close(kind.root);
    }

    fn root(&mut self, message: &Message) {
        let version = message.version.chars().count();
        if message.guid.chars().count() != GUID_CHARS as usize {
            self.attribute_length("@guid", "36 characters");
        }
        if version < 1 || version > VERSION_CHARS_MAX as usize {
            self.attribute_length("@version", "1..10 characters");
        }
        self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ceb:");
        self.out.push_str(message.kind.root);
        for (name, value) in
            [("xmlns:ceb", NAMESPACE), ("guid", &message.guid), ("version", &message.version)]
        {
            self.check_characters(value, name);
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn transmission(&mut self, message: &Message) {
        let kind = message.kind;
        match (kind.transfer(), &message.transfer) {
            (Some(def), Some(transfer)) => self.record(transfer, def, &|| def.element.to_owned()),
            (None, None) => {}
            (Some(def), None) => self.refuse(
                "element.missing",
                def.element,
                Text::new("缺少基础报文传输实体", "The transmission block is missing"),
            ),
            (None, Some(_)) => self.out_of_type("BaseTransfer"),
        }
        let subscriptions = if kind.transfer().is_some() { SUBSCRIPTIONS_MAX } else { 0 };
        self.count(&|| "BaseSubscribe".to_owned(), message.subscriptions.len(), 0, subscriptions);
        for (each, number) in message.subscriptions.iter().zip(1u32..) {
            let def = &crate::schema::BASE_SUBSCRIBE;
            self.record(each, def, &|| format!("BaseSubscribe[{number}]"));
        }
        if let Some(extension) = &message.extension {
            if kind.signature == Presence::Absent {
                self.out_of_type("ExtendMessage");
            }
            self.extension(extension);
        }
    }

    fn extension(&mut self, extension: &Extension) {
        let name = EXTEND_MESSAGE.element;
        self.open(name);
        self.fields(&extension.head, &EXTEND_MESSAGE, &|| name.to_owned());
        self.open("Message");
        self.out.push_str(extension.body.as_deref().unwrap_or(""));
        self.close("Message");
        self.close(name);
    }

    fn record(&mut self, record: &Record, def: &'static RecordDef, path: &dyn Fn() -> String) {
        if record.def() != def {
            self.out_of_type(&path());
            return;
        }
        self.open(def.element);
        self.fields(record, def, path);
        self.close(def.element);
    }

    fn fields(&mut self, record: &Record, def: &'static RecordDef, path: &dyn Fn() -> String) {
        for (field, at) in def.fields.iter().zip(0u8..) {
            let value = match record.raw(FieldIndex(at)) {
                Some(value) if field.required || !value.is_empty() => value,
                None if field.required => {
                    let missing = field_missing(def, field);
                    self.findings.push(missing.at(format!("{}/{}", path(), field.name)));
                    continue;
                }
                _ => continue,
            };
            let fault = (!value.is_empty() || field.preset.is_none()).then(|| judge(field, value));
            if let Some(fault) = fault.flatten() {
                let finding = value_fault(field, fault, value);
                self.findings.push(finding.at(format!("{}/{}", path(), field.name)));
            }
            self.out.reserve(value.len() + 2 * field.name.len() + "<ceb:></ceb:>".len());
            self.open(field.name);
            if is_plain(value) {
                self.out.push_str(value);
            } else {
                self.check_characters(value, field.name);
                escape_text(&mut self.out, value);
            }
            self.close(field.name);
        }
    }

    fn open(&mut self, name: &str) {
        self.out.push_str("<ceb:");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</ceb:");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn count(&mut self, path: &dyn Fn() -> String, count: usize, min: u32, max: u32) {
        if count < min as usize || max != u32::MAX && count > max as usize {
            let message =
                Text::new("数量不符合规范", "The standard allows another number of these");
            let finding = refusal("element.count", message).at(path());
            let expected =
                if max == u32::MAX { format!("{min}..") } else { format!("{min}..{max}") };
            self.findings.push(finding.found(count.to_string(), expected));
        }
    }

    fn attribute_length(&mut self, path: &str, expected: &str) {
        let message = Text::new("属性的长度有误", "The attribute has the wrong length");
        self.findings
            .push(refusal("message.attribute_length", message).at(path).found("", expected));
    }

    fn out_of_type(&mut self, path: &str) {
        let message = Text::new("此报文类型没有这一部分", "This message type has no such part");
        self.refuse("element.unknown", path, message);
    }

    fn refuse(&mut self, code: &'static str, path: &str, message: Text) {
        self.findings.push(refusal(code, message).at(path));
    }

    fn check_characters(&mut self, value: &str, name: &str) {
        if value.contains(is_forbidden) {
            let message =
                Text::new("含有 XML 不允许的字符", "It holds a character XML does not allow");
            self.refuse("xml.character", name, message);
        }
    }
}

/// Characters that XML 1.0 has no way to write.
pub(crate) fn is_forbidden(c: char) -> bool {
    c < ' ' && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn refusal(code: &'static str, message: Text) -> Finding {
    let remedy = Text::new("补正后再生成报文", "Correct it, then write the message again");
    Finding::error(code, message, remedy)
}

/// Whether a value can be written as it is, told by a glance. `false` tells nothing.
fn is_plain(value: &str) -> bool {
    // U+FFFE and U+FFFF begin with the last of these. Without branches, so that the compiler can
    // look at many bytes at once.
    let odd = |byte: u8| {
        (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == 0xef)
    };
    !value.bytes().fold(false, |any, byte| any | odd(byte))
}

/// Appends character data, escaped as canonical XML does.
pub(crate) fn escape_text(out: &mut String, text: &str) {
    if !text.bytes().any(|b| matches!(b, b'&' | b'<' | b'>' | b'\r')) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(c),
        }
    }
}

/// Appends an attribute value, escaped as canonical XML does.
pub(crate) fn escape_attribute(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            _ => out.push(c),
        }
    }
}
