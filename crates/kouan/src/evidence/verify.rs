//! Verifies evidence offline: records, places, roots and signatures, and files against one
//! another. Pure.

use db::evidence::merkle::{self, leaf_hash, sha256};
use db::evidence::{Hash, value};
use kernel::Finding;
use serde::Serialize;
use web::evidence::{EvidenceConsistency, EvidenceKey, EvidenceProof, hash_of_hex, hex};

use super::document::{Document, EXPECTED};
use super::note::{Algorithm, Checkpoint, Note, PublicKey};
use super::{across, finding, range};

pub use super::document::keys;

/// How many places around the one said are tried, to tell a record that was moved from one that
/// was changed.
const PLACES_TRIED: u64 = 65_536;

/// What a file was found to be.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The file.
    pub file: Option<String>,
    /// `proof`, `range`, `consistency`, `checkpoint`; null when it is none.
    pub kind: Option<&'static str>,
    /// The record's own name, such as `org_…`.
    pub record: Option<String>,
    /// Its place, or that of the first of several.
    pub index: Option<u64>,
    /// How many records are proven.
    pub records: u64,
    /// The log's name.
    pub origin: Option<String>,
    /// Records in the log of the (later) checkpoint.
    pub size: Option<u64>,
    /// When that checkpoint was published.
    pub time: Option<String>,
    /// Whether everything holds.
    pub verified: bool,
    /// What does not, and what is worth a look.
    pub findings: Vec<Finding>,
    /// What is compared with other files.
    #[serde(skip)]
    pub(super) claims: Claims,
}

/// What a file says that another may contradict.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    pub(super) checkpoints: Vec<Checkpoint>,
    pub(super) leaves: Vec<(u64, String)>,
}

/// What else is at hand.
#[derive(Default)]
pub struct Options {
    /// The platform's keys, from a source that is trusted; empty to use those of the documents.
    pub keys: Vec<PublicKey>,
    /// The file that the record is said to stand for.
    pub original: Option<Vec<u8>>,
}

/// Verifies files, each by itself and all against one another. One report a document, in order.
pub fn files(files: &[(String, Vec<u8>)], options: &Options) -> Vec<Report> {
    let mut reports = Vec::new();
    for (file, bytes) in files {
        let of = |report: Report| Report { file: Some(file.clone()), ..report };
        match Document::read(bytes) {
            Ok(documents) => {
                reports.extend(documents.iter().map(|document| of(one(document, options))));
            }
            Err(expected) => {
                let expected = if expected.is_empty() { EXPECTED } else { &expected };
                let findings = vec![finding::unknown_document(expected)];
                reports.push(of(Report { findings, ..Report::default() }));
            }
        }
    }
    across::compare(&mut reports);
    for report in &mut reports {
        report.verified = report.kind.is_some() && !report.findings.iter().any(Finding::is_error);
    }
    reports
}

fn one(document: &Document, options: &Options) -> Report {
    match document {
        Document::Proof(document) => proof(document, options),
        Document::Range(document) => range::range(document, options),
        Document::Consistency(document) => consistency(document, options),
        Document::Checkpoint(text) => {
            let mut report = Report { kind: Some("checkpoint"), ..Report::default() };
            signed(&mut report, "checkpoint", text, &[], options);
            report
        }
    }
}

fn proof(document: &EvidenceProof, options: &Options) -> Report {
    let index = document.index;
    let mut report = Report {
        kind: Some("proof"),
        record: name_of(&document.record),
        index: Some(index),
        records: 1,
        ..Report::default()
    };
    let checkpoint =
        signed(&mut report, "checkpoint", &document.checkpoint, &document.keys, options);
    let said = hash_of_hex(&document.leaf);
    if said.is_none() {
        report.findings.push(finding::unreadable("leaf", "64 hex digits"));
    }
    let own = leaf_hash(document.record.as_bytes());
    if said.is_some_and(|said| said != own) {
        let changed = finding::record_changed("record", index, hex(&own), &document.leaf);
        report.findings.push(changed);
    }
    let path = hashes(&mut report, "path", &document.path);
    if let (Some(checkpoint), Some(said), Some(path)) = (checkpoint, said, path) {
        if let Some(wrong) = place(index, &said, &path, &checkpoint) {
            report.findings.push(wrong);
        }
        report.claims.leaves.push((index, document.leaf.clone()));
    }
    if let Some(bytes) = &options.original {
        report.findings.extend(original(&document.record, bytes));
    }
    report
}

/// Whether the leaf is at its place in the log of the checkpoint.
fn place(index: u64, leaf: &Hash, path: &[Hash], checkpoint: &Checkpoint) -> Option<Finding> {
    let Checkpoint { size, root, .. } = checkpoint;
    let leads = |at: u64| merkle::root_of_inclusion(at, *size, leaf, path) == Some(*root);
    if leads(index) {
        return None;
    }
    let from = index.saturating_sub(PLACES_TRIED / 2);
    let mut near = from..from.saturating_add(PLACES_TRIED).min(*size);
    Some(match near.find(|at| leads(*at)) {
        Some(stands) => finding::out_of_place("index", index, stands),
        None => finding::not_in_log(index, *size),
    })
}

/// Whether the file is what the record of an original stands for.
fn original(record: &str, bytes: &[u8]) -> Option<Finding> {
    if value(record, "original").is_none() {
        let kind = record.lines().nth(1).and_then(|line| line.split(' ').next());
        return Some(finding::no_original(kind.unwrap_or_default()));
    }
    let (found, wanted) = (hex(&sha256(bytes)), value(record, "sha256").unwrap_or_default());
    (found != wanted).then(|| finding::other_original(found, &wanted))
}

fn consistency(document: &EvidenceConsistency, options: &Options) -> Report {
    let mut report = Report { kind: Some("consistency"), ..Report::default() };
    let from = signed(&mut report, "from", &document.from, &document.keys, options);
    let to = signed(&mut report, "to", &document.to, &document.keys, options);
    let path = hashes(&mut report, "path", &document.path);
    if let (Some(from), Some(to), Some(path)) = (from, to, path) {
        let led = merkle::roots_of_consistency(from.size, to.size, &from.root, &path);
        // The empty log is the beginning of every log.
        let begins = from.size == 0 && path.is_empty() && from.root == merkle::root(&[]);
        if from.origin != to.origin {
            report.findings.push(finding::other_log("to", &to.origin, &from.origin));
        } else if led != Some((from.root, to.root)) && !begins {
            report.findings.push(finding::rewritten(from.size, to.size));
        }
    }
    report
}

/// The record's own name.
pub(super) fn name_of(record: &str) -> Option<String> {
    Some(record.lines().nth(1)?.split_once(' ')?.1.to_owned())
}

/// Reads hashes; says which cannot be read.
pub(super) fn hashes(report: &mut Report, name: &str, all: &[String]) -> Option<Vec<Hash>> {
    let mut out = Vec::with_capacity(all.len());
    for (n, digits) in all.iter().enumerate() {
        match hash_of_hex(digits) {
            Some(hash) => out.push(hash),
            None => {
                let wrong = finding::unreadable(format!("{name}[{n}]"), "64 hex digits");
                report.findings.push(wrong);
            }
        }
    }
    (out.len() == all.len()).then_some(out)
}

/// Reads a checkpoint and verifies its signatures; findings go to the report. `None` when it
/// cannot be read or relied on.
pub(super) fn signed(
    report: &mut Report,
    place: &str,
    text: &str,
    carried: &[EvidenceKey],
    options: &Options,
) -> Option<Checkpoint> {
    let note = Note::parse(text);
    let read = note.as_ref().and_then(|note| Checkpoint::parse(&note.text));
    let (Some(note), Some(checkpoint)) = (note, read) else {
        report.findings.push(finding::unreadable(place, "a signed checkpoint"));
        return None;
    };
    report.origin = Some(checkpoint.origin.clone());
    report.size = Some(checkpoint.size);
    report.time = Some(checkpoint.time.clone()).filter(|time| !time.is_empty());
    let keys = match options.keys.as_slice() {
        [] => {
            let keys: Vec<PublicKey> =
                carried.iter().filter_map(|key| PublicKey::parse(&key.key)).collect();
            let own = finding::own_keys();
            if !report.findings.contains(&own) {
                report.findings.push(own);
            }
            keys
        }
        given => given.to_vec(),
    };
    let mut wrong = signatures(place, &note, &checkpoint, &keys);
    let good = wrong.is_empty();
    report.findings.append(&mut wrong);
    if good {
        report.claims.checkpoints.push(checkpoint.clone());
    }
    good.then_some(checkpoint)
}

/// What is wrong with the signatures of a checkpoint: it must bear one of each kind, by keys of its
/// log, and all of them must hold.
fn signatures(
    place: &str,
    note: &Note,
    checkpoint: &Checkpoint,
    keys: &[PublicKey],
) -> Vec<Finding> {
    let origin = checkpoint.origin.as_str();
    if !keys.iter().any(|key| key.name == origin) {
        let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        return vec![finding::other_log(place, origin, &known.join(", "))];
    }
    let mut wrong = Vec::new();
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
        let own = || keys.iter().filter(|key| key.name == origin && key.algorithm == algorithm);
        let mut borne = note.signatures.iter().filter_map(|signature| {
            let key = own().find(|key| key.name == signature.name && key.id() == signature.id)?;
            Some(key.verifies(&note.text, &signature.bytes))
        });
        match borne.next() {
            None => wrong.push(finding::unsigned(place, algorithm.word(), origin)),
            Some(first) if !first || borne.any(|good| !good) => {
                wrong.push(finding::forged(place, algorithm.word(), origin));
            }
            Some(_) => {}
        }
    }
    wrong
}

/// A checkpoint that bears good signatures by these keys.
pub fn checkpoint(text: &str, keys: &[PublicKey]) -> Option<Checkpoint> {
    let options = Options { keys: keys.to_vec(), original: None };
    signed(&mut Report::default(), "checkpoint", text, &[], &options)
}
