//! Canonical XML 1.0 without comments, inclusive (W3C REC 2001-03-15): the bytes that message
//! signatures are made over.
//!
//! Works on the events of the tokenizer that reads messages too, so what is signed is what is
//! read. Strict: what is not well-formed with namespaces is refused, so are DTDs, unknown
//! entities, and excess in depth, attributes and namespaces. Time is linear in the input, memory
//! is that of the output.

mod encoding;
mod name;
mod tag;
mod walk;
mod write;

pub(crate) use encoding::decode;
pub(crate) use name::{is_character, is_ncname};
pub(crate) use walk::{Element, Step, Walk};
pub(crate) use write::Sink;

use kernel::{Finding, Text};

/// Deepest nesting of elements. Messages need 8.
pub const DEPTH_MAX: usize = 64;
/// Most attributes and namespace declarations of one element. Messages need 4.
pub const ATTRIBUTES_MAX: usize = 64;
/// Most namespace declarations in scope at once. Messages need 3.
pub const NAMESPACES_MAX: usize = 64;

/// Why a text is not XML that can be canonicalized, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlFault {
    /// Line, counted from 1.
    pub line: u32,
    /// What is wrong.
    pub reason: Text,
}

impl XmlFault {
    /// The fault as a finding with the given code.
    pub fn finding(&self, code: &'static str) -> Finding {
        let remedy = Text::new(
            "请用合规的 XML 程序库重新生成报文, 编码 UTF-8, 不带 DTD",
            "write the message again with a conforming XML library, in UTF-8 and without a DTD",
        );
        Finding::error(code, self.reason.clone(), remedy).on_line(self.line)
    }
}

/// Which part of a document to canonicalize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// All of it.
    Document,
    /// All of it but the `ds:Signature` children of the root (the enveloped-signature transform).
    WithoutSignature,
    /// The first element with this namespace and local name, with the namespaces in scope there.
    Element(&'a str, &'a str),
}

/// The canonical form of a document, or of part of it. Bytes in another encoding than UTF-8 are
/// converted first, as the recommendation demands. Empty when the element asked for is absent.
///
/// # Errors
/// When the bytes are not well-formed XML within the limits of this module.
pub fn canonicalize(bytes: &[u8], part: Part<'_>) -> Result<Vec<u8>, XmlFault> {
    let source = decode(bytes)?;
    let mut out = Vec::with_capacity(source.len());
    let mut walk = Walk::new(&source)?;
    let mut inside: Option<usize> = None;
    let mut done = false;
    loop {
        let step = walk.step()?;
        let apex = match (&step, part) {
            (Step::Start(element), Part::WithoutSignature) => {
                inside.is_none()
                    && walk.depth() == 2
                    && element.is(crate::signature::DS, "Signature")
            }
            (Step::Start(element), Part::Element(namespace, local)) => {
                inside.is_none() && !done && element.is(namespace, local)
            }
            _ => false,
        };
        if apex {
            inside = Some(walk.depth());
        }
        let wanted = match part {
            Part::Document => true,
            Part::WithoutSignature => inside.is_none(),
            Part::Element(..) => inside.is_some(),
        };
        if wanted {
            walk.write(&step, apex, &mut out);
        }
        match step {
            Step::End(_) if inside == Some(walk.depth() + 1) => (inside, done) = (None, true),
            Step::Finish => return Ok(out),
            _ => {}
        }
    }
}
