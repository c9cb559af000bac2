//! From bytes to text: UTF-8 as it is, the Chinese national encodings converted.

use std::borrow::Cow;

use kernel::Text;

use super::XmlFault;

const UTF8_BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// The text of an XML document: the byte order mark removed, GB2312, GBK and GB18030 converted
/// when the XML declaration says so.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, XmlFault> {
    let bytes = bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes);
    if bytes.starts_with(UTF8_BOM) {
        return Err(fault(1, "字节顺序标记重复", "the byte order mark stands twice"));
    }
    let declared = declared_encoding(bytes);
    let is = |name: &str| declared.is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes()));
    if declared.is_none() || is("utf-8") || is("utf8") || is("us-ascii") {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => Err(fault(
                line_at(bytes, error.valid_up_to()),
                "报文不是有效的 UTF-8 文本",
                "the message is not valid UTF-8 text",
            )),
        };
    }
    if is("gb2312") || is("gbk") || is("gb18030") {
        let (text, malformed) = encoding_rs::GB18030.decode_without_bom_handling(bytes);
        if malformed {
            return Err(fault(
                1,
                "报文与所声明的 GB 编码不符",
                "the message does not conform to the GB encoding it declares",
            ));
        }
        return Ok(text);
    }
    Err(fault(
        1,
        "不支持所声明的字符编码, 仅支持 UTF-8 与 GB2312/GBK/GB18030",
        "the declared encoding is not supported; UTF-8 and GB2312/GBK/GB18030 are",
    ))
}

/// The value of `encoding` in the XML declaration, if there is one.
fn declared_encoding(bytes: &[u8]) -> Option<&[u8]> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let end = declaration.iter().take(200).position(|byte| *byte == b'>')?;
    let declaration = &declaration[..end];
    let at = declaration.windows(8).position(|window| window == b"encoding")?;
    let rest = declaration[at + 8..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    let end = rest.iter().position(|byte| byte == quote)?;
    matches!(quote, b'"' | b'\'').then_some(&rest[..end])
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
