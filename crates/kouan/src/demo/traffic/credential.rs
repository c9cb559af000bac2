//! Keys and certificates of those who sign on the simulated day.

use std::collections::HashMap;

use ceb::certificate::Certificate;
use ceb::keys::{CertificateRequest, KeyError, KeyKind, SigningKey};
use ceb::signature::{SignError, Spelling, sign};
use kernel::{Date, Time};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::trade::Firm;

/// Which cards the firms of a day sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cards {
    /// SM2 for most, in both spellings seen, RSA for a few that still use older cards.
    Mixed,
    /// SM2 with SM3, the national spelling.
    Sm2,
    /// RSA-2048 with SHA-256.
    Rsa,
}

impl Cards {
    /// The card of the firm at this place of the list.
    fn of(self, index: u64) -> (KeyKind, Spelling) {
        match (self, index % 9) {
            (Cards::Rsa, _) | (Cards::Mixed, 4) => (KeyKind::Rsa2048, Spelling::RsaSha256),
            (Cards::Mixed, 6) => (KeyKind::Sm2, Spelling::Sm2Field),
            (Cards::Mixed, 8) => (KeyKind::Rsa1024, Spelling::RsaSha1),
            (Cards::Sm2 | Cards::Mixed, _) => (KeyKind::Sm2, Spelling::Sm2National),
        }
    }
}

/// The keys of a zone's firms, by firm code.
pub(super) struct Keyring {
    keys: HashMap<String, Held>,
}

struct Held {
    key: SigningKey,
    spelling: Spelling,
}

const DAY_MS: i64 = 24 * 3600 * 1000;

impl Keyring {
    /// Makes a key for each firm, valid from a year before the day to two years after it.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub(super) fn of(
        firms: &[Firm],
        cards: Cards,
        seed: u64,
        on: Date,
    ) -> Result<Keyring, KeyError> {
        let midnight = Time::of(on.to_datetime(jiff::civil::Time::midnight())).unwrap_or_default();
        let mut keys = HashMap::with_capacity(firms.len());
        for (firm, index) in firms.iter().zip(1u64..) {
            let (kind, spelling) = cards.of(index);
            let request = CertificateRequest {
                subject: format!("CN={},O={},C=CN", firm.code, firm.name),
                serial: format!("03{:014x}", (seed << 16 | index) & 0x00ff_ffff_ffff_ffff),
                not_before: midnight.plus_millis(-365 * DAY_MS),
                not_after: midnight.plus_millis(730 * DAY_MS),
                authority: false,
            };
            let mut rng = StdRng::seed_from_u64(seed ^ index.rotate_left(48));
            let key = SigningKey::generate(kind, &request, &mut rng)?;
            keys.insert(firm.code.clone(), Held { key, spelling });
        }
        Ok(Keyring { keys })
    }

    /// Signs in the name of a firm; a firm without a key leaves the message unsigned.
    ///
    /// # Errors
    /// When the message cannot be signed.
    pub(super) fn sign(&self, firm: &Firm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self.keys.get(&firm.code) {
            Some(held) => sign(message, &held.key, held.spelling),
            None => Ok(message.to_vec()),
        }
    }

    /// The certificates to be registered before the day begins, with the codes of their firms.
    pub(super) fn certificates(&self) -> Vec<(&str, &Certificate)> {
        let mut all: Vec<(&str, &Certificate)> = self
            .keys
            .iter()
            .map(|(code, held)| (code.as_str(), held.key.certificate().as_ref()))
            .collect();
        all.sort_by_key(|(code, _)| *code);
        all
    }
}
