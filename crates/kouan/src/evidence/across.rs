//! Compares files with one another: what was proven by one must not be contradicted by another.
//! Pure.

use std::collections::HashMap;

use super::finding;
use super::verify::Report;
use kernel::Finding;

/// Adds findings to the later of two reports that contradict one another.
pub(super) fn compare(reports: &mut [Report]) {
    let mut roots = HashMap::new();
    let mut leaves = HashMap::new();
    for report in reports.iter_mut() {
        let file = report.file.clone().unwrap_or_default();
        let claims = std::mem::take(&mut report.claims);
        let mut found: Vec<Finding> = Vec::new();
        for one in &claims.checkpoints {
            let key = (one.origin.clone(), one.size);
            let (root, other) = roots.entry(key).or_insert_with(|| (one.root, file.clone()));
            if *root != one.root {
                found.push(finding::two_roots(one.size, other));
            }
        }
        let origin = report.origin.clone().unwrap_or_default();
        // A record that is not proven contradicts nothing.
        let proven = !report.findings.iter().any(Finding::is_error);
        for (index, leaf) in claims.leaves.iter().filter(|_| proven) {
            let key = (origin.clone(), *index);
            let (known, other) = leaves.entry(key).or_insert_with(|| (leaf.clone(), file.clone()));
            if known != leaf {
                found.push(finding::two_records(*index, other));
            }
        }
        report.findings.append(&mut found);
    }
}
