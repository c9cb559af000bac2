//! The platform's own key: signs messages that were packed anew, because only part of a message
//! goes on, or because the document came as JSON without a signature of its own.

use std::sync::Arc;

use ceb::certificate::KeyAlgorithm;
use ceb::keys::{CertificateRequest, KeyError, KeyKind, KeyPem, SigningKey};
use ceb::signature::{self, SignError, Spelling};
use db::{Ctx, Db};
use kernel::Time;

use crate::Failure;
use crate::config::Config;

/// The key in use.
pub struct PlatformKey(SigningKey);

const SETTING: &str = "platform.signing_key";
const PURPOSE: &str = "platform.signing_key";
const VALID_MS: i64 = 3 * 365 * 86_400_000;

impl PlatformKey {
    /// The configured key; without one, a key of our own made at first start and kept sealed in the
    /// database. Customs itself accepts only a key it has issued: see the operations guide.
    ///
    /// # Errors
    /// When a key file cannot be read or the kept key cannot be opened.
    pub fn open(config: &Config, db: &Db, ctx: &Ctx) -> Result<PlatformKey, Failure> {
        match PlatformKey::find(config, db)? {
            Some(key) => Ok(key),
            None => PlatformKey::make(db, ctx),
        }
    }

    /// The key in use, without making one.
    ///
    /// # Errors
    /// As [`PlatformKey::open`], and when none was made yet.
    pub fn kept(config: &Config, db: &Db) -> Result<PlatformKey, Failure> {
        let found = PlatformKey::find(config, db)?;
        found.ok_or_else(|| Failure::new("none yet; it is made at the first start"))
    }

    fn find(config: &Config, db: &Db) -> Result<Option<PlatformKey>, Failure> {
        let customs = &config.customs;
        if let (Some(key), Some(certificate)) = (&customs.key_file, &customs.certificate_file) {
            let text = |path: &std::path::Path| {
                std::fs::read_to_string(path)
                    .map_err(|e| Failure::new(format!("{}: {e}", path.display())))
            };
            let key = SigningKey::from_pem(&text(key)?, &text(certificate)?)?;
            return Ok(Some(PlatformKey(key)));
        }
        if customs.key_file.is_some() || customs.certificate_file.is_some() {
            return Err(Failure::new("customs.key_file and customs.certificate_file go together"));
        }
        let kept = db.read(|tx| tx.setting(SETTING))?;
        kept.map(|kept| PlatformKey::unseal(db, &kept)).transpose()
    }

    fn unseal(db: &Db, kept: &str) -> Result<PlatformKey, Failure> {
        use base64::Engine;
        let blob = base64::engine::general_purpose::STANDARD.decode(kept)?;
        let plain = db.sealer().open(PURPOSE, &blob)?;
        let pem: [String; 2] = serde_json::from_slice(&plain)?;
        Ok(PlatformKey(SigningKey::from_pem(&pem[0], &pem[1])?))
    }

    fn make(db: &Db, ctx: &Ctx) -> Result<PlatformKey, Failure> {
        use base64::Engine;
        let key = self_signed(KeyKind::Sm2, "Kouan platform", ctx.now, VALID_MS)?;
        let KeyPem { private, certificate } = key.to_pem()?;
        let plain = serde_json::to_vec(&[private, certificate])?;
        let sealed = db.sealer().seal(PURPOSE, &plain)?;
        let text = base64::engine::general_purpose::STANDARD.encode(sealed);
        db.write(|tx| {
            tx.set_setting(SETTING, &text)?;
            tx.audit(ctx, "platform.signing_key_made", &key.certificate().serial, "")
        })?;
        Ok(PlatformKey(key))
    }

    /// Signs a message.
    ///
    /// # Errors
    /// When the message cannot be signed; see [`SignError`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        signature::sign(message, &self.0, spelling_of(&self.0))
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Arc<ceb::certificate::Certificate> {
        self.0.certificate()
    }
}

/// How long before it was made a certificate begins to hold, in milliseconds.
const EARLIER_MS: i64 = 2 * 86_400_000;

/// A new key with a certificate signed by itself, valid for `valid_ms` from now, and for the two days
/// before.
///
/// # Errors
/// When the name cannot stand in a certificate, or the key cannot be made.
pub fn self_signed(
    kind: KeyKind,
    common_name: &str,
    now: Time,
    valid_ms: i64,
) -> Result<SigningKey, KeyError> {
    let start = now.plus_millis(-now.to_millis().rem_euclid(1_000));
    let mut chance = rand::rng();
    let request = CertificateRequest {
        subject: format!("CN={common_name},C=CN"),
        serial: format!("{:016x}", rand::Rng::next_u64(&mut chance) >> 1),
        // Others' clocks may be behind, or ours may have been ahead.
        not_before: start.plus_millis(-EARLIER_MS),
        not_after: start.plus_millis(valid_ms),
        authority: false,
    };
    SigningKey::generate(kind, &request, &mut chance)
}

/// The spelling that a key signs in.
pub fn spelling_of(key: &SigningKey) -> Spelling {
    match key.algorithm() {
        KeyAlgorithm::Sm2 => Spelling::Sm2National,
        _ => Spelling::RsaSha1,
    }
}
