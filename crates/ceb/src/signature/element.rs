//! The inside of a ds:Signature element, read strictly.

use std::borrow::Cow;

use super::fault::Fault;
use super::{C14N, DS, ENVELOPED};
use crate::c14n::{Step, Walk};

/// Largest value of one text in a signature, in characters. A certificate is about 1,500.
const VALUE_CHARS_MAX: usize = 32 * 1024;

/// The nodes of a signature in the order the schema demands. Each may come once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Node {
    Signature,
    SignedInfo,
    CanonicalizationMethod,
    SignatureMethod,
    Reference,
    Transforms,
    Transform,
    DigestMethod,
    DigestValue,
    SignatureValue,
    KeyInfo,
    KeyName,
    X509Data,
    X509Certificate,
    /// Anything else within KeyInfo: not needed, not covered by the signature.
    Ignored,
}

const REQUIRED: [Node; 7] = [
    Node::SignedInfo,
    Node::CanonicalizationMethod,
    Node::SignatureMethod,
    Node::Reference,
    Node::DigestMethod,
    Node::DigestValue,
    Node::SignatureValue,
];

/// What a signature says, texts as they stand.
#[derive(Default)]
pub(super) struct SignatureElement<'x> {
    pub(super) signature_method: &'x str,
    pub(super) digest_method: &'x str,
    pub(super) digest: Cow<'x, str>,
    pub(super) value: Cow<'x, str>,
    pub(super) key_name: Option<Cow<'x, str>>,
    pub(super) certificate: Option<Cow<'x, str>>,
    /// Canonical bytes of SignedInfo in the context of the document: what the key signed.
    pub(super) signed_info: Vec<u8>,
    /// What is wrong with it, each kind once.
    pub(super) faults: Vec<Fault>,
    open: Vec<Node>,
    last: Option<Node>,
    /// One bit for each node met.
    seen: u32,
}

impl<'x> SignatureElement<'x> {
    /// Takes in one step within the Signature, its own start and end included. True when the
    /// element has ended.
    pub(super) fn step(&mut self, walk: &Walk<'x>, step: &Step<'x>) -> bool {
        let signed_before = self.open.contains(&Node::SignedInfo);
        match step {
            Step::Start(element) => {
                let in_namespace = element.namespace == DS;
                self.start(walk, if in_namespace { element.local } else { "" });
            }
            Step::End(_) => {
                self.open.pop();
            }
            Step::Text(text, _) | Step::CData(text) => self.text(text),
            Step::Character(character) => self.text_owned(character.to_string()),
            Step::Comment | Step::Instruction(..) => {
                self.fault(Fault::Malformed("注释", "comment"))
            }
            Step::Nothing | Step::Finish => {}
        }
        let signed_now = self.open.contains(&Node::SignedInfo);
        if signed_before || signed_now {
            let apex = !signed_before;
            walk.write(step, apex, &mut self.signed_info);
        }
        if !self.open.is_empty() {
            return false;
        }
        self.check_complete();
        true
    }

    fn start(&mut self, walk: &Walk<'x>, local: &str) {
        let node = match (self.open.last(), local) {
            (None, "Signature") => Node::Signature,
            (Some(Node::Signature), "SignedInfo") => Node::SignedInfo,
            (Some(Node::SignedInfo), "CanonicalizationMethod") => Node::CanonicalizationMethod,
            (Some(Node::SignedInfo), "SignatureMethod") => Node::SignatureMethod,
            (Some(Node::SignedInfo), "Reference") => Node::Reference,
            (Some(Node::Reference), "Transforms") => Node::Transforms,
            (Some(Node::Transforms), "Transform") => Node::Transform,
            (Some(Node::Reference), "DigestMethod") => Node::DigestMethod,
            (Some(Node::Reference), "DigestValue") => Node::DigestValue,
            (Some(Node::Signature), "SignatureValue") => Node::SignatureValue,
            (Some(Node::Signature), "KeyInfo") => Node::KeyInfo,
            (Some(Node::KeyInfo), "KeyName") => Node::KeyName,
            (Some(Node::KeyInfo), "X509Data") => Node::X509Data,
            (Some(Node::X509Data), "X509Certificate") => Node::X509Certificate,
            (Some(Node::KeyInfo | Node::X509Data | Node::Ignored), _) => Node::Ignored,
            _ => {
                self.fault(Fault::Malformed("多余的元素", "an element too many"));
                Node::Ignored
            }
        };
        if node != Node::Ignored {
            self.check_order(node);
            self.last = Some(node);
            self.seen |= 1 << node as u32;
            self.attributes(walk, node);
        }
        self.open.push(node);
    }

    fn check_order(&mut self, node: Node) {
        if self.last.is_none_or(|last| last < node) {
            return;
        }
        self.fault(match node {
            Node::Reference => Fault::Reference("Reference".to_owned()),
            Node::Transform | Node::Transforms => Fault::Transform("Transform".to_owned()),
            _ => Fault::Malformed("元素顺序或次数不对", "elements out of order or repeated"),
        });
    }

    fn attributes(&mut self, walk: &Walk<'x>, node: Node) {
        let algorithm = walk.attribute("Algorithm").unwrap_or_default();
        match node {
            Node::CanonicalizationMethod if algorithm != C14N => {
                self.fault(Fault::Canonicalization(algorithm.to_owned()));
            }
            Node::SignatureMethod => self.signature_method = algorithm,
            Node::DigestMethod => self.digest_method = algorithm,
            Node::Transform if algorithm != ENVELOPED => {
                self.fault(Fault::Transform(algorithm.to_owned()));
            }
            Node::Reference if walk.attribute("URI") != Some("") => {
                let uri = walk.attribute("URI").unwrap_or("(none)");
                self.fault(Fault::Reference(uri.to_owned()));
            }
            Node::KeyName => self.key_name = Some(Cow::Borrowed("")),
            Node::X509Certificate => self.certificate = Some(Cow::Borrowed("")),
            _ => {}
        }
    }

    fn text(&mut self, text: &'x str) {
        match self.value_of_open() {
            Some(value) if value.is_empty() => *value = Cow::Borrowed(text),
            Some(value) => value.to_mut().push_str(text),
            None => self.check_blank(text),
        }
    }

    fn text_owned(&mut self, text: String) {
        match self.value_of_open() {
            Some(value) => value.to_mut().push_str(&text),
            None => self.check_blank(&text),
        }
    }

    fn check_blank(&mut self, text: &str) {
        let ignored = self.open.last() == Some(&Node::Ignored);
        if !ignored && !text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            self.fault(Fault::Malformed("多余的文字", "text where none belongs"));
        }
    }

    fn value_of_open(&mut self) -> Option<&mut Cow<'x, str>> {
        match self.open.last()? {
            Node::DigestValue => Some(&mut self.digest),
            Node::SignatureValue => Some(&mut self.value),
            Node::KeyName => self.key_name.as_mut(),
            Node::X509Certificate => self.certificate.as_mut(),
            _ => None,
        }
    }

    fn check_complete(&mut self) {
        let met = |node: Node| self.seen & (1 << node as u32) != 0;
        // Without the enveloped transform the signature would have to cover itself.
        let transformed = met(Node::Transform) || !met(Node::Reference);
        let complete = REQUIRED.into_iter().all(met);
        let values = [Some(&self.digest), Some(&self.value)];
        let optional = [self.key_name.as_ref(), self.certificate.as_ref()];
        let too_long = {
            let mut values = values.into_iter().chain(optional).flatten();
            values.any(|value| value.len() > VALUE_CHARS_MAX)
        };
        if !transformed {
            self.fault(Fault::Transform("(none)".to_owned()));
        }
        if !complete {
            self.fault(Fault::Malformed("缺少必要的元素", "a required element is missing"));
        }
        if too_long {
            self.fault(Fault::Malformed("值过长", "a value is too long"));
        }
    }

    fn fault(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}
