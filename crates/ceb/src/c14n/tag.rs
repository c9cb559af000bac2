//! The inside of a start tag: name, attributes, namespace declarations.

use std::borrow::Cow;

use kernel::Text;

use super::walk::Fault;
use super::{ATTRIBUTES_MAX, name};
use crate::token;

/// One attribute as written. `value` has its quotes removed and its references in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawAttribute<'x> {
    pub(super) name: &'x str,
    pub(super) value: &'x str,
}

/// Splits the inside of a start tag (between `<` and `>` or `/>`) into its name and attributes,
/// which are appended to `attributes`.
pub(super) fn split<'x>(
    inside: &'x str,
    attributes: &mut Vec<RawAttribute<'x>>,
) -> Result<&'x str, Fault> {
    let end = inside.bytes().position(token::is_space).unwrap_or(inside.len());
    let (tag, mut rest) = inside.split_at(end);
    loop {
        let trimmed = rest.trim_start_matches(is_space_char);
        if trimmed.is_empty() {
            return Ok(tag);
        }
        if trimmed.len() == rest.len() {
            return Err(fault("属性之间缺少空格", "attributes must be parted by white space"));
        }
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(fault("元素属性过多", "the element has too many attributes"));
        }
        let (attribute, after) = one(trimmed)?;
        attributes.push(attribute);
        rest = after;
    }
}

fn one(text: &str) -> Result<(RawAttribute<'_>, &str), Fault> {
    let malformed = || fault("属性书写不合规", "an attribute is not of the form name=\"value\"");
    let (name, rest) = token::cut(text, b'=').ok_or_else(malformed)?;
    let rest = rest.trim_start_matches(is_space_char);
    let quote = rest.bytes().next().filter(|first| matches!(first, b'"' | b'\''));
    let quote = quote.ok_or_else(malformed)?;
    // The quote is one byte.
    let (value, after) = token::cut(&rest[1..], quote).ok_or_else(malformed)?;
    if value.contains('<') {
        return Err(malformed());
    }
    Ok((RawAttribute { name: name.trim_end_matches(is_space_char), value }, after))
}

/// The character a reference (without `&` and `;`) stands for. Only the five predefined entities
/// and numeric references are known.
pub(super) fn reference(text: &str) -> Result<char, Fault> {
    let number = match text {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => match (text.strip_prefix("#x"), text.strip_prefix('#')) {
            (Some(digits), _) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                u32::from_str_radix(digits, 16).ok()
            }
            (None, Some(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()
            }
            _ => None,
        },
    };
    number.and_then(char::from_u32).filter(|character| name::is_character(*character)).ok_or_else(
        || {
            fault(
                "引用了未定义的实体或不允许的字符",
                "a reference names an unknown entity or a forbidden character",
            )
        },
    )
}

/// What an attribute value means: references resolved, white space made spaces.
pub(super) fn value(written: &str) -> Cow<'_, str> {
    if !written.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\r' | b'\n')) {
        return Cow::Borrowed(written);
    }
    let mut out = String::with_capacity(written.len());
    let spaced = |text: &str| text.replace("\r\n", " ").replace(['\t', '\r', '\n'], " ");
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(&spaced(before));
        let (name, after) = after.split_once(';').unwrap_or(("", after));
        out.extend(reference(name).ok());
        rest = after;
    }
    out.push_str(&spaced(rest));
    Cow::Owned(out)
}

fn is_space_char(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

pub(super) fn fault(zh: &str, en: &str) -> Fault {
    Fault(Text::new(zh, en))
}
