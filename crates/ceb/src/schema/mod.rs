//! The definition: every message type, record and field of the national cross-border message
//! family (202205), once. Reader, checks, writer, JSON form, JSON Schema and field tables all
//! derive from it; a test compares it with the official schema, facet by facet.

mod code;
mod common;
pub mod export;
pub mod import;
mod kind;
mod table;
mod term;

pub use code::Code;
pub use common::*;
pub use kind::{
    Direction, DocumentDef, Flow, LineDef, MessageType, Presence, message_type, message_types,
};
pub use table::{CodeList, Field, FieldIndex, Form, Format, Personal, Preset, RecordDef};

/// Namespace of every element of the family.
pub const NAMESPACE: &str = "http://www.chinaport.gov.cn/ceb";

/// Namespace of the signature block.
pub const SIGNATURE_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Namespace of the types of XML Schema.
pub(crate) const SCHEMA_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema";

/// Characters of a message's `guid` attribute.
pub const GUID_CHARS: u32 = 36;

/// Most characters of a message's `version` attribute; at least one.
pub const VERSION_CHARS_MAX: u32 = 10;

/// Most `BaseSubscribe` blocks of one message.
pub const SUBSCRIPTIONS_MAX: u32 = 5;

/// White space of XML.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}
