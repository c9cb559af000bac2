//! What a quote is asked for.

use kernel::{Date, Decimal, Finding};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::parse;

/// An order to be quoted. On the wire decimals are strings; JSON numbers are taken as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Day whose law applies: the day the declaration is completed.
    pub on: Date,
    /// Supervision mode: one of the retail modes of that day, such as `1210` or `9610`.
    pub mode: String,
    /// What the buyer has used of the yearly limit before this order, in yuan of customs value.
    pub buyer_used: Decimal,
    /// Freight of the order in yuan.
    pub freight: Decimal,
    /// Insurance of the order in yuan.
    pub insurance: Decimal,
    /// Lines of the order.
    pub items: Vec<Item>,
}

/// One line of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Ten digits of the tariff.
    pub hs_code: String,
    /// How many units are sold. A single line of quantity 1 is an order of exactly one piece.
    pub quantity: Decimal,
    /// Price of the whole line in yuan, before freight and insurance, without tax; coupons and
    /// points are not deducted.
    pub total_price: Decimal,
    /// Net content of the whole line as labelled, in grams or millilitres, for goods labelled by
    /// weight or volume. Liquids that bear tax by weight are counted from millilitres.
    pub net_content_g: Option<Decimal>,
    /// Number of pieces or sheets (片、张) in the whole line, for goods labelled by piece.
    pub pieces: Option<Decimal>,
    /// Rates to use instead of the tariff's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<RateOverride>,
}

/// Rates given by the asker; what is absent is taken from the tariff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RateOverride {
    /// Duty as a fraction of the customs value.
    pub duty: Option<Decimal>,
    /// VAT as a fraction of the composite price.
    pub vat: Option<Decimal>,
    /// Consumption tax; with zeros: none.
    pub consumption_tax: Option<ConsumptionTaxOverride>,
}

/// Consumption tax given by the asker. With a quantity alone, the tariff's rates are used on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConsumptionTaxOverride {
    /// Fraction of the composite price.
    pub ad_valorem: Option<Decimal>,
    /// Yuan per unit.
    pub per_unit: Option<Decimal>,
    /// Quantity of the whole line in the unit that `per_unit` (or the tariff's specific rate) is
    /// counted in: tonnes of beer, kilograms of spirits.
    pub unit_quantity: Option<Decimal>,
}

impl Request {
    /// Reads a request. Numbers are taken digit by digit, never through binary fractions.
    ///
    /// # Errors
    /// Every finding with its JSON path: what is missing, unknown, or of the wrong kind.
    pub fn from_json(text: &str) -> Result<Request, Vec<Finding>> {
        parse::request(text)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Request, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Request::from_json(raw.get()).map_err(|findings| {
            let told = findings.iter().map(|finding| {
                let at = if finding.path.is_empty() { "request" } else { &finding.path };
                format!("{at}: {}", finding.message.en)
            });
            D::Error::custom(told.collect::<Vec<_>>().join("; "))
        })
    }
}
