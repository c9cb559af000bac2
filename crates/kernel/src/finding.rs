//! What is wrong with something somebody sent us: which field, what was found, what was
//! expected, and how to mend it, in Chinese and English.

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// A sentence in both languages. No full stop at the end of a single sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Text {
    /// Chinese, the language of the law and of most users.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Pairs the two sentences.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth a look; does not stop the document.
    Warning,
    /// Stops the document until it is mended.
    Error,
}

/// One fault with a place and a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// Error or warning.
    pub level: Level,
    /// Stable dotted code, such as `field.too_long` or `match.amount`. Never reused.
    pub code: &'static str,
    /// Where: `Order[2]/OrderHead/orderNo` in a message, `items[0].quantity` in JSON. Empty when
    /// the whole input is meant.
    pub path: String,
    /// Line in the source text, counted from 1, when there is one.
    pub line: Option<u32>,
    /// What stood there, shortened, personal data masked.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What is wrong.
    pub message: Text,
    /// How to mend it, and who can.
    pub remedy: Text,
}

impl Finding {
    /// A finding that stops the document. Place and values are added with the `at`-style methods.
    pub fn error(code: &'static str, message: Text, remedy: Text) -> Finding {
        Finding {
            level: Level::Error,
            code,
            path: String::new(),
            line: None,
            found: String::new(),
            expected: String::new(),
            message,
            remedy,
        }
    }

    /// A finding that is only worth a look.
    pub fn warning(code: &'static str, message: Text, remedy: Text) -> Finding {
        Finding { level: Level::Warning, ..Finding::error(code, message, remedy) }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Finding {
        self.path = path.into();
        self
    }

    /// Says on which line, counted from 1.
    #[must_use]
    pub fn on_line(mut self, line: u32) -> Finding {
        self.line = Some(line);
        self
    }

    /// Says what was found (cut to 80 characters) and what was expected.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>, expected: impl Into<String>) -> Finding {
        self.found = shorten(found.into());
        self.expected = expected.into();
        self
    }

    /// Whether this stops the document.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

const FOUND_CHARS_MAX: usize = 80;

fn shorten(text: String) -> String {
    match text.char_indices().nth(FOUND_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The wire form: flat, with `zh`, `en` and one `remedy` that holds both languages, and the two
/// remedies apart for those who show only one.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Finding", 11)?;
        out.serialize_field("level", &self.level)?;
        out.serialize_field("code", self.code)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("line", &self.line)?;
        out.serialize_field("found", &self.found)?;
        out.serialize_field("expected", &self.expected)?;
        out.serialize_field("zh", &self.message.zh)?;
        out.serialize_field("en", &self.message.en)?;
        out.serialize_field("remedy", &format!("{} / {}", self.remedy.zh, self.remedy.en))?;
        out.serialize_field("remedy_zh", &self.remedy.zh)?;
        out.serialize_field("remedy_en", &self.remedy.en)?;
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_form_is_flat_and_bilingual() {
        let finding =
            Finding::error("field.missing", Text::new("缺", "missing"), Text::new("补", "add"))
                .at("Order[1]/OrderHead/orderNo")
                .on_line(7)
                .found("", "1..60 characters");
        let json = serde_json::to_value(&finding).unwrap_or_default();
        assert_eq!(json["level"], "error");
        assert_eq!(json["line"], 7);
        assert_eq!(json["remedy"], "补 / add");
        assert_eq!(json["zh"], "缺");
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let long = "清".repeat(200);
        let finding = Finding::warning("x", Text::default(), Text::default()).found(long, "short");
        assert_eq!(finding.found.chars().count(), 81);
    }
}
