//! A strict scanner over the tokens: everything XML 1.0 and Namespaces ask of a well-formed
//! document is checked here, and document types are refused, so that what comes out is tags with
//! resolved names, text and resolved references only.

use std::borrow::Cow;

use crate::schema::{NAMESPACE, SIGNATURE_NAMESPACE, is_space};
use crate::token::{self, Tokens};

/// Namespace of an element or attribute, as far as we care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ns {
    /// None, or a prefix that nothing declares.
    None,
    /// The message family's.
    Ceb,
    /// XML signatures'.
    Ds,
    /// XML Schema instance's.
    Xsi,
    /// Any other.
    Other,
}

/// What is wrong with the XML itself, and where.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) what: &'static str,
    pub(crate) line: u32,
    pub(crate) found: String,
    /// Set when the document is refused for its size or for a document type, not for an error.
    pub(crate) refused: bool,
}

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag<'a> {
    pub(crate) ns: Ns,
    pub(crate) local: &'a str,
    /// Name as written.
    pub(crate) name: &'a str,
    /// What follows the name.
    pub(crate) attributes: &'a str,
}

/// One attribute, references resolved.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Cow<'a, str>,
}

pub(crate) enum Token<'a> {
    Start(Tag<'a>),
    End,
    /// Character data; carriage returns not yet normalized.
    Text(&'a str),
    /// A character or predefined entity reference.
    Character(char),
    Cdata(&'a str),
    Eof,
}

struct Binding<'a> {
    depth: u32,
    prefix: &'a str,
    uri: Cow<'a, str>,
    ns: Ns,
}

pub(crate) struct Scanner<'a> {
    tokens: Tokens<'a>,
    source: &'a str,
    depth: u32,
    depth_max: u32,
    close_pending: bool,
    rooted: bool,
    bindings: Vec<Binding<'a>>,
    /// Attributes of the tag last read, until they are asked for, and what they stand in.
    attributes: (&'a str, Vec<Attribute<'a>>),
    line: u32,
    /// The first line feed not yet counted; the length of the source when there is none.
    line_feed: usize,
    event_at: usize,
}

/// Most attributes of one element. The family has two.
const ATTRIBUTES_MAX: usize = 64;

/// Most namespace declarations in force at once.
const BINDINGS_MAX: usize = 256;

impl<'a> Scanner<'a> {
    /// Over decoded text. Fails when a character stands in it that XML does not know.
    pub(crate) fn new(source: &'a str, depth_max: u32) -> Result<Scanner<'a>, Malformed> {
        let mut scanner = Scanner {
            tokens: Tokens::new(source),
            source,
            depth: 0,
            depth_max,
            close_pending: false,
            rooted: false,
            bindings: Vec::with_capacity(4),
            attributes: ("", Vec::new()),
            line: 1,
            line_feed: line_feed(source, 0),
            event_at: 0,
        };
        if let Some(at) = token::first_forbidden(source) {
            scanner.event_at = at;
            return Err(scanner.malformed("a character that XML does not allow"));
        }
        if source.starts_with('\u{feff}') {
            return Err(scanner.malformed("text before the root element"));
        }
        Ok(scanner)
    }

    /// Line of the last token, counted from 1.
    pub(crate) fn line(&mut self) -> u32 {
        while self.line_feed < self.event_at {
            self.line = self.line.saturating_add(1);
            self.line_feed = line_feed(self.source, self.line_feed + 1);
        }
        self.line
    }

    /// The whole text.
    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    /// Elements open, the one just started included.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// The next token. Comments and processing instructions are checked and left out.
    pub(crate) fn next(&mut self) -> Result<Token<'a>, Malformed> {
        if self.close_pending {
            self.close_pending = false;
            self.leave();
            return Ok(Token::End);
        }
        loop {
            self.event_at = self.tokens.position();
            let token = match self.tokens.next() {
                Ok(token) => token,
                Err(error) => return Err(self.syntax(&error)),
            };
            match token {
                token::Token::Start(inside) => return self.enter(inside).map(Token::Start),
                token::Token::Empty(inside) => {
                    let tag = self.enter(inside)?;
                    self.close_pending = true;
                    return Ok(Token::Start(tag));
                }
                token::Token::End => {
                    self.leave();
                    return Ok(Token::End);
                }
                token::Token::Text(text, plain) => {
                    if self.check_text(text, plain)? {
                        return Ok(Token::Text(text));
                    }
                }
                token::Token::Cdata(inside) => {
                    self.inside("a CDATA section outside the root element")?;
                    return Ok(Token::Cdata(inside));
                }
                token::Token::Reference(name) => {
                    self.inside("a reference outside the root element")?;
                    return self.reference(name).map(Token::Character);
                }
                token::Token::Comment(inside) => {
                    if inside.ends_with('-') {
                        return Err(self.malformed("a comment must not end in three hyphens"));
                    }
                }
                token::Token::Instruction(inside) => self.instruction(inside)?,
                token::Token::Declaration(_) if self.event_at == 0 => {}
                token::Token::Declaration(_) => {
                    return Err(self.malformed("the XML declaration must come first"));
                }
                token::Token::DocType => {
                    let refused = self.malformed("document types are refused");
                    return Err(Malformed { refused: true, ..refused });
                }
                token::Token::Eof => return self.end(),
            }
        }
    }

    /// Takes a child that stands there in its plainest form, with the same prefix as its parent
    /// and without attributes, and so in the same namespace. For `wanted` see [`Tokens::leaf`].
    /// Where its text stands in the source comes with it. `None`, and nothing happens, when there
    /// is no such child.
    #[inline]
    pub(crate) fn leaf<T>(
        &mut self,
        parent: &Tag<'a>,
        wanted: impl FnOnce(&'a [u8]) -> Option<(usize, T)>,
    ) -> Option<(&'a str, usize, T)> {
        if self.depth >= self.depth_max || self.close_pending {
            return None;
        }
        let prefix = &parent.name[..parent.name.len() - parent.local.len()];
        let (leaf, wanted) = self.tokens.leaf(prefix, token::is_space, wanted)?;
        self.event_at = leaf.from;
        Some((leaf.text, leaf.inside, wanted))
    }

    /// The attributes of a tag, in order, checked.
    pub(crate) fn attributes(&mut self, tag: &Tag<'a>) -> Result<Vec<Attribute<'a>>, Malformed> {
        let (of, found) = std::mem::take(&mut self.attributes);
        if std::ptr::eq(of, tag.attributes) { Ok(found) } else { self.split(tag.attributes) }
    }

    fn split(&mut self, attributes: &'a str) -> Result<Vec<Attribute<'a>>, Malformed> {
        let mut found: Vec<Attribute<'a>> = Vec::new();
        let mut rest = attributes;
        loop {
            let trimmed = rest.trim_start_matches(is_space);
            if trimmed.is_empty() {
                return Ok(found);
            }
            if trimmed.len() == rest.len() {
                return Err(self.malformed("white space is missing between attributes"));
            }
            let end = trimmed
                .bytes()
                .position(|byte| byte == b'=' || token::is_space(byte))
                .ok_or_else(|| self.malformed("an attribute without a value"))?;
            let (name, after) = trimmed.split_at(end);
            let wrong = "an attribute without a value";
            let quoted = after
                .trim_start_matches(is_space)
                .strip_prefix('=')
                .map(|value| value.trim_start_matches(is_space))
                .ok_or_else(|| self.malformed(wrong))?;
            let quote = quoted
                .bytes()
                .next()
                .filter(|byte| matches!(byte, b'"' | b'\''))
                .ok_or_else(|| self.malformed("an attribute value without quotes"))?;
            let (value, after) =
                token::cut(&quoted[1..], quote).ok_or_else(|| self.malformed(wrong))?;
            if !is_name(name) {
                return Err(self.malformed("an attribute name XML does not allow"));
            }
            if found.iter().any(|attribute| attribute.name == name) {
                return Err(self.malformed("an attribute stands twice in one tag"));
            }
            if found.len() == ATTRIBUTES_MAX {
                let refused = self.malformed("too many attributes in one tag");
                return Err(Malformed { refused: true, ..refused });
            }
            found.push(Attribute { name, value: self.attribute_value(value)? });
            rest = after;
        }
    }

    /// Namespace of an attribute name, and its local part. Attributes without a prefix have none.
    pub(crate) fn resolve_attribute<'n>(&self, name: &'n str) -> (Ns, &'n str) {
        match token::cut(name, b':') {
            Some((prefix, local)) => match self.lookup(prefix) {
                Some(binding) => (binding.ns, local),
                None if prefix == "xml" => (Ns::Other, local),
                None => (Ns::None, name),
            },
            None => (Ns::None, name),
        }
    }

    /// URI a prefix stands for at this place.
    pub(crate) fn uri(&self, prefix: &str) -> Option<&str> {
        self.lookup(prefix).map(|binding| &*binding.uri).filter(|uri| !uri.is_empty())
    }

    /// Every prefix in force here with its URI, the innermost first; a prefix may recur.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.bindings.iter().rev().map(|binding| (binding.prefix, &*binding.uri))
    }

    pub(crate) fn malformed(&mut self, what: &'static str) -> Malformed {
        let found: String = self.source[self.event_at..].chars().take(40).collect();
        // What stands there may be somebody's data; show markup only.
        let found = if found.starts_with('<') { found } else { String::new() };
        Malformed { what, line: self.line(), found: markup_only(&found), refused: false }
    }

    fn enter(&mut self, content: &'a str) -> Result<Tag<'a>, Malformed> {
        if self.depth == 0 && self.rooted {
            return Err(self.malformed("a second root element"));
        }
        self.rooted = true;
        self.depth += 1;
        if self.depth > self.depth_max {
            let refused = self.malformed("elements nested too deeply");
            return Err(Malformed { refused: true, ..refused });
        }
        let end = content.bytes().position(token::is_space).unwrap_or(content.len());
        let (name, attributes) = content.split_at(end);
        if !is_name(name) {
            return Err(self.malformed("an element name XML does not allow"));
        }
        let tag = Tag { ns: Ns::None, local: name, name, attributes };
        if !attributes.is_empty() {
            self.declare(&tag)?;
        }
        let (ns, local) = match token::cut(name, b':') {
            Some((prefix, local)) => match self.lookup(prefix) {
                Some(binding) => (binding.ns, local),
                None => (Ns::None, name),
            },
            None => (self.lookup("").map_or(Ns::None, |binding| binding.ns), name),
        };
        Ok(Tag { ns, local, ..tag })
    }

    fn leave(&mut self) {
        while self.bindings.last().is_some_and(|binding| binding.depth >= self.depth) {
            self.bindings.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Takes the namespace declarations of a tag, and checks all its attributes on the way.
    fn declare(&mut self, tag: &Tag<'a>) -> Result<(), Malformed> {
        let attributes = self.split(tag.attributes)?;
        for attribute in &attributes {
            let prefix = match token::cut(attribute.name, b':') {
                None if attribute.name == "xmlns" => "",
                Some(("xmlns", prefix)) => prefix,
                _ => continue,
            };
            if self.bindings.len() == BINDINGS_MAX {
                let refused = self.malformed("too many namespace declarations");
                return Err(Malformed { refused: true, ..refused });
            }
            let ns = match &*attribute.value {
                "" => Ns::None,
                NAMESPACE => Ns::Ceb,
                SIGNATURE_NAMESPACE => Ns::Ds,
                "http://www.w3.org/2001/XMLSchema-instance" => Ns::Xsi,
                _ => Ns::Other,
            };
            let uri = attribute.value.clone();
            self.bindings.push(Binding { depth: self.depth, prefix, uri, ns });
        }
        self.attributes = (tag.attributes, attributes);
        Ok(())
    }

    fn lookup(&self, prefix: &str) -> Option<&Binding<'a>> {
        self.bindings.iter().rev().find(|binding| binding.prefix == prefix)
    }

    /// Checks character data; `false` when it is white space outside the root.
    fn check_text(&mut self, text: &str, plain: bool) -> Result<bool, Malformed> {
        if self.depth == 0 {
            return match text.trim_matches(is_space) {
                "" => Ok(false),
                _ => Err(self.malformed("text outside the root element")),
            };
        }
        if !plain && text.contains("]]>") {
            return Err(self.malformed("]]> must not stand in text"));
        }
        Ok(true)
    }

    fn inside(&mut self, what: &'static str) -> Result<(), Malformed> {
        if self.depth == 0 { Err(self.malformed(what)) } else { Ok(()) }
    }

    fn instruction(&mut self, content: &str) -> Result<(), Malformed> {
        let target = content.split(is_space).next().unwrap_or("");
        if !is_name(target) {
            return Err(self.malformed("a processing instruction without a proper name"));
        }
        if target.eq_ignore_ascii_case("xml") {
            return Err(self.malformed("the XML declaration must come first"));
        }
        Ok(())
    }

    fn attribute_value(&mut self, raw: &'a str) -> Result<Cow<'a, str>, Malformed> {
        if !raw.bytes().any(|b| matches!(b, b'<' | b'&' | b'\t' | b'\n' | b'\r')) {
            return Ok(Cow::Borrowed(raw));
        }
        if raw.contains('<') {
            return Err(self.malformed("< must not stand in an attribute value"));
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
            value.push_str(&rest[..at]);
            let tail = &rest[at..];
            if let Some(reference) = tail.strip_prefix('&') {
                let end = reference
                    .find(';')
                    .ok_or_else(|| self.malformed("an & that begins no reference"))?;
                value.push(self.reference(&reference[..end])?);
                rest = &reference[end + 1..];
            } else {
                value.push(' ');
                rest = tail.strip_prefix("\r\n").unwrap_or(&tail[1..]);
            }
        }
        value.push_str(rest);
        Ok(Cow::Owned(value))
    }

    fn reference(&mut self, name: &str) -> Result<char, Malformed> {
        let number = match name {
            "lt" => return Ok('<'),
            "gt" => return Ok('>'),
            "amp" => return Ok('&'),
            "apos" => return Ok('\''),
            "quot" => return Ok('"'),
            _ => name.strip_prefix('#'),
        };
        let Some(number) = number else {
            return Err(self.malformed("an entity that nothing declares"));
        };
        let (digits, radix) = match number.strip_prefix('x') {
            Some(hex) => (hex, 16),
            None => (number, 10),
        };
        let code = if digits.bytes().all(|b| char::from(b).is_digit(radix)) {
            u32::from_str_radix(digits, radix).ok()
        } else {
            None // a sign, which the number parser would take
        };
        match code.and_then(char::from_u32) {
            Some(c) if is_xml_char(c) => Ok(c),
            _ => Err(self.malformed("a reference to a character XML does not allow")),
        }
    }

    fn end(&mut self) -> Result<Token<'a>, Malformed> {
        if self.depth > 0 {
            return Err(self.malformed("the text ends inside an element"));
        }
        if !self.rooted {
            return Err(self.malformed("there is no root element"));
        }
        Ok(Token::Eof)
    }

    fn syntax(&mut self, error: &quick_xml::Error) -> Malformed {
        use quick_xml::Error;
        use quick_xml::errors::IllFormedError;
        let what = match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { .. }) => {
                "an end tag that does not match its start tag"
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
                "an end tag without a start tag"
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => "an & that begins no reference",
            Error::IllFormed(IllFormedError::DoubleHyphenInComment) => {
                "two hyphens inside a comment"
            }
            Error::Syntax(_) => "markup that does not end",
            _ => "broken markup",
        };
        self.malformed(what)
    }
}

/// Text of a finding may show markup, never values.
fn markup_only(found: &str) -> String {
    found.split_inclusive('>').next().unwrap_or("").to_owned()
}

/// Where the first line feed at or after a place stands; the length of the text when there is none.
fn line_feed(source: &str, from: usize) -> usize {
    let rest = &source.as_bytes()[from..];
    memchr::memchr(b'\n', rest).map_or(source.len(), |at| from + at)
}

fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Production `Name` of XML 1.0, fifth edition.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':');
    if name.bytes().all(plain) {
        return !name.is_empty() && !name.as_bytes()[0].is_ascii_digit();
    }
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
        | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}'
            | '\u{203f}'..='\u{2040}')
}
