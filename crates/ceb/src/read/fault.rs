//! What the reader finds wrong with the structure, in words. One place for all texts, and one
//! collector that counts, bounds and grades them.

use kernel::{Finding, Level, Text};

use crate::read::scan::Malformed;
use crate::read::value::ValueFault;
use crate::schema::{Field, Format, Preset, RecordDef};

/// Collects findings. Structural ones are errors, or warnings when reading leniently.
pub(crate) struct Faults {
    findings: Vec<Finding>,
    max: usize,
    level: Level,
    /// Whether the official schema would accept what was read so far.
    pub(crate) valid: bool,
}

impl Faults {
    pub(crate) fn new(lenient: bool, max: usize) -> Faults {
        let level = if lenient { Level::Warning } else { Level::Error };
        Faults { findings: Vec::new(), max: max.max(1), level, valid: true }
    }

    /// Adds a structural finding; it is only put together when there is still room for it.
    pub(crate) fn structural(&mut self, finding: impl FnOnce() -> Finding) {
        self.valid = false;
        let level = self.level;
        if self.findings.len() < self.max {
            self.findings.push(Finding { level, ..finding() });
        } else if self.findings.len() == self.max {
            self.findings.push(truncated());
        }
    }

    /// Adds a finding at its own level, whether there is room or not: these are few.
    pub(crate) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Stands at the end of a list that was cut.
pub(crate) fn truncated() -> Finding {
    Finding::warning(
        "findings.truncated",
        Text::new("问题过多，其余未列出", "Too many findings; the rest are not listed"),
        Text::new("先改正已列出的问题再检查", "Mend those listed, then check again"),
    )
}

/// Who mends the form of a message: whoever made it.
fn sender_mends() -> Text {
    Text::new(
        "由报文发送方按 202205 版格式规范改正后重发",
        "The sender corrects it by the 202205 format and sends it again",
    )
}

fn fault(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding::error(code, Text::new(zh, en), sender_mends())
}

pub(crate) fn malformed(fault: Malformed) -> Finding {
    let (code, zh) = if fault.refused {
        ("xml.refused", format!("为安全起见拒收：{}", fault.what))
    } else {
        ("xml.malformed", format!("不是格式良好的 XML：{}", fault.what))
    };
    let en = if fault.refused {
        format!("Refused for safety: {}", fault.what)
    } else {
        format!("Not well-formed XML: {}", fault.what)
    };
    let remedy = Text::new(
        "由报文发送方修正生成 XML 的程序；不要使用 DTD 和自定义实体",
        "The sender mends the program that makes the XML; no DTD, no entities of its own",
    );
    Finding::error(code, Text::new(zh, en), remedy)
        .on_line(fault.line)
        .found(fault.found, "well-formed XML")
}

pub(crate) fn too_large(bytes: usize, max: usize) -> Finding {
    Finding::error(
        "message.too_large",
        Text::new("报文过大", "The message is too large"),
        Text::new("由发送方拆分为多个报文", "The sender splits it into several messages"),
    )
    .found(format!("{bytes} bytes"), format!("at most {max} bytes"))
}

pub(crate) fn undecodable(fault: crate::read::encoding::Undecodable) -> Finding {
    use crate::read::encoding::Undecodable;
    let remedy = Text::new(
        "由发送方改用 UTF-8 编码，并使声明与实际编码一致",
        "The sender encodes in UTF-8 and declares what it uses",
    );
    match fault {
        Undecodable::Declaration(what) => Finding::error(
            "xml.declaration",
            Text::new(
                format!("XML 声明有误：{what}"),
                format!("The XML declaration is wrong: {what}"),
            ),
            remedy,
        )
        .on_line(1),
        Undecodable::Encoding(label) => Finding::error(
            "xml.encoding_unknown",
            Text::new("不支持的字符编码", "An encoding that is not read here"),
            remedy,
        )
        .on_line(1)
        .found(label, "UTF-8, GB18030, GBK, GB2312"),
        Undecodable::Bytes(encoding) => Finding::error(
            "xml.encoding_broken",
            Text::new("字节与声明的编码不符", "Bytes that mean nothing in the declared encoding"),
            remedy,
        )
        .found("", encoding),
    }
}

pub(crate) fn damaged(encoding: &'static str) -> Finding {
    Finding::warning(
        "xml.encoding_broken",
        Text::new("部分字节与编码不符，已替换", "Some bytes meant nothing and were replaced"),
        Text::new("请向发送方索取完好的报文", "Ask the sender for an intact copy"),
    )
    .found("", encoding)
}

pub(crate) fn not_utf8(encoding: &'static str) -> Finding {
    Finding::warning(
        "xml.encoding_not_utf8",
        Text::new("规范要求使用 UTF-8 编码", "The standard asks for UTF-8"),
        Text::new("由发送方改用 UTF-8 编码", "The sender encodes in UTF-8"),
    )
    .on_line(1)
    .found(encoding, "UTF-8")
}

pub(crate) fn unknown_type(root: &str) -> Finding {
    fault(
        "message.unknown_type",
        "根元素不是已知的报文类型",
        "The root element is no known message type",
    )
    .found(root, "CEB311Message … CEB900Message")
}

pub(crate) fn root_name(found: &str, expected: &'static str) -> Finding {
    fault("message.root", "根元素名称有误", "The root element has the wrong name")
        .found(found, expected)
}

pub(crate) fn namespace(found: &str) -> Finding {
    fault("message.namespace", "命名空间有误", "The namespace is wrong")
        .found(found, crate::schema::NAMESPACE)
}

pub(crate) fn attribute_missing(name: &'static str) -> Finding {
    fault(
        "message.attribute_missing",
        format!("根元素缺少属性 {name}"),
        format!("The root element lacks the attribute {name}"),
    )
    .at(format!("@{name}"))
    .found("", name)
}

pub(crate) fn attribute_length(
    name: &'static str,
    chars: usize,
    expected: &'static str,
) -> Finding {
    fault(
        "message.attribute_length",
        format!("属性 {name} 的长度有误"),
        format!("The attribute {name} has the wrong length"),
    )
    .at(format!("@{name}"))
    .found(format!("{chars} characters"), expected)
}

pub(crate) fn attribute_unknown(name: &str) -> Finding {
    fault("element.attribute", "元素不得带有此属性", "The element may not carry this attribute")
        .found(name, "no such attribute")
}

pub(crate) fn element_unknown(name: &str, expected: &str) -> Finding {
    fault("element.unknown", "此处没有这样的元素", "No such element belongs here")
        .found(name, expected)
}

pub(crate) fn element_misplaced(name: &str, after: &str) -> Finding {
    fault("element.misplaced", "元素顺序有误", "The element stands out of order").found(name, after)
}

pub(crate) fn element_repeated(name: &str, max: u32) -> Finding {
    fault("element.repeated", "元素出现次数过多", "The element occurs too often")
        .found(name, format!("at most {max}"))
}

pub(crate) fn element_missing(name: &str, zh: &str, en: &str) -> Finding {
    fault("element.missing", format!("缺少{zh}"), format!("The {en} is missing")).found("", name)
}

pub(crate) fn field_missing(record: &RecordDef, field: &Field) -> Finding {
    fault(
        "field.missing",
        format!("{}缺少必填项{}", record.zh, field.zh),
        format!("The {} lacks the required {}", record.en, field.en),
    )
    .found("", field.name)
}

pub(crate) fn stray_text() -> Finding {
    fault(
        "element.text",
        "此元素只能含有子元素，不得含有文字",
        "Only elements may stand here, no text",
    )
}

pub(crate) fn child_in_field(field: &Field, child: &str) -> Finding {
    fault(
        "field.child",
        format!("{}中不得含有元素", field.zh),
        format!("The {} may not contain elements", field.en),
    )
    .found(child, "text")
}

pub(crate) fn signature_structure(found: &str, expected: impl Into<String>) -> Finding {
    Finding::error(
        "signature.structure",
        Text::new("签名块的结构有误", "The signature block is not built as the standard says"),
        Text::new(
            "由签名方用符合 XML 签名规范的程序重新签名",
            "The signer signs again with a program that follows XML signatures",
        ),
    )
    .found(found, expected)
}

/// Most characters of a value that are looked at for showing it; findings show fewer.
const SHOWN_CHARS_MAX: usize = 200;

pub(crate) fn value(field: &Field, fault_found: ValueFault, value: &str) -> Finding {
    let start = value.char_indices().nth(SHOWN_CHARS_MAX).map_or(value, |(end, _)| &value[..end]);
    let shown = field.shown(start);
    let expected = describe(field);
    let of = |zh: &str, en: &str| (format!("{}{zh}", field.zh), format!("The {} {en}", field.en));
    let (code, (zh, en), found) = match fault_found {
        ValueFault::TooLong(chars) => {
            ("field.too_long", of("过长", "is too long"), format!("{chars}: {shown}"))
        }
        ValueFault::TooShort(0) => ("field.empty", of("为空", "is empty"), String::new()),
        ValueFault::TooShort(chars) => {
            ("field.too_short", of("过短", "is too short"), format!("{chars}: {shown}"))
        }
        ValueFault::NotNumber => ("field.not_number", of("不是数字", "is no number"), shown),
        ValueFault::Digits => ("field.digits", of("位数过多", "has too many digits"), shown),
        ValueFault::NotFixed => {
            ("field.fixed", of("取值固定，不得更改", "may only be the fixed value"), shown)
        }
    };
    fault(code, zh, en).found(found, expected)
}

/// What may stand in a field, for the reader of a finding.
fn describe(field: &Field) -> String {
    if let Some(Preset::Fixed(value)) = field.preset {
        return value.to_owned();
    }
    match field.format {
        Format::Text { min: 0, max: u32::MAX, .. } => "text".into(),
        Format::Text { min, max, .. } if min == max => format!("{min} characters"),
        Format::Text { min, max, .. } => format!("{min}..{max} characters"),
        Format::Decimal { total, fraction } => {
            format!("a number of at most {total} digits, {fraction} of them after the point")
        }
        Format::Int { digits: 0 } => "a whole number".into(),
        Format::Int { digits } => format!("a whole number of at most {digits} digits"),
    }
}
