//! The shape of a signature block, as the `xmldsig-core` schema the trade ships asks for it.
//! Whether the signature is right is another question, answered in [`crate::signature`].

use std::borrow::Cow;

use crate::read::extension;
use crate::read::fault;
use crate::read::record::Place;
use crate::read::scan::{Attribute, Malformed, Ns, Tag, Token, is_name};
use crate::read::structure::MessageReader;
use crate::read::value::collapsed;
use crate::schema::{
    BASE_SUBSCRIBE, EXTEND_MESSAGE, Flow, SCHEMA_NAMESPACE, SIGNATURE_NAMESPACE, is_space,
    message_types,
};
use crate::signature;

/// What an element may contain.
enum Content {
    /// Base 64.
    Base64,
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// Elements only.
    Elements(Grammar),
    /// Elements with any text between them.
    Mixed(Grammar),
}

/// Which elements, in which order. Every alternative is told by its first element.
enum Grammar {
    One(&'static str),
    /// An element of another namespace.
    Other,
    Each(&'static [Grammar]),
    Either(&'static [Grammar]),
    Maybe(&'static Grammar),
    Many(&'static Grammar),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Uri,
}

struct Def {
    name: &'static str,
    content: Content,
    /// Name, kind, whether required.
    attributes: &'static [(&'static str, Kind, bool)],
    /// Name of the type, which `xsi:type` may repeat.
    type_name: &'static str,
}

use Content::{Base64, Elements, Integer, Mixed, Text};
use Grammar::{Each, Either, Many, Maybe, One, Other};

const NOTHING: Grammar = Each(&[]);
const ALGORITHM: &[(&str, Kind, bool)] = &[("Algorithm", Kind::Uri, true)];

const fn def(name: &'static str, content: Content, type_name: &'static str) -> Def {
    Def { name, content, attributes: &[], type_name }
}

const fn method(name: &'static str, content: Content, type_name: &'static str) -> Def {
    Def { name, content, attributes: ALGORITHM, type_name }
}

const KEY_INFO: Grammar = Either(&[
    One("KeyName"),
    One("KeyValue"),
    One("RetrievalMethod"),
    One("X509Data"),
    One("PGPData"),
    One("SPKIData"),
    One("MgmtData"),
    Other,
]);
const X509_DATA: Grammar = Either(&[
    One("X509IssuerSerial"),
    One("X509SKI"),
    One("X509SubjectName"),
    One("X509Certificate"),
    One("X509CRL"),
    Other,
]);
const PGP_DATA: Grammar = Either(&[
    Each(&[One("PGPKeyID"), Maybe(&One("PGPKeyPacket")), Many(&Other)]),
    Each(&[One("PGPKeyPacket"), Many(&Other)]),
]);
const DSA_KEY: Grammar = Each(&[
    Maybe(&Each(&[One("P"), One("Q")])),
    Maybe(&One("G")),
    One("Y"),
    Maybe(&One("J")),
    Maybe(&Each(&[One("Seed"), One("PgenCounter")])),
]);
const TRANSFORM: Grammar = Many(&Either(&[One("XPath"), Other]));
const SPKI: Grammar = Each(&[One("SPKISexp"), Maybe(&Other)]);

/// Every element that can stand inside a signature block, by name.
static DEFS: &[Def] = &[
    Def {
        name: "Signature",
        content: Elements(Each(&[
            One("SignedInfo"),
            One("SignatureValue"),
            Maybe(&One("KeyInfo")),
        ])),
        attributes: &[("Id", Kind::Id, false)],
        type_name: "SignatureType",
    },
    def(
        "SignedInfo",
        Elements(Each(&[
            One("CanonicalizationMethod"),
            One("SignatureMethod"),
            One("Reference"),
            Many(&One("Reference")),
        ])),
        "SignedInfoType",
    ),
    def("SignatureValue", Base64, "SignatureValueType"),
    def("KeyInfo", Mixed(Each(&[KEY_INFO, Many(&KEY_INFO)])), "KeyInfoType"),
    method("CanonicalizationMethod", Mixed(NOTHING), "CanonicalizationMethodType"),
    method("SignatureMethod", Mixed(NOTHING), "SignatureMethodType"),
    method("DigestMethod", Mixed(NOTHING), "DigestMethodType"),
    Def {
        name: "Reference",
        content: Elements(Each(&[
            Maybe(&One("Transforms")),
            One("DigestMethod"),
            One("DigestValue"),
        ])),
        attributes: &[
            ("Id", Kind::Id, false),
            ("URI", Kind::Uri, false),
            ("Type", Kind::Uri, false),
        ],
        type_name: "ReferenceType",
    },
    def(
        "Transforms",
        Elements(Each(&[One("Transform"), Many(&One("Transform"))])),
        "TransformsType",
    ),
    method("Transform", Mixed(TRANSFORM), "TransformType"),
    def("XPath", Text, ""),
    def("DigestValue", Base64, "DigestValueType"),
    def("KeyName", Text, ""),
    def("MgmtData", Text, ""),
    def(
        "KeyValue",
        Mixed(Either(&[One("DSAKeyValue"), One("RSAKeyValue"), Other])),
        "KeyValueType",
    ),
    Def {
        name: "RetrievalMethod",
        content: Elements(Maybe(&One("Transforms"))),
        attributes: &[("URI", Kind::Uri, false), ("Type", Kind::Uri, false)],
        type_name: "RetrievalMethodType",
    },
    def("X509Data", Elements(Each(&[X509_DATA, Many(&X509_DATA)])), "X509DataType"),
    def(
        "X509IssuerSerial",
        Elements(Each(&[One("X509IssuerName"), One("X509SerialNumber")])),
        "X509IssuerSerialType",
    ),
    def("X509IssuerName", Text, ""),
    def("X509SerialNumber", Integer, ""),
    def("X509SKI", Base64, ""),
    def("X509SubjectName", Text, ""),
    def("X509Certificate", Base64, ""),
    def("X509CRL", Base64, ""),
    def("PGPData", Elements(PGP_DATA), "PGPDataType"),
    def("PGPKeyID", Base64, ""),
    def("PGPKeyPacket", Base64, ""),
    def("SPKIData", Elements(Each(&[SPKI, Many(&SPKI)])), "SPKIDataType"),
    def("SPKISexp", Base64, ""),
    def("DSAKeyValue", Elements(DSA_KEY), "DSAKeyValueType"),
    def("P", Base64, "CryptoBinary"),
    def("Q", Base64, "CryptoBinary"),
    def("G", Base64, "CryptoBinary"),
    def("Y", Base64, "CryptoBinary"),
    def("J", Base64, "CryptoBinary"),
    def("Seed", Base64, "CryptoBinary"),
    def("PgenCounter", Base64, "CryptoBinary"),
    def("RSAKeyValue", Elements(Each(&[One("Modulus"), One("Exponent")])), "RSAKeyValueType"),
    def("Modulus", Base64, "CryptoBinary"),
    def("Exponent", Base64, "CryptoBinary"),
];

/// Stands for an element of another namespace in the list of children.
const OTHER: &str = "*";

/// Checks the block whose start tag has just been read.
pub(crate) fn check<'a>(reader: &mut MessageReader<'a>, tag: &Tag<'a>) -> Result<(), Malformed> {
    let mut ids = Vec::new();
    match DEFS.first() {
        Some(signature) => reader.signature_element(signature, tag, &mut ids),
        None => Ok(()),
    }
}

impl<'a> MessageReader<'a> {
    fn signature_element(
        &mut self,
        def: &'static Def,
        tag: &Tag<'a>,
        ids: &mut Vec<String>,
    ) -> Result<(), Malformed> {
        self.signature_attributes(def, tag, ids)?;
        let line = self.scan.line();
        let mut children: Vec<&'static str> = Vec::new();
        let mut text = Cow::Borrowed("");
        let mut stray = false;
        loop {
            match self.scan.next()? {
                Token::Start(child) => match (child.ns, find(child.local)) {
                    (Ns::Ds, Some(inner)) if def.allows(inner.name) => {
                        children.push(inner.name);
                        self.signature_element(inner, &child, ids)?;
                    }
                    (Ns::Other | Ns::Ceb | Ns::Xsi, _) => {
                        children.push(OTHER);
                        self.foreign_element(&child)?;
                    }
                    _ => {
                        self.broken(def, child.name, "no such element");
                        self.skip(&child)?;
                    }
                },
                Token::End | Token::Eof => break,
                Token::Text(part) => match def.content {
                    Elements(_) => stray |= !part.trim_matches(is_space).is_empty(),
                    _ => text += part,
                },
                Token::Character(c) => match def.content {
                    Elements(_) => stray |= !is_space(c),
                    _ => text.to_mut().push(c),
                },
                Token::Cdata(part) => match def.content {
                    Elements(_) => stray = true,
                    _ => text += part,
                },
            }
        }
        let fault = match &def.content {
            _ if stray => Some("no text"),
            Base64 => (!base64_shaped(&text)).then_some("base 64"),
            Integer => (!integer_shaped(&text)).then_some("a whole number"),
            Text => None,
            Elements(grammar) | Mixed(grammar) => {
                let fits = grammar.take(&children, 0) == Some(children.len());
                (!fits).then_some("the elements of the standard, in order")
            }
        };
        if let Some(expected) = fault {
            let finding = || fault::signature_structure(def.name, expected);
            let path = || format!("Signature//{}", def.name);
            self.faults.structural(|| finding().at(path()).on_line(line));
        }
        Ok(())
    }

    /// An element of another namespace. The schema looks at those it knows, and passes the rest.
    fn foreign_element(&mut self, tag: &Tag<'a>) -> Result<(), Malformed> {
        if tag.ns != Ns::Ceb {
            return self.skip(tag);
        }
        if tag.local == EXTEND_MESSAGE.element {
            return extension::read(self, tag).map(|_| ());
        }
        let flow = self.flow;
        let mut alike = message_types().iter().filter(|kind| kind.flow == flow);
        let record = alike.clone().find_map(|kind| {
            let lines = kind.document.lines.map(|lines| lines.record);
            let records = [Some(kind.document.head), lines, kind.transfer(), Some(&BASE_SUBSCRIBE)];
            records.into_iter().flatten().find(|def| def.element == tag.local)
        });
        if let Some(def) = record {
            return self.record(def, tag, Place::block("Signature", 0)).map(|_| ());
        }
        // Only the export schema declares its documents so that they can stand anywhere.
        let document = alike.find(|kind| kind.document.element == tag.local);
        match document.filter(|_| flow == Flow::Export) {
            Some(kind) => self.document(&kind.document, tag, 0).map(|_| ()),
            None => self.skip(tag),
        }
    }

    fn signature_attributes(
        &mut self,
        def: &'static Def,
        tag: &Tag<'a>,
        ids: &mut Vec<String>,
    ) -> Result<(), Malformed> {
        let own = Some(match (&def.content, def.type_name) {
            (Text, "") => (SCHEMA_NAMESPACE, "string"),
            (Base64, "") => (SCHEMA_NAMESPACE, "base64Binary"),
            (Integer, "") => (SCHEMA_NAMESPACE, "integer"),
            (_, name) => (SIGNATURE_NAMESPACE, name),
        });
        let found: Vec<Attribute<'a>> = self.scan.attributes(tag)?;
        for attribute in &found {
            let Some((_, kind, _)) = def.attributes.iter().find(|(n, ..)| *n == attribute.name)
            else {
                if !self.is_declaration(attribute.name) && !self.repeats(attribute, own) {
                    self.broken(def, attribute.name, "no such attribute");
                }
                continue;
            };
            let good = match kind {
                Kind::Uri => {
                    is_known_uri(&attribute.value) || uri_shaped(&collapsed(&attribute.value))
                }
                Kind::Id => {
                    let value = collapsed(&attribute.value);
                    let fresh = !ids.iter().any(|id| **id == *value);
                    ids.push(value.to_string());
                    fresh && is_name(&value) && !value.contains(':')
                }
            };
            if !good {
                self.broken(def, attribute.name, "a proper value");
            }
        }
        for (name, _, required) in def.attributes {
            if *required && !found.iter().any(|attribute| attribute.name == *name) {
                self.broken(def, "", name);
            }
        }
        Ok(())
    }

    fn repeats(&self, attribute: &Attribute<'a>, own: Option<(&str, &str)>) -> bool {
        self.scan.resolve_attribute(attribute.name) == (Ns::Xsi, "type")
            && own.is_some_and(|own| self.names_type(&attribute.value, own))
    }

    fn broken(&mut self, def: &Def, found: &str, expected: &str) {
        let line = self.scan.line();
        let finding = || fault::signature_structure(found, expected);
        let path = || format!("Signature//{}", def.name);
        self.faults.structural(|| finding().at(path()).on_line(line));
    }
}

fn find(name: &str) -> Option<&'static Def> {
    DEFS.iter().find(|def| def.name == name)
}

impl Def {
    fn allows(&self, name: &str) -> bool {
        match &self.content {
            Elements(grammar) | Mixed(grammar) => grammar.names(name),
            Base64 | Text | Integer => false,
        }
    }
}

impl Grammar {
    fn names(&self, name: &str) -> bool {
        match self {
            One(own) => *own == name,
            Other => false,
            Each(all) | Either(all) => all.iter().any(|grammar| grammar.names(name)),
            Maybe(inner) | Many(inner) => inner.names(name),
        }
    }

    /// Where a match beginning at `at` ends. Greedy, which suffices here: no alternative and no
    /// repetition begins with what may follow it.
    fn take(&self, children: &[&str], at: usize) -> Option<usize> {
        match self {
            One(name) => (children.get(at) == Some(name)).then_some(at + 1),
            Other => (children.get(at) == Some(&OTHER)).then_some(at + 1),
            Each(all) => all.iter().try_fold(at, |at, grammar| grammar.take(children, at)),
            Either(all) => all.iter().find_map(|grammar| grammar.take(children, at)),
            Maybe(inner) => Some(inner.take(children, at).unwrap_or(at)),
            Many(inner) => {
                let mut at = at;
                while let Some(end) = inner.take(children, at).filter(|end| *end > at) {
                    at = end;
                }
                Some(at)
            }
        }
    }
}

/// Base 64 as libxml2 counts it: characters outside the alphabet are passed over, the rest must
/// come out even and leave no bits.
fn base64_shaped(text: &str) -> bool {
    let letters = text.trim_end_matches('=');
    // Without branches, so that the compiler can look at many bytes at once.
    let strange = letters.bytes().fold(false, |strange, byte| strange | !is_base64_letter(byte));
    // Whole groups of four say nothing about how the text comes out.
    let whole = if strange { 0 } else { letters.len() / 4 * 4 };
    comes_out_even(&text[whole..])
}

fn is_base64_letter(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'+') | (byte == b'/')
}

fn comes_out_even(text: &str) -> bool {
    let (mut count, mut padding, mut last) = (0usize, 0usize, 0u8);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => continue,
        };
        if padding > 0 {
            return false;
        }
        count += 1;
        last = value;
    }
    match padding {
        0 => count % 4 == 0,
        1 => count % 4 == 3 && last & 3 == 0,
        2 => count % 4 == 2 && last & 15 == 0,
        _ => false,
    }
}

fn integer_shaped(text: &str) -> bool {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.trim_start_matches('0').len() <= 24
}

/// Whether it is one that our signatures use, as nearly all are.
fn is_known_uri(text: &str) -> bool {
    text.is_empty() || signature::names().any(|name| name == text)
}

/// URI reference of RFC 3986, as libxml2 judges it: what XML Schema would escape may stand.
fn uri_shaped(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    if !part_shaped(fragment, "/?:@[]") || !part_shaped(query, "/?:@") {
        return false;
    }
    if let Some((scheme, rest)) = text.split_once(':') {
        let mut chars = scheme.chars();
        let scheme_good = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
            && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if scheme_good && hierarchy_shaped(rest) {
            return true;
        }
    }
    // A relative reference: its first segment has no colon, unless it is an authority.
    let first = text.split('/').next().unwrap_or("");
    !first.contains(':') && hierarchy_shaped(text)
}

fn hierarchy_shaped(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("//") else { return part_shaped(text, "/:@") };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = authority.split_once('@').unwrap_or(("", authority));
    let (host, port) = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((_, after)) => ("", after),
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let port_good = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    part_shaped(user, ":") && part_shaped(host, "") && port_good && part_shaped(path, "/:@")
}

/// A stretch without delimiters other than those in `more`, its escapes whole.
fn part_shaped(text: &str, more: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let good = match c {
            '%' => {
                let mut hex = || rest.next().is_some_and(|c| c.is_ascii_hexdigit());
                hex() && hex()
            }
            '[' | ']' | '#' | '/' | '?' | ':' | '@' => more.contains(c),
            _ => true,
        };
        if !good {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each was put before libxml2.
    #[test]
    fn uris_are_judged_as_libxml2_judges_them() {
        for good in [
            "",
            "#",
            "?",
            "a b",
            "#a b",
            "http://x /a",
            "#[",
            "//[a]",
            "//[a]:1",
            "//@",
            "//a@",
            "a:",
            "^",
            "中",
            "http://u:p@h:1/p?q#f",
            "a?b:c",
            "//h?x",
            "//[::1]:80/",
            "a/b:c",
            "http:",
            "http:/",
            "http://",
            "http:///a",
            "-a",
            "a+:b",
            "a.:b",
            "a~b",
            "//<x>/",
            "a!b$c'd(e)f*g+h,i;j=k",
            "a\\b",
            "a|b",
        ] {
            assert!(uri_shaped(good), "{good}");
        }
        for bad in [
            "[", "a[", "?[", "//[", "//[a]b", "//a:1:2", "//a:", "a]b", "%", "%4", "%zz", "#%",
            "1a:b", ":a", "//x:y", "#a#b", "//u@v@w", "a@b:c", "//[::1", "+a:b", "a_:b",
        ] {
            assert!(!uri_shaped(bad), "{bad}");
        }
    }

    #[test]
    fn known_uris_are_uris() {
        assert!(is_known_uri("") && signature::names().count() == 10);
        for name in signature::names() {
            assert!(is_known_uri(name) && uri_shaped(name) && collapsed(name) == name, "{name}");
            assert!(!is_known_uri(&name[1..]));
        }
    }

    #[test]
    fn base_64_must_come_out_even() {
        for good in ["", "AAAA", "AA==", "AAA=", "AA AA", "!!!", "AgA="] {
            assert!(base64_shaped(good), "{good}");
        }
        for bad in ["AAA", "AA=", "AB==", "AAB=", "A===", "=", "AA==AAAA"] {
            assert!(!base64_shaped(bad), "{bad}");
        }
    }
}
