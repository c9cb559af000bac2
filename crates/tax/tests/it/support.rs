//! What the tests share: the built-in law and tariff, and short ways to ask.

use std::sync::LazyLock;

use kernel::{Decimal, Finding};
use register::rules::Rules;
use register::tariff::Tariff;
use serde_json::{Value, json};
use tax::{Quote, Request};

pub(crate) static RULES: LazyLock<Rules> = LazyLock::new(Rules::builtin);
pub(crate) static TARIFF: LazyLock<Tariff> = LazyLock::new(Tariff::builtin);

/// Goods with VAT at the standard rate and nothing else (baby diapers).
pub(crate) const PLAIN: &str = "9619001100";
/// Skin care by weight: class `cosmetics`.
pub(crate) const CREAM: &str = "3304990029";
/// Masks by sheet: class `cosmetics`.
pub(crate) const MASK: &str = "3304990049";
pub(crate) const WINE: &str = "2204210000";
pub(crate) const WHISKY: &str = "2208300000";
pub(crate) const BEER: &str = "2203000000";
pub(crate) const WATCH: &str = "9102210090";

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A line with quantity 1.
pub(crate) fn item(hs_code: &str, total_price: &str) -> Value {
    json!({"hs_code": hs_code, "quantity": "1", "total_price": total_price})
}

/// The value with more fields.
pub(crate) fn with(mut value: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
        fields.extend(more);
    }
    value
}

/// An order of today, mode 1210, nothing used, no freight.
pub(crate) fn order(items: Vec<Value>) -> Value {
    json!({"on": "2026-11-11", "mode": "1210", "buyer_used": "0", "freight": "0",
           "insurance": "0", "items": items})
}

pub(crate) fn ask(request: &Value) -> Result<Quote, Vec<Finding>> {
    tax::quote(&Request::from_json(&request.to_string())?, &RULES, &TARIFF)
}

/// The answer as its wire form.
pub(crate) fn answer(request: &Value) -> Value {
    serde_json::to_value(ask(request).unwrap()).unwrap()
}

/// Duty, consumption tax, VAT and total as they stand on the wire.
pub(crate) fn taxes(answer: &Value) -> [&str; 4] {
    ["duty", "consumption_tax", "vat", "total"].map(|name| answer[name].as_str().unwrap())
}
