//! The one door to SQLite and PostgreSQL.
//!
//! Everything that is stored goes through a [`Tx`], inside [`Db::write`] or [`Db::read`]. One SQL
//! text serves both engines; what differs is hidden in `seam`. On top of statements this crate
//! keeps what every room needs in the same transaction as its own rows: the outbox of events, jobs,
//! the audit, the archive of originals, answers to repeated requests, settings and numbers; and
//! it seals personal data.
//!
//! ```
//! use db::{Db, DbError, MasterKey, Migration, Settings, params};
//!
//! let db = Db::open(&Settings::new("sqlite::memory:", MasterKey::generate()?))?;
//! db.migrate(&[Migration {
//!     room: "shop",
//!     number: 1,
//!     name: "goods",
//!     sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);",
//! }])?;
//! db.write(|tx| tx.execute("INSERT INTO shop_goods VALUES ($1, $2)", params![1, "茶"]))?;
//! let row = db.read(|tx| tx.query_one("SELECT name FROM shop_goods", params![]))?;
//! assert_eq!(row.text(0)?, "茶");
//! # Ok::<(), DbError>(())
//! ```

mod archive;
mod backup;
mod database;
mod dictionary;
mod error;
pub mod evidence;
pub mod fate;
mod job;
mod key;
mod migrate;
mod mover;
mod outbox;
mod pending;
mod record;
mod row;
mod rows;
mod run;
mod seal;
mod seam;
mod shrink;
mod sql;
mod stats;
pub mod test;
mod trouble;
mod tx;
mod value;
pub mod yardstick;

pub use archive::{Archiver, Opened, Original, OriginalId, OriginalKind, Packed};
pub use backup::{Overwrite, Progress};
pub use database::{Db, Settings};
pub use error::DbError;
pub use job::{ClaimedJob, DeadJob, JOB_ATTEMPTS_MAX, Job, JobId, JobKind};
pub use key::MasterKey;
pub use migrate::{MIGRATIONS, Migration, schema_text};
pub use outbox::{DeadEvent, EVENT_FAILURES_MAX, Event, Snapshot, StoredEvent};
pub use record::{AuditId, AuditKind, Audited, Recall, Request};
pub use row::Row;
pub use rows::{Keys, OnConflict, Rows};
pub use seal::{Sealed, Sealer};
pub use shrink::{expand, shrink};
pub use stats::Stats;
pub use trouble::free_bytes;
pub use tx::{Ctx, Tx};
pub use value::{Type, Value};

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
