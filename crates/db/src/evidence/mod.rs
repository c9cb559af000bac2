//! The evidence log: a hash tree (RFC 6962, SHA-256) over every original and every decision.
//!
//! **Complete by construction.** A leaf is written in the transaction that writes the record it
//! stands for: [`Tx::archive_packed`](crate::Tx::archive_packed) adds one for each original by
//! itself, [`Tx::witness`](crate::Tx::witness) one for each [`Record`] it is given. What is
//! committed is in the log; what is not, is not.
//!
//! **Order.** As events, leaves are collected in memory and written at the very end of their
//! transaction, under the lock of the row `db.evidence` of `db_number`: places are handed out in
//! the order of commits, without gaps, on both engines.
//!
//! **Cost.** One SHA-256 over about 150 bytes and some 36 bytes on disk a leaf; one row and two
//! index entries a transaction (for up to [`LEAVES_PER_ROW_MAX`] leaves).
//!
//! **Which record is where.** A row keeps the ids of its records beside their hashes, in the order
//! of their leaves. The record of an original is made anew from its row in `db_original`, which is
//! never changed; a witnessed record changes nothing that stays as it was, so its text is kept in
//! the leaf's row, compressed.
//!
//! **Proofs.** [`Tree`] reads the hashes of complete groups of 256, 65,536, … leaves, which
//! [`Tx::grow_evidence`](crate::Tx::grow_evidence) keeps, and the leaves of the groups in question:
//! a handful of reads for a log of any size. Checkpoints are signed elsewhere; here they are only
//! kept, each proven to extend the one before ([`Tx::keep_checkpoint`](crate::Tx::keep_checkpoint)).

mod audit;
mod checkpoint;
mod log;
pub mod merkle;
mod record;
mod tree;

pub use audit::{Audit, Fault};
pub use checkpoint::{Checkpoint, NotKept};
pub use log::{Entry, LEAVES_PER_ROW_MAX};
pub(crate) use log::{Leaf, write};
pub use merkle::Hash;
pub(crate) use record::Content;
pub use record::{FORMAT, Record, value};
pub use tree::Tree;
