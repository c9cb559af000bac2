//! The national customs message family (CEB): read, check, write, sign, envelope.

pub mod message;
pub mod c14n;
pub mod certificate;
pub mod dxp;
pub mod keys;
pub mod schema;
pub mod signature;

pub use message::{Document, Extension, Message, Record};
pub use schema::{CodeList, MessageType, message_type, message_types};
