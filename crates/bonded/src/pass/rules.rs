//! Weights of a gate pass. Pure.

use kernel::{Decimal, Finding, Text};

use super::types::*;
use crate::{Quantity, fault, quantity};

const VEHICLE_CHARS_MAX: usize = 20;
const NUMBER_CHARS_MAX: usize = 64;
/// Documents on one vehicle; a truck of parcels has some thousand.
pub(super) const ITEMS_MAX: usize = 10_000;

/// What the vehicle and its goods should weigh: the empty vehicle and every gross weight.
pub(crate) fn declared(pass: &Pass) -> Quantity {
    pass.items.iter().fold(pass.tare, |sum, item| sum.plus(item.weight))
}

/// What is wrong with a weight on the scales; nothing when it is within the tolerance.
pub(crate) fn deviates(pass: &Pass, weighed: Quantity) -> Option<Finding> {
    let declared = declared(pass).to_decimal();
    let off = (weighed.to_decimal() - declared).abs();
    let allowed = declared * pass.tolerance;
    if off <= allowed {
        return None;
    }
    let (low, high) = ((declared - allowed).normalize(), (declared + allowed).normalize());
    Some(
        Finding::error(
            "bonded.pass.weight",
            Text::new(
                format!("过磅重量与申报重量相差 {}%，超出允许偏差", percent(off, declared)),
                format!("the weight is {} % off what is declared", percent(off, declared)),
            ),
            Text::new(
                "核对装载与申报；更正后作废重开，或按海关要求查验",
                "compare load and declaration; void the pass and draw up a new one, or have it \
                 inspected",
            ),
        )
        .at("weighed_kg")
        .found(weighed.to_string(), format!("{low} ..= {high}")),
    )
}

fn percent(off: Decimal, of: Decimal) -> Decimal {
    let share = off.checked_mul(Decimal::ONE_HUNDRED).and_then(|share| share.checked_div(of));
    share.unwrap_or_default().round_dp(2).normalize()
}

/// What is wrong with the head of a pass; its tare otherwise.
pub(super) fn head(draft: &PassDraft, findings: &mut Vec<Finding>) -> Quantity {
    fault::digits("zone", &draft.zone, &[4], findings);
    fault::text("vehicle_no", &draft.vehicle_no, VEHICLE_CHARS_MAX, findings);
    let tare = quantity::read("tare_kg", &draft.tare_kg, true);
    tare.map_err(|finding| findings.push(finding)).unwrap_or_default()
}

/// The documents to bind after those that are bound.
pub(super) fn items(
    bound: &[PassItem],
    drafts: &[PassItemDraft],
    findings: &mut Vec<Finding>,
) -> Vec<PassItem> {
    let mut items: Vec<PassItem> = Vec::with_capacity(drafts.len());
    let first = bound.iter().map(|item| item.line).max().unwrap_or(0) + 1;
    if bound.len() + drafts.len() > ITEMS_MAX {
        let many = fault::error(
            "bonded.pass.too_many",
            ("关联单证过多", "too many documents"),
            ("分车装载，另开核放单", "load another vehicle with a pass of its own"),
        );
        findings.push(many.at("items").found(drafts.len().to_string(), format!("<= {ITEMS_MAX}")));
        return items;
    }
    let mut seen: std::collections::HashSet<(&str, &str)> =
        bound.iter().map(|item| (item.kind.word(), item.number.as_str())).collect();
    for ((n, draft), line) in drafts.iter().enumerate().zip(first..) {
        let path = |field: &str| format!("items[{n}].{field}");
        let max = NUMBER_CHARS_MAX;
        let number = fault::code(&path("number"), &draft.number, max, "-_", findings);
        let weight = quantity::read(&path("weight_kg"), &draft.weight_kg, true);
        let weight = weight.map_err(|finding| findings.push(finding)).unwrap_or_default();
        if !seen.insert((draft.kind.word(), draft.number.trim())) {
            findings.push(bound_already(path("number"), &number));
        }
        items.push(PassItem { line, kind: draft.kind, number, weight });
    }
    items
}

/// The document is on a pass already.
pub(super) fn bound_already(path: String, number: &str) -> Finding {
    fault::error(
        "bonded.pass.bound",
        ("该单证已在未作废的核放单上", "the document is on a pass that is not voided"),
        ("先作废原核放单，或移出该单证", "void that pass, or take the document off"),
    )
    .at(path)
    .found(number, "a document on no pass")
}

/// There is no such document of the firm.
pub(super) fn unknown_document(path: String, number: &str) -> Finding {
    fault::error(
        "bonded.pass.unknown",
        ("本企业没有该单证，或其状态不能过卡", "the firm has no such document ready for the gate"),
        ("核对编号和状态", "check its number and state"),
    )
    .at(path)
    .found(number, "an entry, or a transfer that is planned or on the way")
}
