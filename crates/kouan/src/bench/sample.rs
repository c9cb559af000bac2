//! Some of a run's own messages as files, and their signatures taken apart, for the yardsticks.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceb::c14n::{Part, canonicalize};
use ceb::certificate::Certificate;
use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use ceb::signature::{Algorithm, DS, Spelling, sign, verify};
use kernel::Clock;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::supply::Supply;
use crate::Failure;
use crate::clock::SystemClock;

/// Messages of a sample at most, and bytes after which there are enough.
const MESSAGES_MAX: usize = 400;
const BYTES_MAX: usize = 6 << 20;
/// Signatures of a sample at most.
const SIGNATURES_MAX: usize = 64;
/// Firms that sign where the run's own messages have the other kind of signature.
const SIGNERS: u8 = 4;

/// Some messages of a run, evenly picked.
pub(super) struct Sample {
    pub(super) messages: Vec<Vec<u8>>,
    /// A file that names the files of the messages.
    pub(super) list: PathBuf,
    folder: PathBuf,
}

impl Sample {
    /// Picks messages with nothing wrong from the supply and writes them to `folder`.
    pub(super) fn of(supply: &Supply, folder: &Path) -> Result<Sample, Failure> {
        std::fs::create_dir_all(folder)?;
        let whole: Vec<_> = supply.shots.iter().filter(|shot| shot.whole).collect();
        let (mut messages, mut bytes, mut names) = (Vec::new(), 0, String::new());
        for shot in whole.iter().step_by(whole.len().div_ceil(MESSAGES_MAX).max(1)) {
            if bytes >= BYTES_MAX {
                break;
            }
            let mut message = Vec::new();
            supply.read(shot, &mut message)?;
            bytes += message.len();
            let file = folder.join(format!("{}.xml", messages.len()));
            std::fs::write(&file, &message)?;
            writeln!(names, "{}", file.display())?;
            messages.push(message);
        }
        let list = folder.join("messages.list");
        std::fs::write(&list, names)?;
        Ok(Sample { messages, list, folder: folder.to_owned() })
    }

    /// Signatures of this kind: the messages' own, or, where they have the other kind, those of
    /// other firms under the same messages.
    pub(super) fn signatures(&self, kind: SignatureKind) -> Result<Signatures, Failure> {
        let mut parts = Vec::new();
        let messages = self.messages.iter().take(SIGNATURES_MAX);
        let own: Vec<&Vec<u8>> = messages.clone().filter(|m| kind.made(m)).collect();
        if own.is_empty() {
            let keys = kind.signers()?;
            for (message, key) in messages.zip(keys.iter().cycle()) {
                let signed = sign(&without_signature(message)?, key, kind.spelling())?;
                parts.push(Parts::of(&signed)?);
            }
        } else {
            for message in own {
                parts.push(Parts::of(message)?);
            }
        }
        let list = self.folder.join(format!("{}.list", kind.word()));
        let mut lines = String::new();
        for (one, place) in parts.iter().zip(0..) {
            let name = |part: &str| self.folder.join(format!("{}.{place}.{part}", kind.word()));
            let (certificate, text, value) = (name("der"), name("text"), name("value"));
            std::fs::write(&certificate, one.certificate.der())?;
            std::fs::write(&text, &one.text)?;
            std::fs::write(&value, one.value_for_openssl())?;
            let files = [certificate, text, value].map(|file| file.display().to_string());
            writeln!(lines, "{} {}", one.word(), files.join(" "))?;
        }
        std::fs::write(&list, lines)?;
        Ok(Signatures { parts, list })
    }
}

/// Signatures taken apart, and the file that lists them for OpenSSL.
pub(super) struct Signatures {
    pub(super) parts: Vec<Parts>,
    pub(super) list: PathBuf,
}

/// What the yardsticks of signatures are told apart by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureKind {
    Sm2,
    Rsa,
}

impl SignatureKind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            SignatureKind::Sm2 => "sm2",
            SignatureKind::Rsa => "rsa",
        }
    }

    fn made(self, message: &[u8]) -> bool {
        let found = verify(message).algorithm;
        found.is_some_and(|found| (found == Algorithm::Sm2Sm3) == (self == SignatureKind::Sm2))
    }

    fn spelling(self) -> Spelling {
        match self {
            SignatureKind::Sm2 => Spelling::Sm2National,
            SignatureKind::Rsa => Spelling::RsaSha256,
        }
    }

    fn signers(self) -> Result<Vec<SigningKey>, Failure> {
        const DAY_MS: i64 = 86_400_000;
        let now = SystemClock.now();
        let mut keys = Vec::new();
        for number in 0..SIGNERS {
            let request = CertificateRequest {
                subject: format!("CN=yardstick {number},C=CN"),
                serial: format!("{:04x}", 0x0a00 + u16::from(number)),
                not_before: now.plus_millis(-DAY_MS),
                not_after: now.plus_millis(DAY_MS),
                authority: false,
            };
            let kind = match self {
                SignatureKind::Sm2 => KeyKind::Sm2,
                SignatureKind::Rsa => KeyKind::Rsa2048,
            };
            let mut chance = StdRng::seed_from_u64(u64::from(number) + 1);
            keys.push(SigningKey::generate(kind, &request, &mut chance)?);
        }
        Ok(keys)
    }
}

/// One signature: the text it is over, its value, and whose it is.
pub(super) struct Parts {
    pub(super) algorithm: Algorithm,
    pub(super) text: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) certificate: Arc<Certificate>,
}

impl Parts {
    fn of(message: &[u8]) -> Result<Parts, Failure> {
        let verified = verify(message);
        let wrong = || Failure::new("a message of the sample is not well signed");
        let (Some(algorithm), Some(certificate)) = (verified.algorithm, verified.certificate)
        else {
            return Err(wrong());
        };
        let text = canonicalize(message, Part::Element(DS, "SignedInfo"));
        let text = text.map_err(|_| wrong())?;
        let message = std::str::from_utf8(message)?;
        let value = between(message, "SignatureValue>", "</").ok_or_else(wrong)?;
        let value = STANDARD.decode(value.split_whitespace().collect::<String>())?;
        Ok(Parts { algorithm, text, value, certificate })
    }

    fn word(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Sm2Sm3 => "sm2",
            Algorithm::RsaSha1 => "rsa-sha1",
            Algorithm::RsaSha256 => "rsa-sha256",
        }
    }

    /// OpenSSL wants the two numbers of SM2 as a DER sequence; messages carry them bare.
    fn value_for_openssl(&self) -> Vec<u8> {
        const HALF: usize = 32;
        if self.algorithm != Algorithm::Sm2Sm3 || self.value.len() != 2 * HALF {
            return self.value.clone();
        }
        let mut numbers = Vec::new();
        for half in self.value.chunks(HALF) {
            let first = half.iter().position(|byte| *byte != 0).unwrap_or(HALF - 1);
            let digits = half.get(first..).unwrap_or_default();
            let sign = digits.first().is_some_and(|byte| *byte >= 0x80);
            numbers.extend([0x02, (digits.len() + usize::from(sign)) as u8]);
            numbers.extend(sign.then_some(0));
            numbers.extend_from_slice(digits);
        }
        [vec![0x30, numbers.len() as u8], numbers].concat()
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

/// The message as it was before it was signed: our own signatures stand last.
fn without_signature(message: &[u8]) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(message)?;
    let wrong = || Failure::new("a message of the sample has no signature of ours");
    let (before, rest) = text.split_once("<ds:Signature ").ok_or_else(wrong)?;
    let (_, after) = rest.split_once("</ds:Signature>").ok_or_else(wrong)?;
    Ok([before, after].concat().into_bytes())
}
