//! Verifies consecutive records: each, their order, and that none is missing. Pure.

use std::collections::BTreeSet;

use db::evidence::Hash;
use db::evidence::merkle::{leaf_hash, root_of_range};
use web::evidence::{EvidenceRange, hash_of_hex, hex};

use super::finding;
use super::note::Checkpoint;
use super::verify::{Options, Report, hashes, name_of, signed};

/// Ranges up to this long are searched for two records that changed places.
const SEARCHED_MAX: usize = 128;

pub(super) fn range(document: &EvidenceRange, options: &Options) -> Report {
    let first = document.first;
    let mut report = Report {
        kind: Some("range"),
        record: document.records.first().and_then(|one| name_of(&one.record)),
        index: Some(first),
        records: document.records.len() as u64,
        ..Report::default()
    };
    let checkpoint =
        signed(&mut report, "checkpoint", &document.checkpoint, &document.keys, options);
    let in_order = order(&mut report, document);
    let mut leaves = Vec::with_capacity(document.records.len());
    let mut sound = true;
    for (n, one) in document.records.iter().enumerate() {
        let Some(leaf) = hash_of_hex(&one.leaf) else {
            let place = format!("records[{n}].leaf");
            report.findings.push(finding::unreadable(place, "64 hex digits"));
            continue;
        };
        leaves.push(leaf);
        if one.record.is_empty() {
            sound = false;
            report.findings.push(finding::missing(one.index, one.index + 1));
            continue;
        }
        let own = leaf_hash(one.record.as_bytes());
        if own != leaf {
            sound = false;
            let place = format!("records[{n}].record");
            let changed = finding::record_changed(&place, one.index, hex(&own), &one.leaf);
            report.findings.push(changed);
        }
    }
    let beside = hashes(&mut report, "beside", &document.beside);
    let whole = leaves.len() == document.records.len();
    if let (Some(checkpoint), Some(beside), true, true) = (checkpoint, beside, whole, in_order) {
        if leads(first, &leaves, &checkpoint, &beside) {
            let claims = document.records.iter().map(|one| (one.index, one.leaf.clone()));
            report.claims.leaves.extend(claims);
        } else if sound {
            report.findings.push(untrue(first, &leaves, &checkpoint, &beside));
        } else {
            report.findings.push(finding::range_not_in_log(first, first + report.records));
        }
    }
    report
}

/// Whether the records stand at the places said, one after another; says which do not.
fn order(report: &mut Report, document: &EvidenceRange) -> bool {
    let before = report.findings.len();
    let there: BTreeSet<u64> = document.records.iter().map(|one| one.index).collect();
    let mut next = document.first;
    for (n, one) in document.records.iter().enumerate() {
        if one.index > next && !there.contains(&next) {
            let to = (next..one.index).find(|at| there.contains(at)).unwrap_or(one.index);
            report.findings.push(finding::missing(next, to));
            next = to;
        }
        if one.index != next {
            let place = format!("records[{n}].index");
            report.findings.push(finding::out_of_place(&place, next, one.index));
        }
        next += 1;
    }
    report.findings.len() == before
}

fn leads(first: u64, leaves: &[Hash], checkpoint: &Checkpoint, beside: &[Hash]) -> bool {
    root_of_range(first, leaves, checkpoint.size, beside) == Some(checkpoint.root)
}

/// What is wrong with records that fit their own hashes and not the log.
fn untrue(
    first: u64,
    leaves: &[Hash],
    checkpoint: &Checkpoint,
    beside: &[Hash],
) -> kernel::Finding {
    if leaves.len() <= SEARCHED_MAX {
        let mut tried = leaves.to_vec();
        for one in 0..leaves.len() {
            for other in one + 1..leaves.len() {
                tried.swap(one, other);
                if leads(first, &tried, checkpoint, beside) {
                    return finding::swapped(first + one as u64, first + other as u64);
                }
                tried.swap(one, other);
            }
        }
    }
    finding::range_not_in_log(first, first + leaves.len() as u64)
}
