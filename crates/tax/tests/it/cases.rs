//! The worked examples of the regulations, each with its number there.

use serde_json::{Value, json};

use crate::support::{
    BEER, CREAM, MASK, PLAIN, RULES, TARIFF, WATCH, WHISKY, WINE, answer, decimal, item, order,
    taxes, with,
};

#[test]
fn taxes_within_the_limits() {
    let cream = |price, grams| with(item(CREAM, price), json!({"net_content_g": grams}));
    let millilitres = |hs, price, content| with(item(hs, price), json!({"net_content_g": content}));
    let specific = |price, tax: Value| {
        with(
            item("2208", price),
            json!({"rates": {"duty": "0", "vat": "0.13", "consumption_tax": tax}}),
        )
    };
    for (case, line, expected) in [
        ("B1", item(PLAIN, "279.00"), ["0.00", "0.00", "25.39", "25.39"]),
        ("B2", cream("425.00", "20"), ["0.00", "52.50", "45.50", "98.00"]),
        ("B3", cream("199.00", "20"), ["0.00", "0.00", "18.11", "18.11"]),
        ("B3b", cream("200.00", "20"), ["0.00", "24.71", "21.41", "46.12"]),
        ("B4", item(WINE, "300.00"), ["0.00", "23.33", "30.33", "53.66"]),
        ("B7", millilitres(WHISKY, "500", "750"), ["0.00", "88.10", "56.95", "145.05"]),
        (
            "B7 by rates",
            specific(
                "500",
                json!({"ad_valorem": "0.2", "per_unit": "1", "unit_quantity": "0.684"}),
            ),
            ["0.00", "88.10", "56.95", "145.05"],
        ),
        ("B8", millilitres(BEER, "120", "6000"), ["0.00", "1.06", "11.06", "12.12"]),
        // 2.99 yuan a kilogram of beer is below the line: 220 a tonne.
        ("beer below", millilitres(BEER, "18", "6000"), ["0.00", "0.94", "1.76", "2.70"]),
    ] {
        let answer = answer(&order(vec![line]));
        assert_eq!(answer["verdict"], "within_limit", "{case}");
        assert_eq!(taxes(&answer), expected, "{case}");
    }
}

/// B5: composite rates, as the tax on 10,000 pieces of 0.01 would be; here on 1,000 yuan.
#[test]
fn composite_rates() {
    let rate = |vat: &str, ad_valorem: &str| {
        let rates = json!({"vat": vat, "consumption_tax": {"ad_valorem": ad_valorem}});
        let line = with(item("9999999999", "5000"), json!({"rates": rates}));
        let answer = answer(&order(vec![line]));
        decimal(taxes(&answer)[3]) / decimal("50")
    };
    for (vat, ad_valorem, percent) in [
        ("0.13", "0", "9.1"),
        ("0.13", "0.10", "17.8888"),
        ("0.13", "0.15", "23.0588"),
        ("0.09", "0", "6.3"),
    ] {
        let difference = rate(vat, ad_valorem) - decimal(percent);
        assert!(difference.abs() <= decimal("0.0003"), "{vat} {ad_valorem}: {difference}");
    }
}

/// B6: the same goods through the years, VAT 17, 16 and 13 %.
#[test]
fn rates_follow_the_day() {
    for (on, plain, cream) in [
        ("2016-10-01", "119.00", "263.53"),
        ("2018-04-30", "119.00", "263.53"),
        ("2018-05-01", "112.00", "255.29"),
        ("2019-03-31", "112.00", "255.29"),
        ("2019-04-01", "91.00", "230.59"),
        ("2026-11-11", "91.00", "230.59"),
    ] {
        let day = |line| with(order(vec![line]), json!({"on": on}));
        assert_eq!(taxes(&answer(&day(item(PLAIN, "1000"))))[3], plain, "{on}");
        let line = with(item(CREAM, "1000"), json!({"net_content_g": "50"}));
        let answer = answer(&day(line));
        assert_eq!(taxes(&answer)[3], cream, "{on}");
    }
}

#[test]
fn full_rates_over_the_single_limit() {
    let rates = json!({"rates": {"duty": "0.10", "vat": "0.13"}});
    let one = with(order(vec![with(item(PLAIN, "8000"), rates)]), json!({"buyer_used": "10000"}));
    let b9 = answer(&one);
    assert_eq!(b9["verdict"], "full_rate");
    assert_eq!(taxes(&b9), ["800.00", "0.00", "1144.00", "1944.00"], "B9");
    assert_eq!(b9["customs_value"], "8000.00");
    let watch = with(item(WATCH, "12000"), json!({"rates": {"duty": "0.11"}}));
    let b9b = answer(&order(vec![watch]));
    assert_eq!(b9b["verdict"], "full_rate");
    assert_eq!(taxes(&b9b), ["1320.00", "3330.00", "2164.50", "6814.50"], "B9b");
    assert_eq!(b9b["lines"][0]["rates"]["ad_valorem"], "0.20");
}

/// B10: limits below, at and above.
#[test]
fn channels() {
    for (case, price, quantity, used, verdict) in [
        ("B10.1", "5000.00", "3", "0", "within_limit"),
        ("B10.2", "5000.01", "1", "0", "full_rate"),
        ("B10.3", "5000.01", "2", "0", "not_retail"),
        ("B10.4", "5000.00", "1", "21000.00", "within_limit"),
        ("B10.5", "5000.00", "1", "21000.01", "general_trade"),
        ("B10.6", "6000", "1", "20000", "full_rate"),
        ("B10.7", "6000", "1", "20000.01", "general_trade"),
        ("several over the year", "5000.01", "2", "21000", "general_trade"),
        ("a piece is a whole one", "5000.01", "1.0", "0", "full_rate"),
        ("half a piece is none", "5000.01", "0.5", "0", "not_retail"),
    ] {
        let line = with(item(PLAIN, price), json!({"quantity": quantity}));
        let request = with(order(vec![line]), json!({"buyer_used": used}));
        assert_eq!(answer(&request)["verdict"], verdict, "{case}");
    }
    // Two lines of one piece each are two pieces.
    let two = order(vec![item(PLAIN, "2500.01"), item(PLAIN, "2500")]);
    assert_eq!(answer(&two)["verdict"], "not_retail");
    // Freight and insurance count.
    let freight = json!({"freight": "0.01"});
    assert_eq!(answer(&with(order(vec![item(PLAIN, "5000")]), freight))["verdict"], "full_rate");
    let insurance = json!({"insurance": "0.01", "buyer_used": "21000"});
    let request = with(order(vec![item(PLAIN, "5000")]), insurance);
    assert_eq!(answer(&request)["verdict"], "general_trade");
}

#[test]
fn limits_follow_the_day() {
    let verdict = |on: &str, price: &str, used: &str| {
        let more = json!({"on": on, "buyer_used": used});
        answer(&with(order(vec![item(PLAIN, price)]), more))["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("2018-12-31", "2000", "18000"), "within_limit");
    assert_eq!(verdict("2018-12-31", "2000", "18000.01"), "general_trade");
    assert_eq!(verdict("2018-12-31", "2000.01", "0"), "general_trade");
    assert_eq!(verdict("2019-01-01", "2000.01", "18000"), "within_limit");
    assert_eq!(verdict("2019-01-01", "5000.01", "0"), "full_rate");
}

/// What is not retail shows what full rates come to.
#[test]
fn other_channels_show_full_rates() {
    let rates = json!({"rates": {"duty": "0.10"}, "quantity": "2"});
    let answer = answer(&order(vec![with(item(PLAIN, "8000"), rates)]));
    assert_eq!(answer["verdict"], "not_retail");
    assert_eq!(taxes(&answer), ["800.00", "0.00", "1144.00", "1944.00"]);
}

#[test]
fn freight_is_spread_by_largest_remainder() {
    let lines = vec![item(PLAIN, "93.00"), item(PLAIN, "279.00"), item(PLAIN, "128.00")];
    let b11 = answer(&with(order(lines), json!({"freight": "10.00"})));
    let of = |name: &str| -> Vec<String> {
        let lines = b11["lines"].as_array().unwrap();
        lines.iter().map(|line| line[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("freight"), ["1.86", "5.58", "2.56"]);
    assert_eq!(of("customs_value"), ["94.86", "284.58", "130.56"]);
    assert_eq!(of("vat"), ["8.63", "25.90", "11.88"]);
    assert_eq!(b11["total"], "46.41", "B11");
    assert_eq!(b11["customs_value"], "510.00");
    // A third of a fen each: the first two get what is left.
    let three = vec![item(PLAIN, "1"), item(PLAIN, "1"), item(PLAIN, "1")];
    let answer = answer(&with(order(three), json!({"freight": "0.02", "insurance": "1"})));
    let lines = answer["lines"].as_array().unwrap();
    let shares: Vec<_> = lines.iter().map(|line| (&line["freight"], &line["insurance"])).collect();
    assert_eq!(
        shares,
        [
            (&json!("0.01"), &json!("0.34")),
            (&json!("0.01"), &json!("0.33")),
            (&json!("0.00"), &json!("0.33"))
        ]
    );
}

/// B12 and B13: what is paid, and what a return gives back, follow from the quote.
#[test]
fn vouchers_and_returns() {
    let tax = decimal(taxes(&answer(&order(vec![item(PLAIN, "279.00")])))[3]);
    assert_eq!(decimal("279.00") + tax - decimal("20.00"), decimal("284.39"), "B12");
    let line = with(item(CREAM, "425.00"), json!({"net_content_g": "20"}));
    let value = answer(&order(vec![line]))["customs_value"].as_str().unwrap().to_owned();
    assert_eq!(decimal("18425.00") - decimal(&value), decimal("18000.00"), "B13");
}

#[test]
fn cosmetics_on_both_sides_of_the_threshold() {
    let consumption_tax = |hs: &str, price: &str, more: Value| {
        let answer = answer(&order(vec![with(item(hs, price), more)]));
        taxes(&answer)[1].to_owned()
    };
    for (price, more, taxed) in [
        ("99.99", json!({"net_content_g": "10"}), false),
        ("100.00", json!({"net_content_g": "10"}), true),
        ("14.99", json!({"pieces": "1"}), false),
        ("15.00", json!({"pieces": "1"}), true),
        ("149.99", json!({"pieces": "10"}), false),
        ("150.00", json!({"pieces": "10"}), true),
    ] {
        assert_eq!(consumption_tax(MASK, price, more.clone()) != "0.00", taxed, "{price} {more}");
    }
    // Freight is part of the price that decides.
    let line = with(item(CREAM, "99.99"), json!({"net_content_g": "10"}));
    let answer = answer(&with(order(vec![line]), json!({"freight": "0.01"})));
    assert_ne!(taxes(&answer)[1], "0.00");
    // Watches: 10,000 yuan each.
    let watch = |price| consumption_tax(WATCH, price, json!({"quantity": "2"}));
    assert_eq!(watch("19999.98"), "0.00");
    assert_ne!(watch("20000.00"), "0.00");
}

/// A jar has a net content; that it is one piece does not make it a sheet.
#[test]
fn content_decides_where_both_are_given() {
    let line = with(item(CREAM, "199.00"), json!({"net_content_g": "20", "pieces": "1"}));
    let answer = answer(&order(vec![line]));
    assert_eq!(taxes(&answer)[1], "0.00");
    assert_eq!(answer["findings"][0]["code"], "tax.judged_by_content");
    assert_eq!(answer["findings"][0]["level"], "warning");
}

#[test]
fn the_wire_form_is_that_of_the_command() {
    let line = with(item(WHISKY, "500"), json!({"net_content_g": "750"}));
    let answer = answer(&order(vec![line]));
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    let expected =
        ["verdict", "customs_value", "duty", "consumption_tax", "vat", "total", "lines", "rules"];
    assert_eq!(names, expected);
    assert_eq!(answer["lines"][0]["rates"]["unit_quantity"], "0.684");
    let rules = answer["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for id in [
        "import.limit.single",
        "import.limit.annual",
        "import.share_of_statutory",
        "import.tax.rounding",
        "vat.standard",
        "ct.spirits.rate",
        "ct.spirits.per_unit",
        "measure.spirits.kg_per_litre",
    ] {
        assert_eq!(ids.iter().filter(|known| **known == id).count(), 1, "{id} in {ids:?}");
    }
    let vat = rules.iter().find(|rule| rule["id"] == "vat.standard").unwrap();
    assert_eq!(vat["from"], "2019-04-01");
    assert!(!vat["source"].as_str().unwrap().is_empty());
}

/// A request made in code and one read from its own wire form are the same.
#[test]
fn requests_round_trip() {
    let line = with(
        item(WHISKY, "500.10"),
        json!({"net_content_g": "750", "rates": {"vat": "0.13", "consumption_tax": {"per_unit": "1"}}}),
    );
    let request = tax::Request::from_json(&order(vec![line]).to_string()).unwrap();
    let wire = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<tax::Request>(&wire).unwrap(), request);
    let value: Value = serde_json::from_str(&wire).unwrap();
    assert_eq!(serde_json::from_value::<tax::Request>(value).unwrap(), request);
    assert!(tax::quote(&request, &RULES, &TARIFF).is_err(), "a specific rate without quantity");
}
