//! Import comprehensive tax of cross-border retail (跨境电商综合税): customs value, duty, VAT and
//! consumption tax of an order, and whether the order may come in as retail at all.
//!
//! Pure: [`quote`] computes from a request, the rules and the tariff, by the law of the day asked
//! for. No number of law stands in the code. All arithmetic is exact; each tax of each line is
//! rounded to the fen once, and totals are sums of lines.

mod apportion;
mod fault;
mod parse;
mod quote;
mod ratio;
mod request;
mod terms;

pub use quote::{Line, LineRates, Quote, RuleReference, Verdict, quote};
pub use request::{ConsumptionTaxOverride, Item, RateOverride, Request};
