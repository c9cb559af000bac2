//! The national customs message family (CEB): read, check, write, sign, envelope.

pub mod c14n;
pub mod certificate;
mod check;
pub mod dxp;
pub mod keys;
pub mod message;
mod read;
pub mod schema;
pub mod signature;
mod write;

pub use check::{CodeLists, NoCodeLists, check, check_document};
pub use message::{Document, Extension, Message, Record};
pub use read::{ReadOptions, Reading, read};
pub use schema::{
    CodeList, Direction, Field, FieldIndex, Flow, Format, MessageType, Personal, RecordDef,
    message_type, message_types,
};
pub use write::write;
