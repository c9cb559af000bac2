//! What the stand-in asks of those who know the law: it judges by the same published rules, but
//! does not carry them.

use ceb::certificate::Certificate;
use ceb::{Document, Message};
use kernel::{Date, Fen, Finding};

/// The law, as far as a judge of inventories needs it. The binary wires it to the tariff, the
/// rules by date and the tax.
pub trait Judgement: Send + Sync {
    /// Values and taxes one inventory, and says which rules refuse it. `buyer_used` is what the
    /// buyer has already used of the yearly limit.
    fn assess(&self, inventory: &Document, buyer_used: Fen, on: Date) -> Assessment;

    /// Business checks of a whole message beyond its structure. Findings of level error refuse
    /// the document their path names (`Order[2]/…`).
    fn check(&self, message: &Message) -> Vec<Finding>;

    /// Whether this certificate may sign for the firm with this code.
    fn may_sign(&self, firm_code: &str, certificate: &Certificate) -> bool;

    /// Which rules refuse an export inventory: what may go by list, and by which kind of it.
    fn assess_export(&self, inventory: &Document, on: Date) -> Vec<Refusal> {
        let _ = (inventory, on);
        Vec::new()
    }

    /// What is law on a day for returns, exports and collection. What is `None` is not judged.
    fn rules_on(&self, on: Date) -> DayRules {
        let _ = on;
        DayRules::default()
    }
}

/// Windows and conditions of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayRules {
    /// Days after release within which an import return is requested.
    pub import_return_days: Option<i64>,
    /// Whether an accepted import return is given back to the buyer's yearly limit.
    pub import_return_restores_quota: bool,
    /// Whether bonded goods may be returned to another customs district.
    pub import_return_elsewhere: bool,
    /// Months after release within which exported goods may come back.
    pub export_return_months: Option<i64>,
    /// Whether retail exports may come back through another customs district.
    pub export_return_elsewhere: bool,
    /// Whether an export needs a receipt of funds (403).
    pub funds_required: bool,
    /// The first day after release on which tax is paid, counted from release.
    pub pay_from_day: Option<i64>,
}

/// Value and tax of one inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Dutiable value, which counts against the yearly limit.
    pub value: Fen,
    /// The lines in their order.
    pub lines: Vec<AssessedLine>,
    /// Why the inventory may not pass; empty when it may.
    pub refusals: Vec<Refusal>,
}

/// Value and tax of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessedLine {
    /// Ten-digit HS code.
    pub hs_code: String,
    /// Dutiable value.
    pub value: Fen,
    /// Import duty.
    pub duty: Fen,
    /// Value-added tax.
    pub vat: Fen,
    /// Consumption tax.
    pub consumption_tax: Fen,
}

/// A rule that an inventory breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Above the single limit with more than one piece.
    SingleLimit {
        /// The value.
        value: Fen,
        /// The limit.
        limit: Fen,
    },
    /// Above the yearly limit of the buyer.
    YearlyLimit {
        /// What the buyer would have used with this inventory.
        total: Fen,
        /// The limit.
        limit: Fen,
    },
    /// A line is not on the positive list.
    NotListed {
        /// Its ten-digit HS code.
        hs_code: String,
    },
    /// Any other reason, in the words of the law.
    Other {
        /// Chinese text for the receipt.
        text: String,
    },
}
