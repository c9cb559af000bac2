//! Reading a request from JSON, every fault with its path.

use std::collections::BTreeMap;

use kernel::{Date, Decimal, Finding};
use serde_json::value::RawValue;

use crate::fault;
use crate::request::{ConsumptionTaxOverride, Item, RateOverride, Request};

const DECIMAL: &str = "a decimal as a string, such as \"279.00\"";
const TEXT: &str = "a string";

pub(crate) fn request(text: &str) -> Result<Request, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut fields = Fields::new(text, "", &mut findings);
    let on =
        fields.required("on", "a day as YYYY-MM-DD", |text| string(text)?.parse::<Date>().ok());
    let mode = fields.required("mode", TEXT, string);
    let buyer_used = fields.optional("buyer_used", DECIMAL, decimal);
    let freight = fields.optional("freight", DECIMAL, decimal);
    let insurance = fields.optional("insurance", DECIMAL, decimal);
    let raw: Option<Vec<Box<RawValue>>> =
        fields.required("items", "an array of lines", |text| serde_json::from_str(text).ok());
    fields.finish("on, mode, buyer_used, freight, insurance, items");
    let raw = raw.unwrap_or_default();
    let items = raw
        .iter()
        .enumerate()
        .map(|(index, raw)| item(raw.get(), &format!("items[{index}]"), &mut findings));
    let items: Vec<Item> = items.collect();
    match (on, mode) {
        (Some(on), Some(mode)) if findings.is_empty() => Ok(Request {
            on,
            mode,
            buyer_used: buyer_used.unwrap_or_default(),
            freight: freight.unwrap_or_default(),
            insurance: insurance.unwrap_or_default(),
            items,
        }),
        _ => Err(findings),
    }
}

fn item(text: &str, path: &str, findings: &mut Vec<Finding>) -> Item {
    let mut fields = Fields::new(text, path, findings);
    let mut out = Item {
        hs_code: fields.required("hs_code", TEXT, string).unwrap_or_default(),
        quantity: fields.required("quantity", DECIMAL, decimal).unwrap_or_default(),
        total_price: fields.required("total_price", DECIMAL, decimal).unwrap_or_default(),
        net_content_g: stated(fields.optional("net_content_g", DECIMAL, decimal)),
        pieces: stated(fields.optional("pieces", DECIMAL, decimal)),
        rates: None,
    };
    let raw = fields.optional("rates", "an object", raw);
    fields.finish("hs_code, quantity, total_price, net_content_g, pieces, rates");
    out.rates = raw.map(|raw| rates(raw.get(), &format!("{path}.rates"), findings));
    out
}

fn rates(text: &str, path: &str, findings: &mut Vec<Finding>) -> RateOverride {
    let mut fields = Fields::new(text, path, findings);
    let mut out = RateOverride {
        duty: fields.optional("duty", DECIMAL, decimal),
        vat: fields.optional("vat", DECIMAL, decimal),
        consumption_tax: None,
    };
    let raw = fields.optional("consumption_tax", "an object", raw);
    fields.finish("duty, vat, consumption_tax");
    out.consumption_tax = raw.map(|raw| {
        let path = format!("{path}.consumption_tax");
        let mut fields = Fields::new(raw.get(), &path, findings);
        let out = ConsumptionTaxOverride {
            ad_valorem: fields.optional("ad_valorem", DECIMAL, decimal),
            per_unit: fields.optional("per_unit", DECIMAL, decimal),
            unit_quantity: stated(fields.optional("unit_quantity", DECIMAL, decimal)),
        };
        fields.finish("ad_valorem, per_unit, unit_quantity");
        out
    });
    out
}

/// A quantity that may be left out: nothing of it is the same as not stated. Quotients that do not
/// end, such as tonnes from litres, are taken to the twelfth decimal.
fn stated(quantity: Option<Decimal>) -> Option<Decimal> {
    quantity.map(|quantity| quantity.round_dp(12)).filter(|quantity| !quantity.is_zero())
}

/// The fields of one object, taken out one by one.
struct Fields<'f> {
    values: BTreeMap<String, Box<RawValue>>,
    /// Whether it is an object at all; if not, that was said already.
    sound: bool,
    path: String,
    findings: &'f mut Vec<Finding>,
}

impl<'f> Fields<'f> {
    fn new(text: &str, path: &str, findings: &'f mut Vec<Finding>) -> Fields<'f> {
        let parsed: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_str(text);
        let sound = parsed.is_ok();
        if let Err(error) = &parsed {
            let found = if path.is_empty() { error.to_string() } else { text.to_owned() };
            findings.push(fault::format(path, &found, "a JSON object"));
        }
        Fields { values: parsed.unwrap_or_default(), sound, path: path.to_owned(), findings }
    }

    fn required<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if self.sound && self.values.get(name).is_none_or(|value| value.get() == "null") {
            self.values.remove(name);
            self.findings.push(fault::missing(&self.path_of(name), expected));
            return None;
        }
        self.optional(name, expected, read)
    }

    /// `null` is the same as absent.
    fn optional<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.values.remove(name).filter(|value| value.get() != "null")?;
        let read = read(value.get());
        if read.is_none() {
            self.findings.push(fault::format(&self.path_of(name), value.get(), expected));
        }
        read
    }

    fn finish(self, known: &str) {
        for name in self.values.keys() {
            self.findings.push(fault::unknown(&self.path_of(name), known));
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

fn string(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

/// A decimal from a JSON string or a JSON number as written, both in plain notation.
fn decimal(text: &str) -> Option<Decimal> {
    let inside = if text.starts_with('"') { string(text)? } else { text.to_owned() };
    let digits = inside.strip_prefix('-').unwrap_or(&inside);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = plain(whole) && plain(fraction);
    parsed.then(|| Decimal::from_str_exact(&inside).ok()).flatten()
}
