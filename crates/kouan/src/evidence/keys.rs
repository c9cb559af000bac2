//! The keys of the log: an Ed25519 and an SM2 key of its own, made at first start and kept sealed in
//! the database. They are not the key that signs messages: that one may be customs', or RSA, or
//! replaced, and the log's must outlive it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use db::evidence::Hash;
use db::{Ctx, Db, DbError};
use kernel::Time;
use sm2::dsa::signature::Signer;
use sm2::elliptic_curve::Generate;
use sm2::elliptic_curve::sec1::ToSec1Point;
use web::evidence::EvidenceKeys;

use super::note::{Algorithm, Checkpoint, Note, PublicKey, SM2_USER_ID, Signature};
use crate::Failure;

const SETTING: &str = "evidence.keys";
const PURPOSE: &str = "evidence.keys";

/// The private keys of a log, and its name.
pub struct LogKeys {
    origin: String,
    ed25519: Ed25519KeyPair,
    sm2: sm2::dsa::SigningKey,
    public: [PublicKey; 2],
}

impl LogKeys {
    /// The kept keys; new ones, for a log of this name, when there are none and nothing was
    /// published yet.
    ///
    /// # Errors
    /// When the kept keys cannot be opened, or are gone although something was published with them.
    pub fn open(origin: &str, db: &Db, ctx: &Ctx) -> Result<LogKeys, Failure> {
        if let Some(keys) = LogKeys::kept(db)? {
            return Ok(keys);
        }
        if db.read(|tx| tx.latest_checkpoint())?.is_some() {
            return Err(Failure::new(
                "the keys of the evidence log are gone from the database, although checkpoints \
                 were published with them; restore a backup that has them",
            ));
        }
        let mut chance = rand::rng();
        let mut seed = Hash::default();
        rand::Rng::fill_bytes(&mut chance, &mut seed);
        let secret = sm2::SecretKey::generate_from_rng(&mut chance);
        let keys = LogKeys::assemble(origin.to_owned(), &seed, &secret)?;
        let plain = serde_json::to_vec(&(
            origin,
            BASE64_STANDARD.encode(seed),
            BASE64_STANDARD.encode(secret.to_bytes()),
        ))?;
        let sealed = BASE64_STANDARD.encode(db.sealer().seal(PURPOSE, &plain)?);
        let ours = db.write(|tx| {
            // Processes that start together on one database take turns; the first one's are kept.
            tx.next_number(SETTING)?;
            if tx.setting(SETTING)?.is_some() {
                return Ok::<_, DbError>(false);
            }
            tx.set_setting(SETTING, &sealed)?;
            web::evidence::set_keys(tx, &keys.to_document())?;
            tx.audit(ctx, "evidence.keys_made", origin, "")?;
            Ok(true)
        })?;
        if ours {
            return Ok(keys);
        }
        LogKeys::kept(db)?.ok_or_else(|| Failure::new("the keys of the evidence log are gone"))
    }

    /// The kept keys, `None` when there are none.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub fn kept(db: &Db) -> Result<Option<LogKeys>, Failure> {
        let Some(sealed) = db.read(|tx| tx.setting(SETTING))? else { return Ok(None) };
        let plain = db.sealer().open(PURPOSE, &BASE64_STANDARD.decode(sealed)?)?;
        let (origin, seed, secret): (String, String, String) = serde_json::from_slice(&plain)?;
        let secret = sm2::SecretKey::from_slice(&BASE64_STANDARD.decode(secret)?);
        let secret = secret.map_err(|_| Failure::new("the SM2 key of the log is damaged"))?;
        LogKeys::assemble(origin, &BASE64_STANDARD.decode(seed)?, &secret).map(Some)
    }

    fn assemble(origin: String, seed: &[u8], secret: &sm2::SecretKey) -> Result<LogKeys, Failure> {
        let damaged = |which| Failure::new(format!("the {which} key of the log is damaged"));
        let ed25519 = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| damaged("Ed25519"))?;
        let sm2 = sm2::dsa::SigningKey::new(SM2_USER_ID, secret).map_err(|_| damaged("SM2"))?;
        let point = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
        let key = |algorithm, bytes| PublicKey { name: origin.clone(), algorithm, bytes };
        let public = [
            key(Algorithm::Ed25519, ed25519.public_key().as_ref().to_vec()),
            key(Algorithm::Sm2, point),
        ];
        Ok(LogKeys { origin, ed25519, sm2, public })
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public halves.
    pub fn public(&self) -> &[PublicKey] {
        &self.public
    }

    /// The name and the public halves, as they are handed out.
    pub fn to_document(&self) -> EvidenceKeys {
        let keys = self.public.iter().map(PublicKey::to_document).collect();
        EvidenceKeys { origin: self.origin.clone(), keys }
    }

    /// Signs a checkpoint with both keys.
    ///
    /// # Errors
    /// When the SM2 key cannot sign.
    pub fn sign(&self, size: u64, root: &Hash, at: Time) -> Result<String, Failure> {
        let text = Checkpoint::text(&self.origin, size, root, at);
        let sm2: sm2::dsa::Signature = self
            .sm2
            .try_sign(text.as_bytes())
            .map_err(|_| Failure::new("the SM2 key of the log cannot sign"))?;
        let ed25519 = self.ed25519.sign(text.as_bytes());
        let signature = |key: &PublicKey| {
            let bytes = match key.algorithm {
                Algorithm::Ed25519 => ed25519.as_ref().to_vec(),
                Algorithm::Sm2 => sm2.to_der().as_bytes().to_vec(),
            };
            Signature { name: key.name.clone(), id: key.id(), bytes }
        };
        let signatures = self.public.iter().map(signature).collect();
        Ok(Note { text, signatures }.to_text())
    }
}
