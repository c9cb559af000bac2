//! Requests that cannot be quoted: every fault is told, with its place.

use serde_json::{Value, json};

use crate::support::{BEER, CREAM, PLAIN, answer, ask, item, order, taxes, with};

/// Codes and paths of what is found.
fn faults(request: &Value) -> Vec<(&'static str, String)> {
    let findings = ask(request).unwrap_err();
    for finding in &findings {
        assert!(!finding.message.zh.is_empty() && !finding.message.en.is_empty(), "{finding:?}");
        assert!(!finding.remedy.zh.is_empty() && !finding.remedy.en.is_empty(), "{finding:?}");
    }
    findings.into_iter().map(|finding| (finding.code, finding.path)).collect()
}

fn line_faults(more: Value) -> Vec<(&'static str, String)> {
    faults(&order(vec![item(PLAIN, "1"), with(item(PLAIN, "100"), more)]))
}

#[test]
fn values_out_of_range_name_their_path() {
    for (more, code, path) in [
        (json!({"total_price": "0"}), "tax.range", "items[1].total_price"),
        (json!({"total_price": "-1"}), "tax.range", "items[1].total_price"),
        (json!({"total_price": "1000000000001"}), "tax.range", "items[1].total_price"),
        (json!({"total_price": "1.0000000000001"}), "tax.range", "items[1].total_price"),
        (json!({"quantity": "0"}), "tax.range", "items[1].quantity"),
        (json!({"net_content_g": "-1"}), "tax.range", "items[1].net_content_g"),
        (json!({"pieces": "-1"}), "tax.range", "items[1].pieces"),
        (json!({"hs_code": "190110"}), "tax.format", "items[1].hs_code"),
        (json!({"hs_code": "19011O1000"}), "tax.format", "items[1].hs_code"),
        (json!({"hs_code": "0000000000"}), "tax.hs_code_unknown", "items[1].hs_code"),
        (json!({"rates": {"vat": "1"}}), "tax.range", "items[1].rates.vat"),
        (json!({"rates": {"duty": "-0.1"}}), "tax.range", "items[1].rates.duty"),
        (
            json!({"rates": {"consumption_tax": {"ad_valorem": "1"}}}),
            "tax.range",
            "items[1].rates.consumption_tax.ad_valorem",
        ),
        (
            json!({"rates": {"consumption_tax": {"per_unit": "1"}}}),
            "tax.quantity_missing",
            "items[1].rates.consumption_tax.unit_quantity",
        ),
        (json!({"hs_code": CREAM}), "tax.quantity_missing", "items[1].net_content_g"),
        (json!({"hs_code": BEER}), "tax.quantity_missing", "items[1].net_content_g"),
    ] {
        let found = line_faults(more.clone());
        assert!(found.contains(&(code, path.to_owned())), "{more}: {found:?}");
    }
    for (more, code, path) in [
        (json!({"mode": "0110"}), "tax.mode", "mode"),
        (json!({"buyer_used": "-0.01"}), "tax.range", "buyer_used"),
        (json!({"freight": "-1"}), "tax.range", "freight"),
        (json!({"insurance": "-1"}), "tax.range", "insurance"),
        (json!({"items": []}), "tax.range", "items"),
        (json!({"items": vec![item(PLAIN, "1"); 100]}), "tax.range", "items"),
        (json!({"on": "2016-04-07"}), "rules.not_in_force", "import.limit.single"),
    ] {
        let found = faults(&with(order(vec![item(PLAIN, "1")]), more.clone()));
        assert!(found.contains(&(code, path.to_owned())), "{more}: {found:?}");
    }
}

#[test]
fn malformed_requests_name_their_path() {
    for (more, code, path) in [
        (json!({"on": "2026-13-01"}), "tax.format", "on"),
        (json!({"on": 20261111}), "tax.format", "on"),
        (json!({"mode": null}), "tax.missing", "mode"),
        (json!({"mode": 1210}), "tax.format", "mode"),
        (json!({"freight": "free"}), "tax.format", "freight"),
        (json!({"freight": "1e3"}), "tax.format", "freight"),
        (json!({"freight": ".5"}), "tax.format", "freight"),
        (json!({"freight": "1,000"}), "tax.format", "freight"),
        (json!({"freight": true}), "tax.format", "freight"),
        (json!({"items": {}}), "tax.format", "items"),
        (json!({"items": [1]}), "tax.format", "items[0]"),
        (json!({"items": [{}]}), "tax.missing", "items[0].total_price"),
        (json!({"discount": "1"}), "tax.unknown_field", "discount"),
        (json!({"items": [{"netcontent": "1"}]}), "tax.unknown_field", "items[0].netcontent"),
        (json!({"items": [{"rates": 1}]}), "tax.format", "items[0].rates"),
        (json!({"items": [{"rates": {"gst": "1"}}]}), "tax.unknown_field", "items[0].rates.gst"),
        (
            json!({"items": [{"rates": {"consumption_tax": {"ad_valorem": {}}}}]}),
            "tax.format",
            "items[0].rates.consumption_tax.ad_valorem",
        ),
    ] {
        let found = faults(&with(order(vec![item(PLAIN, "1")]), more.clone()));
        assert!(found.contains(&(code, path.to_owned())), "{more}: {found:?}");
    }
    for text in ["", "[]", "{", "null", "{\"on\":}", &"[".repeat(5000)] {
        let findings = tax::Request::from_json(text).unwrap_err();
        assert_eq!(findings[0].code, "tax.format", "{text:.20}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let lines = vec![
        json!({"hs_code": "0000000000", "quantity": "0", "total_price": "-1"}),
        item(CREAM, "100"),
    ];
    let request = with(order(lines), json!({"mode": "9999", "freight": "-1"}));
    let paths: Vec<String> = faults(&request).into_iter().map(|(_, path)| path).collect();
    for path in [
        "mode",
        "freight",
        "items[0].hs_code",
        "items[0].quantity",
        "items[0].total_price",
        "items[1].net_content_g",
    ] {
        assert!(paths.iter().any(|found| found == path), "{path} not in {paths:?}");
    }
}

#[test]
fn absent_amounts_are_zero_and_numbers_are_taken_as_written() {
    let text = r#"{"on":"2026-11-11","mode":"9610","items":
        [{"hs_code":"9619001100","quantity":1,"total_price":279.00,"pieces":null}]}"#;
    let request = tax::Request::from_json(text).unwrap();
    assert_eq!(request.items[0].total_price.to_string(), "279.00");
    assert!(request.freight.is_zero() && request.buyer_used.is_zero());
    // More digits than a binary fraction holds.
    let text = text.replace("279.00", "0.1234567890123456789");
    let request = tax::Request::from_json(&text).unwrap();
    assert_eq!(request.items[0].total_price.to_string(), "0.1234567890123456789");
}

#[test]
fn goods_off_the_positive_list_are_not_retail_goods() {
    let off_list = "2811111000";
    let found = faults(&order(vec![item(off_list, "100")]));
    assert_eq!(found, [("tax.not_on_positive_list", "items[0].hs_code".to_owned())]);
    // At rates the asker gives, it is only said.
    let line = with(item(off_list, "100"), json!({"rates": {"vat": "0.13"}}));
    let quote = ask(&order(vec![line])).unwrap();
    assert_eq!(quote.findings.len(), 1);
    assert_eq!(quote.findings[0].code, "tax.not_on_positive_list");
    assert!(!quote.findings[0].is_error());
}

#[test]
fn full_duty_must_be_known_only_where_it_is_needed() {
    let rates = json!({"rates": {"vat": "0.13"}});
    let line = |price| with(item("9999999999", price), rates.clone());
    assert!(ask(&order(vec![line("5000")])).is_ok());
    let found = faults(&order(vec![line("5000.01")]));
    assert_eq!(found, [("tax.rate_missing", "items[0].rates.duty".to_owned())]);
}

#[test]
fn a_quantity_of_nothing_is_a_quantity_left_out() {
    let none = json!({"net_content_g": "0", "pieces": "0", "rates": {"duty": "0", "vat": "0.13",
        "consumption_tax": {"ad_valorem": "0", "per_unit": "0", "unit_quantity": "0"}}});
    let answer = answer(&order(vec![with(item("1901101000", "279.00"), none)]));
    assert_eq!(taxes(&answer), ["0.00", "0.00", "25.39", "25.39"]);
}

#[test]
fn a_quotient_that_does_not_end_is_taken_to_the_twelfth_decimal() {
    // Case B8: six litres of beer are 6/988 of a tonne.
    let beer = json!({"rates": {"duty": "0", "vat": "0.13", "consumption_tax":
        {"per_unit": "250", "unit_quantity": "0.006072874493927125506072874"}}});
    let answer = answer(&order(vec![with(item("2203000000", "120.00"), beer)]));
    assert_eq!(taxes(&answer), ["0.00", "1.06", "11.06", "12.12"]);
}
