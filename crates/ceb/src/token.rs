//! The tokenizer under reader and canonicalizer, one for both, so that what is signed is what is
//! read. What messages consist of (tags, text and references) is cut here; rare markup (comments,
//! instructions, CDATA sections, declarations, document types) and whatever is broken is left to
//! quick-xml, whose rules these are and whose words tell what is wrong.

use quick_xml::Error;
use quick_xml::Reader;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::Event;

/// A piece of markup, or the text between two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Token<'x> {
    /// `<…>`: what stands inside.
    Start(&'x str),
    /// `<…/>`: what stands inside, without the slash. No [`Token::End`] follows.
    Empty(&'x str),
    /// The end tag of the element that was open.
    End,
    /// Text up to the next tag or reference; whether it is [plain](Text::plain).
    Text(&'x str, bool),
    /// `&…;`: what stands inside.
    Reference(&'x str),
    /// The inside of a CDATA section.
    Cdata(&'x str),
    /// The inside of a comment.
    Comment(&'x str),
    /// The inside of a processing instruction.
    Instruction(&'x str),
    /// The inside of an XML declaration.
    Declaration(&'x str),
    /// A document type.
    DocType,
    /// Nothing is left.
    Eof,
}

/// An element with text alone in it and a tag with nothing but its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'x> {
    /// Where its `<` stands.
    pub(crate) from: usize,
    /// Where its text begins.
    pub(crate) inside: usize,
    /// The text between its tags, without references, carriage returns and brackets.
    pub(crate) text: &'x str,
}

/// Cuts one document.
pub(crate) struct Tokens<'x> {
    source: &'x str,
    position: usize,
    /// Names of the open elements, as written.
    open: Vec<&'x str>,
}

impl<'x> Tokens<'x> {
    pub(crate) fn new(source: &'x str) -> Tokens<'x> {
        Tokens { source, position: 0, open: Vec::with_capacity(8) }
    }

    /// Where the next token begins.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The next token.
    ///
    /// # Errors
    /// When it is no well-formed markup, or an end tag that closes nothing.
    pub(crate) fn next(&mut self) -> Result<Token<'x>, Error> {
        let bytes = self.source.as_bytes();
        let from = self.position;
        match (bytes.get(from), bytes.get(from + 1)) {
            (None, _) => Ok(Token::Eof),
            (Some(b'<'), Some(b'/')) => self.end(),
            (Some(b'<'), Some(b'!' | b'?') | None) => self.rare(),
            (Some(b'<'), Some(_)) => self.start(),
            (Some(b'&'), _) => self.reference(),
            _ => {
                let text = Text::at(bytes, from);
                self.position = text.end;
                Ok(Token::Text(self.slice(from, text.end), text.plain))
            }
        }
    }

    /// Takes an element of the plainest form whose name begins with `prefix`, `blank` bytes before
    /// it passed over: `<prefix…>text</prefix…>`. `wanted` sees what follows the prefix and says
    /// how long the rest of the name is, should the element be taken; the `>` after it is for
    /// `wanted` to look at. When it is not taken, or there is none, nothing happens.
    pub(crate) fn leaf<T>(
        &mut self,
        prefix: &str,
        blank: impl Fn(u8) -> bool,
        wanted: impl FnOnce(&'x [u8]) -> Option<(usize, T)>,
    ) -> Option<(Leaf<'x>, T)> {
        let bytes = self.source.as_bytes();
        let mut from = self.position;
        while blank(*bytes.get(from)?) {
            from += 1;
        }
        let tag = bytes[from..].strip_prefix(b"<")?;
        let (length, wanted) = wanted(tag.strip_prefix(prefix.as_bytes())?)?;
        let name = &tag[..prefix.len() + length];
        let inside = from + name.len() + 2;
        let text = Text::at(bytes, inside);
        let close = bytes.get(text.end..text.end + name.len() + 3)?;
        let closes = close.starts_with(b"</")
            && close[2..].starts_with(name)
            && close[close.len() - 1] == b'>';
        if !text.plain || !closes {
            return None;
        }
        self.position = text.end + close.len();
        Some((Leaf { from, inside, text: self.slice(inside, text.end) }, wanted))
    }

    fn slice(&self, from: usize, to: usize) -> &'x str {
        // All cuts are beside ASCII characters.
        self.source.get(from..to).unwrap_or("")
    }

    fn start(&mut self) -> Result<Token<'x>, Error> {
        let from = self.position;
        let rest = &self.source.as_bytes()[from..];
        let Some(length) = tag_length(rest) else { return self.rare() };
        self.position = from + length;
        if rest[length - 2] == b'/' {
            return Ok(Token::Empty(self.slice(from + 1, from + length - 2)));
        }
        let inside = self.slice(from + 1, from + length - 1);
        self.open.push(name_of(inside));
        Ok(Token::Start(inside))
    }

    fn end(&mut self) -> Result<Token<'x>, Error> {
        if let Some(name) = self.open.last() {
            let length = name.len() + 3;
            let rest = &self.source.as_bytes()[self.position..];
            let plain = rest.get(2..length);
            if plain.is_some_and(|tag| tag.starts_with(name.as_bytes()) && tag.ends_with(b">")) {
                self.open.pop();
                self.position += length;
                return Ok(Token::End);
            }
        }
        self.rare()
    }

    fn reference(&mut self) -> Result<Token<'x>, Error> {
        let from = self.position + 1;
        let rest = &self.source.as_bytes()[from..];
        let end = rest.iter().position(|byte| matches!(byte, b';' | b'&' | b'<'));
        match end.filter(|at| rest[*at] == b';') {
            Some(length) => {
                self.position = from + length + 1;
                Ok(Token::Reference(self.slice(from, from + length)))
            }
            None => Err(Error::IllFormed(IllFormedError::UnclosedReference)),
        }
    }

    /// Markup that messages do not have, and end tags that are not the plainest.
    #[cold]
    fn rare(&mut self) -> Result<Token<'x>, Error> {
        let from = self.position;
        let mut reader = Reader::from_str(self.slice(from, self.source.len()));
        let config = reader.config_mut();
        config.check_comments = true;
        // Which elements are open is known here, not there.
        config.allow_unmatched_ends = true;
        let event = reader.read_event()?;
        let length = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let to = from.saturating_add(length).min(self.source.len());
        self.position = to;
        let inside = |front: usize, back: usize| {
            let from = (from + front).min(to);
            self.slice(from, to.saturating_sub(back).max(from))
        };
        Ok(match event {
            Event::End(end) => {
                let found = end.name().into_inner();
                self.close(found)?;
                Token::End
            }
            Event::CData(_) => Token::Cdata(inside(9, 3)),
            Event::Comment(_) => Token::Comment(inside(4, 3)),
            Event::PI(_) => Token::Instruction(inside(2, 2)),
            Event::Decl(_) => Token::Declaration(inside(2, 2)),
            Event::DocType(_) => Token::DocType,
            // Not at what is handed over here: tags that do not end.
            _ => return Err(Error::Syntax(SyntaxError::UnclosedTag)),
        })
    }

    fn close(&mut self, found: &str) -> Result<(), Error> {
        let found = || found.to_owned();
        Err(Error::IllFormed(match self.open.pop() {
            Some(expected) if expected == found() => return Ok(()),
            Some(expected) => {
                IllFormedError::MismatchedEndTag { expected: expected.to_owned(), found: found() }
            }
            None => IllFormedError::UnmatchedEndTag(found()),
        }))
    }
}

/// Bytes of the tag that begins with this `<`, up to and with the `>` outside of quotes.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', &tag[at..])?;
        if tag[at] == b'>' {
            return Some(at + 1);
        }
        at += 2 + memchr::memchr(tag[at], &tag[at + 1..])?;
    }
}

/// The name at the beginning of a tag.
fn name_of(inside: &str) -> &str {
    let end = inside.bytes().position(is_space).unwrap_or(inside.len());
    &inside[..end]
}

/// What stands before and after the first such byte, an ASCII character. For the short texts of
/// tags, where preparing a search costs more than searching.
pub(crate) fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|own| own == byte)?;
    Some((&text[..at], &text[at + 1..]))
}

/// White space of XML.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Where the first character stands that may not stand in a document, if there is one.
pub(crate) fn first_forbidden(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    // Without branches, so that the compiler can look at many bytes at once.
    let any_control = bytes.iter().fold(false, |any, byte| any | control(*byte));
    if any_control {
        return bytes.iter().position(|byte| control(*byte));
    }
    // U+FFFE and U+FFFF.
    memchr::memchr_iter(0xef, bytes)
        .find(|at| matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])))
}

/// A stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Text {
    /// Where the `<` or `&` stands that ends it; the length of the whole when there is none.
    end: usize,
    /// Whether no `&` ends it and none of `]`, `>` and carriage return stands in it: then it means
    /// what it says, in a value as in canonical form.
    plain: bool,
}

impl Text {
    fn at(bytes: &[u8], from: usize) -> Text {
        let mut at = from;
        let mut plain = true;
        while let Some(eight) = bytes.get(at..at + 8) {
            if at - from == SHORT_BYTES {
                return Text::long(bytes, at, plain);
            }
            let Ok(eight) = <[u8; 8]>::try_from(eight) else { break };
            let word = u64::from_le_bytes(eight);
            let ends = equal(word, b'<') | equal(word, b'&');
            let marks = equal(word, b']') | equal(word, b'>') | equal(word, b'\r');
            if ends == 0 {
                plain &= marks == 0;
                at += 8;
                continue;
            }
            // Of several marks the lowest is always right.
            let first = ends.trailing_zeros();
            let before = marks & ((1 << first) - 1);
            let end = at + first as usize / 8;
            return Text { end, plain: plain && before == 0 && bytes[end] == b'<' };
        }
        for (offset, byte) in bytes[at.min(bytes.len())..].iter().enumerate() {
            match byte {
                b'<' | b'&' => return Text { end: at + offset, plain: plain && *byte == b'<' },
                b']' | b'>' | b'\r' => plain = false,
                _ => {}
            }
        }
        Text { end: bytes.len(), plain }
    }

    /// The same for a text that is [`plain`](Text::plain) or not up to `at`.
    #[cold]
    fn long(bytes: &[u8], at: usize, plain: bool) -> Text {
        let rest = &bytes[at..];
        let length = memchr::memchr2(b'<', b'&', rest).unwrap_or(rest.len());
        let marked = memchr::memchr3(b']', b'>', b'\r', &rest[..length]).is_some();
        let end = at + length;
        Text { end, plain: plain && !marked && bytes.get(end) != Some(&b'&') }
    }
}

/// Text longer than this, such as a certificate, is searched in another way.
const SHORT_BYTES: usize = 256;

/// Marks the bytes of a word that equal `byte` with their top bit. A byte above a marked one may
/// be marked in error.
fn equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    const BITS: &[&str] = &[
        "<",
        ">",
        "</",
        "/>",
        "<a>",
        "</a>",
        "<a/>",
        "<b c='d'>",
        "</b>",
        "</b >",
        "&",
        "&amp;",
        ";",
        "\"",
        "'",
        "=",
        " ",
        "\r\n",
        "]]>",
        "]",
        "<!--",
        "-->",
        "--",
        "<![CDATA[",
        "<?",
        "?>",
        "<?xml ?>",
        "x",
        "清单",
        "<!DOCTYPE a>",
        "<!",
        "a long text that goes over several words",
    ];

    /// What quick-xml makes of a text, up to the first error.
    fn expected(text: &str) -> Vec<String> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let mut out = Vec::new();
        loop {
            out.push(match reader.read_event() {
                Ok(Event::Start(tag)) => format!("start {}", &*tag),
                Ok(Event::Empty(tag)) => format!("empty {}", &*tag),
                Ok(Event::End(_)) => "end".to_owned(),
                Ok(Event::Text(text)) => format!("text {}", &*text),
                Ok(Event::GeneralRef(name)) => format!("reference {}", &*name),
                Ok(Event::CData(inside)) => format!("cdata {}", &*inside),
                Ok(Event::Comment(inside)) => format!("comment {}", &*inside),
                Ok(Event::PI(inside)) => format!("instruction {}", &*inside),
                Ok(Event::Decl(inside)) => format!("declaration {}", &*inside),
                Ok(Event::DocType(_)) => "type".to_owned(),
                Ok(Event::Eof) => return out,
                Err(error) => {
                    out.push(error.to_string());
                    return out;
                }
            });
        }
    }

    fn found(text: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text);
        let mut out = Vec::new();
        loop {
            out.push(match tokens.next() {
                Ok(Token::Start(inside)) => format!("start {inside}"),
                Ok(Token::Empty(inside)) => format!("empty {inside}"),
                Ok(Token::End) => "end".to_owned(),
                Ok(Token::Text(text, plain)) => {
                    assert!(!plain || !text.contains([']', '>', '\r']), "{text}");
                    format!("text {text}")
                }
                Ok(Token::Reference(name)) => format!("reference {name}"),
                Ok(Token::Cdata(inside)) => format!("cdata {inside}"),
                Ok(Token::Comment(inside)) => format!("comment {inside}"),
                Ok(Token::Instruction(inside)) => format!("instruction {inside}"),
                Ok(Token::Declaration(inside)) => format!("declaration {inside}"),
                Ok(Token::DocType) => "type".to_owned(),
                Ok(Token::Eof) => return out,
                Err(error) => {
                    out.push(error.to_string());
                    return out;
                }
            });
        }
    }

    #[test]
    fn tokens_are_those_of_quick_xml() {
        let mut chance = StdRng::seed_from_u64(3);
        for _ in 0..60_000 {
            let count = chance.random_range(1..14);
            let pick = |_| BITS[chance.random_range(0..BITS.len())];
            let text: String = (0..count).map(pick).collect();
            assert_eq!(found(&text), expected(&text), "{text}");
        }
    }

    /// Wherever the ends and marks lie in the words that are looked at together.
    #[test]
    fn texts_end_where_they_end() {
        for length in (0..40).chain([250, 255, 256, 257, 300]) {
            for mark in ["", "]", ">", "\r", "é"] {
                for at in [0, 1, length / 2, length] {
                    let (before, after) = ("x".repeat(at), "x".repeat(length - at.min(length)));
                    for end in ["<", "&", ""] {
                        let text = format!("{before}{mark}{after}{end}>]");
                        let plain = matches!(mark, "" | "é") && end == "<";
                        let whole = before.len() + mark.len() + after.len();
                        let expected = match end {
                            "" => Text { end: text.len(), plain: false },
                            _ => Text { end: whole, plain },
                        };
                        assert_eq!(Text::at(text.as_bytes(), 0), expected, "{text}");
                    }
                }
            }
        }
    }
}
