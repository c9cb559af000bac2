//! Input meant to break the reader: it must answer, soon and within bounds.

use ceb::{CheckReport, NoCodeLists, ReadOptions, Reading, check, read};
use proptest::prelude::*;

use crate::support::official;

const HEAD: &str = "<c:CEB312Message xmlns:c=\"http://www.chinaport.gov.cn/ceb\" \
    guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\" version=\"1.0\">";

fn both(bytes: &[u8]) -> Reading {
    let lenient = read(bytes, &ReadOptions::lenient());
    let strict = read(bytes, &ReadOptions::strict());
    assert_eq!(lenient.structure_valid, strict.structure_valid);
    for message in lenient.message.iter().chain(&strict.message) {
        check(message, &NoCodeLists);
    }
    strict
}

/// What the reader stopped at.
fn stopped_at(bytes: &[u8]) -> &'static str {
    let reading = both(bytes);
    assert!(reading.message.is_none() && !reading.structure_valid);
    reading.findings.last().unwrap().code
}

#[test]
fn entity_bombs_are_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\">\
        <!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><CEB311Message>&b;</CEB311Message>";
    assert_eq!(stopped_at(bomb.as_bytes()), "xml.refused");
    let outside = format!("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{HEAD}</c:CEB312Message>");
    assert_eq!(stopped_at(outside.as_bytes()), "xml.refused");
    let undeclared = format!("{HEAD}&b;</c:CEB312Message>");
    assert_eq!(stopped_at(undeclared.as_bytes()), "xml.malformed");
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{HEAD}{}", "<a>".repeat(1_000_000));
    assert_eq!(stopped_at(deep.as_bytes()), "xml.refused");
    let closed = format!("{HEAD}{}{}</c:CEB312Message>", "<a>".repeat(256), "</a>".repeat(256));
    assert!(both(closed.as_bytes()).message.is_some());
    let closed = format!("{HEAD}{}{}</c:CEB312Message>", "<a>".repeat(257), "</a>".repeat(257));
    assert_eq!(stopped_at(closed.as_bytes()), "xml.refused");
}

#[test]
fn a_hundred_megabytes_are_refused_at_once() {
    let mut text = format!("{HEAD}<c:OrderReturn><c:guid>").into_bytes();
    text.resize(100 << 20, b'x');
    assert_eq!(stopped_at(&text), "message.too_large");
    // When told to take it, it is one field too long and one value kept, not many copies.
    text.extend_from_slice(b"</c:guid></c:OrderReturn></c:CEB312Message>");
    let options = ReadOptions { bytes_max: 1 << 30, ..ReadOptions::strict() };
    let reading = read(&text, &options);
    assert_eq!(reading.findings[0].code, "field.too_long");
    assert!(reading.findings.iter().all(|finding| finding.found.len() < 1_000));
}

#[test]
fn floods_are_counted_not_kept() {
    let many = format!("{HEAD}{}</c:CEB312Message>", "<c:OrderReturn/>".repeat(200_000));
    let reading = both(many.as_bytes());
    assert_eq!(reading.message.unwrap().documents.len(), 100);
    assert!(reading.findings.len() <= 1_001);
    let attributes: String = (0..10_000).map(|n| format!(" a{n}=\"1\"")).collect();
    let wide = format!("{HEAD}<a{attributes}/></c:CEB312Message>");
    assert_eq!(stopped_at(wide.as_bytes()), "xml.refused");
    let nested: String =
        (0..200).map(|n| format!("<a xmlns:p{n}=\"u\" xmlns:q{n}=\"u\">")).collect();
    assert_eq!(stopped_at(format!("{HEAD}{nested}").as_bytes()), "xml.refused");
    let ampersand = format!("{HEAD}&{}", "a".repeat(10 << 20));
    assert_eq!(stopped_at(ampersand.as_bytes()), "xml.malformed");
}

#[test]
fn a_message_cut_anywhere_is_answered() {
    let Some(dir) = official() else { return };
    let bytes = std::fs::read(dir.join("samples-2018/import/CEB512Message.xml")).unwrap();
    let end = bytes.iter().rposition(|b| *b == b'>').unwrap();
    for at in 0..=end {
        let reading = both(&bytes[..at]);
        assert!(!reading.structure_valid && reading.message.is_none(), "cut at {at}");
        assert!(!reading.findings.is_empty());
    }
    assert!(both(&bytes[..=end]).structure_valid);
}

#[test]
fn a_value_without_quotes_stops_nobody() {
    for bytes in ["<a b=清/>", "<DxpMsg b=清></DxpMsg>", "<a b=清\"x\"/>"] {
        let findings = ceb::dxp::read(bytes.as_bytes(), &ceb::dxp::Limits::default()).unwrap_err();
        assert_eq!(findings[0].code, "dxp.not_xml", "{bytes}");
        assert!(!ceb::signature::verify(bytes.as_bytes()).is_good());
    }
}

#[test]
fn wrong_encodings_are_told_apart() {
    let body = format!("{HEAD}</c:CEB312Message>");
    let declared = |label: &str| format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{body}");
    assert_eq!(stopped_at(declared("EBCDIC-CP-US").as_bytes()), "xml.encoding_unknown");
    assert_eq!(stopped_at(declared("UTF-16").as_bytes()), "xml.encoding_unknown");
    let mut broken = declared("UTF-8").into_bytes();
    broken.extend_from_slice(b"<!-- \xff -->");
    let strict = read(&broken, &ReadOptions::strict());
    assert_eq!(strict.findings[0].code, "xml.encoding_broken");
    let lenient = read(&broken, &ReadOptions::lenient());
    assert!(lenient.message.is_some() && !lenient.structure_valid);
    let wide: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    both(&wide);
}

proptest! {
    #[test]
    fn random_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let reading = both(&bytes);
        prop_assert!(reading.structure_valid || !reading.findings.is_empty());
        CheckReport::new("x", &bytes, &NoCodeLists);
    }

    #[test]
    fn random_markup_is_answered(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("<c:OrderReturn>"), Just("</c:OrderReturn>"), Just("<c:guid>"), Just("</c:guid>"),
                Just("<![CDATA["), Just("]]>"), Just("<!--"), Just("-->"), Just("&#x4e2d;"), Just("&"),
                Just("<?"), Just("?>"), Just("<a b='"), Just("'"), Just(">"), Just("/>"), Just("清"),
                Just("\r\n"), Just("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">"),
                Just("</ds:Signature>"), Just("<c:ExtendMessage>"), Just("<c:Message>"),
            ],
            0..40,
        ),
        root in prop_oneof![Just("312"), Just("311"), Just("621"), Just("603")],
    ) {
        let text = format!("{}{}", HEAD.replace("312", root), parts.concat());
        both(text.as_bytes());
        both(format!("{text}</c:CEB{root}Message>").as_bytes());
    }
}
