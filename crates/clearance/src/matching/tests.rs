//! Every comparison with one field changed.

use kernel::{Decimal, Level};

use super::super::types::{Outcome, Parcel, Points, Role, Ruleset, Tolerance};
use super::compare;
use crate::document::{
    Buyer, Consignee, Inventory, InventoryLine, Kind, Order, OrderLine, Payment, Veiled, Waybill,
};

fn veiled(seed: u8) -> Veiled {
    Veiled { hash: [seed; 8], mask: format!("{seed}**") }
}

fn buyer() -> Buyer {
    Buyer { id: [1; 16], id_mask: "370*".into(), name: veiled(1), telephone: veiled(2) }
}

fn consignee() -> Consignee {
    Consignee { name: veiled(3), telephone: veiled(4), address: veiled(5) }
}

fn yuan(text: &str) -> Decimal {
    text.parse().expect("a number")
}

struct Four(Order, Payment, Waybill, Inventory);

fn four() -> Four {
    let line = OrderLine {
        gnum: 1,
        item_no: "SKU-1".into(),
        item_name: "面膜".into(),
        unit: "011".into(),
        quantity: yuan("2"),
        price: yuan("99.50"),
        total: yuan("199"),
        country: "133".into(),
    };
    let order = Order {
        ebp_code: "EBP".into(),
        order_no: "NO1".into(),
        ebc_code: "EBC".into(),
        pay_code: "PAY".into(),
        pay_transaction_id: "T1".into(),
        paid: yuan("199"),
        buyer: buyer(),
        consignee: consignee(),
        lines: vec![line.clone()],
        ..Order::default()
    };
    let payment = Payment {
        pay_code: "PAY".into(),
        pay_transaction_id: "T1".into(),
        ebp_code: "EBP".into(),
        order_no: "NO1".into(),
        paid: yuan("199.00"),
        payer: Buyer { telephone: Veiled::default(), ..buyer() },
        ..Payment::default()
    };
    let waybill = Waybill {
        logistics_code: "LOG".into(),
        logistics_no: "W1".into(),
        order_no: "NO1".into(),
        freight: Some(yuan("10")),
        insurance: Some(yuan("0")),
        weight_kg: yuan("0.5"),
        consignee: consignee(),
        ..Waybill::default()
    };
    let inventory = Inventory {
        agent_code: "AGT".into(),
        order_no: "NO1".into(),
        ebp_code: "EBP".into(),
        ebc_code: "EBC".into(),
        logistics_code: "LOG".into(),
        logistics_no: "W1".into(),
        freight: yuan("10"),
        gross_kg: yuan("0.50"),
        buyer: buyer(),
        address: veiled(5),
        lines: vec![InventoryLine {
            gnum: 1,
            item_no: line.item_no,
            item_name: line.item_name,
            unit: line.unit,
            quantity: line.quantity,
            price: line.price,
            total: line.total,
            country: line.country,
            ..InventoryLine::default()
        }],
        ..Inventory::default()
    };
    Four(order, payment, waybill, inventory)
}

const NEEDED: [Kind; 3] = [Kind::Order, Kind::Payment, Kind::Waybill];

fn ruleset() -> Ruleset {
    Ruleset { buyer_is_payer: true, ..Ruleset::default() }
}

impl Four {
    fn compare(&self) -> Outcome {
        let parcel = Parcel {
            order: Some(&self.0),
            payment: Some(&self.1),
            waybill: Some(&self.2),
            inventory: Some(&self.3),
        };
        compare(&parcel, &NEEDED, &ruleset())
    }
}

#[test]
fn four_documents_that_agree_match() {
    assert_eq!(four().compare(), Outcome::Matched(vec![]));
}

type Change = fn(&mut Four);

#[test]
fn each_difference_is_named_with_whose_task_it_is() {
    let rows: &[(Change, &str, Kind, &str, Role, &str)] = &[
        (
            |f| f.1.paid = yuan("198"),
            "match.amount",
            Kind::Payment,
            "amountPaid",
            Role::Payment,
            "PAY",
        ),
        (
            |f| f.1.payer.name = veiled(9),
            "match.payer",
            Kind::Payment,
            "payerName",
            Role::Platform,
            "EBP",
        ),
        (
            |f| f.1.payer.id = [9; 16],
            "match.payer",
            Kind::Payment,
            "payerIdNumber",
            Role::Platform,
            "EBP",
        ),
        (
            |f| f.0.pay_code = "OTHER".into(),
            "match.payment_firm",
            Kind::Payment,
            "payCode",
            Role::Platform,
            "EBP",
        ),
        (
            |f| f.0.pay_transaction_id = "T9".into(),
            "match.transaction",
            Kind::Payment,
            "payTransactionId",
            Role::Platform,
            "EBP",
        ),
        (
            |f| f.1.order_no = "NO2".into(),
            "match.order_no",
            Kind::Payment,
            "orderNo",
            Role::Payment,
            "PAY",
        ),
        (
            |f| f.1.ebp_code = "EB2".into(),
            "match.platform",
            Kind::Payment,
            "ebpCode",
            Role::Payment,
            "PAY",
        ),
        (
            |f| f.2.consignee.name = veiled(9),
            "match.consignee",
            Kind::Waybill,
            "consignee",
            Role::Logistics,
            "LOG",
        ),
        (
            |f| f.2.consignee.telephone = veiled(9),
            "match.consignee",
            Kind::Waybill,
            "consigneeTelephone",
            Role::Logistics,
            "LOG",
        ),
        (
            |f| f.2.consignee.address = veiled(9),
            "match.consignee",
            Kind::Waybill,
            "consigneeAddress",
            Role::Logistics,
            "LOG",
        ),
        (
            |f| f.3.ebc_code = "E9".into(),
            "match.ebc",
            Kind::Inventory,
            "ebcCode",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.buyer.name = veiled(9),
            "match.buyer",
            Kind::Inventory,
            "buyerName",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.buyer.telephone = veiled(9),
            "match.buyer",
            Kind::Inventory,
            "buyerTelephone",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.address = veiled(9),
            "match.address",
            Kind::Inventory,
            "consigneeAddress",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.lines[0].quantity = yuan("3"),
            "match.line",
            Kind::Inventory,
            "lines[1].qty",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.lines[0].price = yuan("99"),
            "match.line",
            Kind::Inventory,
            "lines[1].price",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.lines[0].total = yuan("198"),
            "match.line",
            Kind::Inventory,
            "lines[1].totalPrice",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.lines[0].item_no = "X".into(),
            "match.line",
            Kind::Inventory,
            "lines[1].itemNo",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.lines[0].unit = "035".into(),
            "match.line",
            Kind::Inventory,
            "lines[1].unit",
            Role::Declarant,
            "AGT",
        ),
        (
            |f| f.3.lines[0].country = "116".into(),
            "match.line",
            Kind::Inventory,
            "lines[1].country",
            Role::Declarant,
            "AGT",
        ),
    ];
    for (change, code, kind, field, role, party) in rows {
        let mut documents = four();
        change(&mut documents);
        let outcome = documents.compare();
        assert_eq!(outcome.word(), "mismatched", "{code} {field}");
        let [one] = outcome.mismatches() else { panic!("{code} {field}: {outcome:?}") };
        assert_eq!((one.code, one.right.kind, one.right.field.as_str()), (*code, *kind, *field));
        assert_eq!((one.task.role, one.task.party.as_str()), (*role, *party), "{code} {field}");
    }
}

#[test]
fn a_missing_or_extra_line_is_named() {
    let mut documents = four();
    documents.0.lines.push(OrderLine { gnum: 2, ..OrderLine::default() });
    let codes: Vec<_> = documents.compare().mismatches().iter().map(|m| m.code).collect();
    assert_eq!(codes, ["match.line_count"]);
    let mut documents = four();
    documents.3.lines[0].gnum = 7;
    let codes: Vec<_> = documents.compare().mismatches().iter().map(|m| m.code).collect();
    assert_eq!(codes, ["match.line"]);
}

#[test]
fn freight_insurance_and_weight_only_warn() {
    let mut documents = four();
    documents.3.freight = yuan("11");
    documents.3.insurance = yuan("1");
    documents.3.gross_kg = yuan("0.6");
    let outcome = documents.compare();
    assert_eq!(outcome.word(), "matched");
    assert_eq!(outcome.mismatches().len(), 3);
    assert!(outcome.mismatches().iter().all(|m| m.level == Level::Warning));
}

#[test]
fn a_tolerance_lets_small_differences_through() {
    let mut documents = four();
    documents.1.paid = yuan("198.50");
    let parcel =
        Parcel { order: Some(&documents.0), payment: Some(&documents.1), ..Parcel::default() };
    for (paid, differences) in [("0.50", 0), ("0.49", 1)] {
        let tolerance = Tolerance { paid: yuan(paid), ..Tolerance::default() };
        let ruleset = Ruleset { tolerance, ..ruleset() };
        assert_eq!(compare(&parcel, &NEEDED, &ruleset).mismatches().len(), differences, "{paid}");
    }
}

#[test]
fn the_rules_of_the_day_say_what_is_compared() {
    let mut documents = four();
    documents.1.paid = yuan("1");
    documents.1.payer.id = [9; 16];
    let parcel =
        Parcel { order: Some(&documents.0), payment: Some(&documents.1), ..Parcel::default() };
    let mut points = Points::default();
    points.allow("match.order_payment", ["payer_id"].into_iter());
    let ruleset = Ruleset { points, ..ruleset() };
    let codes: Vec<_> =
        compare(&parcel, &NEEDED, &ruleset).mismatches().iter().map(|m| m.code).collect();
    assert_eq!(codes, ["match.payer"]);
    let ruleset = Ruleset { buyer_is_payer: false, ..ruleset };
    assert!(compare(&parcel, &[], &ruleset).mismatches().is_empty());
}

#[test]
fn missing_documents_are_named_with_their_sender() {
    let documents = four();
    let parcel = Parcel { inventory: Some(&documents.3), ..Parcel::default() };
    let outcome = compare(&parcel, &NEEDED, &ruleset());
    let named: Vec<_> = outcome.missing().iter().map(|m| (m.kind, m.task.party.as_str())).collect();
    assert_eq!(named, [(Kind::Order, "EBP"), (Kind::Payment, ""), (Kind::Waybill, "LOG")]);
    let parcel = Parcel { order: Some(&documents.0), ..Parcel::default() };
    let outcome = compare(&parcel, &NEEDED, &ruleset());
    let named: Vec<_> = outcome.missing().iter().map(|m| (m.kind, m.task.party.as_str())).collect();
    assert_eq!(named, [(Kind::Payment, "PAY"), (Kind::Waybill, ""), (Kind::Inventory, "EBC")]);
}

#[test]
fn findings_show_masked_values_in_both_languages() {
    let mut documents = four();
    documents.1.payer.name = veiled(9);
    let finding = documents.compare().mismatches()[0].finding();
    assert_eq!(finding.path, "payment.payerName");
    assert_eq!((finding.found.as_str(), finding.expected.as_str()), ("9**", "1**"));
    assert!(finding.message.zh.contains("支付单") && finding.message.en.contains("payment"));
    assert!(finding.remedy.en.contains("EBP"));
}
