//! Dictionaries of the archive: what messages have in common, so that even a small one shrinks to
//! what is new in it.
//!
//! A new database begins with a dictionary made of text without persons, given by the program.
//! Once enough originals are there, one is trained from them on a background thread, and again
//! when what it is trained on no longer looks like what comes ([`Db::tend_archive`]). Trained
//! dictionaries hold pieces of originals, so they lie sealed like them. Every version is kept:
//! an original names the one it was compressed with.
//!
//! Setting a compressor up costs more than compressing a document, so each thread keeps one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, compress_bound};

use crate::{Ctx, Db, DbError, OriginalId, Tx, params};

/// The fastest level is also the one that packs these documents best: fields repeat whole.
const LEVEL: i32 = 1;
const PURPOSE: &str = "dictionary";
const NUMBER: &str = "db.dictionary";
/// The setting that keeps what the newest dictionary achieved: `version:permille`.
const ACHIEVED: &str = "db.dictionary_achieved";
/// What a dictionary holds at most, and what one is trained from.
const DICTIONARY_BYTES_MAX: usize = 64 << 10;
const SAMPLE_BYTES_MAX: usize = 2 << 20;
const SAMPLES_MAX: i64 = 1_000;
/// Of a long message only these: a dictionary serves the beginning, and the seal at the end.
const SAMPLE_HEAD_BYTES: usize = 6 << 10;
const SAMPLE_TAIL_BYTES: usize = 3 << 10;
/// After so many originals one knows how well a dictionary does.
const ORIGINALS_JUDGED: u64 = 1_000;
/// Stored bytes may grow by a quarter against those after training before it is done again.
const DECAY_PERMILLE: u64 = 1_250;
const TRAIN_EVERY_MS: i64 = 86_400_000;
/// What the trainer's output begins with; text given by the program does not.
const TRAINED: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];
/// A thread's memory for compressed bytes is given back above this.
const SCRATCH_BYTES_KEPT: usize = 1 << 20;

/// Dictionaries at hand, by version. Kept is also why one cannot be used.
pub(crate) type Dictionaries = BTreeMap<i64, Result<Arc<Dictionary>, String>>;

/// One dictionary, opened.
pub(crate) struct Dictionary {
    pub(crate) version: i64,
    bytes: Vec<u8>,
}

/// Originals packed since the last look, and their bytes before and after.
#[derive(Default)]
pub(crate) struct Tally {
    originals: AtomicU64,
    plain: AtomicU64,
    packed: AtomicU64,
}

impl Tally {
    pub(crate) fn count(&self, plain: usize, packed: usize) {
        self.originals.fetch_add(1, Ordering::Relaxed);
        self.plain.fetch_add(plain as u64, Ordering::Relaxed);
        self.packed.fetch_add(packed as u64, Ordering::Relaxed);
    }

    /// Stored bytes for a thousand plain ones, once enough were packed; begins anew then.
    fn permille(&self) -> Option<u64> {
        if self.originals.load(Ordering::Relaxed) < ORIGINALS_JUDGED {
            return None;
        }
        self.originals.store(0, Ordering::Relaxed);
        let (plain, packed) =
            (self.plain.swap(0, Ordering::Relaxed), self.packed.swap(0, Ordering::Relaxed));
        Some(packed.saturating_mul(1_000) / plain.max(1))
    }
}

struct Press {
    dictionary: Option<Arc<Dictionary>>,
    compressor: Compressor<'static>,
    out: Vec<u8>,
}

struct Expander {
    dictionary: Option<Arc<Dictionary>>,
    decompressor: Decompressor<'static>,
}

thread_local! {
    static PRESS: RefCell<Option<Press>> = const { RefCell::new(None) };
    static EXPANDER: RefCell<Option<Expander>> = const { RefCell::new(None) };
}

fn same(one: Option<&Arc<Dictionary>>, other: Option<&Arc<Dictionary>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

/// Compresses with this thread's compressor and hands the bytes to `then`.
pub(crate) fn compress<T>(
    dictionary: Option<&Arc<Dictionary>>,
    plain: &[u8],
    then: impl FnOnce(&[u8]) -> Result<T, DbError>,
) -> Result<T, DbError> {
    PRESS.with_borrow_mut(|kept| {
        let press = match kept {
            Some(press) if same(press.dictionary.as_ref(), dictionary) => press,
            _ => kept.insert(press(dictionary.cloned()).map_err(failed)?),
        };
        press.out.clear();
        press.out.reserve(compress_bound(plain.len()));
        press.compressor.compress_to_buffer(plain, &mut press.out).map_err(failed)?;
        let done = then(&press.out);
        if press.out.capacity() > SCRATCH_BYTES_KEPT {
            press.out = Vec::new();
        }
        done
    })
}

fn press(dictionary: Option<Arc<Dictionary>>) -> io::Result<Press> {
    let bytes = dictionary.as_ref().map_or(&[][..], |d| &d.bytes);
    let mut compressor = Compressor::with_dictionary(LEVEL, bytes)?;
    // Length and dictionary are in the row, and the seal notices any change: a frame without
    // them is about ten bytes shorter.
    compressor.set_parameter(CParameter::ContentSizeFlag(false))?;
    compressor.set_parameter(CParameter::DictIdFlag(false))?;
    compressor.set_parameter(CParameter::ChecksumFlag(false))?;
    Ok(Press { dictionary, compressor, out: Vec::new() })
}

/// What was compressed, with room for `length` bytes.
pub(crate) fn expand(
    dictionary: Option<&Arc<Dictionary>>,
    packed: &[u8],
    length: usize,
) -> io::Result<Vec<u8>> {
    EXPANDER.with_borrow_mut(|kept| {
        let expander = match kept {
            Some(expander) if same(expander.dictionary.as_ref(), dictionary) => expander,
            _ => {
                let bytes = dictionary.map_or(&[][..], |d| &d.bytes);
                let decompressor = Decompressor::with_dictionary(bytes)?;
                kept.insert(Expander { dictionary: dictionary.cloned(), decompressor })
            }
        };
        expander.decompressor.decompress(packed, length)
    })
}

pub(crate) fn failed(error: io::Error) -> DbError {
    DbError::Other(format!("zstd: {error}"))
}

impl Tx {
    /// Adds a compression dictionary and makes it the one for new originals once this transaction
    /// has committed and [`Tx::load_dictionaries`] is called. Gives its version.
    pub fn add_dictionary(&mut self, ctx: &Ctx, dictionary: &[u8]) -> Result<i64, DbError> {
        let version = self.next_number(NUMBER)?;
        let body = self.sealer().seal_for(PURPOSE, &version.to_be_bytes(), dictionary)?;
        let sql = "INSERT INTO db_dictionary (version, at, body) VALUES ($1, $2, $3)";
        self.execute(sql, params![version, ctx.now, body])?;
        Ok(version)
    }

    /// Brings the stored dictionaries into memory; the newest that is whole serves new originals.
    /// Gives its version, 0 when there is none. One that does not open is told of when an original
    /// needs it.
    pub fn load_dictionaries(&mut self) -> Result<i64, DbError> {
        let sql = "SELECT version, body FROM db_dictionary ORDER BY version";
        for row in self.query(sql, &[])? {
            let version = row.i64(0)?;
            let at_hand = self.db().dictionaries().read().unwrap_or_else(PoisonError::into_inner);
            let known = matches!(at_hand.get(&version), Some(Ok(_)));
            drop(at_hand);
            if known {
                continue;
            }
            let opened = self.sealer().open_for(PURPOSE, &version.to_be_bytes(), row.bytes(1)?);
            let dictionary = match opened {
                Ok(bytes) => Ok(Arc::new(Dictionary { version, bytes })),
                Err(error) => {
                    tracing::error!(version, %error, "a dictionary of the archive does not open");
                    Err(error.to_string())
                }
            };
            let mut at_hand =
                self.db().dictionaries().write().unwrap_or_else(PoisonError::into_inner);
            at_hand.insert(version, dictionary);
        }
        Ok(self.db().newest_dictionary().map_or(0, |newest| newest.version))
    }

    /// The dictionary of this version.
    pub(crate) fn dictionary(&mut self, version: i64) -> Result<Arc<Dictionary>, DbError> {
        let at_hand = |db: &Db| {
            let at_hand = db.dictionaries().read().unwrap_or_else(PoisonError::into_inner);
            at_hand.get(&version).cloned()
        };
        if let Some(Ok(dictionary)) = at_hand(self.db()) {
            return Ok(dictionary);
        }
        self.load_dictionaries()?;
        match at_hand(self.db()) {
            Some(Ok(dictionary)) => Ok(dictionary),
            Some(Err(why)) => {
                Err(DbError::Damaged(format!("dictionary {version} of the archive: {why}")))
            }
            None => {
                Err(DbError::Damaged(format!("dictionary {version} of the archive is not there")))
            }
        }
    }
}

impl Db {
    /// Makes the archive ready: brings the dictionaries into memory. A database without any gets
    /// `first` as its first: text as messages have it, without persons, the commonest last. Gives
    /// the version in use.
    pub fn open_archive(&self, ctx: &Ctx, first: impl FnOnce() -> Vec<u8>) -> Result<i64, DbError> {
        let newest = self.read(Tx::load_dictionaries)?;
        let any = self.read(|tx| tx.query_opt("SELECT 1 FROM db_dictionary LIMIT 1", &[]))?;
        if any.is_some() {
            return Ok(newest);
        }
        let mut text = first();
        text.drain(..text.len().saturating_sub(DICTIONARY_BYTES_MAX));
        if text.is_empty() {
            return Ok(0);
        }
        self.write(|tx| tx.add_dictionary(ctx, &text))?;
        self.read(Tx::load_dictionaries)
    }

    /// Trains a dictionary from the newest originals when there is reason to: the one in use was
    /// not trained, or stored originals have grown by a quarter since it was. Gives the version of
    /// the new one. Takes a second or so of work when it trains, so call it from a background
    /// thread, now and then.
    pub fn tend_archive(&self, ctx: &Ctx) -> Result<Option<i64>, DbError> {
        let Some(permille) = self.tally().permille() else { return Ok(None) };
        let Some(newest) = self.newest_dictionary() else { return Ok(None) };
        let trained = newest.bytes.starts_with(&TRAINED);
        if trained && !self.has_decayed(ctx, newest.version, permille)? {
            return Ok(None);
        }
        self.train_dictionary(ctx)
    }

    /// Trains a dictionary from the newest originals and puts it to use. `None` when there are too
    /// few to learn from.
    pub fn train_dictionary(&self, ctx: &Ctx) -> Result<Option<i64>, DbError> {
        let samples = self.samples()?;
        let Ok(bytes) = zstd::dict::from_samples(&samples, DICTIONARY_BYTES_MAX) else {
            return Ok(None);
        };
        let version = self.write(|tx| tx.add_dictionary(ctx, &bytes))?;
        self.read(Tx::load_dictionaries)?;
        tracing::info!(version, samples = samples.len(), "trained a dictionary for originals");
        Ok(Some(version))
    }

    fn has_decayed(&self, ctx: &Ctx, version: i64, permille: u64) -> Result<bool, DbError> {
        let kept = self.read(|tx| tx.setting(ACHIEVED))?;
        let kept = kept.as_deref().and_then(|text| text.split_once(':'));
        let before = kept.filter(|(of, _)| *of == version.to_string());
        let Some(before) = before.and_then(|(_, permille)| permille.parse::<u64>().ok()) else {
            let achieved = format!("{version}:{permille}");
            self.write(|tx| tx.set_setting(ACHIEVED, &achieved))?;
            return Ok(false);
        };
        let sql = "SELECT at FROM db_dictionary WHERE version = $1";
        let at = self.read(|tx| tx.query_one(sql, params![version])?.time(0))?;
        let old_enough = ctx.now.to_millis() - at.to_millis() >= TRAIN_EVERY_MS;
        Ok(old_enough && permille.saturating_mul(1_000) > before.saturating_mul(DECAY_PERMILLE))
    }

    /// The newest originals, the middle of long ones left out.
    fn samples(&self) -> Result<Vec<Vec<u8>>, DbError> {
        let sql = "SELECT id FROM db_original ORDER BY id DESC LIMIT $1";
        let ids = self.read(|tx| {
            let rows = tx.query(sql, params![SAMPLES_MAX])?;
            rows.iter().map(|row| row.id(0)).collect::<Result<Vec<OriginalId>, DbError>>()
        })?;
        let (mut samples, mut bytes) = (Vec::new(), 0);
        for id in ids {
            // One transaction each, so that none is open for long.
            let Some(opened) = self.read(|tx| tx.original(id))? else { continue };
            let plain = opened.bytes.expose();
            let parts = if plain.len() > SAMPLE_HEAD_BYTES + SAMPLE_TAIL_BYTES {
                [&plain[..SAMPLE_HEAD_BYTES], &plain[plain.len() - SAMPLE_TAIL_BYTES..]]
            } else {
                [plain.as_slice(), &[]]
            };
            for part in parts.into_iter().filter(|part| !part.is_empty()) {
                bytes += part.len();
                samples.push(part.to_vec());
            }
            if bytes >= SAMPLE_BYTES_MAX {
                break;
            }
        }
        Ok(samples)
    }

    /// The newest dictionary that is whole.
    pub(crate) fn newest_dictionary(&self) -> Option<Arc<Dictionary>> {
        let at_hand = self.dictionaries().read().unwrap_or_else(PoisonError::into_inner);
        at_hand.values().rev().find_map(|dictionary| dictionary.as_ref().ok().cloned())
    }

    /// Other data may have come in the place of those the dictionaries belong to.
    pub(crate) fn forget_dictionaries(&self) {
        self.dictionaries().write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
