//! An envelope as a small tree, and reading fields from it in the order of the schema.

use std::borrow::Cow;

use kernel::{Finding, Text};

use super::DXP;
use crate::c14n::{Element, Step, Walk, XmlFault};
use crate::signature::DS;

/// Most elements of an envelope, signature included. A response of 5 receivers has about 60.
const ELEMENTS_MAX: usize = 4096;

/// One element.
pub(super) struct Node<'x> {
    pub(super) local: &'x str,
    pub(super) namespace: &'x str,
    pub(super) attributes: Vec<(&'x str, Cow<'x, str>)>,
    pub(super) text: Cow<'x, str>,
    pub(super) children: Vec<Node<'x>>,
    pub(super) line: u32,
    /// For a ds:Signature: itself as text with its namespaces declared on it.
    pub(super) written: Option<String>,
}

impl<'x> Node<'x> {
    fn new(element: &Element<'x>, walk: &Walk<'x>) -> Node<'x> {
        Node {
            local: element.local,
            namespace: element.namespace,
            attributes: walk.plain_attributes(),
            text: Cow::Borrowed(""),
            children: Vec::new(),
            line: walk.line_at(element.from),
            written: None,
        }
    }

    /// Adds text; `plain` when no carriage return stands in it.
    fn push(&mut self, text: &'x str, plain: bool) {
        match !plain && text.contains('\r') {
            true => self.text.to_mut().push_str(&text.replace("\r\n", "\n").replace('\r', "\n")),
            false if self.text.is_empty() => self.text = Cow::Borrowed(text),
            false => self.text.to_mut().push_str(text),
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.as_ref())
    }
}

/// The root of a document as a tree.
pub(super) fn tree(source: &str) -> Result<Node<'_>, XmlFault> {
    let mut walk = Walk::new(source)?;
    let mut open: Vec<Node<'_>> = Vec::new();
    let mut root = None;
    let mut count = 0;
    // Depth of the Signature being copied, and its text so far.
    let mut signature: Option<(usize, Vec<u8>)> = None;
    loop {
        let step = walk.step()?;
        if let Some((depth, copy)) = &mut signature {
            walk.write(&step, false, copy);
            if matches!(step, Step::End(_)) && walk.depth() + 1 == *depth {
                let copy = std::mem::take(copy);
                signature = None;
                if let Some(node) = open.last_mut() {
                    node.written = String::from_utf8(copy).ok();
                }
            } else {
                continue;
            }
        }
        match step {
            Step::Start(element) => {
                count += 1;
                if count > ELEMENTS_MAX {
                    let reason = Text::new("信封元素过多", "the envelope has too many elements");
                    return Err(XmlFault { line: walk.line_at(element.from), reason });
                }
                open.push(Node::new(&element, &walk));
                if element.is(DS, "Signature") {
                    let mut copy = Vec::new();
                    walk.write(&step, true, &mut copy);
                    signature = Some((walk.depth(), copy));
                }
            }
            Step::End(_) => {
                if let Some(node) = open.pop() {
                    match open.last_mut() {
                        Some(parent) => parent.children.push(node),
                        None => root = Some(node),
                    }
                }
            }
            Step::Text(text, plain) => {
                if let Some(node) = open.last_mut() {
                    node.push(text, plain);
                }
            }
            Step::CData(text) => {
                if let Some(node) = open.last_mut() {
                    node.push(text, false);
                }
            }
            Step::Character(character) => {
                if let Some(node) = open.last_mut() {
                    node.text.to_mut().push(character);
                }
            }
            Step::Finish => {
                return root.ok_or_else(|| XmlFault {
                    line: 1,
                    reason: Text::new("没有根元素", "there is no root element"),
                });
            }
            Step::Comment | Step::Instruction(..) | Step::Nothing => {}
        }
    }
}

/// Reads the children of an element one after another.
pub(super) struct Fields<'a, 'x, 'f> {
    node: &'a Node<'x>,
    next: usize,
    path: String,
    findings: &'f mut Vec<Finding>,
}

impl<'a, 'x, 'f> Fields<'a, 'x, 'f> {
    pub(super) fn new(
        node: &'a Node<'x>,
        path: impl Into<String>,
        findings: &'f mut Vec<Finding>,
    ) -> Fields<'a, 'x, 'f> {
        let path = path.into();
        if !node.text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            findings.push(unexpected("text").at(path.as_str()).on_line(node.line));
        }
        Fields { node, next: 0, path, findings }
    }

    /// The next child when it has this name.
    pub(super) fn child(&mut self, namespace: &str, local: &str) -> Option<&'a Node<'x>> {
        let node = self.node.children.get(self.next)?;
        if node.local != local || node.namespace != namespace {
            return None;
        }
        self.next += 1;
        Some(node)
    }

    /// A child of the envelope's namespace that must be there.
    pub(super) fn required(&mut self, local: &str) -> Option<&'a Node<'x>> {
        let found = self.child(DXP, local);
        if found.is_none() {
            self.missing(local);
        }
        found
    }

    /// The text of a child that must be there, so many characters long.
    pub(super) fn text(&mut self, local: &str, min: usize, max: usize) -> String {
        match self.required(local) {
            Some(node) => self.checked(node, min, max),
            None => String::new(),
        }
    }

    /// The text of a child that may be there.
    pub(super) fn optional(&mut self, local: &str, min: usize, max: usize) -> Option<String> {
        let node = self.child(DXP, local)?;
        Some(self.checked(node, min, max))
    }

    /// The text of an element without children.
    pub(super) fn checked(&mut self, node: &Node<'x>, min: usize, max: usize) -> String {
        let path = self.path_of(node.local);
        if let Some(child) = node.children.first() {
            self.findings.push(unexpected(child.local).at(path.as_str()).on_line(child.line));
        }
        let length = node.text.chars().take(max + 1).count();
        if length < min || length > max {
            let finding = bad_length(&node.text, min, max);
            self.findings.push(finding.at(path).on_line(node.line));
        }
        node.text.clone().into_owned()
    }

    /// A value that must be understood: `parse` gives `None` when it cannot be.
    pub(super) fn value<T: Default>(
        &mut self,
        local: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        let Some(node) = self.required(local) else { return T::default() };
        match parse(&node.text) {
            Some(value) if node.children.is_empty() => value,
            _ => {
                let finding = Finding::error(
                    "dxp.format",
                    Text::new("格式不合规", "the format is not that of the schema"),
                    Text::new("按 DXP 规范修改", "change it to what the DXP specification allows"),
                );
                let finding = finding.found(node.text.as_ref(), expected);
                self.findings.push(finding.at(self.path_of(local)).on_line(node.line));
                T::default()
            }
        }
    }

    /// An attribute that is there must be so many characters long.
    pub(super) fn check_attribute(
        &mut self,
        node: &Node<'x>,
        name: &str,
        value: Option<&str>,
        min: usize,
        max: usize,
    ) {
        let Some(value) = value else { return };
        let length = value.chars().take(max + 1).count();
        if length < min || length > max {
            let path = format!("{}/@{name}", self.path_of(node.local));
            self.findings.push(bad_length(value, min, max).at(path).on_line(node.line));
        }
    }

    pub(super) fn too_many(&mut self, local: &str, max: usize) {
        let finding = Finding::error(
            "dxp.too_many",
            Text::new("元素个数过多", "too many elements"),
            Text::new("分多个信封发送", "send several envelopes"),
        );
        let found = self.node.children.len().to_string();
        let finding = finding.found(found, format!("{max} at most"));
        self.findings.push(finding.at(self.path_of(local)).on_line(self.node.line));
    }

    pub(super) fn missing(&mut self, local: &str) {
        let finding = Finding::error(
            "dxp.missing",
            Text::new("缺少必填元素, 或顺序不对", "a required element is missing or out of order"),
            Text::new("按 DXP 规范的顺序补上", "add it in the order of the DXP specification"),
        );
        self.findings.push(finding.at(self.path_of(local)).on_line(self.node.line));
    }

    /// Reads an element within this one.
    pub(super) fn within<'b>(&'b mut self, node: &'b Node<'x>) -> Fields<'b, 'x, 'b> {
        let path = self.path_of(node.local);
        Fields::new(node, path, self.findings)
    }

    /// The signature that may come last, and nothing may follow.
    pub(super) fn signature(mut self) -> Option<String> {
        let written = self.child(DS, "Signature").and_then(|node| node.written.clone());
        self.finish();
        written
    }

    /// Nothing may be left.
    pub(super) fn finish(self) {
        for node in self.node.children.iter().skip(self.next) {
            let path = format!("{}/{}", self.path, node.local);
            self.findings.push(unexpected(node.local).at(path).on_line(node.line));
        }
    }

    fn path_of(&self, local: &str) -> String {
        format!("{}/{local}", self.path)
    }
}

fn bad_length(found: &str, min: usize, max: usize) -> Finding {
    Finding::error(
        "dxp.length",
        Text::new("长度超出范围", "the length is out of range"),
        Text::new("按 DXP 规范修改", "change it to what the DXP specification allows"),
    )
    .found(found, format!("{min}..{max} characters"))
}

pub(super) fn unexpected(found: &str) -> Finding {
    Finding::error(
        "dxp.unexpected",
        Text::new(
            "出现规范以外的内容, 或顺序不对",
            "content the schema does not know, or out of order",
        ),
        Text::new("删去, 或按 DXP 规范的顺序排列", "remove it or put it in the specified order"),
    )
    .found(found, "")
}
