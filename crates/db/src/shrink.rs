//! Text of our own, made small: many alike pieces in one blob. Not sealed: for what names nobody.

use std::cell::RefCell;

use zstd::bulk::Compressor;

use crate::DbError;

/// The fastest level.
const LEVEL: i32 = 1;

thread_local! {
    /// Setting one up costs more than a small blob.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Makes bytes smaller; [`expand`] gives them back.
///
/// # Errors
/// When the compressor has no memory.
pub fn shrink(plain: &[u8]) -> Result<Vec<u8>, DbError> {
    let failed = |e| DbError::Other(format!("zstd: {e}"));
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL).map_err(failed)?),
        };
        compressor.compress(plain).map_err(failed)
    })
}

/// What [`shrink`] made small.
///
/// # Errors
/// [`DbError::Damaged`] when it is not that; `what` says what it should have been.
pub fn expand(packed: &[u8], what: &str) -> Result<Vec<u8>, DbError> {
    zstd::stream::decode_all(packed).map_err(|e| DbError::Damaged(format!("{what}: {e}")))
}
