//! The double-entry ledger kernel: hold, post, void, expire.
