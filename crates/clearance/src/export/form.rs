//! Whether an inventory will do or the declaration form is needed, and what the kind of declaration
//! (simplified A, summarised B) asks of an inventory (regulations A2).

use std::sync::Arc;

use kernel::{Date, Decimal, Finding, Text};
use register::rules::{Law, Ruling};

use super::law::{Beginnings, ExportLaw, ExportMode};
use crate::document::{ExportTerms, Inventory};

/// 人民币.
const YUAN: &str = "142";

/// Declared simplified.
pub const SIMPLIFIED: &str = "A";

/// Declared to be summarised.
pub const SUMMARISED: &str = "B";

/// What an export inventory must be and is not. `known` says whether the tariff has a code.
pub fn check(
    inventory: &Inventory,
    law: &ExportLaw,
    rules: &Law<'_>,
    known: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let Some(terms) = &inventory.export else { return Vec::new() };
    let Some(mode) = law.mode(&inventory.trade_mode) else {
        return vec![no_such_mode(inventory, law)];
    };
    let mut findings = Vec::new();
    if mode.business {
        findings.extend(list_or_form(inventory, terms, law, rules));
    }
    if terms.statistics_flag == SIMPLIFIED {
        findings.extend(simplified(inventory, terms, mode, law));
    }
    findings.extend(codes(inventory, terms, mode, known));
    findings
}

fn no_such_mode(inventory: &Inventory, law: &ExportLaw) -> Finding {
    let known: Vec<&str> = law.modes.iter().map(|mode| &*mode.code).collect();
    Finding::error(
        "precheck.mode",
        Text::new("该监管方式不能用于出口清单", "this mode carries no export inventory"),
        Text::new(
            "由申报企业改为允许的监管方式；一般贸易（0110）用报关单申报",
            "the declarant uses a mode that does; general trade (0110) goes by declaration form",
        ),
    )
    .at("tradeMode")
    .found(inventory.trade_mode.as_str(), known.join(", "))
}

/// What an inventory's goods come to in yuan.
///
/// # Errors
/// The first currency without a rate on the day.
pub fn yuan(inventory: &Inventory, rules: &Law<'_>) -> Result<Decimal, String> {
    let mut sum = Decimal::ZERO;
    for line in &inventory.lines {
        let rate = rate(&line.currency, rules).ok_or_else(|| line.currency.clone())?;
        let amount = line.total.checked_mul(rate).ok_or_else(|| line.currency.clone())?;
        sum = sum.checked_add(amount).ok_or_else(|| line.currency.clone())?;
    }
    Ok(sum)
}

/// Yuan for one unit of a currency, as customs reckons on the day.
pub fn rate(currency: &str, rules: &Law<'_>) -> Option<Decimal> {
    if currency == YUAN {
        return Some(Decimal::ONE);
    }
    let rate = rules.decimal(&format!("customs.exchange_rate.{currency}")).ok()?;
    Some(rate.value)
}

/// Each reason for which business export cannot go by list, by itself.
fn list_or_form(
    inventory: &Inventory,
    terms: &ExportTerms,
    law: &ExportLaw,
    rules: &Law<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(max) = &law.list_max else { return findings };
    match yuan(inventory, rules) {
        Ok(sum) if sum > max.value => findings.push(amount(sum, max)),
        Ok(_) => {}
        Err(currency) => findings.push(no_rate(&currency, rules.date())),
    }
    if !terms.license_no.is_empty() {
        let text = ("已填许可证号，属涉证商品", "a licence number is given: goods under licence");
        let finding = form("export.form.licence", text, &max.source).at("licenseNo");
        findings.push(finding.found(terms.license_no.as_str(), ""));
    }
    let licence = ("商品属出口许可证管理", "the goods are exported under licence");
    findings.extend(touched(inventory, &law.licence, "export.form.licence", licence));
    let inspection = ("商品属出口法定检验", "the goods are inspected before export");
    findings.extend(touched(inventory, &law.inspection, "export.form.inspection", inspection));
    let duty = ("商品征收出口关税", "the goods bear export duty");
    findings.extend(touched(inventory, &law.duty, "export.form.tax", duty));
    findings
}

fn form(code: &'static str, (zh, en): (&str, &str), source: &str) -> Finding {
    Finding::error(
        code,
        Text::new(
            format!("{zh}，不能用清单申报（依据：{source}）"),
            format!("{en}: an inventory will not do (by {source})"),
        ),
        Text::new(
            "撤回本清单，改用报关单（H2018）申报；申报后登记报关单号",
            "withdraw this and use the declaration form (H2018); then record its number",
        ),
    )
}

fn amount(sum: Decimal, max: &Ruling<Decimal>) -> Finding {
    let text = ("单票金额超过清单申报上限", "the shipment is above what may go by inventory");
    form("export.form.amount", text, &max.source)
        .at("lines")
        .found(format!("{} CNY", sum.round_dp(2).normalize()), format!("<= {} CNY", max.value))
}

fn no_rate(currency: &str, on: Date) -> Finding {
    Finding::error(
        "export.no_rate",
        Text::new(
            format!("{on} 没有币制 {currency} 的计征汇率，无法判断能否用清单申报"),
            format!(
                "no customs' rate of currency {currency} is known on {on}: list or form is open"
            ),
        ),
        Text::new(
            "请平台运维在规则目录中补充该币制当月汇率",
            "the operator adds the month's rate of that currency to the rules directory",
        ),
    )
    .at("lines")
    .found(currency, "")
}

/// The lines whose codes begin as listed.
fn touched<'a>(
    inventory: &'a Inventory,
    list: &'a Beginnings,
    code: &'static str,
    text: (&'static str, &'static str),
) -> impl Iterator<Item = Finding> + 'a {
    let lines = inventory.lines.iter().filter(|line| begins(&list.value, &line.hs_code));
    lines.map(move |line| {
        form(code, text, &list.source)
            .at(format!("lines[{}].gcode", line.gnum))
            .found(line.hs_code.as_str(), "")
    })
}

fn begins(list: &Arc<[Box<str>]>, code: &str) -> bool {
    list.iter().any(|beginning| code.starts_with(&**beginning))
}

/// The conditions of simplified declaration.
fn simplified(
    inventory: &Inventory,
    terms: &ExportTerms,
    mode: &ExportMode,
    law: &ExportLaw,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let place = law.simplified_customs.as_ref();
    if !place.is_some_and(|list| begins(&list.value, &inventory.customs_code)) {
        let source = place.map_or("", |list| &*list.source);
        let text = ("申报地海关不在可简化申报的综试区", "this customs is of no pilot zone");
        let finding = not_simplified("export.flag_a.customs", text, source);
        findings.push(finding.at("customsCode").found(inventory.customs_code.as_str(), ""));
    }
    // Business export was told to use the form for these already.
    if mode.business {
        return findings;
    }
    if !terms.license_no.is_empty() {
        let text = ("已填许可证号", "a licence number is given");
        let finding = not_simplified("export.flag_a.licence", text, &law.licence.source);
        findings.push(finding.at("licenseNo").found(terms.license_no.as_str(), ""));
    }
    for (list, code, text) in [
        (
            &law.licence,
            "export.flag_a.licence",
            ("商品属出口许可证管理", "the goods are exported under licence"),
        ),
        (&law.duty, "export.flag_a.duty", ("商品征收出口关税", "the goods bear export duty")),
    ] {
        for line in inventory.lines.iter().filter(|line| begins(&list.value, &line.hs_code)) {
            let finding = not_simplified(code, text, &list.source);
            let at = format!("lines[{}].gcode", line.gnum);
            findings.push(finding.at(at).found(line.hs_code.as_str(), ""));
        }
    }
    findings
}

fn not_simplified(code: &'static str, (zh, en): (&str, &str), source: &str) -> Finding {
    Finding::error(
        code,
        Text::new(
            format!("{zh}，不能简化申报（A）（依据：{source}）"),
            format!("{en}: no simplified declaration (A) (by {source})"),
        ),
        Text::new(
            "改为汇总申报（B），填写完整的10位商品编码，或用报关单申报",
            "declare to be summarised (B) with all ten digits, or use the declaration form",
        ),
    )
}

/// The digits of a heading.
const HEADING_DIGITS: usize = 4;

/// In a simplified declaration the digits beyond those that count are zeros; in any other all ten
/// are written. A few headings have no subdivisions: a code that looks shortened is only a hint.
fn codes(
    inventory: &Inventory,
    terms: &ExportTerms,
    mode: &ExportMode,
    known: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let simplified = terms.statistics_flag == SIMPLIFIED;
    let mut findings = Vec::new();
    for line in &inventory.lines {
        let digits = if simplified { mode.simplified_digits } else { HEADING_DIGITS };
        let code = line.hs_code.as_str();
        let Some((counts, rest)) = code.split_at_checked(digits) else { continue };
        let zeros = !rest.is_empty() && rest.bytes().all(|digit| digit == b'0');
        let at = format!("lines[{}].gcode", line.gnum);
        if simplified && !zeros {
            let expected = format!("{counts:0<10}");
            findings.push(shorter(digits).at(at).found(code, expected));
        } else if !simplified && zeros && !known(code) {
            findings.push(full_code().at(at).found(code, "ten digits of the tariff"));
        }
    }
    findings
}

fn shorter(digits: usize) -> Finding {
    Finding::error(
        "export.flag_a.digits",
        Text::new(
            format!("简化申报（A）按前 {digits} 位商品编码申报，其余各位补零"),
            format!("simplified declaration (A) counts {digits} digits; the others are zeros"),
        ),
        Text::new("其余各位改为 0，或改为汇总申报（B）", "write zeros, or declare as B"),
    )
}

fn full_code() -> Finding {
    Finding::warning(
        "export.code_shortened",
        Text::new(
            "汇总申报（B）须填写完整的10位商品编码",
            "a declaration to be summarised (B) needs all ten digits",
        ),
        Text::new("填写完整编码，或改为简化申报（A）", "write the full code, or declare as A"),
    )
}

#[cfg(test)]
mod tests {
    use register::rules::Rules;

    use super::*;
    use crate::document::InventoryLine;

    fn inventory(mode: &str, flag: &str, code: &str, total: i64) -> Inventory {
        let terms = ExportTerms { statistics_flag: flag.into(), ..ExportTerms::default() };
        Inventory {
            export: Some(Box::new(terms)),
            trade_mode: mode.into(),
            customs_code: "4251".into(),
            lines: vec![InventoryLine {
                gnum: 1,
                hs_code: code.into(),
                total: total.into(),
                currency: "142".into(),
                ..InventoryLine::default()
            }],
            ..Inventory::default()
        }
    }

    fn found(inventory: &Inventory) -> Vec<Finding> {
        let rules = Rules::builtin();
        let day = Date::constant(2026, 11, 23);
        let law = ExportLaw::read(&rules, day).expect("law");
        check(inventory, &law, &rules.on(day), &|_| false)
    }

    fn codes_of(inventory: &Inventory) -> Vec<&'static str> {
        found(inventory).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn business_export_by_list_or_form() {
        let [amount, licence] = ["export.form.amount", "export.form.licence"];
        let inspection = "export.form.inspection";
        for (code, total, found) in [
            ("6109100021", 5_000, &[][..]),
            ("6109100021", 5_001, &[amount]),
            ("7204100000", 100, &["export.form.tax"]),
            ("0902109000", 100, &[]),
            ("2009110000", 100, &[inspection]),
            ("0201100010", 9_000, &[amount, licence, inspection]),
        ] {
            let inventory = inventory("9710", "B", code, total);
            assert_eq!(codes_of(&inventory), found, "{code} {total}");
        }
        let dollars = |total: i64| {
            let mut one = inventory("9810", "B", "6109100021", total);
            one.lines[0].currency = "502".into();
            codes_of(&one)
        };
        assert_eq!(dollars(700), Vec::<&str>::new());
        assert_eq!(dollars(800), ["export.form.amount"]);
        let mut unknown = inventory("9810", "B", "6109100021", 1);
        unknown.lines[0].currency = "999".into();
        assert_eq!(codes_of(&unknown), ["export.no_rate"]);
    }

    #[test]
    fn every_reason_names_its_source() {
        for finding in found(&inventory("9710", "B", "0201100010", 9_000)) {
            assert!(finding.message.zh.contains("依据："), "{}", finding.message.zh);
        }
    }

    #[test]
    fn simplified_declaration_and_its_conditions() {
        for (mode, flag, code, found) in [
            ("9610", "A", "6109000000", &[][..]),
            ("9610", "A", "6109100021", &["export.flag_a.digits"]),
            ("9610", "B", "6109100021", &[]),
            ("9610", "B", "6109000000", &["export.code_shortened"]),
            ("9610", "A", "7204000000", &["export.flag_a.duty"]),
            ("9610", "A", "0201000000", &["export.flag_a.licence"]),
            ("9710", "A", "6109100000", &[]),
            ("9710", "A", "6109100021", &["export.flag_a.digits"]),
            ("1039", "B", "6109100021", &["precheck.mode"]),
        ] {
            assert_eq!(codes_of(&inventory(mode, flag, code, 100)), found, "{mode} {flag} {code}");
        }
        let elsewhere =
            Inventory { customs_code: "0101".into(), ..inventory("9610", "A", "6109000000", 1) };
        assert_eq!(codes_of(&elsewhere), ["export.flag_a.customs"]);
    }
}
