//! Documents, three-document match, pre-check, the life of an inventory, receipts.

pub mod dispatch;
pub mod document;
pub mod intake;
pub mod lifecycle;
pub mod matching;
