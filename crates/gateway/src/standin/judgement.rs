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
