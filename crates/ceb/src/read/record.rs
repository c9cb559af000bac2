//! Records and their fields.

use crate::message::{Record, Span};
use crate::read::fault;
use crate::read::scan::{Malformed, Ns, Tag, Token};
use crate::read::structure::MessageReader;
use crate::read::value;
use crate::schema::{Field, Format, RecordDef, SCHEMA_NAMESPACE};

/// Where in the message the reader is; turned into a path only when something is found.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    block: &'static str,
    number: u32,
    record: &'static str,
    line: u32,
}

impl Place {
    /// A child of the root; `number` counts from 1, 0 when there is but one.
    pub(crate) fn block(block: &'static str, number: u32) -> Place {
        Place { block, number, record: "", line: 0 }
    }

    /// A record within a document; `line` counts from 1, 0 when there is but one.
    pub(crate) fn record(self, record: &'static str, line: u32) -> Place {
        Place { record, line, ..self }
    }

    /// The path of a child, or of the place itself when `name` is empty.
    pub(crate) fn path(self, name: &str) -> String {
        let mut path = self.block.to_owned();
        if self.number != 0 {
            path.push_str(&format!("[{}]", self.number));
        }
        if !self.record.is_empty() {
            path.push('/');
            path.push_str(self.record);
            if self.line != 0 {
                path.push_str(&format!("[{}]", self.line));
            }
        }
        if !name.is_empty() {
            path.push('/');
            path.push_str(name);
        }
        path
    }
}

/// Most bytes kept of an unknown element, and most such elements, of one record.
const EXTRA_BYTES_MAX: usize = 4_000;
const EXTRAS_MAX: usize = 16;

impl<'a> MessageReader<'a> {
    /// Reads a record whose start tag has just been read.
    pub(crate) fn record(
        &mut self,
        def: &'static RecordDef,
        tag: &Tag<'a>,
        place: Place,
    ) -> Result<Record, Malformed> {
        let mut record = Record::new(def);
        record.line = self.scan.line();
        self.no_attributes(tag, None, || place.path(""))?;
        let mut next = 0;
        let mut extras = 0;
        let mut stray = false;
        let plain = (tag.ns == Ns::Ceb).then_some(tag);
        loop {
            while let Some(at) = plain.and_then(|tag| self.leaf(def, next, tag, place, &mut record))
            {
                next = at + 1;
            }
            let Some(child) = self.child(&mut stray, || place.path(""))? else { break };
            match self.locate(def, next, &child) {
                Some(at) => {
                    self.foreign(&child);
                    if record.seen(at) || at < next {
                        self.out_of_place(def, at, record.seen(at), place);
                    }
                    self.field(&def.fields[at], at, &child, place, &mut record)?;
                    next = next.max(at + 1);
                }
                None => {
                    let expected = def.fields.get(next).map_or("nothing more", |f| f.name);
                    let line = self.scan.line();
                    let finding = || fault::element_unknown(child.name, expected);
                    let path = || place.path(child.local);
                    self.faults.structural(|| finding().at(path()).on_line(line));
                    extras += 1;
                    if self.lenient && extras <= EXTRAS_MAX {
                        self.extra(&child, &mut record)?;
                    } else {
                        self.skip(&child)?;
                    }
                }
            }
        }
        for (field, at) in def.fields.iter().zip(0..) {
            if field.required && !record.seen(at) {
                let finding = || fault::field_missing(def, field).at(place.path(field.name));
                self.faults.structural(|| finding().on_line(record.line));
            }
        }
        Ok(record)
    }

    /// Reads a field at or after the `next` that stands there in the plainest form, which is how
    /// nearly all of them stand; its position. The long way round comes to the same.
    fn leaf(
        &mut self,
        def: &'static RecordDef,
        next: usize,
        tag: &Tag<'a>,
        place: Place,
        record: &mut Record,
    ) -> Option<usize> {
        let fields = def.fields.get(next..)?;
        let position = |rest: &[u8]| {
            let is = |field: &Field| {
                let name = field.name.as_bytes();
                rest.get(name.len()) == Some(&b'>') && rest.starts_with(name)
            };
            let offset = fields.iter().position(is)?;
            Some((fields[offset].name.len(), offset))
        };
        let (text, inside, offset) = self.scan.leaf(tag, position)?;
        let (at, field) = (next + offset, &fields[offset]);
        let line = self.scan.line();
        if !text.is_empty() || field.preset.is_none() {
            self.judge(field, text, place, line);
        }
        let (start, len) = if value::is_normal(field, text) {
            (u32::try_from(inside).ok()?, u32::try_from(text.len()).ok()?)
        } else {
            let start = self.values.len();
            self.values.push_str(text);
            self.settle(field, start)
        };
        record.place(at, Span { start, len, line });
        Some(at)
    }

    fn judge(&mut self, field: &'static Field, raw: &str, place: Place, line: u32) {
        if let Some(found) = value::judge(field, raw) {
            let finding = || fault::value(field, found, raw).at(place.path(field.name));
            self.faults.structural(|| finding().on_line(line));
        }
    }

    /// Position of a child in the record: most often the next one.
    fn locate(&self, def: &RecordDef, next: usize, tag: &Tag<'_>) -> Option<usize> {
        if tag.ns != Ns::Ceb && !self.lenient {
            return None;
        }
        let is = |field: &Field| field.name == tag.local;
        let ahead = def.fields.get(next..).and_then(|rest| rest.iter().position(is));
        match ahead {
            Some(offset) => Some(next + offset),
            None => def.fields[..next.min(def.fields.len())].iter().position(is),
        }
    }

    fn out_of_place(&mut self, def: &RecordDef, at: usize, again: bool, place: Place) {
        let name = def.fields[at].name;
        let line = self.scan.line();
        self.faults.structural(|| {
            let finding = if again {
                fault::element_repeated(name, 1)
            } else {
                let before = def.fields.get(at + 1).map_or("the end", |field| field.name);
                fault::element_misplaced(name, &format!("before {before}"))
            };
            finding.at(place.path(name)).on_line(line)
        });
    }

    pub(crate) fn field(
        &mut self,
        field: &'static Field,
        at: usize,
        tag: &Tag<'a>,
        place: Place,
        record: &mut Record,
    ) -> Result<(), Malformed> {
        let line = self.scan.line();
        if !tag.attributes.is_empty() {
            let own = matches!(field.format, Format::Int { digits: 0 })
                .then_some((SCHEMA_NAMESPACE, "int"));
            self.no_attributes(tag, own, || place.path(field.name))?;
        }
        let start = self.values.len();
        let mut stands = false;
        loop {
            match self.scan.next()? {
                Token::Text(text) | Token::Cdata(text) => {
                    stands = true;
                    push_text(&mut self.values, text);
                }
                Token::Character(c) => {
                    stands = true;
                    self.values.push(c);
                }
                Token::Start(child) => {
                    let child_line = self.scan.line();
                    let finding = || fault::child_in_field(field, child.name);
                    let path = || place.path(field.name);
                    self.faults.structural(|| finding().at(path()).on_line(child_line));
                    self.skip(&child)?;
                }
                Token::End | Token::Eof => break,
            }
        }
        // An empty element takes the value the schema supplies, so its own shape is not judged.
        if stands || field.preset.is_none() {
            let raw = &self.values[start..];
            if let Some(found) = value::judge(field, raw) {
                let finding = || fault::value(field, found, raw).at(place.path(field.name));
                self.faults.structural(|| finding().on_line(line));
            }
        }
        if record.seen(at) {
            self.values.truncate(start);
        } else {
            let (start, len) = self.settle(field, start);
            record.place(at, Span { start, len, line });
        }
        Ok(())
    }

    /// Leaves the value proper at the end of the values; where it lies in the shared text, in which
    /// the values follow the source.
    fn settle(&mut self, field: &Field, start: usize) -> (u32, u32) {
        let raw = &self.values[start..];
        let proper = value::normal(field, raw);
        let (from, len) = match proper {
            std::borrow::Cow::Borrowed(part) => {
                let front = raw.len() - raw.trim_start_matches(crate::schema::is_space).len();
                let front = if part.len() == raw.len() { 0 } else { front };
                (start + front.min(raw.len() - part.len()), part.len())
            }
            std::borrow::Cow::Owned(text) => {
                self.values.truncate(start);
                self.values.push_str(&text);
                (start, text.len())
            }
        };
        let from = self.scan.source().len() + from;
        (u32::try_from(from).unwrap_or(0), u32::try_from(len).unwrap_or(0))
    }

    /// Keeps the text of an element the definition does not know.
    fn extra(&mut self, tag: &Tag<'a>, record: &mut Record) -> Result<(), Malformed> {
        let outside = self.scan.depth() - 1;
        let mut text = String::new();
        while self.scan.depth() > outside {
            match self.scan.next()? {
                Token::Text(part) | Token::Cdata(part) if text.len() < EXTRA_BYTES_MAX => {
                    push_text(&mut text, part);
                }
                Token::Character(c) => text.push(c),
                _ => {}
            }
        }
        if text.len() <= EXTRA_BYTES_MAX {
            record.keep_extra(tag.local, &text);
        }
        Ok(())
    }
}

/// Appends character data with line ends as XML hands them on: `\r\n` and `\r` become `\n`.
pub(crate) fn push_text(to: &mut String, text: &str) {
    if !text.as_bytes().contains(&b'\r') {
        to.push_str(text);
        return;
    }
    let mut lines = text.split('\r');
    to.push_str(lines.next().unwrap_or(""));
    for line in lines {
        to.push('\n');
        to.push_str(line.strip_prefix('\n').unwrap_or(line));
    }
}
