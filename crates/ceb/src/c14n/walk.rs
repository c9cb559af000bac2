//! One pass over a document: well-formedness, namespaces, and what is canonical about each tag.

use std::borrow::Cow;

use kernel::Text;

use super::tag::{self, RawAttribute, fault};
use super::{ATTRIBUTES_MAX, DEPTH_MAX, NAMESPACES_MAX, XmlFault, encoding, name};
use crate::token::{self, Token, Tokens};

pub(super) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// What is wrong, the place still to be added.
#[derive(Debug)]
pub(super) struct Fault(pub(super) Text);

/// A step through the document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'x> {
    /// An element begins; its depth is already counted.
    Start(Element<'x>),
    /// The element that was open ends; its depth is already taken off.
    End(Ending<'x>),
    /// Character data as written, without references; whether its canonical form is the same.
    Text(&'x str, bool),
    /// The inside of a CDATA section.
    CData(&'x str),
    /// The character of a reference.
    Character(char),
    /// A comment.
    Comment,
    /// A processing instruction: target, and the rest with leading white space removed.
    Instruction(&'x str, &'x str),
    /// The XML declaration, or white space outside the root: nothing to canonical XML.
    Nothing,
    /// The end of a well-formed document.
    Finish,
}

/// An element that begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'x> {
    /// Name as written, with its prefix.
    pub(crate) name: &'x str,
    /// Namespace, empty when in none.
    pub(crate) namespace: &'x str,
    /// Name without prefix.
    pub(crate) local: &'x str,
    /// Where its `<` stands in the source.
    pub(crate) from: usize,
    /// Whether it is written `<name/>`.
    pub(crate) empty: bool,
}

impl Element<'_> {
    /// Whether it has this namespace and local name.
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }
}

/// An element that ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending<'x> {
    /// Name as written.
    pub(crate) name: &'x str,
    /// Where its end tag begins in the source.
    pub(crate) from: usize,
}

/// A namespace declaration in scope. `fresh` when it says something new to its parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'x> {
    pub(super) prefix: &'x str,
    pub(super) uri: &'x str,
    depth: usize,
    pub(super) fresh: bool,
}

/// An attribute with its namespace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'x> {
    pub(super) namespace: &'x str,
    pub(super) local: &'x str,
    pub(super) name: &'x str,
    pub(super) value: &'x str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    BeforeRoot,
    Inside,
    AfterRoot,
}

/// Walks through one document.
pub(crate) struct Walk<'x> {
    pub(super) source: &'x str,
    tokens: Tokens<'x>,
    open: Vec<&'x str>,
    pub(super) bindings: Vec<Binding<'x>>,
    pub(super) attributes: Vec<Attribute<'x>>,
    /// `xml:` attributes of open elements with the depth of their element.
    pub(super) inherited: Vec<(usize, Attribute<'x>)>,
    raw: Vec<RawAttribute<'x>>,
    /// An element written `<name/>` whose end is still to be told.
    unclosed: bool,
    pub(super) place: Place,
}

impl<'x> Walk<'x> {
    pub(crate) fn new(source: &'x str) -> Result<Walk<'x>, XmlFault> {
        if let Some(at) = token::first_forbidden(source) {
            return Err(XmlFault {
                line: encoding::line_at(source.as_bytes(), at),
                reason: Text::new("含有 XML 不允许的字符", "a character XML forbids"),
            });
        }
        Ok(Walk {
            source,
            tokens: Tokens::new(source),
            open: Vec::with_capacity(8),
            bindings: Vec::with_capacity(4),
            attributes: Vec::with_capacity(4),
            inherited: Vec::new(),
            raw: Vec::with_capacity(4),
            unclosed: false,
            place: Place::BeforeRoot,
        })
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The value of an attribute without namespace of the element that just began, as written.
    pub(crate) fn attribute(&self, local: &str) -> Option<&'x str> {
        let found = self.attributes.iter().find(|a| a.namespace.is_empty() && a.local == local);
        found.map(|attribute| attribute.value)
    }

    /// The attributes without namespace of the element that just began, in canonical order, their
    /// references resolved and white space made spaces.
    pub(crate) fn plain_attributes(&self) -> Vec<(&'x str, Cow<'x, str>)> {
        let plain = self.attributes.iter().filter(|attribute| attribute.namespace.is_empty());
        plain.map(|attribute| (attribute.local, tag::value(attribute.value))).collect()
    }

    /// The line of a place in the source, counted from 1.
    pub(crate) fn line_at(&self, offset: usize) -> u32 {
        encoding::line_at(self.source.as_bytes(), offset)
    }

    /// Goes one step on.
    ///
    /// # Errors
    /// At the first thing that is not well-formed or exceeds a limit. The walk is over then.
    pub(crate) fn step(&mut self) -> Result<Step<'x>, XmlFault> {
        let from = self.tokens.position();
        self.advance(from).map_err(|Fault(reason)| XmlFault { line: self.line_at(from), reason })
    }

    /// Where the step after the one just made begins.
    pub(crate) fn position(&self) -> usize {
        self.tokens.position()
    }

    /// Passes over elements with text alone in them and nothing but their names in their tags, as
    /// long as they go by the prefix of the element they stand in; a Signature is not passed over.
    /// What was passed over, from where to where, is canonical as it stands.
    pub(crate) fn leaves(&mut self) -> Option<(usize, usize)> {
        let parent = *self.open.last()?;
        if self.unclosed || self.open.len() >= DEPTH_MAX {
            return None;
        }
        let prefix = &parent[..parent.find(':').map_or(0, |at| at + 1)];
        let from = self.position();
        let name = |rest: &[u8]| {
            let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric())?;
            let plain = rest[0].is_ascii_alphabetic() && rest[length] == b'>';
            (plain && &rest[..length] != b"Signature").then_some((length, ()))
        };
        let blank = |byte| matches!(byte, b' ' | b'\t' | b'\n');
        while self.tokens.leaf(prefix, blank, name).is_some() {}
        let to = self.position();
        (from < to).then_some((from, to))
    }

    fn advance(&mut self, from: usize) -> Result<Step<'x>, Fault> {
        if self.unclosed {
            self.unclosed = false;
            return Ok(self.end(from));
        }
        let token = self.tokens.next().map_err(|error| {
            Fault(Text::new(
                format!("XML 格式错误: {error}"),
                format!("not well-formed XML: {error}"),
            ))
        })?;
        match token {
            Token::Text(text, plain) => self.text(text, plain),
            Token::Start(inside) => self.start(from, inside, false),
            Token::Empty(inside) => self.start(from, inside, true),
            Token::End => Ok(self.end(from)),
            Token::Cdata(inside) if self.place == Place::Inside => Ok(Step::CData(inside)),
            Token::Reference(name) if self.place == Place::Inside => {
                tag::reference(name).map(Step::Character)
            }
            Token::Comment(_) => Ok(Step::Comment),
            Token::Instruction(inside) => instruction(inside),
            Token::Declaration(inside) if from == 0 => declaration(inside),
            Token::Eof if self.place == Place::AfterRoot => Ok(Step::Finish),
            Token::Eof => Err(fault("报文不完整, 元素没有结束", "the document ends too early")),
            Token::DocType => Err(fault("不接受 DTD", "a DTD is not accepted")),
            Token::Declaration(_) | Token::Cdata(_) | Token::Reference(_) => Err(misplaced()),
        }
    }

    fn text(&self, written: &'x str, plain: bool) -> Result<Step<'x>, Fault> {
        if self.place != Place::Inside {
            let blank = written.bytes().all(token::is_space);
            return if blank { Ok(Step::Nothing) } else { Err(misplaced()) };
        }
        if !plain && written.contains("]]>") {
            return Err(fault("正文中出现 ]]>", "character data contains ]]>"));
        }
        Ok(Step::Text(written, plain))
    }

    fn end(&mut self, from: usize) -> Step<'x> {
        let depth = self.open.len();
        let name = self.open.pop().unwrap_or_default();
        while self.bindings.last().is_some_and(|binding| binding.depth == depth) {
            self.bindings.pop();
        }
        while self.inherited.last().is_some_and(|(at, _)| *at == depth) {
            self.inherited.pop();
        }
        if self.open.is_empty() {
            self.place = Place::AfterRoot;
        }
        Step::End(Ending { name, from })
    }

    fn start(&mut self, from: usize, inside: &'x str, empty: bool) -> Result<Step<'x>, Fault> {
        if self.place == Place::AfterRoot {
            return Err(misplaced());
        }
        if self.open.len() == DEPTH_MAX {
            return Err(fault("元素嵌套过深", "elements are nested too deep"));
        }
        self.place = Place::Inside;
        self.unclosed = empty;
        self.raw.clear();
        let name = tag::split(inside, &mut self.raw)?;
        self.open.push(name);
        self.attributes.clear();
        if !self.raw.is_empty() {
            self.declare()?;
            self.resolve_attributes()?;
        }
        let (prefix, local) = name::split(name).ok_or_else(bad_name)?;
        if prefix == "xmlns" {
            return Err(bad_name());
        }
        let namespace = self.namespace(prefix)?;
        Ok(Step::Start(Element { name, namespace, local, from, empty }))
    }

    /// Takes in the namespace declarations of the tag.
    fn declare(&mut self) -> Result<(), Fault> {
        let depth = self.open.len();
        for index in 0..self.raw.len() {
            let RawAttribute { name, value: uri } = self.raw[index];
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) => prefix,
                    None => continue,
                },
                None => continue,
            };
            let ours = |binding: &&Binding<'_>| binding.prefix == prefix;
            let before = self.bindings.iter().rev().find(ours);
            if before.is_some_and(|binding| binding.depth == depth) {
                return Err(twice());
            }
            check_declaration(prefix, uri)?;
            let fresh = before.map_or("", |binding| binding.uri) != uri && prefix != "xml";
            if self.bindings.len() == NAMESPACES_MAX {
                return Err(fault("命名空间声明过多", "too many namespaces are declared"));
            }
            self.bindings.push(Binding { prefix, uri, depth, fresh });
        }
        Ok(())
    }

    /// Gives the other attributes their namespaces and brings them into canonical order.
    fn resolve_attributes(&mut self) -> Result<(), Fault> {
        debug_assert!(self.raw.len() <= ATTRIBUTES_MAX);
        for index in 0..self.raw.len() {
            let RawAttribute { name, value } = self.raw[index];
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            let (prefix, local) = name::split(name).ok_or_else(bad_name)?;
            let namespace = if prefix.is_empty() { "" } else { self.namespace(prefix)? };
            check_references(value)?;
            self.attributes.push(Attribute { namespace, local, name, value });
        }
        self.attributes.sort_unstable_by_key(|attribute| (attribute.namespace, attribute.local));
        let same = |pair: &[Attribute<'_>]| {
            pair[0].local == pair[1].local && pair[0].namespace == pair[1].namespace
        };
        if self.attributes.windows(2).any(same) {
            return Err(twice());
        }
        let depth = self.open.len();
        let of_xml = self.attributes.iter().filter(|a| a.namespace == XML_NAMESPACE);
        self.inherited.extend(of_xml.map(|attribute| (depth, *attribute)));
        Ok(())
    }

    fn namespace(&self, prefix: &str) -> Result<&'x str, Fault> {
        if prefix == "xml" {
            return Ok(XML_NAMESPACE);
        }
        match self.bindings.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) => Ok(binding.uri),
            None if prefix.is_empty() => Ok(""),
            None => Err(fault("使用了未声明的命名空间前缀", "a namespace prefix is not declared")),
        }
    }

    /// Whether the declaration belongs to the element that just began.
    pub(super) fn is_own(&self, binding: &Binding<'x>) -> bool {
        binding.depth == self.open.len()
    }
}

/// Namespace names are compared as written, so those with references or white space are refused.
fn check_declaration(prefix: &str, uri: &str) -> Result<(), Fault> {
    let plain = !uri.bytes().any(|byte| byte == b'&' || token::is_space(byte));
    let reserved = prefix == "xmlns"
        || uri == XMLNS_NAMESPACE
        || (prefix == "xml") != (uri == XML_NAMESPACE)
        || (uri.is_empty() && !prefix.is_empty());
    if !plain || reserved || !(prefix.is_empty() || name::is_ncname(prefix)) {
        return Err(fault("命名空间声明不合规", "a namespace declaration is not allowed"));
    }
    Ok(())
}

fn check_references(value: &str) -> Result<(), Fault> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('&') {
        let (text, after) = after
            .split_once(';')
            .ok_or_else(|| fault("属性中的 & 未转义", "an & in an attribute is not escaped"))?;
        tag::reference(text)?;
        rest = after;
    }
    Ok(())
}

fn instruction(inside: &str) -> Result<Step<'_>, Fault> {
    let end = inside.bytes().position(token::is_space).unwrap_or(inside.len());
    let (target, rest) = inside.split_at(end);
    if !name::is_ncname(target) || target.eq_ignore_ascii_case("xml") {
        return Err(bad_name());
    }
    Ok(Step::Instruction(target, rest.trim_start_matches([' ', '\t', '\r', '\n'])))
}

/// Only XML 1.0 is known; what the declaration says of the encoding was heeded before.
fn declaration(inside: &str) -> Result<Step<'_>, Fault> {
    let mut parts = Vec::with_capacity(3);
    let name = tag::split(inside, &mut parts)?;
    let known = parts.iter().enumerate().all(|(index, part)| match (index, part.name) {
        (0, "version") => part.value == "1.0",
        (1, "encoding") => !part.value.is_empty(),
        (1 | 2, "standalone") => matches!(part.value, "yes" | "no"),
        _ => false,
    });
    if name == "xml" && known && !parts.is_empty() {
        return Ok(Step::Nothing);
    }
    Err(fault("XML 声明不合规", "the XML declaration is not that of XML 1.0"))
}

fn misplaced() -> Fault {
    fault("根元素之外有内容", "there is content outside the root element")
}

fn bad_name() -> Fault {
    fault("名称不合规", "a name is not allowed")
}

fn twice() -> Fault {
    fault("同一元素重复声明属性", "an attribute is given twice")
}
