//! Reading: bytes to a [`Message`] and everything structurally wrong with it, in one pass.
//!
//! The verdict on structure is that of the official 202205 schema as libxml2 applies it, with
//! these exceptions, all on the strict side: document types are refused, as is what exceeds the
//! limits in [`ReadOptions`]; a bare record without its message is no message; encodings other
//! than UTF-8, UTF-16 with a mark and the GB family are not read.

mod encoding;
mod extension;
mod fault;
mod record;
mod scan;
mod sequence;
mod structure;
mod value;
mod xmldsig;

use kernel::Finding;

use crate::message::{Message, TEXT_BYTES_MAX};
use encoding::Decoded;
use fault::Faults;

pub(crate) use encoding::{Undecodable, decode};
pub(crate) use fault::{field_missing, truncated, value as value_fault};
pub(crate) use value::{judge, normal};

/// How to read, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// For receipts and anything else sent to us: structural findings become warnings, names are
    /// matched without regard to namespace, unknown elements are kept, broken bytes replaced.
    pub lenient: bool,
    /// Most bytes of a message. 20 MiB unless told otherwise; above half a gibibyte is ignored.
    pub bytes_max: usize,
    /// Deepest nesting of elements. 257 unless told otherwise, as in libxml2.
    pub depth_max: u32,
    /// Most findings listed.
    pub findings_max: usize,
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions { lenient: false, bytes_max: 20 << 20, depth_max: 257, findings_max: 1_000 }
    }
}

impl ReadOptions {
    /// For what enterprises send: every departure from the schema is an error.
    pub fn strict() -> ReadOptions {
        ReadOptions::default()
    }

    /// For receipts from customs: use what can be used.
    pub fn lenient() -> ReadOptions {
        ReadOptions { lenient: true, ..ReadOptions::default() }
    }
}

/// What reading gives.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The message, as far as it could be made out; `None` when it is no XML or no known type.
    pub message: Option<Message>,
    /// Whether the official schema accepts it.
    pub structure_valid: bool,
    /// Everything found wrong with form and structure.
    pub findings: Vec<Finding>,
}

/// Reads one message.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Reading {
    let mut faults = Faults::new(options.lenient, options.findings_max);
    let bytes_max = options.bytes_max.min(TEXT_BYTES_MAX / 4);
    if bytes.len() > bytes_max {
        faults.add(fault::too_large(bytes.len(), bytes_max));
        return unread(faults);
    }
    let decoded = match encoding::decode(bytes, options.lenient) {
        Ok(decoded) => decoded,
        Err(why) => {
            faults.add(fault::undecodable(why));
            return unread(faults);
        }
    };
    note_encoding(&decoded, &mut faults);
    structure::read(&decoded.text, options, faults)
}

fn unread(faults: Faults) -> Reading {
    Reading { message: None, structure_valid: false, findings: faults.into_findings() }
}

fn note_encoding(decoded: &Decoded<'_>, faults: &mut Faults) {
    if decoded.damaged {
        faults.valid = false;
        faults.add(fault::damaged(decoded.encoding));
    }
    if decoded.encoding != "UTF-8" {
        faults.add(fault::not_utf8(decoded.encoding));
    }
}

/// Whether a text is one well-formed element and nothing else.
pub(crate) fn is_one_element(text: &str) -> bool {
    let text = text.trim_matches(crate::schema::is_space);
    if !text.starts_with('<') || text.starts_with("<?") || text.starts_with("<!") {
        return false;
    }
    let Ok(mut scan) = scan::Scanner::new(text, ReadOptions::default().depth_max) else {
        return false;
    };
    loop {
        match scan.next() {
            Ok(scan::Token::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
