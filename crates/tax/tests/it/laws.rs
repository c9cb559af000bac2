//! What must hold of every order.

use kernel::{Decimal, Fen};
use proptest::prelude::*;
use tax::{ConsumptionTaxOverride, Item, Quote, RateOverride, Request, Verdict, quote};

use crate::support::{BEER, CREAM, PLAIN, RULES, TARIFF, WHISKY, WINE, decimal};

fn request(items: Vec<Item>) -> Request {
    Request {
        on: kernel::Date::constant(2026, 11, 11),
        mode: "9610".to_owned(),
        buyer_used: Decimal::ZERO,
        freight: Decimal::ZERO,
        insurance: Decimal::ZERO,
        items,
    }
}

fn ask(request: &Request) -> Quote {
    quote(request, &RULES, &TARIFF).unwrap()
}

fn yuan() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (1i64..600_000).prop_map(|fen| Decimal::new(fen, 2)),
        (1i64..60_000_000_000).prop_map(|units| Decimal::new(units, 5)),
    ]
}

fn goods() -> impl Strategy<Value = Item> {
    let codes = prop_oneof![Just(PLAIN), Just(CREAM), Just(WINE), Just(WHISKY), Just(BEER)];
    (codes, yuan(), 1i64..5, 1i64..5000).prop_map(|(hs_code, total_price, quantity, content)| {
        Item {
            hs_code: hs_code.to_owned(),
            quantity: quantity.into(),
            total_price,
            net_content_g: Some(content.into()),
            ..Item::default()
        }
    })
}

fn orders() -> impl Strategy<Value = Request> {
    let items = proptest::collection::vec(goods(), 1..8);
    (items, yuan(), yuan(), yuan()).prop_map(|(items, freight, insurance, buyer_used)| Request {
        freight,
        insurance,
        buyer_used,
        ..request(items)
    })
}

proptest! {
    #[test]
    fn lines_sum_to_the_totals(order in orders()) {
        let quote = ask(&order);
        let sum = |part: fn(&tax::Line) -> Fen| quote.lines.iter().map(part).sum::<Fen>();
        prop_assert_eq!(sum(|line| line.duty), quote.duty);
        prop_assert_eq!(sum(|line| line.consumption_tax), quote.consumption_tax);
        prop_assert_eq!(sum(|line| line.vat), quote.vat);
        prop_assert_eq!(sum(|line| line.total), quote.total);
        let parts = quote.duty.0 + quote.consumption_tax.0 + quote.vat.0;
        prop_assert_eq!(parts, quote.total.0);
        let values: Decimal = quote.lines.iter().map(|line| line.customs_value).sum();
        prop_assert_eq!(values, quote.customs_value);
    }

    #[test]
    fn freight_and_insurance_are_spread_exactly_and_fairly(order in orders()) {
        let quote = ask(&order);
        let freight: Decimal = quote.lines.iter().map(|line| line.freight).sum();
        let insurance: Decimal = quote.lines.iter().map(|line| line.insurance).sum();
        prop_assert_eq!(freight, order.freight);
        prop_assert_eq!(insurance, order.insurance);
        let prices: Decimal = order.items.iter().map(|item| item.total_price).sum();
        prop_assert_eq!(quote.customs_value, prices + order.freight + order.insurance);
        // No line is more than one unit, a fen at most, off its exact share.
        for (line, item) in quote.lines.iter().zip(&order.items) {
            let exact = order.freight * item.total_price / prices;
            prop_assert!((line.freight - exact).abs() <= decimal("0.01"));
        }
    }

    #[test]
    fn the_channel_follows_the_limits(order in orders()) {
        let quote = ask(&order);
        let over_year = order.buyer_used + quote.customs_value > decimal("26000");
        let over_single = quote.customs_value > decimal("5000");
        let one = order.items.len() == 1 && order.items[0].quantity == Decimal::ONE;
        let expected = match (over_year, over_single, one) {
            (true, _, _) => Verdict::GeneralTrade,
            (false, false, _) => Verdict::WithinLimit,
            (false, true, true) => Verdict::FullRate,
            (false, true, false) => Verdict::NotRetail,
        };
        prop_assert_eq!(quote.verdict, expected);
        prop_assert_eq!(quote.verdict.is_retail(), quote.verdict == Verdict::WithinLimit
            || quote.verdict == Verdict::FullRate);
    }

    #[test]
    fn a_higher_price_never_bears_less(item in goods(), more in yuan()) {
        let dearer = Item { total_price: item.total_price + more, ..item.clone() };
        let (low, high) = (ask(&request(vec![item])), ask(&request(vec![dearer])));
        if low.verdict == high.verdict {
            prop_assert!(low.total <= high.total, "{low:?} {high:?}");
        }
    }

    #[test]
    fn the_tax_is_the_exact_one_rounded_once(
        price in yuan(),
        duty in 0i64..40,
        vat in prop_oneof![Just(9i64), Just(13)],
        share in 0i64..60,
        per_unit in 0i64..300,
        quantity in 1i64..2000,
    ) {
        // In units of 10^-7 yuan: price to 5 decimals, rates in hundredths.
        let percent = |n: i64| Decimal::new(n, 2);
        let item = Item {
            hs_code: "9999999999".to_owned(),
            quantity: Decimal::ONE,
            total_price: price,
            rates: Some(RateOverride {
                duty: Some(percent(duty)),
                vat: Some(percent(vat)),
                consumption_tax: Some(ConsumptionTaxOverride {
                    ad_valorem: Some(percent(share)),
                    per_unit: Some(Decimal::new(per_unit, 0)),
                    unit_quantity: Some(Decimal::new(quantity, 3)),
                }),
            }),
            ..Item::default()
        };
        let quote = ask(&request(vec![item]));
        let full = quote.verdict != Verdict::WithinLimit;
        let price = i128::try_from((price * decimal("100000")).trunc()).unwrap();
        let (collected, duty) = if full { (10, i128::from(duty)) } else { (7, 0) };
        let (vat, share) = (i128::from(vat), i128::from(share));
        let own_duty = price * duty; // 10^-7
        let specific = i128::from(per_unit * quantity) * 10_000; // 10^-7
        let base = price * 100 + own_duty + specific; // 10^-7, to be divided by (100 - share)/100
        let half_up = |over: i128, under: i128| (2 * over + under) / (2 * under);
        let under = 100 - share;
        let fen = 100_000; // 10^-7 yuan in a fen
        prop_assert_eq!(i128::from(quote.duty.0), half_up(own_duty, fen));
        let consumption = (base * share + specific * under) * collected;
        let consumption = half_up(consumption, under * fen * 10);
        prop_assert_eq!(i128::from(quote.consumption_tax.0), consumption);
        let value_added = base * vat * collected;
        prop_assert_eq!(i128::from(quote.vat.0), half_up(value_added, under * fen * 10));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,80}") {
        let _ = Request::from_json(&text);
    }
}
