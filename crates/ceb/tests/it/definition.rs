//! Our tables against the official schema, facet by facet.

use std::collections::BTreeMap;
use std::path::Path;

use ceb::schema::{
    BASE_SUBSCRIBE, EXTEND_MESSAGE, Flow, MessageType, Presence, Preset, SUBSCRIPTIONS_MAX,
};
use ceb::{Field, Format, RecordDef, message_types};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::support::official;

/// An element of a schema document, as a tree of attributes.
#[derive(Clone, Debug, Default)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Node>,
}

impl Node {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    fn named(&self, name: &str) -> Option<&Node> {
        let is = |child: &&Node| child.name == "element" && child.attribute("name") == Some(name);
        self.children.iter().find(is)
    }

    /// Elements of the sequence of a complex type.
    fn particles(&self) -> Vec<&Node> {
        let sequence = self.child("complexType").and_then(|it| it.child("sequence")).unwrap();
        sequence.children.iter().filter(|child| child.name == "element").collect()
    }

    fn occurs(&self) -> (u32, u32) {
        let number =
            |text: &str| if text == "unbounded" { u32::MAX } else { text.parse().unwrap() };
        let of = |name| self.attribute(name).map_or(1, number);
        (of("minOccurs"), of("maxOccurs"))
    }

    /// Name of the element, or of the one it refers to, without prefix.
    fn element(&self) -> &str {
        let name = self.attribute("name").or(self.attribute("ref")).unwrap();
        name.rsplit(':').next().unwrap()
    }
}

fn parse(path: &Path) -> Node {
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader = Reader::from_str(&text);
    let mut stack = vec![Node::default()];
    let node = |tag: &BytesStart<'_>| Node {
        name: tag.local_name().as_ref().to_owned(),
        attributes: tag
            .attributes()
            .map(Result::unwrap)
            .map(|each| (each.key.as_ref().to_owned(), each.value.to_string()))
            .collect(),
        children: Vec::new(),
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => stack.push(node(&tag)),
            Event::Empty(tag) => stack.last_mut().unwrap().children.push(node(&tag)),
            Event::End(_) => {
                let done = stack.pop().unwrap();
                stack.last_mut().unwrap().children.push(done);
            }
            Event::Eof => return stack.pop().unwrap().children.remove(0),
            _ => {}
        }
    }
}

/// The shape an element of simple type asks for.
fn format(node: &Node) -> Format {
    if node.attribute("type") == Some("xs:int") {
        return Format::Int { digits: 0 };
    }
    let restriction = node.child("simpleType").unwrap().child("restriction").unwrap();
    let facet = |name: &str| restriction.child(name).and_then(|facet| facet.attribute("value"));
    let number = |name: &str| facet(name).map(|value| value.parse::<u32>().unwrap());
    match restriction.attribute("base").unwrap() {
        "xs:string" => {
            let exact = number("length");
            Format::Text {
                min: exact.or(number("minLength")).unwrap_or(0),
                max: exact.or(number("maxLength")).unwrap_or(u32::MAX),
                collapse: facet("whiteSpace") == Some("collapse"),
            }
        }
        "xs:decimal" => Format::Decimal {
            total: number("totalDigits").unwrap() as u8,
            fraction: number("fractionDigits").unwrap() as u8,
        },
        "xs:int" => Format::Int { digits: number("totalDigits").unwrap() as u8 },
        other => panic!("unexpected base {other}"),
    }
}

fn same_field(field: &Field, node: &Node, place: &str) {
    assert_eq!(field.name, node.element(), "{place}");
    let place = format!("{place}/{}", field.name);
    assert_eq!(field.format, format(node), "{place}");
    assert_eq!((u32::from(field.required), 1), node.occurs(), "{place}");
    let preset = match (node.attribute("fixed"), node.attribute("default")) {
        (Some(value), _) => Some((true, value)),
        (None, Some(value)) => Some((false, value)),
        _ => None,
    };
    let ours = field.preset.map(|preset| match preset {
        Preset::Fixed(value) => (true, value),
        Preset::Default(value) => (false, value),
    });
    assert_eq!(ours, preset, "{place}");
}

fn same_record(record: &RecordDef, nodes: &[&Node], place: &str) {
    assert_eq!(record.fields.len(), nodes.len(), "{place}");
    for (field, node) in record.fields.iter().zip(nodes) {
        same_field(field, node, place);
    }
}

fn same_document(kind: &MessageType, schema: &Node, node: &Node) {
    let def = &kind.document;
    assert_eq!((def.element, (1, def.max)), (node.element(), node.occurs()), "{}", kind.code);
    let node =
        if node.attribute("ref").is_some() { schema.named(def.element).unwrap() } else { node };
    let resolve = |name: &str| schema.named(name).unwrap();
    if def.is_flat() {
        same_record(def.head, &node.particles(), kind.code);
        return;
    }
    let parts = node.particles();
    assert_eq!((parts[0].element(), parts[0].occurs()), (def.head.element, (1, 1)));
    same_record(def.head, &resolve(def.head.element).particles(), kind.code);
    assert_eq!(parts.len(), 1 + usize::from(def.lines.is_some()), "{}", kind.code);
    if let Some(lines) = &def.lines {
        let ours = (lines.record.element, (lines.min, lines.max));
        assert_eq!(ours, (parts[1].element(), parts[1].occurs()), "{}", kind.code);
        same_record(lines.record, &resolve(lines.record.element).particles(), kind.code);
    }
}

fn same_message(kind: &MessageType, schema: &Node) {
    let root = schema.named(kind.root).unwrap();
    let parts = root.particles();
    same_document(kind, schema, parts[0]);
    let rest: Vec<(&str, (u32, u32))> =
        parts[1..].iter().map(|node| (node.element(), node.occurs())).collect();
    let signed = match kind.signature {
        Presence::Absent => {
            assert_eq!(rest, [], "{}", kind.code);
            assert!(kind.transfer().is_none());
            return;
        }
        Presence::Optional => 0,
        Presence::Required => 1,
    };
    let (extension, signature) = (("ExtendMessage", (0, 1)), ("Signature", (signed, 1)));
    let (third, last) = match kind.flow {
        Flow::Import => (extension, signature),
        Flow::Export => (signature, extension),
    };
    let subscribe = ("BaseSubscribe", (0, SUBSCRIPTIONS_MAX));
    assert_eq!(rest, [("BaseTransfer", (1, 1)), subscribe, third, last], "{}", kind.code);
    let block = |name: &str| schema.named(name).unwrap().particles();
    same_record(kind.transfer().unwrap(), &block("BaseTransfer"), kind.code);
    same_record(&BASE_SUBSCRIBE, &block("BaseSubscribe"), kind.code);
    let extension = block("ExtendMessage");
    same_record(&EXTEND_MESSAGE, &extension[..2], kind.code);
    assert_eq!(extension[2].element(), "Message");
}

#[test]
fn tables_say_what_the_official_schema_says() {
    let Some(dir) = official() else { return };
    for (flow, file) in [(Flow::Import, "import.xsd"), (Flow::Export, "export.xsd")] {
        let schema = parse(&dir.join("xsd-202205").join(file));
        let ours: Vec<_> = message_types().iter().filter(|kind| kind.flow == flow).collect();
        ours.iter().for_each(|kind| same_message(kind, &schema));
        let is_root = |node: &&Node| {
            let name = node.attribute("name").unwrap_or("");
            node.name == "element" && name.starts_with("CEB")
        };
        assert_eq!(schema.children.iter().filter(is_root).count(), ours.len());
    }
}

#[test]
fn keys_and_receipts_name_what_exists() {
    for kind in message_types() {
        assert_eq!(kind.key_fields().count(), kind.key.len(), "{}", kind.code);
        let receipt = kind.receipt.map(|code| ceb::message_type(code).unwrap());
        assert_eq!(receipt.is_some(), kind.transfer().is_some(), "{}", kind.code);
        assert_eq!(ceb::message_type(kind.root), Some(*kind));
    }
    assert_eq!(message_types().len(), 42);
    assert_eq!(ceb::message_type("CEB999"), None);
}
