//! JSON Schema (2020-12) of the JSON form.

use serde_json::{Map, Value, json};

use crate::schema::{
    BASE_SUBSCRIBE, EXTEND_MESSAGE, Field, Format, GUID_CHARS, MessageType, Preset, RecordDef,
    SUBSCRIPTIONS_MAX, VERSION_CHARS_MAX,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Schema of a whole message of a type.
pub fn json_schema(kind: &MessageType) -> Value {
    let mut properties = Map::new();
    let guid = GUID_CHARS;
    properties.insert("type".into(), json!({"const": kind.code}));
    properties
        .insert("guid".into(), json!({"type": "string", "minLength": guid, "maxLength": guid}));
    properties.insert(
        "version".into(),
        json!({"type": "string", "minLength": 1, "maxLength": VERSION_CHARS_MAX, "default": "1.0"}),
    );
    let documents = counted(json!({"$ref": "#/$defs/document"}), 1, kind.document.max);
    properties.insert("documents".into(), documents);
    let mut required = vec!["guid", "documents"];
    if let Some(transfer) = kind.transfer() {
        properties.insert("BaseTransfer".into(), record(transfer));
        let subscriptions = counted(record(&BASE_SUBSCRIBE), 0, SUBSCRIPTIONS_MAX);
        properties.insert("BaseSubscribe".into(), subscriptions);
        let mut extension = record(&EXTEND_MESSAGE);
        extension["properties"]["Message"] =
            json!({"type": "string", "description": "one XML element of the firm's own"});
        properties.insert("ExtendMessage".into(), extension);
        required.push("BaseTransfer");
    }
    json!({
        "$schema": DIALECT,
        "$id": format!("urn:kouan:{}", kind.code),
        "title": format!("{} {}", kind.code, kind.zh),
        "description": kind.en,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "$defs": {"document": document(kind)},
    })
}

/// Schema of one document of a type, as posted to the API.
pub fn document_schema(kind: &MessageType) -> Value {
    let mut schema = document(kind);
    schema["$schema"] = DIALECT.into();
    schema["$id"] = format!("urn:kouan:{}:document", kind.code).into();
    schema
}

fn document(kind: &MessageType) -> Value {
    let def = &kind.document;
    let mut properties = Map::new();
    properties.insert(def.head.element.into(), record(def.head));
    let mut required = vec![def.head.element];
    if let Some(lines) = &def.lines {
        let all = counted(record(lines.record), lines.min, lines.max);
        properties.insert(lines.record.element.into(), all);
        if lines.min > 0 {
            required.push(lines.record.element);
        }
    }
    json!({
        "title": format!("{} {}", kind.zh, kind.en),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn counted(items: Value, min: u32, max: u32) -> Value {
    let mut out = json!({"type": "array", "items": items, "minItems": min});
    if max != u32::MAX {
        out["maxItems"] = max.into();
    }
    out
}

fn record(def: &RecordDef) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for each in def.fields {
        properties.insert(each.name.into(), field(each));
        if each.required && !matches!(each.preset, Some(Preset::Fixed(_))) {
            required.push(each.name);
        }
    }
    json!({
        "title": format!("{} {}", def.zh, def.en),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn field(field: &Field) -> Value {
    let mut out = match field.format {
        Format::Text { min, max, .. } => {
            // An optional field may be sent empty, which means absent.
            let min = if field.required { min } else { 0 };
            let mut out = json!({"type": "string", "minLength": min});
            if max != u32::MAX {
                out["maxLength"] = max.into();
            }
            out
        }
        Format::Decimal { fraction, .. } => {
            let pattern = format!("^[+-]?([0-9]+(\\.[0-9]{{0,{fraction}}}0*)?|\\.[0-9]+)$");
            number(field, pattern)
        }
        Format::Int { digits: 0 } => number(field, "^[+-]?[0-9]{1,10}$".into()),
        Format::Int { digits } => number(field, format!("^[+-]?0*[0-9]{{1,{digits}}}$")),
    };
    out["title"] = field.zh.into();
    let note =
        if field.note_en.is_empty() { String::new() } else { format!("; {}", field.note_en) };
    out["description"] = format!("{}{note}", field.en).into();
    match field.preset {
        Some(Preset::Fixed(value)) => out["const"] = value.into(),
        Some(Preset::Default(value)) => out["default"] = value.into(),
        None => {}
    }
    if let Some(codes) = field.list.and_then(|list| list.builtin()) {
        let mut codes: Vec<&str> = codes.iter().map(|code| code.code).collect();
        if !field.required {
            codes.push("");
        }
        out["enum"] = codes.into();
    }
    if field.personal.is_some() {
        out["x-personal"] = true.into();
    }
    out
}

/// Numbers are strings so that no digit is lost; plain JSON numbers are taken too.
fn number(field: &Field, pattern: String) -> Value {
    let pattern = if field.required { pattern } else { format!("^$|{pattern}") };
    json!({"type": ["string", "number"], "pattern": pattern})
}
