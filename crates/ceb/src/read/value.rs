//! Whether a value has the shape its field asks for, decided as libxml2 decides it, which is the
//! validator the trade uses.

use std::borrow::Cow;

use crate::schema::{Field, Format, Preset, is_space};

/// What is wrong with the shape of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueFault {
    /// More characters than allowed; how many there are.
    TooLong(usize),
    /// Fewer characters than asked for; how many there are.
    TooShort(usize),
    /// Not of the form of a number.
    NotNumber,
    /// More digits than allowed.
    Digits,
    /// Another value than the only one allowed.
    NotFixed,
}

/// Judges a value as it stood in the source, after references and line ends.
#[inline]
pub(crate) fn judge(field: &Field, raw: &str) -> Option<ValueFault> {
    if is_plainly_good(field.format, raw) {
        return match field.preset {
            Some(Preset::Fixed(fixed)) if raw != fixed => Some(ValueFault::NotFixed),
            _ => None,
        };
    }
    judge_closely(field, raw)
}

/// Whether nothing can be said against the shape of a value, told by a glance. `false` tells
/// nothing.
#[inline]
fn is_plainly_good(format: Format, raw: &str) -> bool {
    let bytes = raw.as_bytes();
    match format {
        // There are at most as many characters as bytes, and one at least when there is a byte.
        Format::Text { min, max, collapse: false } => {
            let enough = bytes.len() >= min as usize && (min <= 1 || bytes.is_ascii());
            enough && bytes.len() <= max as usize
        }
        Format::Text { collapse: true, .. } => false,
        // Digits with a point among them, or without.
        Format::Decimal { total, fraction } => {
            let mut point = None;
            for (at, byte) in bytes.iter().enumerate() {
                match byte {
                    b'0'..=b'9' => {}
                    b'.' if point.is_none() => point = Some(at),
                    _ => return false,
                }
            }
            let digits = bytes.len() - usize::from(point.is_some());
            let after = point.map_or(0, |at| bytes.len() - at - 1);
            digits > 0 && digits <= usize::from(total) && after <= usize::from(fraction)
        }
        Format::Int { digits } => {
            let most = if digits == 0 { 9 } else { usize::from(digits).min(9) };
            !bytes.is_empty() && bytes.len() <= most && bytes.iter().all(u8::is_ascii_digit)
        }
    }
}

fn judge_closely(field: &Field, raw: &str) -> Option<ValueFault> {
    let fault = match field.format {
        Format::Text { min, max, collapse } => {
            let chars = if collapse { chars(&collapsed(raw)) } else { chars(raw) };
            length(chars, min, max)
        }
        Format::Decimal { total, fraction } => {
            decimal(raw.trim_matches(is_space), usize::from(total), usize::from(fraction))
        }
        // Unlike the schema language itself, libxml2 allows no white space around an xs:int.
        Format::Int { digits } => int(raw, usize::from(digits)),
    };
    match field.preset {
        Some(Preset::Fixed(fixed)) if fault.is_none() && raw != fixed => Some(ValueFault::NotFixed),
        _ => fault,
    }
}

/// Whether a value without carriage returns is the value proper already. `false` tells nothing.
#[inline]
pub(crate) fn is_normal(field: &Field, raw: &str) -> bool {
    match field.format {
        Format::Text { collapse, .. } => !collapse,
        Format::Decimal { .. } | Format::Int { .. } => {
            let bytes = raw.as_bytes();
            bytes.first().is_none_or(|byte| *byte > b' ') && bytes.last().is_none_or(|b| *b > b' ')
        }
    }
}

/// The value proper: numbers and collapsing texts lose their outer white space.
pub(crate) fn normal<'a>(field: &Field, raw: &'a str) -> Cow<'a, str> {
    match field.format {
        Format::Text { collapse: false, .. } => Cow::Borrowed(raw),
        Format::Text { collapse: true, .. } => collapsed(raw),
        Format::Decimal { .. } | Format::Int { .. } => Cow::Borrowed(raw.trim_matches(is_space)),
    }
}

fn chars(text: &str) -> usize {
    // Every byte that is no continuation begins a character.
    text.bytes().filter(|b| (*b & 0xc0) != 0x80).count()
}

fn length(chars: usize, min: u32, max: u32) -> Option<ValueFault> {
    if chars < min as usize {
        Some(ValueFault::TooShort(chars))
    } else if max != u32::MAX && chars > max as usize {
        Some(ValueFault::TooLong(chars))
    } else {
        None
    }
}

/// White space runs become one space, outer white space goes.
pub(crate) fn collapsed(raw: &str) -> Cow<'_, str> {
    let trimmed = raw.trim_matches(is_space);
    let bytes = trimmed.as_bytes();
    let plain = !bytes.iter().any(|b| matches!(b, b'\t' | b'\n' | b'\r'))
        && !bytes.windows(2).any(|pair| pair == b"  ");
    if plain {
        return Cow::Borrowed(trimmed);
    }
    let words = trimmed.split(is_space).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// Most digits the validator keeps, leading zeros aside; longer numbers it refuses outright.
const DIGITS_KEPT: usize = 24;

fn decimal(text: &str, total: usize, fraction: usize) -> Option<ValueFault> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + part.len() == 0 || !all_digits(whole) || !all_digits(part) {
        return Some(ValueFault::NotNumber);
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() + part.len() > DIGITS_KEPT {
        return Some(ValueFault::Digits);
    }
    let part = part.trim_end_matches('0');
    (whole.len() + part.len() > total || part.len() > fraction).then_some(ValueFault::Digits)
}

fn int(text: &str, digits: usize) -> Option<ValueFault> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Some(ValueFault::NotNumber);
    }
    let significant = unsigned.trim_start_matches('0');
    let too_many = digits != 0 && significant.len() > digits;
    let negative = text.starts_with('-');
    let fits = significant.len() <= 10
        && significant.parse::<i64>().unwrap_or(0) <= i64::from(i32::MAX) + i64::from(negative);
    (too_many || !fits).then_some(ValueFault::Digits)
}
