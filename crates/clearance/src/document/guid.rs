//! Guids in 16 bytes: the bytes of a UUID as it is, anything else by a hash.

/// The 16 bytes of a UUID in its 36-character form, either case. `None` when it is no UUID.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    let bytes = text.trim().as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut out = [0_u8; 16];
    let mut n = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if matches!(i, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        out[n / 2] = out[n / 2] << 4 | digit;
        n += 1;
    }
    Some(out)
}

/// The upper-case 36-character form.
pub fn show(bytes: &[u8; 16]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_case_is_one_guid() {
        let upper = "4CDE1CFD-EDED-46B1-946C-B8022E42FC94";
        let bytes = parse(upper).expect("a UUID");
        assert_eq!(parse(&upper.to_ascii_lowercase()), Some(bytes));
        assert_eq!(show(&bytes), upper);
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "4CDE1CFD", "4CDE1CFD-EDED-46B1-946C-B8022E42FC9G", "清单"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"1".repeat(36)), None);
    }
}
