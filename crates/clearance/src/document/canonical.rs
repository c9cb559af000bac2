//! The canonical form of a document: the same document by XML, JSON or folder gives the same text.
//!
//! One line a field in the order of the definition, `name=value`; empty fields are left out,
//! surrounding white space is dropped, numbers lose zeros that say nothing. What belongs to the
//! sending and not to the document (guid, appType, appTime, appStatus) is left out.

use ceb::{Document, Record};

use super::kind::Kind;

const OF_THE_SENDING: [&str; 4] = ["guid", "appType", "appTime", "appStatus"];

/// The canonical text. It holds personal data in clear: hash it, do not keep it.
pub fn content(kind: Kind, document: &Document) -> String {
    let mut text = String::with_capacity(1_024 + 512 * document.lines.len());
    text.push_str(kind.code());
    text.push('\n');
    write(&mut text, &document.head);
    for line in &document.lines {
        text.push_str("--\n");
        write(&mut text, line);
    }
    text
}

fn write(text: &mut String, record: &Record) {
    for (field, value) in record.values() {
        let value = value.trim();
        if value.is_empty() || OF_THE_SENDING.contains(&field.name) {
            continue;
        }
        text.push_str(field.name);
        text.push('=');
        match field.format {
            ceb::Format::Decimal { .. } | ceb::Format::Int { .. } => {
                plain_number(text, value);
            }
            ceb::Format::Text { .. } => text.push_str(value),
        }
        text.push('\n');
    }
}

/// Writes a number without a plus sign, leading zeros, and zeros after the point that say nothing.
/// What is no number stays as it is.
fn plain_number(text: &mut String, number: &str) {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain || !digits.bytes().any(|b| b.is_ascii_digit()) {
        return text.push_str(number);
    }
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() || digits.starts_with('.') {
        text.push('0');
    }
    text.push_str(digits);
}

#[cfg(test)]
mod tests {
    use super::plain_number;

    #[test]
    fn one_number_is_written_one_way() {
        for (text, plain) in [
            ("199", "199"),
            ("199.00", "199"),
            ("199.50", "199.5"),
            ("+0199.5", "199.5"),
            ("0", "0"),
            ("0.0", "0"),
            ("00.50", "0.5"),
            (".5", "0.5"),
            (".", "."),
            ("100", "100"),
            ("-3", "-3"),
            ("1e5", "1e5"),
        ] {
            let mut written = String::new();
            plain_number(&mut written, text);
            assert_eq!(written, plain, "{text}");
        }
    }
}
