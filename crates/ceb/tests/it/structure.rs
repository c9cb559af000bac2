//! The verdict on structure against libxml2's, on the official samples and on many broken ones.

use ceb::schema::Flow;
use ceb::{ReadOptions, read};

use crate::judge::Judge;
use crate::support::official_samples;

fn is_export(path: &std::path::Path) -> bool {
    path.components().any(|part| part.as_os_str() == "export")
}

#[test]
fn official_samples_get_the_official_verdict() {
    let Some(judge) = Judge::find() else { return };
    let files = official_samples();
    let texts: Vec<(bool, Vec<u8>)> =
        files.iter().map(|path| (is_export(path), std::fs::read(path).unwrap())).collect();
    assert!(texts.len() >= 35);
    for ((path, (_, text)), expected) in files.iter().zip(&texts).zip(judge.verdicts(&texts)) {
        let reading = read(text, &ReadOptions::strict());
        let message = reading.message.unwrap();
        assert_eq!(reading.structure_valid, expected, "{path:?}: {:#?}", reading.findings);
        assert_eq!(reading.findings.is_empty(), expected, "{path:?}: {:#?}", reading.findings);
        assert_eq!(message.kind.flow == Flow::Export, is_export(path));
        assert!(!message.documents.is_empty());
    }
}
