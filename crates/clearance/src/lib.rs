//! Documents, three-document match, pre-check, the life of an inventory, receipts.

pub mod document;
pub mod lifecycle;
pub mod matching;
