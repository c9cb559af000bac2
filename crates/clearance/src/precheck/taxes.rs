//! Asking the tax room what an inventory bears, and what its verdict means for the inventory.

use kernel::{Decimal, Fen, Finding, Round, Text};
use tax::{Item, Quote, Request, Verdict};

use super::goods::{Assessed, net_grams, sheets};
use crate::document::Inventory;
use crate::law::DayLaw;
use crate::reference::Reference;

/// Reckons the taxes. The findings beside an assessment are warnings, or say that the order does
/// not come in as retail.
///
/// # Errors
/// Every finding, when it cannot be reckoned.
pub(super) fn quote(
    inventory: &Inventory,
    law: &DayLaw,
    reference: &Reference,
) -> Result<(Assessed, Vec<Finding>), Vec<Finding>> {
    let request = request(inventory, law);
    let quote = tax::quote(&request, &reference.rules, &reference.tariff)
        .map_err(|findings| placed(findings, inventory))?;
    let mut findings = placed(quote.findings.clone(), inventory);
    findings.extend(verdict(&quote, law));
    let rules: Vec<&str> = quote.rules.iter().map(|rule| &*rule.id).collect();
    let assessed = Assessed {
        amount: Fen::from_yuan(quote.customs_value, Round::HalfUp).unwrap_or_default(),
        duty: quote.duty,
        consumption_tax: quote.consumption_tax,
        vat: quote.vat,
        total: quote.total,
        rules: rules.join(" "),
        ..Assessed::default()
    };
    Ok((assessed, findings))
}

/// The question to the tax room; the buyer's year aside, which only the asker knows.
pub fn request(inventory: &Inventory, law: &DayLaw) -> Request {
    Request {
        on: law.on,
        mode: inventory.trade_mode.clone(),
        // What the buyer has used is the ledger's to know; here only this order is judged.
        buyer_used: Decimal::ZERO,
        freight: inventory.freight,
        insurance: inventory.insurance,
        items: inventory
            .lines
            .iter()
            .map(|line| Item {
                hs_code: line.hs_code.clone(),
                quantity: line.quantity,
                total_price: line.total,
                net_content_g: net_grams(line),
                pieces: sheets(line),
                rates: None,
            })
            .collect(),
    }
}

/// Findings of the tax room speak of items from 0; an inventory has lines by number.
fn placed(findings: Vec<Finding>, inventory: &Inventory) -> Vec<Finding> {
    findings
        .into_iter()
        .map(|finding| match line_path(&finding.path, inventory) {
            Some(path) => finding.at(path),
            None => finding,
        })
        .collect()
}

fn line_path(path: &str, inventory: &Inventory) -> Option<String> {
    let (n, field) = path.strip_prefix("items[")?.split_once(']')?;
    let line = inventory.lines.get(n.parse::<usize>().ok()?)?;
    let field = match field.trim_start_matches('.') {
        "hs_code" => "gcode",
        "quantity" => "qty",
        "total_price" => "totalPrice",
        "net_content_g" | "pieces" => "qty1",
        other => other,
    };
    Some(format!("lines[{}].{field}", line.gnum))
}

fn verdict(quote: &Quote, law: &DayLaw) -> Option<Finding> {
    let value = quote.customs_value.normalize().to_string();
    match quote.verdict {
        Verdict::WithinLimit | Verdict::FullRate => None,
        Verdict::NotRetail => Some(
            Finding::error(
                "limit.single",
                Text::new(
                    "完税价格超过单次交易限值，且不止一件商品",
                    "over the limit of a single transaction, and more than one piece",
                ),
                Text::new(
                    "不得拆单；按一般贸易办理，或退款",
                    "it may not be split; import as general trade, or refund the buyer",
                ),
            )
            .at("lines")
            .found(value, format!("<= {}", law.single_limit)),
        ),
        Verdict::GeneralTrade => Some(
            Finding::error(
                "limit.annual",
                Text::new(
                    "完税价格超过个人年度交易限值",
                    "over the yearly limit of one person by itself",
                ),
                Text::new("按一般贸易办理，或退款", "import as general trade, or refund the buyer"),
            )
            .at("lines")
            .found(value, format!("<= {}", law.annual_limit)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use kernel::Date;
    use register::party::LiveDirectory;

    use super::*;
    use crate::document::InventoryLine;

    fn inventory(quantity: i64, total: i64) -> Inventory {
        Inventory {
            trade_mode: "1210".into(),
            lines: vec![InventoryLine {
                gnum: 3,
                hs_code: "1901101010".into(),
                unit: "122".into(),
                quantity: quantity.into(),
                unit1: "035".into(),
                quantity1: quantity.into(),
                price: (total / quantity).into(),
                total: total.into(),
                ..InventoryLine::default()
            }],
            ..Inventory::default()
        }
    }

    #[test]
    fn limits_are_judged_below_at_and_above() {
        let reference = Reference::builtin(LiveDirectory::new().into());
        let law = reference.law(Date::constant(2026, 11, 23)).expect("law");
        for (quantity, total, code) in [
            (2, 4_998, None),
            (2, 5_000, None),
            (2, 5_002, Some("limit.single")),
            (1, 5_001, None),
            (1, 26_001, Some("limit.annual")),
        ] {
            let (assessed, findings) =
                quote(&inventory(quantity, total), &law, &reference).expect("quoted");
            let codes: Vec<_> = findings.iter().filter(|f| f.is_error()).map(|f| f.code).collect();
            assert_eq!(codes, Vec::from_iter(code), "{quantity} for {total}");
            assert_eq!(assessed.amount, Fen(total * 100));
            assert!(!assessed.rules.is_empty());
        }
    }

    #[test]
    fn findings_name_the_line_of_the_inventory() {
        let reference = Reference::builtin(LiveDirectory::new().into());
        let law = reference.law(Date::constant(2026, 11, 23)).expect("law");
        let mut unknown = inventory(1, 100);
        unknown.lines[0].hs_code = "0000000000".into();
        let findings = quote(&unknown, &law, &reference).expect_err("unknown code");
        assert_eq!(findings[0].path, "lines[3].gcode");
    }
}
