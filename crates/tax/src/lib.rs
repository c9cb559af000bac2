//! Import comprehensive tax of cross-border retail (跨境电商综合税): what is due, who guarantees it,
//! how it is billed and paid, and who withheld it.
//!
//! [`quote`] reckons customs value, duty, VAT and consumption tax of an order, and whether the order
//! may come in as retail at all, by the law of the day asked for. That part is pure: it computes
//! from a request, the rules and the tariff. No number of law stands in the code. All arithmetic is
//! exact; each tax of each line is rounded to the fen once, and totals are sums of lines.
//!
//! [`guarantee`], [`bill`] and [`withholding`] keep the tax from declaration to payment in the
//! ledger. Everything they do to inventories takes a batch and costs a fixed number of statements.

mod apportion;
pub mod bill;
mod charge;
mod fault;
pub mod guarantee;
mod parse;
mod quote;
mod ratio;
mod request;
pub mod table;
mod terms;
mod wire;
pub mod withholding;

pub use quote::{Line, LineRates, Quote, RuleReference, Verdict, quote};
pub use request::{ConsumptionTaxOverride, Item, RateOverride, Request};

/// What these rooms bring to the door: tables and routes. The ledger's tables come from
/// `ledger::MIGRATIONS`.
pub fn module() -> web::Module {
    web::Module {
        name: "tax",
        about: ("税款担保、汇总税单与代收代缴", "tax guarantees, period bills and withholding"),
        migrations: &[db::Migration {
            room: "tax",
            number: 1,
            name: "guarantee",
            sql: include_str!("../migrations/0001_guarantee.sql"),
        }],
        routes: || {
            guarantee::routes::routes()
                .and(bill::routes::routes())
                .and(withholding::routes::routes())
        },
        checks: &[],
    }
}
