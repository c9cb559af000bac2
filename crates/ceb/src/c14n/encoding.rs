//! From bytes to text, by the one decoder that reading uses too: bytes that two decoders take for
//! different texts would verify as one and be read as the other.

use std::borrow::Cow;

use kernel::Text;

use super::XmlFault;
use crate::read::{Undecodable, decode as decode_message};

/// The text of an XML document: the byte order mark removed, GB2312, GBK and GB18030 converted
/// when the XML declaration says so.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, XmlFault> {
    decode_message(bytes, false).map(|decoded| decoded.text).map_err(|why| match why {
        Undecodable::Declaration(_) => {
            fault(1, "XML 声明不合规", "the XML declaration is not that of XML 1.0")
        }
        Undecodable::Encoding(_) => fault(
            1,
            "不支持所声明的字符编码, 仅支持 UTF-8 与 GB2312/GBK/GB18030",
            "the declared encoding is not supported; UTF-8 and GB2312/GBK/GB18030 are",
        ),
        Undecodable::Bytes("UTF-8") => {
            let valid = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
            let line = line_at(bytes, valid);
            fault(line, "报文不是有效的 UTF-8 文本", "the message is not valid UTF-8 text")
        }
        Undecodable::Bytes(_) => fault(
            1,
            "报文与所声明的编码不符",
            "the message does not conform to the encoding it declares",
        ),
    })
}

fn fault(line: u32, zh: &str, en: &str) -> XmlFault {
    XmlFault { line, reason: Text::new(zh, en) }
}

/// The line of a byte, counted from 1.
pub(super) fn line_at(bytes: &[u8], offset: usize) -> u32 {
    let before = &bytes[..offset.min(bytes.len())];
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}
