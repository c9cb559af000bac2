//! Records of the import messages, a file for each group of documents.

mod inventory;
mod order;
mod tax;
mod waybill;

pub use inventory::*;
pub use order::*;
pub use tax::*;
pub use waybill::*;
