//! What a single value must be, by the kind of value and its code list.

use kernel::identifier::{self, Verdict};
use kernel::time::parse_compact_date;
use kernel::{Decimal, Level, Time};

use crate::check::{At, Check};
use crate::read::judge;
use crate::schema::{CodeList, Direction, Field, FieldIndex, Form, Format};

impl Check<'_> {
    /// Every field of a record by itself.
    pub(super) fn fields(&mut self, at: At<'_>) {
        let receipt = self.kind.direction == Direction::FromCustoms;
        for (field, index) in at.record.def().fields.iter().zip(0u8..) {
            let index = FieldIndex(index);
            let Some(value) = at.record.at(index) else {
                if field.required && !receipt && may_be_empty(field) && at.record.has(index) {
                    self.empty(at, index, field);
                }
                continue;
            };
            if !receipt {
                self.form(at, index, field, value);
            } else if field.form == Form::MomentMillis {
                self.moment_millis(at, index, value);
            }
            if let Some(list) = field.list {
                self.code(at, index, list, value);
            }
        }
    }

    fn empty(&mut self, at: At<'_>, index: FieldIndex, field: &Field) {
        // Where the schema supplies a value the element may be empty, but few programs know that.
        let level = if field.preset.is_some() { Level::Warning } else { Level::Error };
        self.on_field(
            level,
            "field.empty",
            at,
            index,
            field.name,
            ("必填项为空", "A required field is empty"),
            ("补填", "fill it in"),
        );
    }

    fn form(&mut self, at: At<'_>, index: FieldIndex, field: &Field, value: &str) {
        match field.form {
            Form::Plain | Form::Line => {}
            Form::Guid => {
                if !is_proper_guid(value) {
                    let path = self.path(at, field.name);
                    self.guid(value, &path, at.record.line_of(index));
                }
            }
            Form::Moment => {
                if value.len() != 14 || !is_moment(value) {
                    let texts = ("时间无效", "Not a real time");
                    self.invalid(at, index, "time.invalid", "yyyyMMddHHmmss", texts);
                }
            }
            Form::MomentMillis => self.moment_millis(at, index, value),
            Form::Day => {
                if !is_plain_day(value.as_bytes()) && parse_compact_date(value).is_none() {
                    let texts = ("日期无效", "Not a real day");
                    self.invalid(at, index, "date.invalid", "yyyyMMdd", texts);
                }
            }
            Form::Enterprise => self.enterprise(at, index, value),
            Form::EnterpriseOrNone => {
                if !matches!(value, "NO" | "无") {
                    self.enterprise(at, index, value);
                }
            }
            Form::IdNumber => self.id_number(at, index, field, value),
            Form::HsCode => {
                if value.len() != 10 || !all_digits(value) {
                    let texts = ("商品编码须为 10 位数字", "An HS code has ten digits");
                    self.invalid(at, index, "hs_code.form", "10 digits", texts);
                }
            }
            Form::Money => {
                let negative = |amount| amount < Decimal::ZERO;
                if sign(value).is_none() && at.record.decimal_at(index).is_some_and(negative) {
                    let texts = ("金额不得为负", "An amount may not be negative");
                    self.invalid(at, index, "amount.negative", "0 or more", texts);
                }
            }
            Form::Quantity | Form::Count => {
                let not_positive = |amount| amount <= Decimal::ZERO;
                if sign(value) != Some(Sign::Positive)
                    && at.record.decimal_at(index).is_some_and(not_positive)
                {
                    let texts = ("数值须大于零", "The number must be above zero");
                    self.invalid(at, index, "quantity.not_positive", "above 0", texts);
                }
            }
            Form::PreNo => {
                if !is_pre_no(value) {
                    let texts =
                        ("电子口岸预录入编号格式不符", "Not the form of a pre-entry number");
                    let expected = "a letter, yyyyMMdd, 9 digits";
                    self.unusual(at, index, field, "pre_no.form", expected, texts);
                }
            }
            Form::InventoryNo => {
                if !is_inventory_no(value) {
                    let texts = ("清单编号格式不符", "Not the form of an inventory number");
                    let expected = "district 4, year 4, I or E, 9..11 digits";
                    self.unusual(at, index, field, "invt_no.form", expected, texts);
                }
            }
        }
    }

    fn invalid(
        &mut self,
        at: At<'_>,
        index: FieldIndex,
        code: &'static str,
        expected: &str,
        texts: (&str, &str),
    ) {
        if well_shaped(at, index) {
            self.on_field(Level::Error, code, at, index, expected, texts, CORRECT);
        }
    }

    /// A number somebody else gave: an error where the document is about it, else a warning.
    fn unusual(
        &mut self,
        at: At<'_>,
        index: FieldIndex,
        field: &Field,
        code: &'static str,
        expected: &str,
        texts: (&str, &str),
    ) {
        let level = if field.required { Level::Error } else { Level::Warning };
        let remedy = ("按回执所给编号填写", "copy it from the receipt");
        self.on_field(level, code, at, index, expected, texts, remedy);
    }

    fn moment_millis(&mut self, at: At<'_>, index: FieldIndex, value: &str) {
        if !is_moment(value) {
            let texts = ("时间无效", "Not a real time");
            self.invalid(at, index, "time.invalid", "yyyyMMddHHmmssSSS", texts);
        }
    }

    pub(super) fn guid(&mut self, value: &str, path: &str, line: u32) {
        let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
        let uuid = value.len() == 36
            && value.bytes().enumerate().all(|(at, b)| match b {
                b'-' => hyphen(at),
                _ => !hyphen(at) && b.is_ascii_hexdigit(),
            });
        let (code, texts) = if !uuid {
            ("guid.form", ("序号不是 UUID 格式", "The guid is no UUID"))
        } else if value.bytes().any(|b| b.is_ascii_lowercase()) {
            ("guid.case", ("序号中的字母应当大写", "Letters of the guid should be upper-case"))
        } else {
            return;
        };
        if value.len() != 36 {
            return; // its length is a matter of structure
        }
        let expected = "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX";
        let remedy = ("生成大写 UUID", "make an upper-case UUID");
        self.add(Level::Warning, code, path.to_owned(), line, (value, expected), texts, remedy);
    }

    fn enterprise(&mut self, at: At<'_>, index: FieldIndex, value: &str) {
        // Foreign platforms without a code write the word for "none" in export messages.
        let export = self.kind.flow == crate::schema::Flow::Export;
        if export
            && value == "无"
            && at.record.def().field(index).is_some_and(|f| f.name == "ebpCode")
        {
            return;
        }
        match identifier::enterprise_code(value) {
            Verdict::Good => {}
            Verdict::WrongCheck(right) => self.on_field(
                Level::Warning,
                "enterprise.check_digit",
                at,
                index,
                &format!("…{right}"),
                ("统一社会信用代码校验位不符", "The check character of the credit code is wrong"),
                ("核对营业执照上的代码", "compare it with the business licence"),
            ),
            Verdict::Malformed => {
                let expected = "10-character customs code or 18-character credit code";
                let texts = ("企业代码格式不符", "Not the form of an enterprise code");
                self.invalid(at, index, "enterprise.form", expected, texts);
            }
        }
    }

    fn id_number(&mut self, at: At<'_>, index: FieldIndex, field: &Field, value: &str) {
        let type_name = if field.name == "payerIdNumber" { "payerIdType" } else { "buyerIdType" };
        if at.record.text(type_name) != Some("1") {
            return;
        }
        let remedy =
            ("与本人核对身份证号码后改正", "compare the number with its owner and correct it");
        match identifier::identity_number(value) {
            Verdict::Good => {}
            // Customs verifies identities with the police and refuses a wrong one.
            Verdict::WrongCheck(_) => self.on_field(
                Level::Error,
                "id_number.check_digit",
                at,
                index,
                "another last character",
                ("身份证号码校验位不符", "The check character of the identity number is wrong"),
                remedy,
            ),
            Verdict::Malformed => self.on_field(
                Level::Error,
                "id_number.form",
                at,
                index,
                "18 characters with a real birth date, X in upper case",
                ("身份证号码格式不符", "Not the form of an identity number"),
                remedy,
            ),
        }
    }

    fn code(&mut self, at: At<'_>, index: FieldIndex, list: CodeList, value: &str) {
        let short = shortened(value);
        if short.is_some() && self.known.get(list as usize) == Some(&short) {
            return;
        }
        let known = match list.builtin() {
            Some(codes) => Some(codes.iter().any(|code| code.code == value)),
            // Negative receipt statuses are error numbers, and the positive list is open.
            None if list == CodeList::ReceiptStatus && value.starts_with('-') => Some(true),
            None => self.lists.contains(list, value),
        };
        if known == Some(true)
            && let Some(slot) = self.known.get_mut(list as usize)
        {
            *slot = short;
        }
        if known != Some(false) || !well_shaped(at, index) {
            return;
        }
        let level = match list {
            CodeList::ReceiptStatus | CodeList::Division => Level::Warning,
            _ => Level::Error,
        };
        let (zh, en) = list.title();
        self.on_field(
            level,
            "code.unknown",
            at,
            index,
            &format!("{zh} / {en}"),
            (&format!("{zh}中没有此代码"), &format!("No such code among the {en}")),
            ("改用代码表中的代码", "use a code of the list"),
        );
    }
}

/// A code of up to seven bytes as a number, different for each.
fn shortened(code: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..code.len())?.copy_from_slice(code.as_bytes());
    bytes[7] = match bytes[7] {
        0 if code.len() < 8 => code.len() as u8,
        _ => return None,
    };
    Some(u64::from_le_bytes(bytes))
}

/// The plain remedy.
pub(super) const CORRECT: (&str, &str) = ("改正后重发", "correct it and send again");

/// Whether the schema lets the element stand there empty.
fn may_be_empty(field: &Field) -> bool {
    field.preset.is_some() || matches!(field.format, Format::Text { min: 0, .. })
}

/// Whether the structure has nothing against the value; else it has been found already.
fn well_shaped(at: At<'_>, index: FieldIndex) -> bool {
    let field = at.record.def().field(index);
    field.zip(at.record.at(index)).is_some_and(|(field, value)| judge(field, value).is_none())
}

/// A UUID in upper case.
pub(super) fn is_proper_guid(value: &str) -> bool {
    let bytes = value.as_bytes();
    let proper = |at: usize, byte: u8| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'A'..=b'F'),
    };
    bytes.len() == 36 && bytes.iter().enumerate().all(|(at, byte)| proper(at, *byte))
}

/// Whether a text is a real time, `yyyyMMddHHmmss` with or without milliseconds.
fn is_moment(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = matches!(bytes.len(), 14 | 17)
        && is_plain_day(&bytes[..8])
        && pair(&bytes[8..]).is_some_and(|hour| hour < 24)
        && pair(&bytes[10..]).is_some_and(|minute| minute < 60)
        && pair(&bytes[12..]).is_some_and(|second| second < 60)
        && bytes[14..].iter().all(u8::is_ascii_digit);
    plain || Time::parse_compact(text).is_some()
}

/// Whether a text is a day that every month has, of the years 1000 to 8999. `false` tells nothing.
fn is_plain_day(text: &[u8]) -> bool {
    text.len() == 8
        && matches!(text[0], b'1'..=b'8')
        && text[1..4].iter().all(u8::is_ascii_digit)
        && pair(&text[4..]).is_some_and(|month| (1..=12).contains(&month))
        && pair(&text[6..]).is_some_and(|day| (1..=28).contains(&day))
}

/// The number of the first two digits.
fn pair(text: &[u8]) -> Option<u8> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => Some((tens - b'0') * 10 + ones - b'0'),
        _ => None,
    }
}

/// Sign of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Zero,
    Positive,
}

/// The sign of a number of plain digits, with or without some after a point, told without
/// computing it; `None` of others.
fn sign(text: &str) -> Option<Sign> {
    let (whole, part) = match text.split_once('.') {
        Some((whole, part)) => (whole, part),
        None => (text, "0"),
    };
    let short = text.len() <= 24 && !whole.is_empty() && !part.is_empty();
    if !short || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let zero = whole.bytes().chain(part.bytes()).all(|digit| digit == b'0');
    Some(if zero { Sign::Zero } else { Sign::Positive })
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Letter, date, nine digits.
fn is_pre_no(text: &str) -> bool {
    text.len() == 18
        && text.is_ascii()
        && text.as_bytes()[0].is_ascii_uppercase()
        && parse_compact_date(&text[1..9]).is_some()
        && all_digits(&text[9..])
}

/// District (4), year (4), I or E, serial of nine to eleven digits.
fn is_inventory_no(text: &str) -> bool {
    (18..=20).contains(&text.len())
        && text.is_ascii()
        && all_digits(&text[..8])
        && matches!(text.as_bytes()[8], b'I' | b'E')
        && all_digits(&text[9..])
}
