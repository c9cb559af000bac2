//! Comparing the documents of an export: order, receipts of funds, waybill, inventory. The
//! specification ties them by order number, firm, waybill and the lines' numbers; what it does not
//! say to be rejected is a warning. Which comparisons are made on a day is a rule (`match.export_*`).

use kernel::Decimal;

use super::law::{ExportLaw, ExportMode};
use crate::document::{FundsReceipt, Inventory, InventoryLine, Kind, Order, OrderLine, Waybill};
use crate::matching::rules::{Differences, Pair, Point, outcome};
use crate::matching::{Missing, Outcome, Role, Task};

/// The documents of one export, as far as they have arrived.
#[derive(Clone, Copy, Debug)]
pub struct ExportParcel<'a> {
    /// 出口订单.
    pub order: Option<&'a Order>,
    /// 收款单.
    pub funds: &'a [&'a FundsReceipt],
    /// 出口运单.
    pub waybill: Option<&'a Waybill>,
    /// 出口清单.
    pub inventory: &'a Inventory,
}

/// Compares what has arrived.
pub fn compare(parcel: &ExportParcel<'_>, law: &ExportLaw) -> Outcome {
    let mut found = Differences { list: Vec::new(), ruleset: &law.ruleset };
    let inventory = parcel.inventory;
    if let Some(order) = parcel.order {
        order_funds(&mut found, order, parcel.funds);
        order_inventory(&mut found, order, inventory, law.mode(&inventory.trade_mode));
    }
    if let Some(waybill) = parcel.waybill {
        waybill_inventory(&mut found, waybill, inventory);
    }
    outcome(missing(parcel, law), found.list)
}

/// [`compare`] for a declarant without leave of the order's seller: it is told that the seller is
/// another, and nothing that stands in a document of that sale.
pub fn compare_foreign(parcel: &ExportParcel<'_>, law: &ExportLaw) -> Outcome {
    let mut found = Differences { list: Vec::new(), ruleset: &law.ruleset };
    let at = declarant(parcel.inventory).point("", "match.ebc", "ebcCode");
    found.add(&at, String::new(), parcel.inventory.ebc_code.clone());
    outcome(missing(parcel, law), found.list)
}

fn missing(parcel: &ExportParcel<'_>, law: &ExportLaw) -> Vec<Missing> {
    let inventory = parcel.inventory;
    let is_here = |kind: Kind| match kind {
        Kind::ExportOrder => parcel.order.is_some(),
        Kind::FundsReceipt => !parcel.funds.is_empty(),
        _ => parcel.waybill.is_some(),
    };
    let missing = law.documents().iter().copied().filter(|kind| !is_here(*kind));
    missing
        .map(|kind| {
            let (party, role) = match kind {
                Kind::ExportWaybill => (&inventory.logistics_code, Role::Logistics),
                _ => (&inventory.ebc_code, Role::Ebc),
            };
            Missing { kind, task: Task { party: party.clone(), role } }
        })
        .collect()
}

/// What a seller was paid is not said to be the order's amount; other money, or less than the
/// goods, is worth a look.
fn order_funds(d: &mut Differences<'_>, order: &Order, funds: &[&FundsReceipt]) {
    let Some(first) = funds.first() else { return };
    let seller = Pair {
        rule: "match.export_order_funds",
        left: Kind::ExportOrder,
        right: Kind::FundsReceipt,
        role: Role::Ebc,
        party: &order.ebc_code,
    };
    let foreign = funds.iter().find(|one| one.currency != order.currency);
    if let Some(foreign) = foreign {
        let at = seller.point("currency", "match.currency", "currency").warning();
        d.text(&at, &order.currency, &foreign.currency);
        return;
    }
    let charged: Decimal = funds.iter().map(|one| one.charge).sum();
    if charged < order.goods_value {
        let at = seller.point("amount", "match.amount", "goodsValue").with("charge").warning();
        d.amount(&at, order.goods_value, charged, d.ruleset.tolerance.paid);
    }
    let at = seller.point("", "match.ebc", "ebcCode");
    d.text(&at, &order.ebc_code, &first.ebc_code);
}

fn declarant(inventory: &Inventory) -> Pair<'_> {
    Pair {
        rule: "match.export_order_inventory",
        left: Kind::ExportOrder,
        right: Kind::ExportInventory,
        role: Role::Declarant,
        party: &inventory.agent_code,
    }
}

fn order_inventory(
    d: &mut Differences<'_>,
    order: &Order,
    inventory: &Inventory,
    mode: Option<&ExportMode>,
) {
    let agent = declarant(inventory);
    let at = agent.point("order_no", "match.order_no", "orderNo");
    d.text(&at, &order.order_no, &inventory.order_no);
    let at = agent.point("platform", "match.platform", "ebpCode");
    d.text(&at, &order.ebp_code, &inventory.ebp_code);
    let at = agent.point("ebc", "match.ebc", "ebcCode");
    d.text(&at, &order.ebc_code, &inventory.ebc_code);
    if let Some(mode) = mode
        && !mode.order_types.iter().any(|kind| **kind == *order.order_type)
    {
        let at = agent.point("order_type", "match.order_type", "orderType").with("tradeMode");
        d.add(&at, order.order_type.clone(), mode.code.to_string());
    }
    if order.lines.len() != inventory.lines.len() {
        let at = agent.point("lines", "match.line_count", "lines");
        d.add(&at, order.lines.len().to_string(), inventory.lines.len().to_string());
    }
    for (n, line) in inventory.lines.iter().enumerate() {
        // Lines nearly always come in the same order.
        let same = order.lines.get(n).filter(|ordered| ordered.gnum == line.gnum);
        match same.or_else(|| order.lines.iter().find(|ordered| ordered.gnum == line.gnum)) {
            Some(ordered) => lines(d, order, ordered, line, agent),
            None => {
                let at = agent.point("lines", "match.line", "gnum");
                d.add(&Point { line: Some(line.gnum), ..at }, "".into(), line.gnum.to_string());
            }
        }
    }
}

fn lines(
    d: &mut Differences<'_>,
    order: &Order,
    ordered: &OrderLine,
    line: &InventoryLine,
    agent: Pair<'_>,
) {
    let at = |field| Point { line: Some(line.gnum), ..agent.point("lines", "match.line", field) };
    let within = d.ruleset.tolerance.line;
    d.both(&at("itemNo"), &ordered.item_no, &line.item_no);
    d.both(&at("itemName"), &ordered.item_name, &line.item_name);
    d.text(&at("unit"), &ordered.unit, &line.unit);
    d.text(&at("currency"), &order.currency, &line.currency);
    d.amount(&at("qty"), ordered.quantity, line.quantity, Decimal::ZERO);
    d.amount(&at("price"), ordered.price, line.price, within);
    d.amount(&at("totalPrice"), ordered.total, line.total, within);
}

fn waybill_inventory(d: &mut Differences<'_>, bill: &Waybill, inventory: &Inventory) {
    let agent = Pair {
        rule: "match.export_waybill_inventory",
        left: Kind::ExportWaybill,
        right: Kind::ExportInventory,
        role: Role::Declarant,
        party: &inventory.agent_code,
    };
    let at = agent.point("logistics_code", "match.logistics_firm", "logisticsCode");
    d.text(&at, &bill.logistics_code, &inventory.logistics_code);
    let at = agent.point("logistics_no", "match.logistics_no", "logisticsNo");
    d.text(&at, &bill.logistics_no, &inventory.logistics_no);
    let carrier = agent.by(Role::Logistics, &bill.logistics_code);
    let at = carrier.point("ebc", "match.ebc", "ebcCode").warning();
    d.both(&at, &bill.ebc_code, &inventory.ebc_code);
    let within = d.ruleset.tolerance;
    if let Some(freight) = bill.freight {
        let at = agent.point("freight", "match.freight", "freight").warning();
        d.amount(&at, freight, inventory.freight, within.freight);
    }
    if let Some(insurance) = bill.insurance {
        let at = agent.point("insurance", "match.insurance", "insuredFee").warning();
        d.amount(&at, insurance, inventory.insurance, within.freight);
    }
    let at = agent.point("weight", "match.weight", "grossWeight").warning();
    d.amount(&at, bill.weight_kg, inventory.gross_kg, within.weight_kg);
}

#[cfg(test)]
mod tests {
    use kernel::Date;
    use register::rules::Rules;

    use super::*;
    use crate::document::{Direction, ExportTerms};

    fn order() -> Order {
        Order {
            direction: Direction::Export,
            order_type: "E".into(),
            currency: "502".into(),
            ebp_code: "无".into(),
            order_no: "E1".into(),
            ebc_code: "S".into(),
            goods_value: 30.into(),
            lines: vec![OrderLine {
                gnum: 1,
                item_no: "SKU1".into(),
                unit: "011".into(),
                quantity: 3.into(),
                price: 10.into(),
                total: 30.into(),
                ..OrderLine::default()
            }],
            ..Order::default()
        }
    }

    fn inventory() -> Inventory {
        Inventory {
            export: Some(Box::new(ExportTerms::default())),
            trade_mode: "9610".into(),
            ebp_code: "无".into(),
            order_no: "E1".into(),
            ebc_code: "S".into(),
            agent_code: "B".into(),
            logistics_code: "L".into(),
            logistics_no: "W1".into(),
            gross_kg: 2.into(),
            lines: vec![InventoryLine {
                gnum: 1,
                item_no: "SKU1".into(),
                unit: "011".into(),
                quantity: 3.into(),
                price: 10.into(),
                total: 30.into(),
                currency: "502".into(),
                ..InventoryLine::default()
            }],
            ..Inventory::default()
        }
    }

    fn waybill() -> Waybill {
        Waybill {
            direction: Direction::Export,
            logistics_code: "L".into(),
            logistics_no: "W1".into(),
            weight_kg: 2.into(),
            ..Waybill::default()
        }
    }

    fn codes(order: &Order, funds: &[&FundsReceipt], inventory: &Inventory) -> Vec<&'static str> {
        let day = Date::constant(2026, 11, 23);
        let law = ExportLaw::read(&Rules::builtin(), day).expect("law");
        let waybill = waybill();
        let (order, waybill) = (Some(order), Some(&waybill));
        let parcel = ExportParcel { order, funds, waybill, inventory };
        compare(&parcel, &law).mismatches().iter().map(|m| m.code).collect()
    }

    #[test]
    fn documents_of_one_export_agree_or_say_in_what_they_differ() {
        assert_eq!(codes(&order(), &[], &inventory()), Vec::<&str>::new());
        let mode = Inventory { trade_mode: "9710".into(), ..inventory() };
        assert_eq!(codes(&order(), &[], &mode), ["match.order_type"]);
        let seller = Inventory { ebc_code: "T".into(), ..inventory() };
        assert_eq!(codes(&order(), &[], &seller), ["match.ebc"]);
        let mut line = inventory();
        line.lines[0].quantity = 4.into();
        line.lines[0].currency = "300".into();
        assert_eq!(codes(&order(), &[], &line), ["match.line", "match.line"]);
        let weight = Inventory { gross_kg: 3.into(), ..inventory() };
        assert_eq!(codes(&order(), &[], &weight), ["match.weight"]);
    }

    #[test]
    fn money_that_came_is_only_looked_at() {
        let part = |charge: i64| FundsReceipt {
            ebc_code: "S".into(),
            charge: charge.into(),
            currency: "502".into(),
            ..FundsReceipt::default()
        };
        let (deposit, balance) = (part(10), part(20));
        assert_eq!(codes(&order(), &[&deposit, &balance], &inventory()), Vec::<&str>::new());
        assert_eq!(codes(&order(), &[&deposit], &inventory()), ["match.amount"]);
        let yuan = FundsReceipt { currency: "142".into(), ..part(30) };
        assert_eq!(codes(&order(), &[&yuan], &inventory()), ["match.currency"]);
    }

    #[test]
    fn what_is_missing_depends_on_the_day() {
        let inventory = inventory();
        let parcel = ExportParcel { order: None, funds: &[], waybill: None, inventory: &inventory };
        for (day, kinds) in [(Date::constant(2024, 12, 14), 3), (Date::constant(2024, 12, 15), 2)] {
            let law = ExportLaw::read(&Rules::builtin(), day).expect("law");
            assert_eq!(compare(&parcel, &law).missing().len(), kinds, "{day}");
        }
    }
}
