//! Fields in their plainest form are read on a shorter way than others: both come to the same.

use ceb::{Message, ReadOptions, Reading, message_type, message_types, read, write};

use crate::sample::Filling;
use crate::support::rng;

fn strict(text: &[u8]) -> Reading {
    read(text, &ReadOptions::strict())
}

/// What is said about a text, and where.
fn said(reading: &Reading) -> Vec<(&'static str, String, String)> {
    let findings = reading.findings.iter();
    findings.map(|f| (f.code, f.path.clone(), f.found.clone())).collect()
}

/// The values of the fields written in ways that mean the same; `way` says how.
fn dressed(text: &str, way: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('>') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let end = rest.find('<').unwrap_or(rest.len());
        let (value, after) = rest.split_at(end);
        if after.starts_with("</") && !value.is_empty() {
            match way {
                0 => out.push_str(&format!("<!-- x -->{value}")),
                1 => out.push_str(&format!("{value}<?x y?>")),
                2 if value.contains('&') => out.push_str(value),
                2 => out.push_str(&format!("<![CDATA[{value}]]>")),
                3 => value.chars().for_each(|c| match c {
                    '0'..='9' | 'a'..='z' | '清' if !value.contains('&') => {
                        out.push_str(&format!("&#{};", c as u32));
                    }
                    _ => out.push(c),
                }),
                _ => out.push_str(value),
            }
        } else {
            out.push_str(value);
        }
        rest = after;
    }
    out.push_str(rest);
    match way {
        // White space in tags, and between them.
        4 => out.replace("</ceb:guid>", "</ceb:guid\n>").replace("<ceb:", "\r\n\t <ceb:"),
        5 => out.replace("<ceb:note>", "<ceb:note >"),
        _ => out,
    }
}

fn messages() -> Vec<Message> {
    let mut rng = rng(23);
    let fill = |kind| Filling { full: true, rng: Some(&mut rng), longest: 40 }.message(kind);
    message_types().iter().copied().map(fill).collect()
}

#[test]
fn values_are_the_same_however_they_are_written() {
    for message in messages() {
        let text = String::from_utf8(write(&message).unwrap()).unwrap();
        let plain = strict(text.as_bytes());
        assert_eq!(plain.message.as_ref(), Some(&message));
        for way in 0..6 {
            let other = dressed(&text, way);
            assert!(other != text || matches!(way, 2 | 3 | 5), "{way}");
            let reading = strict(other.as_bytes());
            assert_eq!(said(&reading), said(&plain), "{way}: {other}");
            let found = reading.message.unwrap();
            assert_eq!(found.documents, message.documents, "{way}: {other}");
            assert_eq!(found.transfer, message.transfer, "{way}");
            assert_eq!(write(&found).unwrap(), text.as_bytes(), "{way}");
        }
    }
}

#[test]
fn a_prefix_is_as_good_as_another_and_as_none() {
    let message = &messages()[0];
    let text = String::from_utf8(write(message).unwrap()).unwrap();
    let text =
        text.split("<ceb:ExtendMessage>").next().unwrap().to_owned() + "</ceb:CEB311Message>";
    let plain = strict(text.as_bytes());
    for (prefix, declaration) in [("o:", "xmlns:o="), ("", "xmlns=")] {
        let other = text.replace("<ceb:", &format!("<{prefix}"));
        let other = other.replace("</ceb:", &format!("</{prefix}"));
        let other = other.replace("xmlns:ceb=", declaration);
        let reading = strict(other.as_bytes());
        assert_eq!(said(&reading), said(&plain), "{other}");
        assert_eq!(reading.message, plain.message);
    }
    // The same prefix, standing for something else within.
    let foreign = text.replacen("<ceb:orderNo>", "<ceb:orderNo xmlns:ceb=\"urn:x\">", 1);
    assert!(said(&strict(foreign.as_bytes())).iter().any(|(code, ..)| *code == "element.unknown"));
}

#[test]
fn length_is_counted_in_characters_at_the_very_limit() {
    let kind = message_type("CEB311").unwrap();
    let message = Filling { full: false, rng: None, longest: 9 }.message(kind);
    let text = String::from_utf8(write(&message).unwrap()).unwrap();
    let place = |name: &str, value: &str| {
        let (before, rest) = text.split_once(&format!("<ceb:{name}>")).unwrap();
        let (_, after) = rest.split_once('<').unwrap();
        let whole = format!("{before}<ceb:{name}>{value}<{after}");
        strict(whole.as_bytes()).findings.iter().map(|f| f.code).collect::<Vec<_>>()
    };
    for (name, max) in [("orderNo", 60), ("ebpName", 100), ("buyerName", 60)] {
        for letter in ["a", "é", "清", "𠀀", "&#x6e05;", "&amp;", "<![CDATA[清]]>"] {
            assert!(place(name, &letter.repeat(max)).is_empty(), "{name} {letter}");
            assert_eq!(place(name, &letter.repeat(max + 1)).len(), 1, "{name} {letter}");
        }
        assert_eq!(place(name, "").len(), 1);
    }
    // Exactly so many characters, whatever their bytes.
    for (value, good) in [
        ("20261111093015", true),
        ("2026111109301", false),
        ("202611110930150", false),
        ("清清清清清清清清清清清清清清", true),
        ("清清清清清清清清清清清清清", false),
        ("éééééééa", false),
        ("éééééééé&#233;ééééé", true),
    ] {
        assert_eq!(place("appTime", value).is_empty(), good, "{value}");
    }
    for (value, good) in [
        ("1234567890123456789", true),
        ("12345678901234567890", false),
        ("12345678901234.56789", true),
        ("123456789012345.56789", false),
        ("1.123456", false),
        ("1.12345000", true),
        ("1.", true),
        (".5", true),
        (".", false),
        ("1.2.3", false),
        (" 1.5\n", true),
        ("00000000000000000000001", true),
        ("+1", true),
        ("1e3", false),
        ("１", false),
        ("", false),
    ] {
        assert_eq!(place("goodsValue", value).is_empty(), good, "{value}");
    }
    for (value, good) in [
        ("1", true),
        ("2147483647", true),
        ("2147483648", false),
        ("0000000001", true),
        ("-5", true),
        (" 5", false),
        ("", false),
    ] {
        assert_eq!(place("gnum", value).is_empty(), good, "{value}");
    }
}

#[test]
fn other_encodings_give_the_same_message() {
    for message in messages() {
        let text = String::from_utf8(write(&message).unwrap()).unwrap();
        let plain = strict(text.as_bytes());
        let gb = text.replace("UTF-8", "GB18030");
        let (gb, _, lost) = encoding_rs::GB18030.encode(&gb);
        assert!(!lost);
        let utf16: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [&*gb, &utf16] {
            let reading = strict(bytes);
            assert_eq!(reading.structure_valid, plain.structure_valid);
            assert_eq!(reading.message, plain.message);
        }
    }
}

#[test]
fn lines_are_told_whatever_ends_them() {
    let message = &messages()[0];
    let text = String::from_utf8(write(message).unwrap()).unwrap();
    let indented = text.replace("><ceb:", ">\r\n  <ceb:");
    let reading = strict(indented.as_bytes());
    let document = &reading.message.as_ref().unwrap().documents[1];
    let line_of = |needle: &str, from: usize| {
        let at = from + indented[from..].find(needle).unwrap();
        indented[..at].matches('\n').count() + 1
    };
    let first = indented.find("</ceb:Order>").unwrap();
    assert_eq!(document.line as usize, line_of("<ceb:Order>", first));
    let head = &document.head;
    for name in ["guid", "orderNo", "note"] {
        let at = head.def().index(name).unwrap();
        assert_eq!(head.line_of(at) as usize, line_of(&format!("<ceb:{name}>"), first), "{name}");
    }
}

#[test]
fn every_field_is_found_by_its_name_and_no_other() {
    for kind in message_types() {
        assert!((1..=4).contains(&kind.key.len()), "{}", kind.code);
        let lines = kind.document.lines.map(|lines| lines.record);
        for def in [Some(kind.document.head), lines, kind.transfer()].into_iter().flatten() {
            for (field, at) in def.fields.iter().zip(0..) {
                let index = def.index(field.name).unwrap();
                assert_eq!(def.field(index).unwrap().name, field.name);
                assert_eq!(def.fields[at].name, field.name);
                assert_eq!(def.index(&format!("{}x", field.name)), None);
            }
            for other in ["", "x", "orderNoo", "清"] {
                assert_eq!(def.index(other), None);
            }
        }
    }
}
