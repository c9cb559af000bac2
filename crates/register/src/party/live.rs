//! The directory that everybody asks, kept in step with the database.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use db::{Db, DbError, Tx};

use super::directory::Directory;
use super::store;

/// Holds the current [`Directory`] and swaps it when the register has changed. Asking costs one
/// uncontended lock and a reference count.
#[derive(Debug)]
pub struct LiveDirectory {
    current: RwLock<Arc<Directory>>,
    // One reader of the database at a time; the others go on with what they have.
    refreshing: Mutex<()>,
}

impl Default for LiveDirectory {
    fn default() -> LiveDirectory {
        LiveDirectory::new()
    }
}

impl LiveDirectory {
    /// Knows nobody until the first [`LiveDirectory::refresh`].
    pub fn new() -> LiveDirectory {
        let nobody = Directory::new(-1, Vec::new(), Vec::new(), Vec::new());
        LiveDirectory { current: RwLock::new(Arc::new(nobody)), refreshing: Mutex::new(()) }
    }

    /// The latest snapshot read.
    pub fn current(&self) -> Arc<Directory> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the register again if it has changed: one look at a number when it has not.
    ///
    /// Give it a transaction that has not itself changed the register; what such a transaction
    /// wrote could still be undone.
    ///
    /// # Errors
    /// When the database fails; the old snapshot stays.
    pub fn refresh(&self, tx: &mut Tx) -> Result<Arc<Directory>, DbError> {
        let _one = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let version = store::version(tx)?;
        let current = self.current();
        if current.version() == version {
            return Ok(current);
        }
        let fresh = Arc::new(store::directory(tx, version)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// [`LiveDirectory::refresh`] in a read transaction of its own.
    ///
    /// # Errors
    /// When the database fails; the old snapshot stays.
    pub fn refresh_from(&self, db: &Db) -> Result<Arc<Directory>, DbError> {
        db.read(|tx| self.refresh(tx))
    }
}
