//! What is written passes the official schema, and reading and writing again gives the same bytes.

use ceb::schema::Presence;
use ceb::{Flow, Message, ReadOptions, message_types, read, write};

use crate::judge::Judge;
use crate::sample::{Filling, with_signature_shape};
use crate::support::{official_samples, rng};

fn fillings() -> Vec<Message> {
    let mut messages = Vec::new();
    let mut rng = rng(11);
    for kind in message_types() {
        for full in [false, true] {
            messages.push(Filling { full, rng: None, longest: 300 }.message(kind));
            messages.push(Filling { full, rng: Some(&mut rng), longest: 300 }.message(kind));
        }
    }
    messages
}

#[test]
fn whatever_is_written_passes_the_official_schema() {
    let messages = fillings();
    let texts: Vec<(bool, Vec<u8>)> = messages
        .iter()
        .map(|message| {
            let bytes = write(message).unwrap_or_else(|findings| panic!("{findings:#?}"));
            let text = String::from_utf8(bytes).unwrap();
            let text = match message.kind.signature {
                Presence::Required => with_signature_shape(message, &text),
                _ => text,
            };
            (message.kind.flow == Flow::Export, text.into_bytes())
        })
        .collect();
    for ((_, text), message) in texts.iter().zip(&messages) {
        let reading = read(text, &ReadOptions::strict());
        assert!(reading.structure_valid, "{}: {:#?}", message.kind.code, reading.findings);
    }
    let Some(judge) = Judge::find() else { return };
    for ((_, text), valid) in texts.iter().zip(judge.verdicts(&texts)) {
        assert!(valid, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn reading_and_writing_again_gives_the_same_bytes_and_values() {
    for message in fillings() {
        let bytes = write(&message).unwrap();
        let again = read(&bytes, &ReadOptions::strict()).message.unwrap();
        assert_eq!(again, message);
        assert_eq!(write(&again).unwrap(), bytes);
    }
}

#[test]
fn official_samples_have_one_canonical_form() {
    for path in official_samples() {
        let reading = read(&std::fs::read(&path).unwrap(), &ReadOptions::strict());
        if !reading.structure_valid {
            continue;
        }
        let message = reading.message.unwrap();
        let bytes = write(&message).unwrap();
        let again = read(&bytes, &ReadOptions::strict()).message.unwrap();
        assert_eq!(write(&again).unwrap(), bytes, "{path:?}");
        assert_eq!(again.documents, message.documents, "{path:?}");
    }
}

#[test]
fn what_the_schema_refuses_is_not_written() {
    let kind = ceb::message_type("CEB311").unwrap();
    let mut message = Filling { full: true, rng: None, longest: 300 }.message(kind);
    message.documents[0].head.set("orderNo", &"x".repeat(61));
    message.documents[1].lines[2].set("qty", "1e5");
    message.documents[2].head.clear(ceb::schema::import::order_head::GUID);
    message.documents[2].head.set("note", "\u{1}");
    message.transfer = None;
    message.guid = "short".into();
    let mut found: Vec<(&str, String)> =
        write(&message).unwrap_err().into_iter().map(|each| (each.code, each.path)).collect();
    found.sort();
    let expected = [
        ("element.missing", "BaseTransfer"),
        ("field.missing", "Order[3]/OrderHead/guid"),
        ("field.not_number", "Order[2]/OrderList[3]/qty"),
        ("field.too_long", "Order[1]/OrderHead/orderNo"),
        ("message.attribute_length", "@guid"),
        ("xml.character", "note"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
}

#[test]
fn the_firms_own_block_keeps_its_namespaces() {
    let xml = "<c:CEB311Message xmlns:c=\"http://www.chinaport.gov.cn/ceb\" \
        xmlns:q=\"urn:q\" xmlns=\"urn:d\" guid=\"g\" version=\"1\"><c:ExtendMessage><c:name>n</c:name>\
        <c:version>1</c:version><c:Message><own q:a=\"&lt;\">\r\n<q:b/><!-- x --><![CDATA[&]]></own>\
        </c:Message></c:ExtendMessage></c:CEB311Message>";
    let message = read(xml.as_bytes(), &ReadOptions::strict()).message.unwrap();
    let body = message.extension.unwrap().body.unwrap();
    assert_eq!(
        body,
        "<own q:a=\"&lt;\" xmlns=\"urn:d\" xmlns:c=\"http://www.chinaport.gov.cn/ceb\" \
         xmlns:q=\"urn:q\">\n<q:b></q:b>&amp;</own>"
    );
}
