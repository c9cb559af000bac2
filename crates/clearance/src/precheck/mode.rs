//! What each trade mode asks of an inventory (ceb-messages 9).

use kernel::{Finding, Text};

use super::{Concern, concern};
use crate::document::Inventory;
use crate::law::DayLaw;
use crate::matching::Role;

/// China, where bonded goods depart from.
const CHINA: &str = "142";

/// Looks at the conditions of the mode.
pub fn check(inventory: &Inventory, law: &DayLaw) -> Vec<Concern> {
    let Some(mode) = law.mode(&inventory.trade_mode) else {
        let known: Vec<&str> = law.modes.iter().map(|mode| &*mode.code).collect();
        let finding = Finding::error(
            "precheck.mode",
            Text::new("该监管方式不能用于零售进口清单", "this mode carries no retail import"),
            Text::new("由申报企业改为允许的监管方式", "the declarant uses a mode that does"),
        );
        let finding =
            finding.at("tradeMode").found(inventory.trade_mode.as_str(), known.join(", "));
        return vec![concern(inventory, Role::Declarant, finding)];
    };
    let fields = if mode.bonded { bonded(inventory) } else { direct(inventory) };
    fields.into_iter().map(|finding| concern(inventory, Role::Declarant, finding)).collect()
}

fn bonded(inventory: &Inventory) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mode = &inventory.trade_mode;
    for (field, value) in [("emsNo", &inventory.ems_no), ("areaCode", &inventory.area_code)] {
        if value.is_empty() {
            findings.push(required(field.to_owned(), mode));
        }
    }
    for line in inventory.lines.iter().filter(|line| line.item_record_no.is_empty()) {
        findings.push(required(format!("lines[{}].itemRecordNo", line.gnum), mode));
    }
    if inventory.country != CHINA {
        findings.push(
            Finding::error(
                "precheck.departure_country",
                Text::new("保税模式起运国须为中国（142）", "bonded goods depart from China (142)"),
                Text::new("由申报企业改为 142", "the declarant writes 142"),
            )
            .at("country")
            .found(inventory.country.as_str(), CHINA),
        );
    }
    findings
}

fn direct(inventory: &Inventory) -> Vec<Finding> {
    let fields = [
        ("trafNo", &inventory.traf_no),
        ("voyageNo", &inventory.voyage_no),
        ("billNo", &inventory.bill_no),
    ];
    let missing = fields.into_iter().filter(|(_, value)| value.is_empty());
    missing.map(|(field, _)| required(field.to_owned(), &inventory.trade_mode)).collect()
}

fn required(field: String, mode: &str) -> Finding {
    Finding::error(
        "precheck.mode_field",
        Text::new(format!("监管方式 {mode} 须填写 {field}"), format!("mode {mode} needs {field}")),
        Text::new("由申报企业补填后报送变更", "the declarant fills it in and sends a change"),
    )
    .at(field)
}

#[cfg(test)]
mod tests {
    use kernel::Date;
    use register::rules::Rules;

    use super::*;
    use crate::document::InventoryLine;

    fn codes(inventory: &Inventory) -> Vec<String> {
        let law = DayLaw::read(&Rules::builtin(), Date::constant(2026, 11, 23)).expect("law");
        check(inventory, &law).into_iter().map(|c| c.finding.path).collect()
    }

    #[test]
    fn each_mode_asks_for_its_own_fields() {
        let line = InventoryLine { gnum: 1, ..InventoryLine::default() };
        let bonded = Inventory {
            trade_mode: "1210".into(),
            country: "133".into(),
            lines: vec![line],
            ..Inventory::default()
        };
        let asked = ["emsNo", "areaCode", "lines[1].itemRecordNo", "country"];
        assert_eq!(codes(&bonded), asked);
        let direct = Inventory { trade_mode: "9610".into(), ..Inventory::default() };
        assert_eq!(codes(&direct), ["trafNo", "voyageNo", "billNo"]);
        let other = Inventory { trade_mode: "0110".into(), ..Inventory::default() };
        assert_eq!(codes(&other), ["tradeMode"]);
    }
}
