//! Base 64 as XML carries it, canonical and padded.

use base64_simd::STANDARD;

/// The bytes of a text with XML white space anywhere in it. `None` when it is no base 64, or not
/// the one form its bytes have.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if let Ok(bytes) = STANDARD.decode_to_vec(text) {
        return Some(bytes);
    }
    let compact: Vec<u8> = text.bytes().filter(|byte| !crate::token::is_space(*byte)).collect();
    if compact.len() == text.len() { None } else { STANDARD.decode_to_vec(compact).ok() }
}

/// Appends bytes in base 64.
pub(crate) fn encode_to(out: &mut String, bytes: &[u8]) {
    STANDARD.encode_append(bytes, out);
}

/// Bytes in base 64.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_taken() {
        for good in ["", "QQ==", "QUI=", "QUJD", " Q U\r\nJ\tD ", "QUJD\n", " "] {
            assert!(decode(good).is_some(), "{good}");
        }
        for bad in ["Q", "QQ", "QQ=", "QR==", "QUJ=", "Q===", "====", "QQ==QQ==", "QUJD=", "QU-_"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            let text = encode(&bytes[..length]);
            assert_eq!(decode(&text).as_deref(), Some(&bytes[..length]));
            let mut appended = "x".to_owned();
            encode_to(&mut appended, &bytes[..length]);
            assert_eq!(appended[1..], text);
        }
    }
}
