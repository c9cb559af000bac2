//! The JSON form of messages and documents: official element names as keys, every value a string
//! (numbers are taken too), heads as objects, lines as arrays.
//!
//! ```json
//! {"type": "CEB311", "guid": "…", "version": "1.0",
//!  "documents": [{"OrderHead": {"orderNo": "…"}, "OrderList": [{"gnum": "1"}]}],
//!  "BaseTransfer": {"copCode": "…"}}
//! ```

mod read;
mod schema;

use serde_json::{Map, Value};

use crate::message::{Document, Message, Record};
use crate::schema::FieldIndex;

pub use read::{document_from_json, message_from_json};
pub use schema::{document_schema, json_schema};

/// A whole message. Empty optional fields are left out; the signature is not part of the form.
pub fn message_to_json(message: &Message) -> Value {
    let mut out = Map::new();
    out.insert("type".into(), message.kind.code.into());
    out.insert("guid".into(), message.guid.as_str().into());
    out.insert("version".into(), message.version.as_str().into());
    out.insert("documents".into(), message.documents.iter().map(document_to_json).collect());
    if let Some(transfer) = &message.transfer {
        out.insert(transfer.def().element.into(), record(transfer));
    }
    if !message.subscriptions.is_empty() {
        let all = message.subscriptions.iter().map(record).collect();
        out.insert("BaseSubscribe".into(), all);
    }
    if let Some(extension) = &message.extension {
        let mut block = record(&extension.head);
        if let (Some(block), Some(body)) = (block.as_object_mut(), &extension.body) {
            block.insert("Message".into(), body.as_str().into());
        }
        out.insert("ExtendMessage".into(), block);
    }
    Value::Object(out)
}

/// One document: its head under the head's element name, its lines under theirs.
pub fn document_to_json(document: &Document) -> Value {
    let mut out = Map::new();
    out.insert(document.head.def().element.into(), record(&document.head));
    if let Some(first) = document.lines.first() {
        let lines = document.lines.iter().map(record).collect();
        out.insert(first.def().element.into(), lines);
    }
    Value::Object(out)
}

fn record(record: &Record) -> Value {
    let mut out = Map::new();
    for (field, at) in record.def().fields.iter().zip(0u8..) {
        // Empty where the schema asks for the element: kept, so that it can be written again.
        match record.raw(FieldIndex(at)) {
            Some(value) if field.required || !value.is_empty() => {
                out.insert(field.name.into(), value.into());
            }
            _ => {}
        }
    }
    Value::Object(out)
}
