//! The archive of originals: every message as it came, compressed, sealed, with its SHA-256.
//! The leaf of the evidence log that stands for it is made beside it.
//!
//! Compressing and sealing take far longer than writing the row, so they are apart:
//! [`Archiver::pack`] runs on any thread and before the transaction, [`Tx::archive_packed`] only
//! writes. [`Tx::archive`] does both.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use kernel::{Id, Time, id::Kind};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::CParameter;

use crate::evidence::merkle::sha256;
use crate::evidence::{Content, Hash, Leaf, Record};
use crate::{Ctx, Db, DbError, OnConflict, Row, Rows, Sealed, Sealer, Tx, params, values};

/// The purpose under which originals are sealed.
const PURPOSE: &str = "original";
const DICTIONARY_PURPOSE: &str = "dictionary";
/// 3 is where more effort stops paying for documents of a few KB.
const LEVEL: i32 = 3;
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

/// Dictionaries at hand, by version.
pub(crate) type Dictionaries = BTreeMap<i64, Arc<Dictionary>>;

pub(crate) struct Dictionary {
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

/// Compresses and seals, on any thread. Cheap to make and to clone.
#[derive(Clone)]
pub struct Archiver {
    sealer: Sealer,
    dictionary: Option<(i64, Arc<Dictionary>)>,
}

impl Db {
    /// An archiver with the newest dictionary at hand (see [`Tx::load_dictionaries`]).
    pub fn archiver(&self) -> Archiver {
        let dictionaries = self.dictionaries().read().unwrap_or_else(PoisonError::into_inner);
        let newest = dictionaries.last_key_value().map(|(version, d)| (*version, Arc::clone(d)));
        Archiver { sealer: self.sealer().clone(), dictionary: newest }
    }
}

impl Archiver {
    /// Hashes, compresses and seals originals. Give it what is at hand at once: the compressor's
    /// memory is set up once a call.
    pub fn pack(&self, ctx: &Ctx, originals: &[Original<'_>]) -> Result<Vec<Packed>, DbError> {
        let mut compressor = self.compressor().map_err(zstd_failed)?;
        let version = self.dictionary.as_ref().map_or(NO_DICTIONARY, |(version, _)| *version);
        let pack = |original: &Original<'_>| {
            let id: OriginalId = ctx.id();
            let compressed = compressor.compress(original.bytes).map_err(zstd_failed)?;
            let place = id.to_i64().to_be_bytes();
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
                body: self.sealer.seal_for(PURPOSE, &place, &compressed)?,
            })
        };
        originals.iter().map(pack).collect()
    }

    fn compressor(&self) -> std::io::Result<zstd::bulk::Compressor<'_>> {
        let mut compressor = match &self.dictionary {
            Some((_, d)) => zstd::bulk::Compressor::with_prepared_dictionary(&d.encoder),
            None => zstd::bulk::Compressor::new(LEVEL),
        }?;
        // Length and dictionary are in the row, and the seal notices any change: a frame without
        // them is about ten bytes shorter.
        compressor.set_parameter(CParameter::ContentSizeFlag(false))?;
        compressor.set_parameter(CParameter::DictIdFlag(false))?;
        compressor.set_parameter(CParameter::ChecksumFlag(false))?;
        Ok(compressor)
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
        let at_hand = |db: &Db| {
            let dictionaries = db.dictionaries().read().unwrap_or_else(PoisonError::into_inner);
            dictionaries.get(&version).cloned()
        };
        let mut dictionary = at_hand(self.db());
        if version != NO_DICTIONARY && dictionary.is_none() {
            self.load_dictionaries()?;
            dictionary = at_hand(self.db());
        }
        opened(self.sealer(), id, &row, dictionary.as_deref()).map(Some)
    }

    /// Adds a compression dictionary and makes it the one for new originals once this transaction
    /// has committed and [`Tx::load_dictionaries`] is called. Gives its version.
    pub fn add_dictionary(&mut self, ctx: &Ctx, dictionary: &[u8]) -> Result<i64, DbError> {
        let version = self.next_number("db.dictionary")?;
        let body = self.sealer().seal(DICTIONARY_PURPOSE, dictionary)?;
        let sql = "INSERT INTO db_dictionary (version, at, body) VALUES ($1, $2, $3)";
        self.execute(sql, params![version, ctx.now, body])?;
        Ok(version)
    }

    /// Brings the stored dictionaries into memory; the newest serves new originals. Gives its
    /// version, 0 when there is none.
    pub fn load_dictionaries(&mut self) -> Result<i64, DbError> {
        let sql = "SELECT version, body FROM db_dictionary ORDER BY version";
        for row in self.query(sql, &[])? {
            let version = row.i64(0)?;
            let bytes = self.sealer().open(DICTIONARY_PURPOSE, row.bytes(1)?)?;
            let dictionary = Arc::new(Dictionary {
                encoder: EncoderDictionary::try_copy(&bytes, LEVEL).map_err(zstd_failed)?,
                decoder: DecoderDictionary::try_copy(&bytes).map_err(zstd_failed)?,
            });
            let mut at_hand =
                self.db().dictionaries().write().unwrap_or_else(PoisonError::into_inner);
            at_hand.entry(version).or_insert(dictionary);
        }
        let at_hand = self.db().dictionaries().read().unwrap_or_else(PoisonError::into_inner);
        Ok(at_hand.last_key_value().map_or(NO_DICTIONARY, |(version, _)| *version))
    }
}

fn opened(
    sealer: &Sealer,
    id: OriginalId,
    row: &Row,
    dictionary: Option<&Dictionary>,
) -> Result<Opened, DbError> {
    let damaged = || DbError::Damaged(format!("original {id}"));
    let length = usize::try_from(row.i64(4)?).map_err(|_| damaged())?;
    let compressed = sealer.open_for(PURPOSE, &id.to_i64().to_be_bytes(), row.bytes(7)?)?;
    let mut decompressor = match dictionary {
        Some(dictionary) => zstd::bulk::Decompressor::with_prepared_dictionary(&dictionary.decoder),
        None if row.i64(6)? == NO_DICTIONARY => zstd::bulk::Decompressor::new(),
        None => return Err(damaged()),
    }
    .map_err(zstd_failed)?;
    let bytes = decompressor.decompress(&compressed, length).map_err(|_| damaged())?;
    let hash: Hash = row.bytes(5)?.try_into().map_err(|_| damaged())?;
    if bytes.len() != length || hash != sha256(&bytes) {
        return Err(damaged());
    }
    let owned = |column| row.text(column).map(str::to_owned);
    let (kind, door, sender, at) = (owned(0)?, owned(1)?, owned(2)?, row.time(3)?);
    Ok(Opened { kind, door, sender, at, hash, bytes: Sealed::new(bytes) })
}

fn zstd_failed(error: std::io::Error) -> DbError {
    DbError::Other(format!("zstd: {error}"))
}
