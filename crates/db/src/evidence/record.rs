//! What a leaf stands for, as text: the same text can be made again from the stored rows, and by
//! hand. Pure.
//!
//! A record is lines of `name value`, each ended by a line feed. The first two name the format and
//! the record itself. A backslash in a value is written `\\` and a line feed `\n`, so that no
//! value can pass for a line. It holds no personal data and opens nothing that is sealed.

use std::fmt::{Display, Write};

use kernel::{Id, Time, id::Kind};

use super::merkle::{Hash, LEAF, sha256};
use crate::OriginalId;

/// The first line of every record.
pub const FORMAT: &str = "kouan-evidence/1";

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    id: i64,
    /// The leaf's input: what stands before it, then the text.
    input: String,
}

impl Record {
    /// A record that names itself by its kind and id, and says when.
    pub fn new<K: Kind>(kind: &str, id: Id<K>, at: Time) -> Record {
        let mut input = String::with_capacity(256);
        input.push(char::from(LEAF));
        input.push_str(FORMAT);
        input.push('\n');
        let mut record = Record { id: id.to_i64(), input };
        record.line(kind, id);
        record.line("at", at.to_millis());
        record
    }

    /// The record of an original: what came, by which door, whose it is, and its SHA-256.
    pub(crate) fn original(id: OriginalId, at: Time, of: &Content<'_>) -> Record {
        let mut record = Record::new("original", id, at);
        record.line("door", of.door);
        record.line("kind", of.kind);
        record.line("sender", of.sender);
        record.line("length", of.length);
        record.line("sha256", crate::hex(of.hash));
        record
    }

    /// Adds a line.
    pub fn line(&mut self, name: &str, value: impl Display) {
        self.input.push_str(name);
        self.input.push(' ');
        let start = self.input.len();
        // Writing to a String cannot fail.
        let _ = write!(self.input, "{value}");
        if self.input[start..].contains(['\\', '\n']) {
            let escaped = self.input[start..].replace('\\', "\\\\").replace('\n', "\\n");
            self.input.truncate(start);
            self.input.push_str(&escaped);
        }
        self.input.push('\n');
    }

    /// Its id, unique among all records.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.input[1..]
    }

    /// The hash of its leaf.
    pub fn leaf(&self) -> Hash {
        sha256(self.input.as_bytes())
    }
}

/// What the record of an original says of it.
pub(crate) struct Content<'a> {
    pub(crate) door: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) length: i64,
    pub(crate) hash: &'a [u8],
}

/// The value of a line of a record, unescaped; `None` when there is no such line.
pub fn value<'a>(record: &'a str, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    let line = record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    if !line.contains('\\') {
        return Some(line.into());
    }
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some(other)) => plain.push(other),
            _ => plain.push(c),
        }
    }
    Some(plain.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_original_is_as_documented() {
        let id = OriginalId::from_i64(1 << 60);
        let of = Content {
            door: "http",
            kind: "CEB311",
            sender: "370366K004",
            length: 3,
            hash: &sha256(b"abc"),
        };
        let record = Record::original(id, Time::from_millis(1_794_355_200_000), &of);
        let wanted = "kouan-evidence/1\noriginal org_1000000000000\nat 1794355200000\ndoor http\n\
                      kind CEB311\nsender 370366K004\nlength 3\nsha256 ba7816bf8f01cfea414140de5dae\
                      2223b00361a396177a9cb410ff61f20015ad\n";
        assert_eq!(record.text(), wanted);
        assert_eq!(record.leaf(), super::super::merkle::leaf_hash(wanted.as_bytes()));
    }

    #[test]
    fn no_value_can_pass_for_a_line() {
        let mut record = Record::new("original", OriginalId::from_i64(1), Time::default());
        record.line("sender", "x\nsha256 forged\\n");
        assert_eq!(record.text().lines().count(), 4);
        assert_eq!(value(record.text(), "sha256"), None);
        assert_eq!(value(record.text(), "sender").as_deref(), Some("x\nsha256 forged\\n"));
    }
}
