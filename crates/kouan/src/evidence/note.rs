//! Checkpoints as text: the signed note of C2SP (c2sp.org/signed-note, c2sp.org/tlog-checkpoint),
//! signed with Ed25519 and with SM2. Pure.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use db::evidence::{Hash, merkle::sha256};
use kernel::Time;
use sm2::dsa::signature::Verifier;
use web::evidence::EvidenceKey;

/// Whom SM2 signs as, unless agreed otherwise (GB/T 35276): part of what is signed.
pub(super) const SM2_USER_ID: &str = "1234567812345678";
/// Signature type of Ed25519 in key names.
const ED25519_TYPE: &[u8] = &[0x01];
/// Signature type of SM2 with SM3: C2SP has assigned none, and leaves 0xff with a longer name for
/// such.
const SM2_TYPE: &[u8] = b"\xffkouan/sm2-sm3/1";
/// DER of a `SubjectPublicKeyInfo` up to the key.
const ED25519_SPKI: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const SM2_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00,
];
const SM2_POINT_BYTES: usize = 65;
/// What stands before the time on its line.
const TIME: &str = "time ";

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Records in the log.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was published, as written.
    pub time: String,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(origin: &str, size: u64, root: &Hash, at: Time) -> String {
        let (root, at) = (BASE64_STANDARD.encode(root), at.to_rfc3339());
        format!("{origin}\n{size}\n{root}\n{TIME}{at}\n")
    }

    /// Reads it again; `None` when it is no checkpoint.
    pub fn parse(text: &str) -> Option<Checkpoint> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|name| !name.is_empty())?.to_owned();
        let digits = lines.next()?;
        let size: u64 = digits.parse().ok()?;
        let root: Hash = BASE64_STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let mut more = lines.filter_map(|line| line.strip_prefix(TIME));
        let time = more.next().unwrap_or_default().to_owned();
        (size.to_string() == digits).then_some(Checkpoint { origin, size, root, time })
    }
}

/// A text with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with its last line feed.
    pub text: String,
    /// Its signatures.
    pub signatures: Vec<Signature>,
}

/// One signature of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// The first four bytes of the hash of name, type and key.
    pub id: [u8; 4],
    /// The signature itself.
    pub bytes: Vec<u8>,
}

impl Note {
    /// Reads a note; `None` when it is none.
    pub fn parse(note: &str) -> Option<Note> {
        let (text, lines) = note.rsplit_once("\n\n")?;
        let signatures = lines.strip_suffix('\n')?.split('\n').map(|line| {
            let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
            let blob = BASE64_STANDARD.decode(blob).ok()?;
            let (id, bytes) = blob.split_first_chunk()?;
            Some(Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
        });
        let signatures = signatures.collect::<Option<Vec<Signature>>>()?;
        Some(Note { text: format!("{text}\n"), signatures })
    }

    /// The note as text.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.text);
        for Signature { name, id, bytes } in &self.signatures {
            let blob = BASE64_STANDARD.encode([id.as_slice(), bytes].concat());
            out.push_str(&format!("— {name} {blob}\n"));
        }
        out
    }
}

/// With what a log signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    Ed25519,
    /// SM2 with SM3 国密.
    Sm2,
}

impl Algorithm {
    /// The word in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::Sm2 => "sm2",
        }
    }

    const fn kind(self) -> &'static [u8] {
        match self {
            Algorithm::Ed25519 => ED25519_TYPE,
            Algorithm::Sm2 => SM2_TYPE,
        }
    }
}

/// A public key of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name: that of the log.
    pub name: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// The key: 32 bytes, or a point of 65.
    pub bytes: Vec<u8>,
}

impl PublicKey {
    /// The first four bytes of the hash of name, type and key.
    pub fn id(&self) -> [u8; 4] {
        let parts = [self.name.as_bytes(), b"\n", self.algorithm.kind(), &self.bytes];
        let hash = sha256(&parts.concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The key as C2SP writes it: name, id and key.
    pub fn to_vkey(&self) -> String {
        let id: String = self.id().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = BASE64_STANDARD.encode([self.algorithm.kind(), &self.bytes].concat());
        format!("{}+{id}+{key}", self.name)
    }

    /// Reads a key; `None` when it is none, or not one of ours, or its id is not its own.
    pub fn parse(vkey: &str) -> Option<PublicKey> {
        let (name, rest) = vkey.trim().split_once('+')?;
        let blob = BASE64_STANDARD.decode(rest.split_once('+')?.1).ok()?;
        let (algorithm, bytes, length) = match blob.strip_prefix(SM2_TYPE) {
            Some(point) => (Algorithm::Sm2, point, SM2_POINT_BYTES),
            None => (Algorithm::Ed25519, blob.strip_prefix(ED25519_TYPE)?, 32),
        };
        let key = PublicKey { name: name.to_owned(), algorithm, bytes: bytes.to_vec() };
        (key.bytes.len() == length && key.to_vkey() == vkey.trim()).then_some(key)
    }

    /// The key as openssl reads it.
    pub fn to_pem(&self) -> String {
        let head = match self.algorithm {
            Algorithm::Ed25519 => ED25519_SPKI,
            Algorithm::Sm2 => SM2_SPKI,
        };
        let body = BASE64_STANDARD.encode([head, &self.bytes].concat());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        let mut rest = body.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = more;
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// The key as it is handed out.
    pub fn to_document(&self) -> EvidenceKey {
        let algorithm = self.algorithm.word().to_owned();
        EvidenceKey { algorithm, key: self.to_vkey(), pem: self.to_pem() }
    }

    /// Whether this key made the signature over the text.
    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => {
                let key = UnparsedPublicKey::new(&ED25519, &self.bytes);
                key.verify(text.as_bytes(), signature).is_ok()
            }
            Algorithm::Sm2 => {
                let key = sm2::PublicKey::from_sec1_bytes(&self.bytes).ok();
                let key = key.and_then(|key| sm2::dsa::VerifyingKey::new(SM2_USER_ID, key).ok());
                let signature = sm2::dsa::Signature::from_der(signature).ok();
                let (Some(key), Some(signature)) = (key, signature) else { return false };
                key.verify(text.as_bytes(), &signature).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of signed notes, whose key Go's checksum tools publish too.
    #[test]
    fn a_published_vkey_and_its_note_are_read_and_verified() {
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key = PublicKey::parse(key).unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\n\
                    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p\
                    ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let parsed = Note::parse(note).unwrap();
        let [signature] = &parsed.signatures[..] else { panic!("one signature") };
        assert_eq!((signature.name.as_str(), signature.id), ("PeterNeumann", key.id()));
        assert!(key.verifies(&parsed.text, &signature.bytes));
        assert!(!key.verifies(&parsed.text.replace("answer", "cause"), &signature.bytes));
        assert_eq!(parsed.to_text(), note);
    }

    #[test]
    fn a_checkpoint_comes_back_as_it_was() {
        let at = Time::from_millis(1_794_326_400_000);
        let text = Checkpoint::text("kouan/zibo", 7, &[9; 32], at);
        let read = Checkpoint::parse(&text).unwrap();
        assert_eq!((read.origin.as_str(), read.size, read.root), ("kouan/zibo", 7, [9; 32]));
        assert_eq!(read.time, at.to_rfc3339());
        for wrong in [text.replace("\n7\n", "\n07\n"), text.replace('\n', ""), String::new()] {
            assert_eq!(Checkpoint::parse(&wrong), None, "{wrong}");
        }
    }
}
