//! What is stored is what is read back.

use super::*;

fn veiled(seed: u8) -> Veiled {
    Veiled { hash: [seed; 8], mask: format!("{seed}**") }
}

fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn head() -> Head {
    Head {
        guid: "4CDE1CFD-EDED-46B1-946C-B8022E42FC94".into(),
        app_time: Time::from_millis(1_700_000_000_000),
        content: [9; 16],
        ..Head::default()
    }
}

fn buyer() -> Buyer {
    Buyer { id: [1; 16], id_mask: "370**".into(), name: veiled(1), telephone: veiled(2) }
}

fn round_trip(facts: &Facts) {
    let kept = Head { guid: String::new(), ..facts.head().clone() };
    let back = Facts::unpack(facts.key(), facts.columns(), kept, &facts.pack());
    assert_eq!(back.as_ref(), Some(facts));
}

#[test]
fn every_kind_reads_back() {
    let consignee = Consignee { name: veiled(3), telephone: veiled(4), address: Veiled::default() };
    round_trip(&Facts::Order(Order {
        head: Head { guid: "not a uuid".into(), ..head() },
        ebp_code: "EBP".into(),
        order_no: "NO1".into(),
        ebc_code: "EBC".into(),
        pay_transaction_id: "T1".into(),
        goods_value: number("99999999999999.99999"),
        paid: number("0.5"),
        buyer: buyer(),
        consignee: consignee.clone(),
        lines: vec![OrderLine { gnum: 1, item_name: "面膜".into(), ..OrderLine::default() }; 99],
        ..Order::default()
    }));
    round_trip(&Facts::Payment(Payment {
        head: head(),
        pay_code: "PAY".into(),
        pay_transaction_id: "T1".into(),
        ebp_code: "EBP".into(),
        order_no: "NO1".into(),
        paid: number("199"),
        pay_time: Time::from_millis(5),
        payer: buyer(),
    }));
    round_trip(&Facts::Waybill(Waybill {
        head: head(),
        logistics_code: "LOG".into(),
        logistics_no: "W1".into(),
        order_no: "NO1".into(),
        freight: Some(number("0")),
        weight_kg: number("1.25"),
        consignee,
        ..Waybill::default()
    }));
    round_trip(&Facts::WaybillStatus(WaybillStatus {
        head: head(),
        logistics_code: "LOG".into(),
        logistics_no: "W1".into(),
        status: "S".into(),
        time: Time::from_millis(7),
    }));
    round_trip(&Facts::CancelApplication(CancelApplication {
        head: head(),
        agent_code: "AGT".into(),
        invt_no: "430120261000000001".into(),
        cop_no: "C1".into(),
        reason: "买家取消".into(),
        buyer: [3; 16],
        ..CancelApplication::default()
    }));
    round_trip(&Facts::Warehousing(Warehousing {
        head: head(),
        operator_code: "OPR".into(),
        cop_no: "R1".into(),
        bill_no: "B1".into(),
        waybills: vec!["W1".into(), "W2".into()],
        ..Warehousing::default()
    }));
}

#[test]
fn an_inventory_reads_back_beside_its_columns() {
    let inventory = Inventory {
        head: head(),
        agent_code: "AGT".into(),
        assure_code: "EBC".into(),
        declared_on: Some(Date::constant(2026, 11, 23)),
        freight: number("10"),
        buyer: buyer(),
        address: veiled(5),
        lines: vec![InventoryLine {
            gnum: 2,
            hs_code: "3304990029".into(),
            quantity2: Some(number("3")),
            ..InventoryLine::default()
        }],
        ..Inventory::default()
    };
    let columns = Inventory {
        head: Head { guid: String::new(), ..head() },
        agent_code: "AGT".into(),
        buyer: Buyer { id: [1; 16], ..Buyer::default() },
        ..Inventory::default()
    };
    assert_eq!(columns.unpack(&inventory.pack()), Some(inventory));
}

#[test]
fn damaged_facts_do_not_panic() {
    let bytes = Inventory { lines: vec![InventoryLine::default(); 9], ..Inventory::default() };
    let bytes = bytes.pack();
    for end in 0..bytes.len() {
        let _ = Inventory::default().unpack(&bytes[..end]);
    }
    let mut wild = bytes;
    for (i, byte) in wild.iter_mut().enumerate().skip(1) {
        *byte ^= u8::try_from(i * 31 % 251).unwrap_or_default();
    }
    let _ = Inventory::default().unpack(&wild);
}
