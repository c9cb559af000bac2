//! The comparisons. There is no official list of them; each one below is either said by the
//! specification, proven by a customs rejection code (named beside it), or a field that two
//! documents share. Differences that no source shows to be rejected are warnings.

use kernel::{Decimal, Level, Text};

use super::types::{Mismatch, Missing, Outcome, Parcel, Role, Side, Task, Tolerance};
use crate::document::{Inventory, InventoryLine, Kind, Order, OrderLine, Payment, Veiled, Waybill};

/// Compares what has arrived of a parcel.
pub fn compare(parcel: &Parcel<'_>, tolerance: &Tolerance) -> Outcome {
    let mut found = Differences::default();
    if let (Some(order), Some(payment)) = (parcel.order, parcel.payment) {
        order_payment(&mut found, order, payment, tolerance);
    }
    if let (Some(order), Some(waybill)) = (parcel.order, parcel.waybill) {
        order_waybill(&mut found, order, waybill);
    }
    if let (Some(order), Some(inventory)) = (parcel.order, parcel.inventory) {
        order_inventory(&mut found, order, inventory, tolerance);
    }
    if let (Some(waybill), Some(inventory)) = (parcel.waybill, parcel.inventory) {
        waybill_inventory(&mut found, waybill, inventory, tolerance);
    }
    let missing = missing(parcel);
    let mismatches = found.list;
    if !missing.is_empty() {
        Outcome::Waiting { missing, mismatches }
    } else if mismatches.iter().any(|m| m.level == Level::Error) {
        Outcome::Mismatched(mismatches)
    } else {
        Outcome::Matched(mismatches)
    }
}

fn missing(parcel: &Parcel<'_>) -> Vec<Missing> {
    let Parcel { order, payment, waybill, inventory } = *parcel;
    let mut missing = Vec::new();
    let mut name = |kind, party: Option<&str>, role| {
        let party = party.unwrap_or_default().to_owned();
        missing.push(Missing { kind, task: Task { party, role } });
    };
    if order.is_none() {
        let platform = inventory.map(|i| &i.ebp_code).or(payment.map(|p| &p.ebp_code));
        name(Kind::Order, platform.map(String::as_str), Role::Platform);
    }
    if payment.is_none() {
        name(Kind::Payment, order.map(|o| o.pay_code.as_str()), Role::Payment);
    }
    if waybill.is_none() {
        name(Kind::Waybill, inventory.map(|i| i.logistics_code.as_str()), Role::Logistics);
    }
    if inventory.is_none() {
        name(Kind::Inventory, order.map(|o| o.ebc_code.as_str()), Role::Declarant);
    }
    missing
}

#[derive(Default)]
struct Differences {
    list: Vec<Mismatch>,
}

/// One comparison: which documents and fields, whose task, how bad.
struct Point<'a> {
    code: &'static str,
    level: Level,
    left: (Kind, &'a str),
    right: (Kind, &'a str),
    role: Role,
    party: &'a str,
    line: Option<u32>,
}

impl Differences {
    fn add(&mut self, point: &Point<'_>, left: String, right: String) {
        let field = |name: &str| match point.line {
            Some(line) => format!("lines[{line}].{name}"),
            None => name.to_owned(),
        };
        self.list.push(Mismatch {
            code: point.code,
            level: point.level,
            left: Side { kind: point.left.0, field: field(point.left.1), value: left },
            right: Side { kind: point.right.0, field: field(point.right.1), value: right },
            task: Task { party: point.party.to_owned(), role: point.role },
        });
    }

    fn text(&mut self, point: &Point<'_>, left: &str, right: &str) {
        if left != right {
            self.add(point, left.to_owned(), right.to_owned());
        }
    }

    fn veiled(&mut self, point: &Point<'_>, left: &Veiled, right: &Veiled) {
        if !left.agrees(right) {
            self.add(point, left.mask.clone(), right.mask.clone());
        }
    }

    fn amount(&mut self, point: &Point<'_>, left: Decimal, right: Decimal, within: Decimal) {
        if (left - right).abs() > within {
            self.add(point, left.normalize().to_string(), right.normalize().to_string());
        }
    }
}

fn point<'a>(
    code: &'static str,
    left: (Kind, &'a str),
    right: (Kind, &'a str),
    task: (Role, &'a str),
) -> Point<'a> {
    Point { code, level: Level::Error, left, right, role: task.0, party: task.1, line: None }
}

fn order_payment(d: &mut Differences, order: &Order, payment: &Payment, within: &Tolerance) {
    use Kind::{Order as O, Payment as P};
    let payer = (Role::Payment, payment.pay_code.as_str());
    let shop = (Role::Platform, order.ebp_code.as_str());
    let p = |code, left, right, task| point(code, (O, left), (P, right), task);
    d.text(&p("match.order_no", "orderNo", "orderNo", payer), &order.order_no, &payment.order_no);
    d.text(&p("match.platform", "ebpCode", "ebpCode", payer), &order.ebp_code, &payment.ebp_code);
    if !order.pay_code.is_empty() {
        // Customs code 13035.
        let at = p("match.payment_firm", "payCode", "payCode", shop);
        d.text(&at, &order.pay_code, &payment.pay_code);
    }
    if !order.pay_transaction_id.is_empty() {
        let at = p("match.transaction", "payTransactionId", "payTransactionId", shop);
        d.text(&at, &order.pay_transaction_id, &payment.pay_transaction_id);
    }
    // Customs code 1332.
    let at = p("match.amount", "acturalPaid", "amountPaid", payer);
    d.amount(&at, order.paid, payment.paid, within.paid);
    // Customs code 1327: buyer and payer are one person.
    let at = p("match.payer", "buyerName", "payerName", shop);
    d.veiled(&at, &order.buyer.name, &payment.payer.name);
    if order.buyer.id != payment.payer.id {
        let at = p("match.payer", "buyerIdNumber", "payerIdNumber", shop);
        d.add(&at, order.buyer.id_mask.clone(), payment.payer.id_mask.clone());
    }
}

fn order_waybill(d: &mut Differences, order: &Order, waybill: &Waybill) {
    let carrier = (Role::Logistics, waybill.logistics_code.as_str());
    let p = |code, left, right| point(code, (Kind::Order, left), (Kind::Waybill, right), carrier);
    d.text(&p("match.order_no", "orderNo", "orderNo"), &order.order_no, &waybill.order_no);
    let (ours, theirs) = (&order.consignee, &waybill.consignee);
    d.veiled(&p("match.consignee", "consignee", "consignee"), &ours.name, &theirs.name);
    let at = p("match.consignee", "consigneeTelephone", "consigneeTelephone");
    d.veiled(&at, &ours.telephone, &theirs.telephone);
    let at = p("match.consignee", "consigneeAddress", "consigneeAddress");
    d.veiled(&at, &ours.address, &theirs.address);
}

fn order_inventory(d: &mut Differences, order: &Order, invt: &Inventory, within: &Tolerance) {
    let agent = (Role::Declarant, invt.agent_code.as_str());
    let p = |code, name| point(code, (Kind::Order, name), (Kind::Inventory, name), agent);
    d.text(&p("match.order_no", "orderNo"), &order.order_no, &invt.order_no);
    d.text(&p("match.platform", "ebpCode"), &order.ebp_code, &invt.ebp_code);
    d.text(&p("match.ebc", "ebcCode"), &order.ebc_code, &invt.ebc_code);
    // Customs codes 13127 (name) and 130126 (telephone).
    d.veiled(&p("match.buyer", "buyerName"), &order.buyer.name, &invt.buyer.name);
    d.veiled(&p("match.buyer", "buyerTelephone"), &order.buyer.telephone, &invt.buyer.telephone);
    if order.buyer.id != invt.buyer.id {
        let at = p("match.buyer", "buyerIdNumber");
        d.add(&at, order.buyer.id_mask.clone(), invt.buyer.id_mask.clone());
    }
    d.veiled(&p("match.address", "consigneeAddress"), &order.consignee.address, &invt.address);
    // Customs code 1320.
    if order.lines.len() != invt.lines.len() {
        let at = p("match.line_count", "lines");
        d.add(&at, order.lines.len().to_string(), invt.lines.len().to_string());
    }
    for line in &invt.lines {
        match order.lines.iter().find(|ordered| ordered.gnum == line.gnum) {
            Some(ordered) => lines(d, ordered, line, agent, within),
            None => d.add(
                &Point { line: Some(line.gnum), ..p("match.line", "gnum") },
                String::new(),
                line.gnum.to_string(),
            ),
        }
    }
}

/// Customs code 1322: the declared line is the line ordered.
fn lines(
    d: &mut Differences,
    ordered: &OrderLine,
    line: &InventoryLine,
    agent: (Role, &str),
    within: &Tolerance,
) {
    let p = |name| Point {
        line: Some(line.gnum),
        ..point("match.line", (Kind::Order, name), (Kind::Inventory, name), agent)
    };
    if !ordered.item_no.is_empty() && !line.item_no.is_empty() {
        d.text(&p("itemNo"), &ordered.item_no, &line.item_no);
    }
    if !line.item_name.is_empty() {
        d.text(&p("itemName"), &ordered.item_name, &line.item_name);
    }
    d.text(&p("unit"), &ordered.unit, &line.unit);
    d.text(&p("country"), &ordered.country, &line.country);
    d.amount(&p("qty"), ordered.quantity, line.quantity, Decimal::ZERO);
    d.amount(&p("price"), ordered.price, line.price, within.line);
    d.amount(&p("totalPrice"), ordered.total, line.total, within.line);
}

fn waybill_inventory(d: &mut Differences, bill: &Waybill, invt: &Inventory, within: &Tolerance) {
    let agent = (Role::Declarant, invt.agent_code.as_str());
    let carrier = (Role::Logistics, bill.logistics_code.as_str());
    let p = |code, left, right, task| {
        point(code, (Kind::Waybill, left), (Kind::Inventory, right), task)
    };
    // Reached through the inventory, the waybill may name another order than the inventory does.
    let at = p("match.order_no", "orderNo", "orderNo", carrier);
    if bill.order_no != invt.order_no {
        d.add(&at, bill.order_no.clone(), invt.order_no.clone());
    }
    let warn = |code, left, right| Point { level: Level::Warning, ..p(code, left, right, agent) };
    if let Some(freight) = bill.freight {
        let at = warn("match.freight", "freight", "freight");
        d.amount(&at, freight, invt.freight, within.freight);
    }
    if let Some(insurance) = bill.insurance {
        let at = warn("match.insurance", "insuredFee", "insuredFee");
        d.amount(&at, insurance, invt.insurance, within.freight);
    }
    let at = warn("match.weight", "weight", "grossWeight");
    d.amount(&at, bill.weight_kg, invt.gross_kg, within.weight_kg);
    if !bill.bill_no.is_empty() && !invt.bill_no.is_empty() {
        d.text(&warn("match.bill_no", "billNo", "billNo"), &bill.bill_no, &invt.bill_no);
    }
}

/// What is wrong and who mends it, in both languages.
pub(super) fn texts(mismatch: &Mismatch) -> (Text, Text) {
    let (left, right) = (&mismatch.left, &mismatch.right);
    let message = Text::new(
        format!("{}与{}不一致：{}", right.kind.zh(), left.kind.zh(), right.field),
        format!("{} and {} differ in {}", right.kind.en(), left.kind.en(), right.field),
    );
    let (zh, en) = match mismatch.task.role {
        Role::Platform => ("电商平台", "the platform"),
        Role::Ebc => ("电商企业", "the e-commerce firm"),
        Role::Payment => ("支付企业", "the payment firm"),
        Role::Logistics => ("物流企业", "the logistics firm"),
        Role::Declarant => ("申报企业", "the declarant"),
        Role::AreaFirm => ("区内企业", "the zone firm"),
        Role::Site => ("监管场所经营人", "the site operator"),
        Role::Guarantor => ("担保企业", "the guarantor"),
    };
    let remedy = Text::new(
        format!("由{zh}（{}）核对并报送变更", mismatch.task.party),
        format!("{en} ({}) checks and sends a change", mismatch.task.party),
    );
    (message, remedy)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
