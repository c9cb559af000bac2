//! The verdict on structure against libxml2's, on the official samples and on many broken ones.

use ceb::schema::Flow;
use ceb::{ReadOptions, message_types, read, write};

use crate::judge::Judge;
use crate::mutant::{Element, mutate, parse};
use crate::sample::{Filling, with_signature_shape};
use crate::support::{official_samples, rng};

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

/// A small message of every type with every field, signed in shape where it can be.
fn bases() -> Vec<(bool, String, Element)> {
    let mut rng = rng(5);
    message_types()
        .iter()
        .map(|kind| {
            let message = Filling { full: true, rng: Some(&mut rng), longest: 12 }.message(kind);
            let text = String::from_utf8(write(&message).unwrap()).unwrap();
            let text = match kind.transfer() {
                Some(_) => with_signature_shape(&message, &text),
                None => text,
            };
            let (prolog, root) = parse(&text);
            (kind.flow == Flow::Export, prolog, root)
        })
        .collect()
}

/// Mutants of each base; a longer run is had by `KOUAN_MUTANTS`.
fn mutants_each() -> usize {
    std::env::var("KOUAN_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}

#[test]
fn broken_messages_get_the_verdict_of_libxml2() {
    let Some(judge) = Judge::find() else { return };
    let seed = std::env::var("KOUAN_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(7);
    let mut chance = rng(seed);
    let mut texts = Vec::new();
    for (export, prolog, root) in bases() {
        for _ in 0..mutants_each() {
            texts.push((export, mutate(&prolog, &root, &mut chance).into_bytes()));
        }
    }
    let verdicts = judge.verdicts(&texts);
    assert!(verdicts.iter().any(|valid| *valid) && !verdicts.iter().all(|valid| *valid));
    let mut wrong = Vec::new();
    for ((_, text), valid) in texts.iter().zip(verdicts) {
        let reading = read(text, &ReadOptions::strict());
        // Leniency changes what is made of a message, never the verdict on it.
        let lenient = read(text, &ReadOptions::lenient());
        let agreed = reading.structure_valid == valid
            && lenient.structure_valid == valid
            && reading.findings.is_empty() == valid;
        if !agreed {
            wrong.push((valid, lenient.structure_valid, reading, text));
        }
    }
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for ((valid, lenient, reading, text), at) in wrong.iter().zip(0..10) {
        let path = kept.join(format!("mutant-{at}.xml"));
        std::fs::write(&path, text).unwrap();
        let found: Vec<_> = reading.findings.iter().map(|f| (f.code, &f.path, f.line)).collect();
        println!("{}: libxml2 {valid}, lenient {lenient}, {found:?}", path.display());
    }
    assert!(wrong.is_empty(), "{} of {} verdicts differ", wrong.len(), texts.len());
}

/// The defects of the ten official 202205 samples that break their own schema.
#[test]
fn defects_of_the_official_samples_are_found() {
    let mut rng = rng(9);
    let mut sample = |code: &str| {
        let kind = ceb::message_type(code).unwrap();
        let message = Filling { full: false, rng: Some(&mut rng), longest: 12 }.message(kind);
        String::from_utf8(write(&message).unwrap()).unwrap()
    };
    let found = |text: &str| {
        let reading = read(text.as_bytes(), &ReadOptions::strict());
        assert!(!reading.structure_valid && reading.message.is_some());
        let codes = reading.findings.iter().map(|finding| (finding.code, finding.path.clone()));
        codes.collect::<Vec<_>>()
    };
    for code in ["CEB303", "CEB403", "CEB505", "CEB507", "CEB509", "CEB603", "CEB605", "CEB607"] {
        let text = sample(code);
        let start = text.find("<ceb:BaseTransfer>").unwrap();
        let end = text.find("</ceb:CEB").unwrap();
        let twice = format!("{}{}{}", &text[..end], &text[start..end], &text[end..]);
        assert_eq!(found(&twice), [("element.repeated", "BaseTransfer".to_owned())]);
    }
    let text = sample("CEB792");
    let line = text.replace(
        "</ceb:SummaryResult>",
        "<ceb:SummaryResultList><ceb:invtNo>1</ceb:invtNo><ceb:logisticsNo>1</ceb:logisticsNo>\
         <ceb:gnum>1</ceb:gnum><ceb:gcode>0123456789</ceb:gcode></ceb:SummaryResultList>\
         </ceb:SummaryResult>",
    );
    let path = "SummaryResult[1]/SummaryResultList[1]/gseqno".to_owned();
    assert_eq!(found(&line), [("field.missing", path)]);
    let text = sample("CEB214").replace("CEB214Message", "CEB214");
    let text =
        text.replace("<ceb:agentCode>", "<ceb:appSenderId>1</ceb:appSenderId><ceb:agentCode>");
    let path = "RefundReturn[1]/appSenderId".to_owned();
    assert_eq!(found(&text), [("message.root", String::new()), ("element.unknown", path)]);
}
