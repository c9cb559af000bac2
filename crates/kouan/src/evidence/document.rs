//! What a file of evidence holds. Pure.

use serde::Deserialize;
use serde_json::Value;
use web::evidence::{
    CONSISTENCY_FORMAT, EvidenceConsistency, EvidenceKeys, EvidenceProof, EvidenceRange,
    PROOF_FORMAT, RANGE_FORMAT,
};

use super::note::{Note, PublicKey};

/// The content of a file.
pub(super) enum Document {
    Proof(Box<EvidenceProof>),
    Range(Box<EvidenceRange>),
    Consistency(Box<EvidenceConsistency>),
    /// A signed note, as text or as the door hands it out.
    Checkpoint(String),
}

/// What was expected of a file that is none.
pub(super) const EXPECTED: &str =
    "kouan-evidence-proof/1, kouan-evidence-range/1, kouan-evidence-consistency/1, a checkpoint";

impl Document {
    /// Reads a file: one document, or several as a list answers them. `Err` says what is expected.
    pub(super) fn read(bytes: &[u8]) -> Result<Vec<Document>, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| EXPECTED.to_owned())?;
        if Note::parse(text).is_some() {
            return Ok(vec![Document::Checkpoint(text.to_owned())]);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| EXPECTED.to_owned())?;
        match value.get("items") {
            Some(Value::Array(items)) => items.iter().map(Document::of).collect(),
            _ => Document::of(&value).map(|one| vec![one]),
        }
    }

    fn of(value: &Value) -> Result<Document, String> {
        fn shape<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<Box<T>, String> {
            T::deserialize(value).map(Box::new).map_err(|error| error.to_string())
        }
        match value.get("format").and_then(Value::as_str) {
            Some(PROOF_FORMAT) => shape(value).map(Document::Proof),
            Some(RANGE_FORMAT) => shape(value).map(Document::Range),
            Some(CONSISTENCY_FORMAT) => shape(value).map(Document::Consistency),
            Some(_) => Err(EXPECTED.to_owned()),
            None => {
                let note = value.get("note").and_then(Value::as_str);
                let note = note.ok_or_else(|| EXPECTED.to_owned())?;
                Ok(Document::Checkpoint(note.to_owned()))
            }
        }
    }
}

/// Public keys from a file: the answer of the door, or lines of verifier keys. `None` when there is
/// a key that cannot be read, or none at all.
pub fn keys(bytes: &[u8]) -> Option<Vec<PublicKey>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let keys: Option<Vec<PublicKey>> = match serde_json::from_str::<EvidenceKeys>(text) {
        Ok(document) => document.keys.iter().map(|key| PublicKey::parse(&key.key)).collect(),
        Err(_) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines.map(PublicKey::parse).collect()
        }
    };
    keys.filter(|keys| !keys.is_empty())
}
