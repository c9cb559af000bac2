//! References to declarations made by form outside the message family: general trade (0110), and
//! 9710 and 9810 above what may go by list. They are recorded so that statistics and refunds see
//! them; the declaration itself is customs'.

use kernel::{Date, Decimal, Finding, Id, Text, id};
use serde::{Deserialize, Serialize};

/// Names ids of recorded declarations: `dcl_…`.
pub enum DeclarationKind {}
impl id::Kind for DeclarationKind {
    const PREFIX: &'static str = "dcl";
}
/// Our id of a recorded declaration.
pub type DeclarationId = Id<DeclarationKind>;

/// A declaration as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Our id.
    pub id: DeclarationId,
    /// 报关单编号, 18 digits.
    pub number: String,
    /// 监管方式.
    pub mode: String,
    /// 收发货人代码.
    pub ebc_code: String,
    /// 申报企业代码; the seller when it declared itself.
    pub agent_code: String,
    /// 申报日期.
    pub declared_on: Date,
    /// 总价, in `currency`.
    pub amount: Decimal,
    /// 币制.
    pub currency: String,
    /// Keyed hash of everything it says.
    pub content: [u8; 16],
    /// 商品项.
    pub lines: Vec<Line>,
}

/// 商品项 / A line of a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// 项号 / Line number.
    #[schema(example = 1)]
    pub gnum: u32,
    /// 商品编码,10位 / Code, ten digits.
    #[schema(example = "6109100021")]
    pub hs_code: String,
    /// 商品名称 / Name.
    pub name: String,
    /// 数量 / Quantity.
    #[schema(value_type = String, example = "100")]
    pub quantity: Decimal,
    /// 计量单位 / Unit.
    #[schema(example = "011")]
    pub unit: String,
    /// 总价 / Total, in the currency of the declaration.
    #[schema(value_type = String, example = "2000.00")]
    pub total: Decimal,
    /// 最终目的国 / Destination.
    #[schema(example = "502")]
    pub country: String,
}

/// Digits of a declaration number.
const NUMBER_DIGITS: usize = 18;

/// Digits of a commodity code.
const CODE_DIGITS: usize = 10;

/// Modes a reference may have: those that go by form.
pub const MODES: [&str; 3] = ["0110", "9710", "9810"];

/// What is wrong with a reference; `today` is the last day on which it can have been declared.
pub fn check(one: &Recorded, today: Date, known_currency: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let digits = one.number.bytes().all(|byte| byte.is_ascii_digit());
    if one.number.len() != NUMBER_DIGITS || !digits {
        let text = Text::new("报关单编号须为18位数字", "a declaration number has 18 digits");
        findings
            .push(wrong("declaration.number", text).at("number").found(&*one.number, "18 digits"));
    }
    if !MODES.contains(&one.mode.as_str()) {
        let text = Text::new(
            "该监管方式不登记报关单编号",
            "declarations of this mode are not recorded here",
        );
        let finding = wrong("declaration.mode", text).at("mode");
        findings.push(finding.found(&*one.mode, MODES.join(", ")));
    }
    if one.declared_on > today {
        let text = Text::new("申报日期晚于今日", "the day of declaration is yet to come");
        let finding = wrong("declaration.day", text).at("date");
        findings.push(finding.found(one.declared_on.to_string(), format!("<= {today}")));
    }
    if !known_currency {
        let text = Text::new("币制代码未收录", "the currency is on no list");
        findings
            .push(wrong("declaration.currency", text).at("currency").found(&*one.currency, "502"));
    }
    if one.lines.is_empty() {
        let text = Text::new("至少一项商品", "a declaration has at least one line");
        findings.push(wrong("declaration.lines", text).at("lines").found("0", ">= 1"));
    }
    for (place, line) in one.lines.iter().enumerate() {
        let code = &line.hs_code;
        if code.len() != CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            let text = Text::new("商品编码须为10位数字", "a commodity code has ten digits");
            let finding = wrong("declaration.code", text).at(format!("lines[{place}].hs_code"));
            findings.push(finding.found(code.as_str(), "10 digits"));
        }
        if line.quantity <= Decimal::ZERO || line.total < Decimal::ZERO {
            let text =
                Text::new("数量须大于零，总价不得为负", "quantity above zero, total not below");
            let finding = wrong("declaration.line", text).at(format!("lines[{place}]"));
            findings.push(finding.found(format!("{} × {}", line.quantity, line.total), ""));
        }
    }
    let sum = one.lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.total));
    if !one.lines.is_empty() && sum != Some(one.amount) {
        let text = Text::new("总价不等于各项之和", "the amount is not the sum of the lines");
        let finding = wrong("declaration.amount", text).at("amount");
        let expected = sum.map(|sum| sum.to_string()).unwrap_or_default();
        findings.push(finding.found(one.amount.to_string(), expected));
    }
    findings
}

fn wrong(code: &'static str, text: Text) -> Finding {
    Finding::error(code, text, Text::new("按报关单填写", "write it as in the declaration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Recorded {
        Recorded {
            id: DeclarationId::from_i64(1),
            number: "420220260000000001".into(),
            mode: "0110".into(),
            ebc_code: "S".into(),
            agent_code: "B".into(),
            declared_on: Date::constant(2026, 11, 20),
            amount: 2_000.into(),
            currency: "502".into(),
            content: [0; 16],
            lines: vec![Line {
                gnum: 1,
                hs_code: "6109100021".into(),
                name: "T恤衫".into(),
                quantity: 100.into(),
                unit: "011".into(),
                total: 2_000.into(),
                country: "502".into(),
            }],
        }
    }

    #[test]
    fn everything_wrong_with_a_reference_is_said_at_once() {
        let today = Date::constant(2026, 11, 23);
        assert_eq!(check(&recorded(), today, true), []);
        let mut bad = Recorded {
            number: "42022026E".into(),
            mode: "9610".into(),
            declared_on: Date::constant(2026, 11, 24),
            amount: 1.into(),
            ..recorded()
        };
        bad.lines[0].hs_code = "6109".into();
        bad.lines[0].quantity = Decimal::ZERO;
        let codes: Vec<_> = check(&bad, today, false).iter().map(|f| f.code).collect();
        assert_eq!(
            codes,
            [
                "declaration.number",
                "declaration.mode",
                "declaration.day",
                "declaration.currency",
                "declaration.code",
                "declaration.line",
                "declaration.amount",
            ]
        );
    }
}
