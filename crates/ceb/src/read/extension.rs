//! `ExtendMessage`: two fields and one element of the firm's own, kept as self-contained XML.

use crate::message::{Extension, Record};
use crate::read::fault;
use crate::read::record::{Place, push_text};
use crate::read::scan::{Malformed, Ns, Tag, Token};
use crate::read::sequence::{Particle, Sequence};
use crate::read::structure::MessageReader;
use crate::schema::{EXTEND_MESSAGE, NAMESPACE};
use crate::write::{escape_attribute, escape_text};

const BODY: &str = "Message";

/// Reads the block whose start tag has just been read.
pub(crate) fn read<'a>(
    reader: &mut MessageReader<'a>,
    tag: &Tag<'a>,
) -> Result<Extension, Malformed> {
    let place = Place::block(EXTEND_MESSAGE.element, 0);
    let line = reader.scan.line();
    reader.no_attributes(tag, None, || place.path(""))?;
    let mut particles: Vec<Particle> =
        EXTEND_MESSAGE.fields.iter().map(|f| Particle::new(Ns::Ceb, f.name, 1, 1)).collect();
    particles.push(Particle::new(Ns::Ceb, BODY, 1, 1));
    let mut sequence = Sequence::new(&mut particles, reader.lenient);
    let mut head = Record::new(&EXTEND_MESSAGE);
    head.line = line;
    let mut body = None;
    let mut stray = false;
    while let Some(child) = reader.child(&mut stray, || place.path(""))? {
        let fit = sequence.admit(&child);
        match reader.fits(&child, fit, &sequence, || place.path("")) {
            Some(at) if sequence.particle(at).name == BODY => {
                body = reader.extension_body(&child, place)?;
            }
            Some(at) => {
                let field = &EXTEND_MESSAGE.fields[at];
                reader.field(field, at, &child, place, &mut head)?;
            }
            None => reader.skip(&child)?,
        }
    }
    for name in sequence.missing() {
        let finding = || fault::element_missing(name, name, name).at(place.path(name));
        reader.faults.structural(|| finding().on_line(line));
    }
    Ok(Extension { head, body })
}

impl<'a> MessageReader<'a> {
    /// At most one element, of any kind.
    fn extension_body(&mut self, tag: &Tag<'a>, place: Place) -> Result<Option<String>, Malformed> {
        let path = || place.path(BODY);
        self.no_attributes(tag, Some((NAMESPACE, "XMLElement")), path)?;
        let mut body = None;
        let mut stray = false;
        while let Some(child) = self.child(&mut stray, path)? {
            if body.is_some() {
                let line = self.scan.line();
                let finding = || fault::element_repeated(child.name, 1).at(path());
                self.faults.structural(|| finding().on_line(line));
                self.skip(&child)?;
            } else {
                body = Some(self.copy(&child)?);
            }
        }
        Ok(body)
    }

    /// An element as XML that means the same anywhere under our own root: namespaces in force
    /// around it are declared on it. Comments and instructions are left out.
    fn copy(&mut self, tag: &Tag<'a>) -> Result<String, Malformed> {
        let outside = self.scan.depth() - 1;
        let mut out = String::new();
        let mut open = vec![tag.name];
        self.copy_start(tag, true, &mut out)?;
        while self.scan.depth() > outside {
            match self.scan.next()? {
                Token::Start(child) => {
                    open.push(child.name);
                    self.copy_start(&child, false, &mut out)?;
                }
                Token::End | Token::Eof => {
                    if let Some(name) = open.pop() {
                        out.push_str("</");
                        out.push_str(name);
                        out.push('>');
                    }
                }
                Token::Text(text) | Token::Cdata(text) => {
                    let mut plain = String::new();
                    push_text(&mut plain, text);
                    escape_text(&mut out, &plain);
                }
                Token::Character(c) => escape_text(&mut out, c.encode_utf8(&mut [0; 4])),
            }
        }
        Ok(out)
    }

    fn copy_start(
        &mut self,
        tag: &Tag<'a>,
        outermost: bool,
        out: &mut String,
    ) -> Result<(), Malformed> {
        out.push('<');
        out.push_str(tag.name);
        let mut attribute = |name: &str, value: &str| {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape_attribute(out, value);
            out.push('"');
        };
        let own = self.scan.attributes(tag)?;
        for each in &own {
            attribute(each.name, &each.value);
        }
        if outermost {
            let mut around: Vec<(&str, &str)> = Vec::new();
            for (prefix, uri) in self.scan.prefixes() {
                if !around.iter().any(|(known, _)| *known == prefix) {
                    around.push((prefix, uri));
                }
            }
            around.sort_unstable();
            for (prefix, uri) in around {
                let name =
                    if prefix.is_empty() { "xmlns".into() } else { format!("xmlns:{prefix}") };
                let declared = own.iter().any(|each| each.name == name);
                let ours = prefix == "ceb" && uri == NAMESPACE;
                if !declared && !ours && !uri.is_empty() {
                    attribute(&name, uri);
                }
            }
        }
        out.push('>');
        Ok(())
    }
}
