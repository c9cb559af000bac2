//! The comparisons. There is no official list of them; each one below is either said by the
//! specification, proven by a customs rejection code (named beside it), or a field that two
//! documents share. Differences that no source shows to be rejected are warnings. Which of them
//! are made on a day is a rule (`match.*`).

use kernel::{Decimal, Level, Text};

use super::types::{Mismatch, Missing, Outcome, Parcel, Role, Ruleset, Side, Task};
use crate::document::{Inventory, InventoryLine, Kind, Order, OrderLine, Payment, Veiled, Waybill};

/// Compares what has arrived of a parcel. `needed` are the documents the inventory cannot go
/// without.
pub fn compare(parcel: &Parcel<'_>, needed: &[Kind], ruleset: &Ruleset) -> Outcome {
    let mut found = Differences { list: Vec::new(), ruleset };
    if let (Some(order), Some(payment)) = (parcel.order, parcel.payment) {
        order_payment(&mut found, order, payment);
    }
    if let (Some(order), Some(waybill)) = (parcel.order, parcel.waybill) {
        order_waybill(&mut found, order, waybill);
    }
    if let (Some(order), Some(inventory)) = (parcel.order, parcel.inventory) {
        order_inventory(&mut found, order, inventory);
    }
    if let (Some(waybill), Some(inventory)) = (parcel.waybill, parcel.inventory) {
        waybill_inventory(&mut found, waybill, inventory);
    }
    outcome(missing(parcel, needed), found.list)
}

/// [`compare`] for a declarant without leave of the order's seller: it names somebody else's order
/// and is told that the seller is another, and nothing that stands in a document of that sale.
pub fn compare_foreign(parcel: &Parcel<'_>, needed: &[Kind], ruleset: &Ruleset) -> Outcome {
    let mut found = Differences { list: Vec::new(), ruleset };
    if let Some(inventory) = parcel.inventory {
        let at = agent(inventory).point("", "match.ebc", "ebcCode");
        found.add(&at, String::new(), inventory.ebc_code.clone());
    }
    outcome(missing(parcel, needed), found.list)
}

pub(crate) fn outcome(missing: Vec<Missing>, mismatches: Vec<Mismatch>) -> Outcome {
    if !missing.is_empty() {
        Outcome::Waiting { missing, mismatches }
    } else if mismatches.iter().any(|m| m.level == Level::Error) {
        Outcome::Mismatched(mismatches)
    } else {
        Outcome::Matched(mismatches)
    }
}

fn missing(parcel: &Parcel<'_>, needed: &[Kind]) -> Vec<Missing> {
    let Parcel { order, payment, waybill, inventory } = *parcel;
    let mut missing = Vec::new();
    let mut name = |kind, party: Option<&str>, role| {
        let party = party.unwrap_or_default().to_owned();
        missing.push(Missing { kind, task: Task { party, role } });
    };
    if order.is_none() && needed.contains(&Kind::Order) {
        let platform = inventory.map(|i| &i.ebp_code).or(payment.map(|p| &p.ebp_code));
        name(Kind::Order, platform.map(String::as_str), Role::Platform);
    }
    if payment.is_none() && needed.contains(&Kind::Payment) {
        name(Kind::Payment, order.map(|o| o.pay_code.as_str()), Role::Payment);
    }
    if waybill.is_none() && needed.contains(&Kind::Waybill) {
        name(Kind::Waybill, inventory.map(|i| i.logistics_code.as_str()), Role::Logistics);
    }
    if inventory.is_none() {
        name(Kind::Inventory, order.map(|o| o.ebc_code.as_str()), Role::Declarant);
    }
    missing
}

/// Differences found so far.
pub(crate) struct Differences<'r> {
    pub(crate) list: Vec<Mismatch>,
    pub(crate) ruleset: &'r Ruleset,
}

/// A pair of documents, the rule that lists its comparisons, and who mends a difference.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) rule: &'static str,
    pub(crate) left: Kind,
    pub(crate) right: Kind,
    pub(crate) role: Role,
    pub(crate) party: &'a str,
}

/// One comparison of a pair.
#[derive(Clone, Copy)]
pub(crate) struct Point<'a> {
    pub(crate) pair: Pair<'a>,
    /// Its word in the rule; empty for comparisons that hold whenever both sides are filled.
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    pub(crate) level: Level,
    pub(crate) left: &'static str,
    pub(crate) right: &'static str,
    pub(crate) line: Option<u32>,
}

impl<'a> Pair<'a> {
    pub(crate) fn point(
        self,
        name: &'static str,
        code: &'static str,
        field: &'static str,
    ) -> Point<'a> {
        let level = Level::Error;
        Point { pair: self, name, code, level, left: field, right: field, line: None }
    }

    pub(crate) fn by(self, role: Role, party: &'a str) -> Pair<'a> {
        Pair { role, party, ..self }
    }
}

impl<'a> Point<'a> {
    pub(crate) fn with(self, right: &'static str) -> Point<'a> {
        Point { right, ..self }
    }

    pub(crate) fn warning(self) -> Point<'a> {
        Point { level: Level::Warning, ..self }
    }
}

impl Differences<'_> {
    pub(crate) fn add(&mut self, point: &Point<'_>, left: String, right: String) {
        let pair = point.pair;
        if !point.name.is_empty() && !self.ruleset.points.has(pair.rule, point.name) {
            return;
        }
        let field = |name: &str| match point.line {
            Some(line) => format!("lines[{line}].{name}"),
            None => name.to_owned(),
        };
        self.list.push(Mismatch {
            code: point.code,
            level: point.level,
            left: Side { kind: pair.left, field: field(point.left), value: left },
            right: Side { kind: pair.right, field: field(point.right), value: right },
            task: Task { party: pair.party.to_owned(), role: pair.role },
        });
    }

    pub(crate) fn text(&mut self, point: &Point<'_>, left: &str, right: &str) {
        if left != right {
            self.add(point, left.to_owned(), right.to_owned());
        }
    }

    pub(crate) fn both(&mut self, point: &Point<'_>, left: &str, right: &str) {
        if !left.is_empty() && !right.is_empty() {
            self.text(point, left, right);
        }
    }

    fn veiled(&mut self, point: &Point<'_>, left: &Veiled, right: &Veiled) {
        if !left.agrees(right) {
            self.add(point, left.mask.clone(), right.mask.clone());
        }
    }

    pub(crate) fn amount(
        &mut self,
        point: &Point<'_>,
        left: Decimal,
        right: Decimal,
        within: Decimal,
    ) {
        if (left - right).abs() > within {
            self.add(point, left.normalize().to_string(), right.normalize().to_string());
        }
    }
}

fn order_payment(d: &mut Differences<'_>, order: &Order, payment: &Payment) {
    let payer = Pair {
        rule: "match.order_payment",
        left: Kind::Order,
        right: Kind::Payment,
        role: Role::Payment,
        party: &payment.pay_code,
    };
    let shop = payer.by(Role::Platform, &order.ebp_code);
    let at = payer.point("order_no", "match.order_no", "orderNo");
    d.text(&at, &order.order_no, &payment.order_no);
    let at = payer.point("platform", "match.platform", "ebpCode");
    d.text(&at, &order.ebp_code, &payment.ebp_code);
    // Customs code 13035; the order need not name its payment.
    let at = shop.point("", "match.payment_firm", "payCode");
    d.both(&at, &order.pay_code, &payment.pay_code);
    let at = shop.point("", "match.transaction", "payTransactionId");
    d.both(&at, &order.pay_transaction_id, &payment.pay_transaction_id);
    // Customs code 1332.
    let at = payer.point("paid_amount", "match.amount", "acturalPaid").with("amountPaid");
    d.amount(&at, order.paid, payment.paid, d.ruleset.tolerance.paid);
    if d.ruleset.buyer_is_payer {
        // Customs code 1327.
        let at = shop.point("payer_name", "match.payer", "buyerName").with("payerName");
        d.veiled(&at, &order.buyer.name, &payment.payer.name);
        if order.buyer.id != payment.payer.id {
            let at = shop.point("payer_id", "match.payer", "buyerIdNumber").with("payerIdNumber");
            d.add(&at, order.buyer.id_mask.clone(), payment.payer.id_mask.clone());
        }
    }
}

fn order_waybill(d: &mut Differences<'_>, order: &Order, waybill: &Waybill) {
    let carrier = Pair {
        rule: "match.order_waybill",
        left: Kind::Order,
        right: Kind::Waybill,
        role: Role::Logistics,
        party: &waybill.logistics_code,
    };
    let at = carrier.point("order_no", "match.order_no", "orderNo");
    d.text(&at, &order.order_no, &waybill.order_no);
    let (ours, theirs) = (&order.consignee, &waybill.consignee);
    let at = carrier.point("consignee", "match.consignee", "consignee");
    d.veiled(&at, &ours.name, &theirs.name);
    let at = carrier.point("consignee_phone", "match.consignee", "consigneeTelephone");
    d.veiled(&at, &ours.telephone, &theirs.telephone);
    let at = carrier.point("consignee_address", "match.consignee", "consigneeAddress");
    d.veiled(&at, &ours.address, &theirs.address);
}

fn agent(invt: &Inventory) -> Pair<'_> {
    Pair {
        rule: "match.order_inventory",
        left: Kind::Order,
        right: Kind::Inventory,
        role: Role::Declarant,
        party: &invt.agent_code,
    }
}

fn order_inventory(d: &mut Differences<'_>, order: &Order, invt: &Inventory) {
    let agent = agent(invt);
    let at = agent.point("order_no", "match.order_no", "orderNo");
    d.text(&at, &order.order_no, &invt.order_no);
    let at = agent.point("platform", "match.platform", "ebpCode");
    d.text(&at, &order.ebp_code, &invt.ebp_code);
    d.text(&agent.point("ebc", "match.ebc", "ebcCode"), &order.ebc_code, &invt.ebc_code);
    // Customs codes 13127 (name) and 130126 (telephone).
    let at = agent.point("buyer_name", "match.buyer", "buyerName");
    d.veiled(&at, &order.buyer.name, &invt.buyer.name);
    let at = agent.point("buyer_phone", "match.buyer", "buyerTelephone");
    d.veiled(&at, &order.buyer.telephone, &invt.buyer.telephone);
    if order.buyer.id != invt.buyer.id {
        let at = agent.point("buyer_id", "match.buyer", "buyerIdNumber");
        d.add(&at, order.buyer.id_mask.clone(), invt.buyer.id_mask.clone());
    }
    let at = agent.point("consignee_address", "match.address", "consigneeAddress");
    d.veiled(&at, &order.consignee.address, &invt.address);
    // Customs code 1320.
    if order.lines.len() != invt.lines.len() {
        let at = agent.point("lines", "match.line_count", "lines");
        d.add(&at, order.lines.len().to_string(), invt.lines.len().to_string());
    }
    for (n, line) in invt.lines.iter().enumerate() {
        // Lines nearly always come in the same order.
        let same = order.lines.get(n).filter(|ordered| ordered.gnum == line.gnum);
        let ordered = same.or_else(|| order.lines.iter().find(|o| o.gnum == line.gnum));
        match ordered {
            Some(ordered) => lines(d, ordered, line, agent),
            None => {
                let at = agent.point("lines", "match.line", "gnum");
                d.add(&Point { line: Some(line.gnum), ..at }, "".into(), line.gnum.to_string());
            }
        }
    }
}

/// Customs code 1322: the declared line is the line ordered.
fn lines(d: &mut Differences<'_>, ordered: &OrderLine, line: &InventoryLine, agent: Pair<'_>) {
    let at = |field| Point { line: Some(line.gnum), ..agent.point("lines", "match.line", field) };
    let within = d.ruleset.tolerance.line;
    d.both(&at("itemNo"), &ordered.item_no, &line.item_no);
    d.both(&at("itemName"), &ordered.item_name, &line.item_name);
    d.text(&at("unit"), &ordered.unit, &line.unit);
    d.text(&at("country"), &ordered.country, &line.country);
    d.amount(&at("qty"), ordered.quantity, line.quantity, Decimal::ZERO);
    d.amount(&at("price"), ordered.price, line.price, within);
    d.amount(&at("totalPrice"), ordered.total, line.total, within);
}

fn waybill_inventory(d: &mut Differences<'_>, bill: &Waybill, invt: &Inventory) {
    let agent = Pair {
        rule: "match.waybill_inventory",
        left: Kind::Waybill,
        right: Kind::Inventory,
        role: Role::Declarant,
        party: &invt.agent_code,
    };
    let carrier = agent.by(Role::Logistics, &bill.logistics_code);
    // Reached by its own number, the waybill may name another order than the inventory does.
    let at = carrier.point("", "match.order_no", "orderNo");
    d.both(&at, &bill.order_no, &invt.order_no);
    let at = agent.point("logistics_code", "match.logistics_firm", "logisticsCode");
    d.text(&at, &bill.logistics_code, &invt.logistics_code);
    let at = agent.point("logistics_no", "match.logistics_no", "logisticsNo");
    d.text(&at, &bill.logistics_no, &invt.logistics_no);
    let within = d.ruleset.tolerance;
    if let Some(freight) = bill.freight {
        let at = agent.point("freight", "match.freight", "freight").warning();
        d.amount(&at, freight, invt.freight, within.freight);
    }
    if let Some(insurance) = bill.insurance {
        let at = agent.point("insurance", "match.insurance", "insuredFee").warning();
        d.amount(&at, insurance, invt.insurance, within.freight);
    }
    let at = agent.point("", "match.weight", "weight").with("grossWeight").warning();
    d.amount(&at, bill.weight_kg, invt.gross_kg, within.weight_kg);
    d.both(&agent.point("", "match.bill_no", "billNo").warning(), &bill.bill_no, &invt.bill_no);
}

/// What is wrong and who mends it, in both languages.
pub(super) fn texts(mismatch: &Mismatch) -> (Text, Text) {
    let (left, right) = (&mismatch.left, &mismatch.right);
    let message = Text::new(
        format!("{}与{}不一致：{}", right.kind.zh(), left.kind.zh(), right.field),
        format!("{} and {} differ in {}", right.kind.en(), left.kind.en(), right.field),
    );
    let task = &mismatch.task;
    let remedy = Text::new(
        format!("由{}（{}）核对并报送变更", task.role.zh(), task.party),
        format!("the {} ({}) checks and sends a change", task.role.en(), task.party),
    );
    (message, remedy)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
