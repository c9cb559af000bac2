//! The archive of originals: every message as it came, compressed, sealed, with its SHA-256.
//! The leaf of the evidence log that stands for it is made beside it.
//!
//! Compressing and sealing take far longer than writing the row, so they are apart:
//! [`Archiver::pack`] runs on any thread and before the transaction, [`Tx::archive_packed`] only
//! writes. [`Tx::archive`] does both.

use std::sync::Arc;

use kernel::{Id, Time, id::Kind};

use crate::dictionary::{self, Dictionary, Tally};
use crate::evidence::merkle::sha256;
use crate::evidence::{Content, Hash, Leaf, Record};
use crate::{Ctx, Db, DbError, OnConflict, Row, Rows, Sealed, Sealer, Tx, params, values};

/// The purpose under which originals are sealed.
const PURPOSE: &str = "original";
/// The dictionary of those compressed without one.
const NO_DICTIONARY: i64 = 0;

/// Names ids of originals: `org_…`.
#[derive(Clone, Copy, Debug)]
pub enum OriginalKind {}
impl Kind for OriginalKind {
    const PREFIX: &'static str = "org";
}
/// The id of an original.
pub type OriginalId = Id<OriginalKind>;

/// Bytes as they came, or as we sent them.
#[derive(Clone, Copy)]
pub struct Original<'a> {
    /// What they are: a message type such as `CEB311`, or `unknown`.
    pub kind: &'a str,
    /// By which door: `http`, `folder`, `customs`.
    pub door: &'a str,
    /// Whose they are: a party code or API key id. Not a person's name.
    pub sender: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// An original ready to be written.
#[derive(Clone)]
pub struct Packed {
    id: OriginalId,
    kind: Box<str>,
    door: Box<str>,
    sender: Box<str>,
    at: Time,
    length: i64,
    hash: Hash,
    leaf: Hash,
    dictionary: i64,
    body: Vec<u8>,
}

impl Packed {
    /// Its id, before it is written.
    pub fn id(&self) -> OriginalId {
        self.id
    }

    /// SHA-256 of the plain bytes.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// How many bytes will be stored.
    pub fn stored_bytes(&self) -> usize {
        self.body.len()
    }
}

/// An original opened again, proven to be what was archived.
#[derive(Clone, Debug)]
pub struct Opened {
    /// See [`Original::kind`].
    pub kind: String,
    /// See [`Original::door`].
    pub door: String,
    /// See [`Original::sender`].
    pub sender: String,
    /// When it was archived.
    pub at: Time,
    /// SHA-256 of the bytes.
    pub hash: Hash,
    /// The bytes, never printed.
    pub bytes: Sealed<Vec<u8>>,
}

/// Compresses and seals, on any thread. Cheap to make and to clone.
#[derive(Clone)]
pub struct Archiver {
    sealer: Sealer,
    dictionary: Option<Arc<Dictionary>>,
    tally: Arc<Tally>,
}

impl Db {
    /// An archiver with the newest dictionary at hand (see [`Db::open_archive`]).
    pub fn archiver(&self) -> Archiver {
        Archiver {
            sealer: self.sealer().clone(),
            dictionary: self.newest_dictionary(),
            tally: Arc::clone(self.tally()),
        }
    }
}

impl Archiver {
    /// Hashes, compresses and seals originals.
    pub fn pack(&self, ctx: &Ctx, originals: &[Original<'_>]) -> Result<Vec<Packed>, DbError> {
        let version = self.dictionary.as_ref().map_or(NO_DICTIONARY, |d| d.version);
        let pack = |original: &Original<'_>| {
            let id: OriginalId = ctx.id();
            let place = id.to_i64().to_be_bytes();
            let dictionary = self.dictionary.as_ref();
            let body = dictionary::compress(dictionary, original.bytes, |compressed| {
                self.sealer.seal_for(PURPOSE, &place, compressed)
            })?;
            self.tally.count(original.bytes.len(), body.len());
            let (length, hash) = (original.bytes.len() as i64, sha256(original.bytes));
            let Original { kind, door, sender, .. } = *original;
            let of = Content { door, kind, sender, length, hash: &hash };
            Ok(Packed {
                id,
                kind: original.kind.into(),
                door: original.door.into(),
                sender: original.sender.into(),
                at: ctx.now,
                length,
                hash,
                leaf: Record::original(id, ctx.now, &of).leaf(),
                dictionary: version,
                body,
            })
        };
        originals.iter().map(pack).collect()
    }
}

impl Tx {
    /// Archives originals; gives their ids in the same order.
    pub fn archive(
        &mut self,
        ctx: &Ctx,
        originals: &[Original<'_>],
    ) -> Result<Vec<OriginalId>, DbError> {
        let packed = self.db().archiver().pack(ctx, originals)?;
        self.archive_packed(&packed)?;
        Ok(packed.iter().map(Packed::id).collect())
    }

    /// Writes originals packed before.
    pub fn archive_packed(&mut self, packed: &[Packed]) -> Result<(), DbError> {
        let mut rows = Rows::with_capacity(packed.len(), 9);
        for p in packed {
            let (hash, body) = (&p.hash, &p.body);
            rows.push(values![
                p.id,
                &p.kind,
                &p.door,
                &p.sender,
                p.at,
                p.length,
                hash,
                p.dictionary,
                body
            ]);
        }
        let columns =
            ["id", "kind", "door", "sender", "at", "length", "hash", "dictionary", "body"];
        self.insert_many("db_original", &columns, &rows, OnConflict::Fail)?;
        let leaf = |p: &Packed| Leaf { id: p.id.to_i64(), hash: p.leaf, text: None };
        self.pending.leaves.extend(packed.iter().map(leaf));
        Ok(())
    }

    /// Opens an original for a purpose, which is written to the audit: needs [`Db::write`].
    /// `None` when there is none; [`DbError::Damaged`] when the bytes are not those archived.
    pub fn open_original(
        &mut self,
        ctx: &Ctx,
        id: OriginalId,
        purpose: &str,
    ) -> Result<Option<Opened>, DbError> {
        self.audit(ctx, "original.open", &id.to_string(), purpose)?;
        self.original(id)
    }

    /// Opens an original for the platform's own work on it (sending it on, verifying it), which is
    /// not audited. What a person asked for goes through [`Tx::open_original`].
    pub fn original(&mut self, id: OriginalId) -> Result<Option<Opened>, DbError> {
        let sql = "SELECT kind, door, sender, at, length, hash, dictionary, body
                   FROM db_original WHERE id = $1";
        let Some(row) = self.query_opt(sql, params![id])? else { return Ok(None) };
        let version = row.i64(6)?;
        let dictionary = match version {
            NO_DICTIONARY => None,
            _ => Some(self.dictionary(version)?),
        };
        opened(self.sealer(), id, &row, dictionary.as_ref()).map(Some)
    }
}

fn opened(
    sealer: &Sealer,
    id: OriginalId,
    row: &Row,
    dictionary: Option<&Arc<Dictionary>>,
) -> Result<Opened, DbError> {
    let damaged = || DbError::Damaged(format!("original {id}"));
    let length = usize::try_from(row.i64(4)?).map_err(|_| damaged())?;
    let compressed = sealer.open_for(PURPOSE, &id.to_i64().to_be_bytes(), row.bytes(7)?)?;
    let bytes = dictionary::expand(dictionary, &compressed, length).map_err(|_| damaged())?;
    let hash: Hash = row.bytes(5)?.try_into().map_err(|_| damaged())?;
    if bytes.len() != length || hash != sha256(&bytes) {
        return Err(damaged());
    }
    let owned = |column| row.text(column).map(str::to_owned);
    let (kind, door, sender, at) = (owned(0)?, owned(1)?, owned(2)?, row.time(3)?);
    Ok(Opened { kind, door, sender, at, hash, bytes: Sealed::new(bytes) })
}
