//! Records of the export messages, a file for each group of documents.

mod inventory;
mod order;
mod refund;
mod summary;
mod transport;

pub use inventory::*;
pub use order::*;
pub use refund::*;
pub use summary::*;
pub use transport::*;
