//! From bytes to text: byte order mark, XML declaration, and the encodings the trade uses.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// Text ready to be parsed, declaration included, byte order mark taken off.
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Whether some bytes meant nothing and were replaced.
    pub(crate) damaged: bool,
    /// Name of the encoding found.
    pub(crate) encoding: &'static str,
}

/// Why bytes are not text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// The declaration breaks XML's rules; what of it.
    Declaration(&'static str),
    /// The declared encoding is none we read.
    Encoding(String),
    /// A byte sequence means nothing in the encoding.
    Bytes(&'static str),
}

/// Longest XML declaration looked at, in bytes. Real ones have about 40.
const DECLARATION_BYTES_MAX: usize = 512;

/// Decodes a message. With `repair`, meaningless bytes become U+FFFD instead of an error.
pub(crate) fn decode(bytes: &[u8], repair: bool) -> Result<Decoded<'_>, Undecodable> {
    let marked = Encoding::for_bom(bytes);
    let (encoding, body) = match marked {
        Some((encoding, length)) => (encoding, &bytes[length..]),
        None => (UTF_8, bytes),
    };
    if encoding != UTF_8 {
        let decoded = transcode(encoding, body, repair)?;
        // The declaration must still be well formed; the mark has already said what it is in.
        declared(decoded.text.as_bytes())?;
        return Ok(decoded);
    }
    let encoding = match declared(body)? {
        // A subset of UTF-8; what goes beyond it means nothing.
        Some(label) if marked.is_none() && label.eq_ignore_ascii_case("us-ascii") => {
            if !body.is_ascii() {
                return Err(Undecodable::Bytes("US-ASCII"));
            }
            UTF_8
        }
        Some(label) if marked.is_none() => known(label)?,
        _ => UTF_8,
    };
    transcode(encoding, body, repair)
}

fn known(label: &str) -> Result<&'static Encoding, Undecodable> {
    let refused = || Undecodable::Encoding(label.chars().take(40).collect());
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => Ok(UTF_8),
        // GB2312 and GBK are subsets of GB18030, whose decoder reads all three.
        Some(encoding) if encoding == encoding_rs::GBK || encoding == GB18030 => Ok(GB18030),
        // UTF-16 without a mark would not have let us read the label.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Err(refused()),
        _ => Err(refused()),
    }
}

fn transcode<'a>(
    encoding: &'static Encoding,
    body: &'a [u8],
    repair: bool,
) -> Result<Decoded<'a>, Undecodable> {
    let (text, damaged) = if encoding == UTF_8 {
        match simdutf8::basic::from_utf8(body) {
            Ok(text) => (Cow::Borrowed(text), false),
            Err(_) => (String::from_utf8_lossy(body), true),
        }
    } else {
        encoding.decode_without_bom_handling(body)
    };
    if damaged && !repair {
        return Err(Undecodable::Bytes(encoding.name()));
    }
    Ok(Decoded { text, damaged, encoding: encoding.name() })
}

/// The encoding named by the XML declaration, if there is a declaration and it names one.
fn declared(bytes: &[u8]) -> Result<Option<&str>, Undecodable> {
    let Some(rest) = bytes.strip_prefix(b"<?xml") else { return Ok(None) };
    if !rest.first().is_some_and(|b| b.is_ascii_whitespace()) {
        return Ok(None); // another instruction, such as xml-stylesheet
    }
    let wrong = Undecodable::Declaration;
    let window = &rest[..rest.len().min(DECLARATION_BYTES_MAX)];
    let end = window
        .windows(2)
        .position(|pair| pair == b"?>")
        .ok_or(wrong("the declaration does not end"))?;
    let text = std::str::from_utf8(&window[..end]).map_err(|_| wrong("strange characters"))?;
    let (version, rest) = pseudo_attribute(text, "version")
        .ok_or(wrong("the declaration must begin with a version"))?;
    // libxml2 takes any 1.x for 1.0, and so do we.
    let minor = version.strip_prefix("1.");
    if !minor.is_some_and(|minor| minor.bytes().all(|b| b.is_ascii_digit())) {
        return Err(wrong("the version must be 1.0"));
    }
    let (label, rest) = match pseudo_attribute(rest, "encoding") {
        Some((label, rest)) => (Some(label), rest),
        None => (None, rest),
    };
    let rest = match pseudo_attribute(rest, "standalone") {
        Some(("yes" | "no", rest)) => rest,
        Some(_) => return Err(wrong("standalone must be yes or no")),
        None => rest,
    };
    if !rest.chars().all(crate::schema::is_space) {
        return Err(wrong("the declaration has something else in it"));
    }
    Ok(label)
}

/// Takes `name = "value"`, white space before it required.
fn pseudo_attribute<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let space = |c: char| crate::schema::is_space(c);
    let rest = text.strip_prefix(space)?.trim_start_matches(space).strip_prefix(name)?;
    let rest = rest.trim_start_matches(space).strip_prefix('=')?.trim_start_matches(space);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, Undecodable> {
        decode(bytes, false).map(|decoded| decoded.text.into_owned())
    }

    #[test]
    fn gb_encodings_by_declaration() {
        for label in ["gb2312", "GBK", "GB18030"] {
            let source = format!("<?xml version=\"1.0\" encoding=\"{label}\"?><a>清单</a>");
            let (bytes, _, _) = GB18030.encode(&source);
            assert_eq!(text(&bytes).as_deref(), Ok(&*source));
        }
    }

    #[test]
    fn marks_win_and_are_taken_off() {
        assert_eq!(text("\u{feff}<a/>".as_bytes()).as_deref(), Ok("<a/>"));
        let utf16: Vec<u8> =
            "\u{feff}<a>清</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf16).as_deref(), Ok("<a>清</a>"));
    }

    #[test]
    fn wrong_declarations_are_told_apart() {
        assert!(matches!(text(b"<?xml encoding='UTF-8'?><a/>"), Err(Undecodable::Declaration(_))));
        assert!(matches!(text(b"<?xml version='2.0'?><a/>"), Err(Undecodable::Declaration(_))));
        assert!(matches!(text(b"<?xml version='1.0"), Err(Undecodable::Declaration(_))));
        let unknown = text(b"<?xml version='1.0' encoding='koi8-r'?><a/>");
        assert_eq!(unknown, Err(Undecodable::Encoding("koi8-r".into())));
        assert_eq!(text(b"<a>\xff\xfe</a>"), Err(Undecodable::Bytes("UTF-8")));
        assert!(decode(b"<a>\xff\xfe</a>", true).is_ok_and(|d| d.damaged));
    }
}
