//! The evidence log in use: its keys, the publishing of checkpoints, and the verifying of what was
//! handed out, which needs no database and no network.

mod across;
pub mod check;
mod document;
pub mod finding;
mod keys;
pub mod note;
mod publish;
mod range;
pub mod verify;

pub use keys::LogKeys;
pub use publish::Publisher;
