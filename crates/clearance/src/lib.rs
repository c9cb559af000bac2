//! Documents, three-document match, the life of an inventory, receipts.
