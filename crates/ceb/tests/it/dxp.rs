//! Envelopes: what is written passes the official schema and reads back; what is not one is
//! refused with reasons.

use std::path::Path;

use ceb::dxp::{
    Additions, Answer, BizKey, Envelope, Header, Kind, Limits, ReceiverResult, Response,
    ServerEnvelope, is_envelope, kind, read, read_response, read_server, write, write_response,
    write_server,
};
use ceb::signature::{Spelling, sign, verify};
use kernel::{Finding, Time};
use proptest::prelude::*;

use crate::support::{INVENTORY, SM2, has, official, run};

fn header() -> Header {
    Header {
        cop_msg_id: "DXPENT0000000001202611110000000001".to_owned(),
        sender_id: "DXPENT0000000001".to_owned(),
        receiver_ids: vec!["DXPEDCCEB0000002".to_owned()],
        created: Time::parse_compact("20261111000000").unwrap(),
        msg_type: "CEB621Message".to_owned(),
    }
}

fn plain() -> Envelope {
    Envelope { header: header(), data: INVENTORY.as_bytes().to_vec(), ..Envelope::default() }
}

fn full() -> Envelope {
    Envelope {
        id: Some("e1".to_owned()),
        header: Header {
            receiver_ids: (1..=5).map(|n| format!("DXPEDCCEB000000{n}")).collect(),
            created: header().created.plus_millis(120),
            msg_type: String::new(),
            ..header()
        },
        data: vec![0, 255, 10],
        additions: Some(Additions {
            file_name: Some("CEB621Message_<1>&\"清单\".xml".to_owned()),
            ic_card: Some("2100000000001".to_owned()),
            keys: vec![
                BizKey { name: Some("SignFlag".to_owned()), value: "1".to_owned() },
                BizKey { name: None, value: " a\nb ".to_owned() },
            ],
            text_encoding: Some("UTF-8".to_owned()),
            receiver_map_id: Some("7".to_owned()),
        }),
        signature: None,
    }
}

fn server() -> ServerEnvelope {
    ServerEnvelope {
        id: Some("s1".to_owned()),
        msg_id: "46000002202611110000000000000001".to_owned(),
        sub_msg_id: Some("1".to_owned()),
        sent: header().created,
        end_node: "46000002".to_owned(),
        start_node: "00000002".to_owned(),
        envelope: full(),
        signature: None,
    }
}

fn response() -> Response {
    Response {
        receiver_id: "DXPENT0000000001".to_owned(),
        node_id: Some("00000002".to_owned()),
        answers: vec![
            Answer {
                code: "-30".to_owned(),
                noticed: header().created.date(),
                original: header(),
                ..Answer::default()
            },
            Answer {
                node_id: Some("46000002".to_owned()),
                code: "0".to_owned(),
                text: Some("成功".to_owned()),
                results: vec![ReceiverResult {
                    receiver_id: "DXPEDCCEB0000002".to_owned(),
                    code: "0".to_owned(),
                    text: Some(String::new()),
                    note: Some("note".to_owned()),
                }],
                noticed: header().created.date(),
                note: Some("备注".to_owned()),
                original: full().header,
            },
        ],
        signature: None,
    }
}

fn limits() -> Limits {
    Limits::default()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn codes(findings: Vec<Finding>) -> Vec<&'static str> {
    findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn what_is_written_reads_back_and_writes_the_same() {
    for envelope in [plain(), full()] {
        let bytes = write(&envelope).unwrap();
        assert_eq!(read(&bytes, &limits()).as_ref(), Ok(&envelope));
        assert_eq!(kind(&bytes), Some(Kind::Message));
    }
    let bytes = write_server(&server()).unwrap();
    assert_eq!(read_server(&bytes, &limits()), Ok(server()));
    assert_eq!(kind(&bytes), Some(Kind::Server));
    let bytes = write_response(&response()).unwrap();
    assert_eq!(read_response(&bytes, &limits()), Ok(response()));
    assert_eq!(kind(&bytes), Some(Kind::Response));
}

#[test]
fn what_is_written_passes_the_official_schema() {
    let Some(official) = official() else { return };
    if !has("xmllint", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    lay_out_schemas(&official, folder.path());
    let signed = sign(&write(&plain()).unwrap(), &SM2, Spelling::Sm2National).unwrap();
    for (name, bytes) in [
        ("plain.xml", write(&plain()).unwrap()),
        ("full.xml", write(&full()).unwrap()),
        ("signed.xml", signed.clone()),
        ("again.xml", write(&read(&signed, &limits()).unwrap()).unwrap()),
        ("server.xml", write_server(&server()).unwrap()),
        ("response.xml", write_response(&response()).unwrap()),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let arguments = ["--nonet", "--noout", "--schema", "transport.xsd", name];
        run(folder.path(), "xmllint", &arguments).unwrap();
    }
}

/// The transport schema includes the terminal one by a name that differs between issues of it.
fn lay_out_schemas(official: &Path, folder: &Path) {
    let from = official.join("xsd-202205");
    for name in ["terminal.xsd", "transport.xsd", "xmldsig-core-schema.xsd"] {
        let schema = std::fs::read_to_string(from.join(name)).unwrap();
        let start = schema.find("<xs:include").unwrap_or_default();
        let end = start + schema[start..].find("/>").unwrap_or_default();
        let included = schema[start..end].to_owned();
        let renamed = "<xs:include schemaLocation=\"terminal.xsd\"";
        let schema = if start > 0 { schema.replace(&included, renamed) } else { schema };
        std::fs::write(folder.join(name), schema).unwrap();
    }
}

#[test]
fn the_transport_signature_is_kept_and_stays_true() {
    let signed = sign(&write(&plain()).unwrap(), &SM2, Spelling::Sm2National).unwrap();
    assert!(verify(&signed).is_good());
    let envelope = read(&signed, &limits()).unwrap();
    assert!(envelope.signature.as_ref().unwrap().contains("<ds:X509Certificate>"));
    assert_eq!(Envelope { signature: None, ..envelope.clone() }, plain());
    assert!(verify(&write(&envelope).unwrap()).is_good());
}

#[test]
fn other_prefixes_encodings_and_spacing_are_read() {
    let written = text(write(&plain()).unwrap());
    let bare = written.replace("dxp:", "").replace("xmlns:dxp", "xmlns").replace("xmlns:", "xmlns");
    assert_eq!(read(bare.as_bytes(), &limits()), Ok(plain()));
    let spaced = written.replace("><", ">\r\n  <");
    assert_eq!(read(format!("\u{feff}{spaced}").as_bytes(), &limits()), Ok(plain()));
    let zoned = written.replace("2026-11-11T00:00:00", "2026-11-10T16:00:00Z");
    assert_eq!(read(zoned.as_bytes(), &limits()), Ok(plain()));
    let start = written.find("<dxp:Data>").unwrap() + "<dxp:Data>".len();
    let broken_lines = [&written[..start + 64], "\n", &written[start + 64..]].concat();
    assert_eq!(read(broken_lines.as_bytes(), &limits()), Ok(plain()));
    let national = text(write(&full()).unwrap()).replace("UTF-8\"?>", "GB2312\"?>");
    let (national, ..) = encoding_rs::GB18030.encode(&national);
    assert_eq!(read(&national, &limits()), Ok(full()));
}

#[test]
fn each_fault_has_its_own_finding() {
    let written = text(write(&full()).unwrap());
    let long = format!("<dxp:SenderId>{}", "X".repeat(20));
    let receivers = "<dxp:ReceiverId>A</dxp:ReceiverId>".repeat(3);
    let receivers = format!("<dxp:ReceiverIds>{receivers}");
    let cases: [(&str, &str, &[&str]); 17] = [
        ("<dxp:SenderId>", &long, &["dxp.length"]),
        ("<dxp:SenderId>DXPENT0000000001</dxp:SenderId>", "", &["dxp.missing"]),
        ("<dxp:SenderId>DXPENT0000000001<", "<dxp:SenderId><", &["dxp.length"]),
        ("<dxp:ReceiverIds>", &receivers, &["dxp.too_many"]),
        ("2026-11-11T", "2026-13-11T", &["dxp.format"]),
        ("<dxp:Data>", "<dxp:Data>?", &["dxp.format"]),
        ("<dxp:Data>", "<dxp:Data><dxp:x/>", &["dxp.format"]),
        (
            "<dxp:Data>",
            "<dxp:more/><dxp:Data>",
            &["dxp.missing", "dxp.unexpected", "dxp.unexpected", "dxp.unexpected"],
        ),
        ("<dxp:AddInfo>", "x<dxp:AddInfo>", &["dxp.unexpected"]),
        ("<dxp:IcCard>", "<dxp:IcCard>0", &["dxp.length"]),
        ("name=\"SignFlag\"", "name=\"\"", &["dxp.length"]),
        ("Encode=\"UTF-8\"", "", &["dxp.missing"]),
        (
            "<dxp:TransInfo>",
            "<dxp:TransInfo><dxp:CopMsgId/>",
            &["dxp.length", "dxp.missing", "dxp.missing", "dxp.missing", "dxp.missing"],
        ),
        ("ver=\"1.0\"", "ver=\"2.0\"", &["dxp.version"]),
        ("ver=\"1.0\"", "", &["dxp.version"]),
        ("gov.cn/dxp", "gov.cn/dxq", &["dxp.unexpected"]),
        ("</dxp:DxpMsg>", "", &["dxp.not_xml"]),
    ];
    for (from, to, expected) in cases {
        assert!(written.contains(from), "{from}");
        let findings = read(written.replacen(from, to, 1).as_bytes(), &limits()).unwrap_err();
        let found = codes(findings);
        let known = expected.iter().all(|code| found.contains(code));
        assert!(known && found.len() >= expected.len(), "{from} -> {to}: {found:?}");
    }
    // Several faults at once are all told.
    let broken = written.replace("DXPENT0000000001<", "<").replace("2026-11-11T", "2026-11-99T");
    let findings = read(broken.as_bytes(), &limits()).unwrap_err();
    assert_eq!(codes(findings.clone()), ["dxp.length", "dxp.format"]);
    assert_eq!(findings[0].path, "DxpMsg/TransInfo/SenderId");
    // A response is not a message.
    let findings = read(&write_response(&response()).unwrap(), &limits()).unwrap_err();
    assert_eq!(codes(findings), ["dxp.unexpected"]);
}

#[test]
fn what_the_schema_would_refuse_is_not_written() {
    let broken = |change: fn(&mut Envelope)| -> Vec<String> {
        let mut envelope = full();
        change(&mut envelope);
        let findings = write(&envelope).unwrap_err();
        findings.into_iter().map(|finding| finding.path).collect()
    };
    type Change = fn(&mut Envelope);
    let cases: [(&str, Change); 6] = [
        ("DxpMsg/TransInfo/CopMsgId", |e| e.header.cop_msg_id.clear()),
        ("DxpMsg/TransInfo/SenderId", |e| e.header.sender_id = "17 characters long".to_owned()),
        ("DxpMsg/TransInfo/ReceiverIds/ReceiverId", |e| e.header.receiver_ids.clear()),
        ("DxpMsg/TransInfo/ReceiverIds/ReceiverId", |e| e.header.receiver_ids.push("6".into())),
        ("DxpMsg/TransInfo/MsgType", |e| e.header.msg_type = "\u{1}".to_owned()),
        ("DxpMsg/@Id", |e| e.id = Some("1 x".to_owned())),
    ];
    for (path, change) in cases {
        let found = broken(change);
        assert!(found.iter().any(|found| found == path), "{path}: {found:?}");
    }
    let mut empty = response();
    empty.answers.clear();
    assert!(write_response(&empty).is_err());
}

#[test]
fn envelopes_are_told_from_messages_by_their_root() {
    for (xml, expected) in [
        ("<DxpMsg", None),
        ("<DxpMsg>", Some(Kind::Message)),
        ("\u{feff}<?xml version='1.0'?>\n<!-- <DxpRep> --><x:DxpMsgSv a='1'", Some(Kind::Server)),
        ("<DxpRep/>", Some(Kind::Response)),
        ("<!DOCTYPE x><DxpMsg>", None),
        ("<a><DxpMsg></a>", None),
        (INVENTORY, None),
        ("", None),
        ("<", None),
        ("<?", None),
    ] {
        assert_eq!(kind(xml.as_bytes()), expected, "{xml}");
        assert_eq!(is_envelope(xml.as_bytes()), expected.is_some());
    }
}

#[test]
fn size_and_hostile_structure_are_bounded() {
    let small = Limits { envelope_bytes_max: 100 };
    assert_eq!(codes(read(&write(&plain()).unwrap(), &small).unwrap_err()), ["dxp.too_large"]);
    let many = format!("<DxpMsg xmlns=\"{}\">{}</DxpMsg>", ceb::dxp::DXP, "<a/>".repeat(10_000));
    assert_eq!(codes(read(many.as_bytes(), &limits()).unwrap_err()), ["dxp.not_xml"]);
    let bomb = "<!DOCTYPE a [<!ENTITY b 'x'>]><DxpMsg/>";
    assert_eq!(codes(read(bomb.as_bytes(), &limits()).unwrap_err()), ["dxp.not_xml"]);
    let whole = text(write(&full()).unwrap());
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        assert!(read(&whole.as_bytes()[..end], &limits()).is_err());
    }
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = kind(&bytes);
        prop_assert!(read(&bytes, &limits()).is_err());
    }

    #[test]
    fn any_data_and_text_round_trips(
        data in proptest::collection::vec(any::<u8>(), 0..300),
        id in "[ -~清单\u{85}\r\n\t]{1,40}",
    ) {
        let mut envelope = plain();
        envelope.data = data;
        envelope.header.cop_msg_id = id;
        let bytes = write(&envelope).unwrap();
        prop_assert_eq!(read(&bytes, &limits()), Ok(envelope));
    }
}
