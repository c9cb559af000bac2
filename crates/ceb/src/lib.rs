//! The national customs message family (CEB): read, check, write, sign, envelope.

pub mod c14n;
pub mod certificate;
pub mod dxp;
pub mod keys;
pub mod message;
mod read;
pub mod schema;
pub mod signature;
mod write;

pub use message::{Document, Extension, Message, Record};
pub use read::{ReadOptions, Reading, read};
pub use schema::{CodeList, MessageType, message_type, message_types};
pub use write::write;
