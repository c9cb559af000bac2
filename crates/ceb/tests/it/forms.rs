//! The other forms of a message: JSON, JSON Schema, field tables, and the report on a file.

use ceb::dxp::{Envelope, Header};
use ceb::{
    CheckReport, FieldTableFormat, NoCodeLists, document_from_json, field_table, json_schema,
    message_from_json, message_to_json, message_types, write,
};
use kernel::Time;
use serde_json::{Value, json};

use crate::sample::{Filling, GUID};
use crate::support::{official_samples, rng};

#[test]
fn json_and_xml_carry_the_same() {
    let mut rng = rng(3);
    for kind in message_types() {
        for full in [false, true] {
            let message = Filling { full, rng: Some(&mut rng), longest: 40 }.message(kind);
            let value = message_to_json(&message);
            let text = serde_json::to_string(&value).unwrap();
            let reading = message_from_json(kind, &serde_json::from_str(&text).unwrap());
            assert!(reading.structure_valid, "{}: {:#?}", kind.code, reading.findings);
            let again = reading.message.unwrap();
            assert_eq!(write(&again).unwrap(), write(&message).unwrap(), "{}", kind.code);
        }
    }
}

#[test]
fn findings_in_json_stand_at_json_paths() {
    let kind = ceb::message_type("CEB311").unwrap();
    let value = json!({"type": "CEB411", "guid": GUID, "version": 1, "documents": [
        {"OrderHead": {"guid": GUID, "orderNo": "x".repeat(61), "goodsValue": 12.5, "freight": "a",
            "discount": true, "nothing": "1", "note": null},
         "OrderList": [{"gnum": 1, "qty": 1e300}, 5]}, []], "x": 1});
    let reading = message_from_json(kind, &value);
    let found: Vec<(&str, &str)> =
        reading.findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    for expected in [
        ("message.unknown_type", "type"),
        ("field.too_long", "documents[0].OrderHead.orderNo"),
        ("field.not_number", "documents[0].OrderHead.freight"),
        ("json.type", "documents[0].OrderHead.discount"),
        ("json.unknown_field", "documents[0].OrderHead.nothing"),
        ("field.missing", "documents[0].OrderHead.appType"),
        ("json.number", "documents[0].OrderList[0].qty"),
        ("json.type", "documents[0].OrderList[1]"),
        ("json.type", "documents[1]"),
        ("json.unknown_field", "x"),
        ("element.missing", "BaseTransfer"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:#?}");
    }
    let document = &reading.message.unwrap().documents[0];
    assert_eq!(document.head.text("goodsValue"), Some("12.5"));
    // What can only be one thing need not be said.
    assert_eq!(document.head.text("currency"), Some("142"));
    let (document, findings) = document_from_json(kind, &json!({"OrderList": []}));
    assert!(document.is_some());
    let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["OrderHead", "OrderList"]);
}

/// Follows the keywords our schemas use; enough to hold them against what we write.
fn accepts(schema: &Value, root: &Value, value: &Value) -> Result<(), String> {
    if let Some(at) = schema["$ref"].as_str() {
        return accepts(root.pointer(at.trim_start_matches('#')).unwrap(), root, value);
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    if let Some(items) = value.as_array() {
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        let count = items.len() as u64;
        if count < schema["minItems"].as_u64().unwrap_or(0) || count > most {
            return Err("count".into());
        }
        return items.iter().try_for_each(|item| accepts(&schema["items"], root, item));
    }
    if let Some(text) = value.as_str() {
        let chars = text.chars().count() as u64;
        let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        let good = chars >= schema["minLength"].as_u64().unwrap_or(0) && chars <= most;
        return good.then_some(()).ok_or_else(|| format!("length of {text}"));
    }
    let (Some(object), Some(known)) = (value.as_object(), schema["properties"].as_object()) else {
        return Err("not an object".into());
    };
    for name in schema["required"].as_array().unwrap() {
        if !object.contains_key(name.as_str().unwrap()) {
            return Err(format!("{name} is missing"));
        }
    }
    object.iter().try_for_each(|(key, value)| {
        accepts(known.get(key).ok_or_else(|| format!("{key} is unknown"))?, root, value)
    })
}

#[test]
fn schemas_accept_what_is_written_and_refuse_what_is_not() {
    for kind in message_types() {
        let schema = json_schema(kind);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for full in [false, true] {
            let mut value =
                message_to_json(&Filling { full, rng: None, longest: 300 }.message(kind));
            assert_eq!(accepts(&schema, &schema, &value), Ok(()), "{}", kind.code);
            value["documents"][0]["other"] = json!(1);
            assert!(accepts(&schema, &schema, &value).is_err());
        }
    }
}

#[test]
fn field_tables_name_every_field() {
    for kind in message_types() {
        for format in [FieldTableFormat::Plain, FieldTableFormat::Markdown, FieldTableFormat::Html]
        {
            let table = field_table(kind, format);
            let head = kind.document.head.fields;
            assert!(head.iter().all(|field| table.contains(field.name)), "{}", kind.code);
            assert!(table.contains(kind.zh) && table.contains(kind.en));
        }
    }
    let kind = ceb::message_type("CEB621").unwrap();
    insta::assert_snapshot!(field_table(kind, FieldTableFormat::Plain));
}

#[test]
fn a_report_says_what_the_file_is() {
    for path in official_samples() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let report = CheckReport::new("x.xml", &bytes, &NoCodeLists);
        assert_eq!(report.message_type.as_deref(), name.strip_suffix("Message"));
        assert!(report.documents > 0);
    }
    let unknown = CheckReport::new("x.xml", b"<a/>", &NoCodeLists);
    let value = serde_json::to_value(&unknown).unwrap();
    assert_eq!(value["message_type"], Value::Null);
    assert_eq!(value["documents"], 0);
    assert_eq!(value["structure_valid"], false);
    assert_eq!(value["findings"][0]["code"], "message.unknown_type");
    assert_eq!(value["findings"][0]["line"], 1);
}

#[test]
fn an_envelope_is_opened_and_compared_with_its_message() {
    let kind = ceb::message_type("CEB411").unwrap();
    let message = Filling { full: false, rng: None, longest: 300 }.message(kind);
    let envelope = Envelope {
        header: Header {
            cop_msg_id: "1".into(),
            sender_id: "DXPENT0000000001".into(),
            receiver_ids: vec!["DXPEDCCEB0000002".into()],
            created: Time::default(),
            msg_type: "CEB311Message".into(),
        },
        data: write(&message).unwrap(),
        ..Envelope::default()
    };
    let bytes = ceb::dxp::write(&envelope).unwrap();
    let report = CheckReport::new("x.xml", &bytes, &NoCodeLists);
    assert_eq!(report.message_type.as_deref(), Some("CEB411"));
    assert!(report.structure_valid);
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(found.contains(&"dxp.sender_differs") && found.contains(&"dxp.type_differs"));
}
