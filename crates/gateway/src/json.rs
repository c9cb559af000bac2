//! Reads JSON and keeps, for every value, the very bytes it stood in: the signature of payment
//! originals covers nested JSON as it was written, and an amount is the digits that were sent.

/// A value, and the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    /// The text, from its first byte to its last.
    pub(crate) raw: &'a str,
    pub(crate) kind: Kind<'a>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A string, unescaped.
    Text(String),
    /// A number; its digits are the raw text.
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// A list.
    List(Vec<Value<'a>>),
    /// An object, its members in their order.
    Object(Vec<(String, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The member with this name.
    pub(crate) fn member(&self, name: &str) -> Option<&Value<'a>> {
        let Kind::Object(members) = &self.kind else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<&[Value<'a>]> {
        if let Kind::List(items) = &self.kind { Some(items) } else { None }
    }
}

/// Deepest nesting read.
const DEPTH_MAX: usize = 16;

/// Reads one value and nothing after it. `None` when the text is not JSON, names a member twice, or
/// is nested too deep.
pub(crate) fn read(text: &str) -> Option<Value<'_>> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.space();
        let from = self.at;
        let kind = match self.peek()? {
            b'"' => Kind::Text(self.string()?),
            b'{' => self.object(depth)?,
            b'[' => self.list(depth)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        };
        Some(Value { raw: self.text.get(from..self.at)?, kind })
    }

    fn object(&mut self, depth: usize) -> Option<Kind<'a>> {
        self.eat(b'{')?;
        let mut members: Vec<(String, Value<'a>)> = Vec::new();
        if self.eat(b'}').is_some() {
            return Some(Kind::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.eat(b':')?;
            let value = self.value(depth + 1)?;
            if members.iter().any(|(known, _)| *known == name) {
                return None;
            }
            members.push((name, value));
            if self.eat(b',').is_none() {
                self.eat(b'}')?;
                return Some(Kind::Object(members));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Kind<'a>> {
        self.eat(b'[')?;
        let mut items = Vec::new();
        if self.eat(b']').is_some() {
            return Some(Kind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.eat(b',').is_none() {
                self.eat(b']')?;
                return Some(Kind::List(items));
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let next = rest.chars().next()?;
            self.at += next.len_utf8();
            match next {
                '"' => return Some(out),
                '\\' => out.push(self.escape()?),
                c if c < ' ' => return None,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        if self.text.as_bytes().get(self.at..self.at + 2)? != b"\\u" {
            return None;
        }
        self.at += 2;
        let second = self.hex()?;
        let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<Kind<'a>> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.digits()? {
            (b'0', length) if length > 1 => return None,
            _ => {}
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(Kind::Number)
    }

    /// The first of at least one digit, and how many there are.
    fn digits(&mut self) -> Option<(u8, usize)> {
        let first = self.peek()?;
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some((first, self.at - from))
    }

    fn word(&mut self) -> Option<Kind<'a>> {
        let rest = self.text.get(self.at..)?;
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(Kind::Word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text() {
        let text = r#" {"a": [1, -2.50 ,"x\"\u8336\ud83c\udf75"], "b":{"c":null} } "#;
        let value = read(text).unwrap();
        let list = value.member("a").unwrap();
        assert_eq!(list.raw, r#"[1, -2.50 ,"x\"\u8336\ud83c\udf75"]"#);
        let items = list.items().unwrap();
        assert_eq!((items[1].raw, items[2].text()), ("-2.50", Some("x\"茶🍵")));
        assert_eq!(value.member("b").unwrap().raw, r#"{"c":null}"#);
        assert_eq!(value.member("d"), None);
    }

    #[test]
    fn what_is_not_json_is_not_read() {
        for text in [
            "",
            "{",
            "{}x",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":2}",
            "01",
            "1.",
            ".5",
            "1e",
            "nul",
            "\"\u{1}\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "'a'",
            "[1 2]",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert_eq!(read(&deep), None);
    }
}
