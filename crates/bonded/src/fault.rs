//! Findings of this room, put together from words.

use kernel::{Date, Finding, Text};

/// A finding from Chinese and English, what is wrong and how to mend it.
pub(crate) fn error(
    code: &'static str,
    (zh, en): (&str, &str),
    (remedy_zh, remedy_en): (&str, &str),
) -> Finding {
    Finding::error(code, Text::new(zh, en), Text::new(remedy_zh, remedy_en))
}

/// The text between one and so many characters, trimmed; a finding otherwise.
pub(crate) fn text(
    path: &str,
    text: &str,
    chars_max: usize,
    findings: &mut Vec<Finding>,
) -> String {
    let trimmed = text.trim();
    let chars = trimmed.chars().count();
    if chars == 0 || chars > chars_max {
        let fault = error(
            "bonded.field.length",
            ("必填项为空或过长", "the field is empty or too long"),
            ("按规定长度填写", "fill it in within its length"),
        );
        findings.push(fault.at(path).found(trimmed, format!("1..={chars_max} characters")));
    }
    trimmed.to_owned()
}

/// A code of ASCII letters and digits (and the given others).
pub(crate) fn code(
    path: &str,
    code: &str,
    chars_max: usize,
    others: &str,
    findings: &mut Vec<Finding>,
) -> String {
    let trimmed = code.trim();
    let good = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    if trimmed.is_empty() || trimmed.len() > chars_max || !trimmed.chars().all(good) {
        let fault = error(
            "bonded.field.code",
            ("编号格式不符", "the number has a wrong form"),
            ("只用字母和数字，按证件原样填写", "letters and digits only, as in the document"),
        );
        let expected = format!("1..={chars_max} letters, digits {others}");
        findings.push(fault.at(path).found(trimmed, expected));
    }
    trimmed.to_owned()
}

/// Exactly so many digits.
pub(crate) fn digits(path: &str, text: &str, lengths: &[usize], findings: &mut Vec<Finding>) {
    if !lengths.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let fault = error(
            "bonded.field.digits",
            ("应为规定位数的数字", "digits of a fixed length are expected"),
            ("按代码表填写", "fill it in from the code list"),
        );
        let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
        findings.push(fault.at(path).found(text, format!("{} digits", lengths.join(" or "))));
    }
}

/// The day is not to come.
pub(crate) fn past(path: &str, day: Date, today: Date, findings: &mut Vec<Finding>) {
    if day > today {
        let fault = error(
            "bonded.day.future",
            ("日期在今天之后", "the day is yet to come"),
            ("填写实际发生的日期", "give the day on which it happened"),
        );
        findings.push(fault.at(path).found(day.to_string(), format!("<= {today}")));
    }
}

/// The law does not say what is needed: the rules folder lacks it.
pub(crate) fn no_rule(unknown: &register::rules::NoRule) -> Finding {
    unknown.to_finding()
}
