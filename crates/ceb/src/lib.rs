//! The national customs message family (CEB): read, check, write, sign, envelope.

mod base64;
pub mod c14n;
pub mod certificate;
mod check;
pub mod dxp;
mod json;
pub mod keys;
pub mod message;
mod read;
mod receipt;
mod report;
pub mod schema;
pub mod signature;
mod table;
mod token;
mod write;

pub use check::{CodeLists, NoCodeLists, check, check_document};
pub use json::{
    document_from_json, document_schema, document_to_json, json_schema, message_from_json,
    message_to_json,
};
pub use message::{Document, Extension, Message, Record};
pub use read::{ReadOptions, Reading, read};
pub use receipt::{Reason, ReceiptView};
pub use report::CheckReport;
pub use schema::{
    CodeList, Direction, Field, FieldIndex, Flow, Format, MessageType, Personal, RecordDef,
    message_type, message_types,
};
pub use table::{FieldTableFormat, field_table};
pub use write::write;
