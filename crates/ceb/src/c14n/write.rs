//! Writing the canonical form of each step.

use super::tag;
use super::walk::{Attribute, Binding, Place, Step, Walk, XML_NAMESPACE};

/// Where canonical bytes go: a buffer, a hash.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    /// A stretch of the source that is canonical as it stands.
    fn put_source(&mut self, source: &str, from: usize, to: usize) {
        self.put(source.as_bytes().get(from..to).unwrap_or_default());
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl<'x> Walk<'x> {
    /// Writes the canonical form of the step just made. `apex` when the element that just began
    /// stands alone, its parents left out: then all namespaces in scope and the `xml:` attributes
    /// of its parents are written on it.
    pub(crate) fn write(&self, step: &Step<'x>, apex: bool, out: &mut impl Sink) {
        let to = self.position();
        match step {
            // As it stands: no attributes, no white space.
            Step::Start(element) if !apex && to - element.from == element.name.len() + 2 => {
                out.put_source(self.source, element.from, to);
            }
            Step::End(ending) if to - ending.from == ending.name.len() + 3 => {
                out.put_source(self.source, ending.from, to);
            }
            Step::Text(written, true) => out.put_source(self.source, to - written.len(), to),
            Step::Start(element) => {
                out.put(b"<");
                out.put(element.name.as_bytes());
                if apex {
                    self.write_apex(out);
                } else if !self.attributes.is_empty() || !self.bindings.is_empty() {
                    self.write_own(out);
                }
                out.put(b">");
            }
            Step::End(ending) => {
                out.put(b"</");
                out.put(ending.name.as_bytes());
                out.put(b">");
            }
            Step::Text(written, false) => escape(written, IN_TEXT, out),
            Step::CData(inside) => escape(inside, IN_CDATA, out),
            Step::Character(character) => put_character(*character, IN_CHARACTER, out),
            Step::Instruction(target, rest) => self.write_instruction(target, rest, out),
            Step::Comment | Step::Nothing | Step::Finish => {}
        }
    }

    fn write_own(&self, out: &mut impl Sink) {
        let own = self.bindings.iter().rev().take_while(|binding| self.is_own(binding));
        let mut fresh: Vec<&Binding<'_>> = Vec::new();
        fresh.extend(own.filter(|binding| binding.fresh));
        fresh.sort_unstable_by_key(|binding| binding.prefix);
        for binding in fresh {
            put_binding(binding, out);
        }
        for attribute in &self.attributes {
            put_attribute(attribute, out);
        }
    }

    fn write_apex(&self, out: &mut impl Sink) {
        let mut visible: Vec<&Binding<'_>> = Vec::with_capacity(self.bindings.len());
        for binding in self.bindings.iter().rev() {
            if visible.iter().all(|seen| seen.prefix != binding.prefix) {
                visible.push(binding);
            }
        }
        visible.retain(|binding| !binding.uri.is_empty() && binding.prefix != "xml");
        visible.sort_unstable_by_key(|binding| binding.prefix);
        for binding in visible {
            put_binding(binding, out);
        }
        let mut attributes = self.attributes.clone();
        for (_, inherited) in self.inherited.iter().rev() {
            let same = |own: &Attribute<'_>| {
                own.namespace == XML_NAMESPACE && own.local == inherited.local
            };
            if !attributes.iter().any(same) {
                attributes.push(*inherited);
            }
        }
        attributes.sort_unstable_by_key(|attribute| (attribute.namespace, attribute.local));
        for attribute in &attributes {
            put_attribute(attribute, out);
        }
    }

    fn write_instruction(&self, target: &str, rest: &str, out: &mut impl Sink) {
        if self.place == Place::AfterRoot {
            out.put(b"\n");
        }
        out.put(b"<?");
        out.put(target.as_bytes());
        if !rest.is_empty() {
            out.put(b" ");
            escape(rest, IN_INSTRUCTION, out);
        }
        out.put(b"?>");
        if self.place == Place::BeforeRoot {
            out.put(b"\n");
        }
    }
}

fn put_binding(binding: &Binding<'_>, out: &mut impl Sink) {
    out.put(if binding.prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
    out.put(binding.prefix.as_bytes());
    out.put(b"=\"");
    escape(binding.uri, IN_ATTRIBUTE, out);
    out.put(b"\"");
}

fn put_attribute(attribute: &Attribute<'_>, out: &mut impl Sink) {
    out.put(b" ");
    out.put(attribute.name.as_bytes());
    out.put(b"=\"");
    let mut rest = attribute.value;
    // References were checked when the tag was read.
    while let Some((before, after)) = rest.split_once('&') {
        escape(before, IN_ATTRIBUTE, out);
        let (reference, after) = after.split_once(';').unwrap_or(("", after));
        if let Ok(character) = tag::reference(reference) {
            put_character(character, IN_ATTRIBUTE_CHARACTER, out);
        }
        rest = after;
    }
    escape(rest, IN_ATTRIBUTE, out);
    out.put(b"\"");
}

/// Which characters change in a place, as bits of [`SPECIAL`].
type Context = u8;

const IN_TEXT: Context = 1;
const IN_CDATA: Context = 1;
const IN_INSTRUCTION: Context = 2;
const IN_ATTRIBUTE: Context = 4;
const IN_CHARACTER: Context = 8;
const IN_ATTRIBUTE_CHARACTER: Context = 16;

const SPECIAL: [Context; 256] = {
    let mut table = [0; 256];
    table[b'&' as usize] = IN_TEXT | IN_ATTRIBUTE | IN_CHARACTER | IN_ATTRIBUTE_CHARACTER;
    table[b'<' as usize] = IN_TEXT | IN_ATTRIBUTE | IN_CHARACTER | IN_ATTRIBUTE_CHARACTER;
    table[b'>' as usize] = IN_TEXT | IN_CHARACTER;
    table[b'"' as usize] = IN_ATTRIBUTE | IN_ATTRIBUTE_CHARACTER;
    table[b'\r' as usize] =
        IN_TEXT | IN_INSTRUCTION | IN_ATTRIBUTE | IN_CHARACTER | IN_ATTRIBUTE_CHARACTER;
    table[b'\n' as usize] = IN_ATTRIBUTE | IN_ATTRIBUTE_CHARACTER;
    table[b'\t' as usize] = IN_ATTRIBUTE | IN_ATTRIBUTE_CHARACTER;
    table
};

/// Writes what stands literally in the source: line ends become line feeds, in attributes white
/// space becomes spaces, and what must be a reference becomes one.
fn escape(written: &str, context: Context, out: &mut impl Sink) {
    let bytes = written.as_bytes();
    let mut from = 0;
    while let Some(found) =
        bytes[from..].iter().position(|byte| SPECIAL[usize::from(*byte)] & context != 0)
    {
        let at = from + found;
        out.put(&bytes[from..at]);
        from = at + 1;
        match (bytes[at], context) {
            (b'\r', _) if bytes.get(at + 1) == Some(&b'\n') => {}
            (b'\r', IN_ATTRIBUTE) | (b'\n' | b'\t', _) => out.put(b" "),
            (b'\r', _) => out.put(b"\n"),
            (other, _) => out.put(entity(other)),
        }
    }
    out.put(&bytes[from..]);
}

/// Writes a character that stood as a reference: nothing is normalized, only kept apart.
fn put_character(character: char, context: Context, out: &mut impl Sink) {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).as_bytes();
    match bytes {
        [byte] if SPECIAL[usize::from(*byte)] & context != 0 => out.put(entity(*byte)),
        _ => out.put(bytes),
    }
}

fn entity(byte: u8) -> &'static [u8] {
    match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\t' => b"&#x9;",
        b'\n' => b"&#xA;",
        _ => b"&#xD;",
    }
}
