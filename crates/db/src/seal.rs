//! Sealing of personal data: SM4-GCM under keys derived from one master key, and keyed hashes to
//! find what is sealed.
//!
//! A sealed blob is `version (1) · salt (8) · counter (5) · ciphertext · tag (16)`. Each process
//! draws a salt from the operating system when it starts; the key of a blob is
//! `HMAC-SM3(master[version], label, purpose, salt)` and its nonce is the counter. So a nonce is
//! never used twice under one key, however many blobs there are: random 96-bit nonces under one
//! key would have to stop after 2^32 blobs, which is a few days of a large zone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, Key, Nonce, Tag};
use hmac::{Hmac, KeyInit, Mac};
use sm3::Sm3;
use sm4::Sm4;

use crate::evidence::merkle::sha256;
use crate::{DbError, MasterKey};

type Cipher = AesGcm<Sm4, U12>;
type Prf = Hmac<Sm3>;

const SALT: usize = 8;
const COUNTER: usize = 5;
const TAG: usize = 16;
const HEAD: usize = 1 + SALT + COUNTER;
/// Ciphers of other processes' salts kept at hand; more are derived again when needed.
const CIPHERS_KEPT: usize = 1_024;
/// From here on a text is long.
const LONG_BYTES: usize = 256;

/// Something that must not be printed: `Debug` and `Display` show that it is there, no more.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed<T>(T);

impl<T> Sealed<T> {
    /// Hides a value.
    pub fn new(value: T) -> Sealed<T> {
        Sealed(value)
    }

    /// The value, for the one act that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value, no longer hidden.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed")
    }
}

impl<T> std::fmt::Display for Sealed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Seals, opens and hashes. Cheap to clone; clones share the counter.
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    master: MasterKey,
    salt: [u8; SALT],
    counter: AtomicU64,
    ciphers: RwLock<HashMap<CipherName, Arc<Cipher>>>,
    hashes: RwLock<HashMap<Box<str>, Prf>>,
}

type CipherName = (Box<str>, u8, [u8; SALT]);

impl Sealer {
    /// A sealer with a salt of its own, drawn from the operating system.
    pub fn new(master: MasterKey) -> Result<Sealer, DbError> {
        let mut salt = [0; SALT];
        crate::key::fill_random(&mut salt)?;
        Ok(Sealer(Arc::new(Inner {
            master,
            salt,
            counter: AtomicU64::new(0),
            ciphers: RwLock::default(),
            hashes: RwLock::default(),
        })))
    }

    /// Seals bytes. Only the same purpose opens them again. 30 bytes longer than the plain bytes.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, DbError> {
        self.seal_for(purpose, b"", plain)
    }

    /// Seals bytes for one place, such as the id of their row: moved to another row they do not
    /// open.
    pub fn seal_for(&self, purpose: &str, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, DbError> {
        let inner = &*self.0;
        let (version, _) = inner.master.current();
        let count = inner.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let (too_large, count) = count.split_at(8 - COUNTER);
        if too_large != [0; 8 - COUNTER] {
            return Err(DbError::Key("too many blobs sealed since the program started".to_owned()));
        }
        let cipher = self.cipher(purpose, version, inner.salt)?;
        let mut blob = Vec::with_capacity(HEAD + plain.len() + TAG);
        blob.push(version);
        blob.extend_from_slice(&inner.salt);
        blob.extend_from_slice(count);
        blob.extend_from_slice(plain);
        let (_, text) = blob.split_at_mut(HEAD);
        let tag = cipher
            .encrypt_inout_detached(&nonce(count), place, text.into())
            .map_err(|_| DbError::Key("too many bytes to seal at once".to_owned()))?;
        blob.extend_from_slice(&tag);
        Ok(blob)
    }

    /// Opens what [`Sealer::seal`] sealed. `Damaged` when it was changed or sealed for another
    /// purpose, `Key` when the master key lacks its version.
    pub fn open(&self, purpose: &str, blob: &[u8]) -> Result<Vec<u8>, DbError> {
        self.open_for(purpose, b"", blob)
    }

    /// Opens what [`Sealer::seal_for`] sealed for the same place.
    pub fn open_for(&self, purpose: &str, place: &[u8], blob: &[u8]) -> Result<Vec<u8>, DbError> {
        let damaged = || DbError::Damaged(format!("a sealed blob for {purpose} does not open"));
        let (head, rest) = blob.split_at_checked(HEAD).ok_or_else(damaged)?;
        let (text, tag) = rest
            .len()
            .checked_sub(TAG)
            .and_then(|end| rest.split_at_checked(end))
            .ok_or_else(damaged)?;
        let salt: [u8; SALT] = head[1..=SALT].try_into().map_err(|_| damaged())?;
        let tag = Tag::<Cipher>::try_from(tag).map_err(|_| damaged())?;
        let cipher = self.cipher(purpose, head[0], salt)?;
        let mut plain = text.to_vec();
        cipher
            .decrypt_inout_detached(
                &nonce(&head[1 + SALT..]),
                place,
                plain.as_mut_slice().into(),
                &tag,
            )
            .map_err(|_| damaged())?;
        Ok(plain)
    }

    /// The first half of HMAC-SM3 of a text under a key of this purpose: finds a person's rows
    /// without storing who it is. The key comes from the *oldest* version of the master key, so
    /// that hashes survive rotation; that version must stay in the key file.
    ///
    /// Of a long text it is that of its SHA-256, which processors have in hardware, behind a byte
    /// that no text holds.
    pub fn keyed_hash(&self, purpose: &str, text: &str) -> [u8; 16] {
        let mut mac = self.hash_key(purpose);
        if text.len() < LONG_BYTES {
            mac.update(text.as_bytes());
        } else {
            mac.update(&[0xFF]);
            mac.update(&sha256(text.as_bytes()));
        }
        let full = mac.finalize().into_bytes();
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        half
    }

    fn hash_key(&self, purpose: &str) -> Prf {
        let hashes = &self.0.hashes;
        if let Some(mac) = hashes.read().unwrap_or_else(PoisonError::into_inner).get(purpose) {
            return mac.clone();
        }
        let (_, oldest) = self.0.master.oldest();
        let mac = prf(&derived(oldest, &[b"kouan/hash/1", purpose.as_bytes()]));
        let mut hashes = hashes.write().unwrap_or_else(PoisonError::into_inner);
        hashes.insert(purpose.into(), mac.clone());
        mac
    }

    fn cipher(&self, purpose: &str, version: u8, salt: [u8; SALT]) -> Result<Arc<Cipher>, DbError> {
        let name = (Box::from(purpose), version, salt);
        let ciphers = &self.0.ciphers;
        if let Some(cipher) = ciphers.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(Arc::clone(cipher));
        }
        let master = self.0.master.version(version).ok_or_else(|| {
            DbError::Key(format!("version {version} of the master key is not in the key file"))
        })?;
        let key = derived(master, &[b"kouan/seal/1", purpose.as_bytes(), &salt]);
        let key = Key::<Cipher>::try_from(&key[..16])
            .map_err(|_| DbError::Key("an SM4 key has 16 bytes".to_owned()))?;
        let cipher = Arc::new(Cipher::new(&key));
        let mut ciphers = ciphers.write().unwrap_or_else(PoisonError::into_inner);
        if ciphers.len() >= CIPHERS_KEPT {
            ciphers.clear();
        }
        ciphers.insert(name, Arc::clone(&cipher));
        Ok(cipher)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// HMAC-SM3 of the parts, each with its length in front so that no two lists of parts are alike.
fn derived(master: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = prf(master);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn prf(key: &[u8; 32]) -> Prf {
    let mut block = hmac::digest::block_api::Block::<Prf>::default();
    block[..32].copy_from_slice(key);
    Prf::new(&block)
}

fn nonce(count: &[u8]) -> Nonce<Cipher> {
    let mut nonce = Nonce::<Cipher>::default();
    nonce[12 - COUNTER..].copy_from_slice(count);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm3::Digest;
    use sm4::cipher::{Block, BlockCipherEncrypt};

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    fn sealer(key: &str) -> Sealer {
        Sealer::new(key.parse().unwrap()).unwrap()
    }

    #[test]
    fn sm3_of_the_standard_example() {
        // GB/T 32905-2016, A.1
        let wanted = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(Sm3::digest(b"abc").to_vec(), hex(wanted));
    }

    #[test]
    fn sm4_of_the_standard_example() {
        // GB/T 32907-2016, A.1
        let key = hex("0123456789abcdeffedcba9876543210");
        let cipher = Sm4::new(&key.as_slice().try_into().unwrap());
        let mut block = Block::<Sm4>::try_from(key.as_slice()).unwrap();
        cipher.encrypt_block(&mut block);
        assert_eq!(block.to_vec(), hex("681edf34d206965e86b3e94f536e4246"));
    }

    #[test]
    fn sm4_gcm_of_rfc_8998() {
        // RFC 8998, A.1
        let key = hex("0123456789abcdeffedcba9876543210");
        let cipher = Cipher::new(&Key::<Cipher>::try_from(key.as_slice()).unwrap());
        let nonce = Nonce::<Cipher>::try_from(hex("00001234567800000000abcd").as_slice()).unwrap();
        let mut text: Vec<u8> = [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa]
            .into_iter()
            .flat_map(|byte| [byte; 8])
            .collect();
        let place = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let tag =
            cipher.encrypt_inout_detached(&nonce, &place, text.as_mut_slice().into()).unwrap();
        let wanted = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                      d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d";
        assert_eq!(text, hex(wanted));
        assert_eq!(tag.to_vec(), hex("83de3541e4c2b58177e065a9bf7b62ec"));
    }

    #[test]
    fn hmac_sm3_of_the_standard_example() {
        // GM/T 0042-2015, D.3
        let key: [u8; 32] = std::array::from_fn(|i| i as u8 + 1);
        let mut mac = prf(&key);
        let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".repeat(2);
        mac.update(text.as_bytes());
        let wanted = "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a";
        assert_eq!(mac.finalize().into_bytes().to_vec(), hex(wanted));
    }

    #[test]
    fn opens_only_for_the_same_purpose_and_place() {
        let sealer = sealer(&"ab".repeat(32));
        let blob = sealer.seal_for("buyer", b"7", b"370303198801010018").unwrap();
        assert_eq!(blob.len(), 18 + 30);
        assert_eq!(sealer.open_for("buyer", b"7", &blob).unwrap(), b"370303198801010018");
        assert!(matches!(sealer.open_for("buyer", b"8", &blob), Err(DbError::Damaged(_))));
        assert!(matches!(sealer.open_for("payer", b"7", &blob), Err(DbError::Damaged(_))));
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let sealer = sealer(&"ab".repeat(32));
        let blob = sealer.seal("buyer", b"secret").unwrap();
        for i in 0..blob.len() {
            let mut changed = blob.clone();
            changed[i] ^= 1;
            assert!(sealer.open("buyer", &changed).is_err(), "byte {i}");
            assert!(sealer.open("buyer", &blob[..i]).is_err(), "length {i}");
        }
    }

    #[test]
    fn the_same_text_never_seals_alike() {
        let sealer = sealer(&"ab".repeat(32));
        let blobs: std::collections::HashSet<Vec<u8>> =
            (0..1_000).map(|_| sealer.seal("buyer", b"same").unwrap()).collect();
        assert_eq!(blobs.len(), 1_000);
    }

    #[test]
    fn long_texts_are_told_apart_by_every_character() {
        let sealer = sealer(&"ab".repeat(32));
        let long = "字".repeat(LONG_BYTES);
        let hash = |text: &str| sealer.keyed_hash("content", text);
        assert_eq!(hash(&long), hash(&long.clone()));
        assert_ne!(hash(&long), hash(&format!("{long}.")));
        assert_ne!(hash(&long), sealer.keyed_hash("buyer", &long));
        let (below, at) = ("x".repeat(LONG_BYTES - 1), "x".repeat(LONG_BYTES));
        assert_ne!(hash(&below), hash(&at));
    }

    #[test]
    fn rotation_opens_old_blobs_and_keeps_hashes() {
        let (one, two) = ("ab".repeat(32), "cd".repeat(32));
        let before = sealer(&one);
        let after = sealer(&format!("1:{one}, 2:{two}"));
        let blob = before.seal("buyer", b"x").unwrap();
        assert_eq!(after.open("buyer", &blob).unwrap(), b"x");
        assert_eq!(after.seal("buyer", b"x").unwrap()[0], 2);
        assert_eq!(before.keyed_hash("buyer", "x"), after.keyed_hash("buyer", "x"));
        assert_ne!(before.keyed_hash("buyer", "x"), before.keyed_hash("payer", "x"));
        let newer = after.seal("buyer", b"x").unwrap();
        assert!(matches!(before.open("buyer", &newer), Err(DbError::Key(_))));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let sealed = Sealed::new("李小宝");
        assert_eq!(format!("{sealed} {sealed:?}"), "*** Sealed");
        let key: MasterKey = "ab".repeat(32).parse().unwrap();
        assert!(!format!("{key:?}").contains("ab"));
    }
}
