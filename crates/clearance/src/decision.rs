//! What the platform decided about an inventory, as a record of the evidence log. Pure.
//!
//! States move on and findings are replaced, so the decision itself is kept, by the log: its
//! inventory names the newest one, and each names the one before.

use db::evidence::Record;
use kernel::{Date, Id, Time, id};

use crate::document::{DocumentId, Kind, MessageId};
use crate::lifecycle::State;
use crate::store::inventory::Taxes;

/// Names ids of decisions: `dec_…`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DecisionKind {}
impl id::Kind for DecisionKind {
    const PREFIX: &'static str = "dec";
}
/// The id of a decision.
pub(crate) type DecisionId = Id<DecisionKind>;

/// What was decided, on what.
pub(crate) struct Decision<'a> {
    pub(crate) id: DecisionId,
    pub(crate) at: Time,
    pub(crate) inventory: DocumentId,
    /// The message that holds the content judged, and its place in it.
    pub(crate) message: MessageId,
    pub(crate) position: i64,
    pub(crate) state: State,
    pub(crate) missing: &'a [Kind],
    /// Codes of the findings, each once.
    pub(crate) codes: &'a [&'static str],
    /// The day whose law was applied.
    pub(crate) day: Date,
    pub(crate) taxes: Option<Taxes>,
    /// The rulings applied, separated by spaces; empty when none were.
    pub(crate) rulings: &'a str,
    pub(crate) previous: Option<DecisionId>,
}

impl Decision<'_> {
    /// Its record: see the head of [`db::evidence`].
    pub(crate) fn record(&self) -> Record {
        let mut record = Record::new("decision", self.id, self.at);
        record.line("inventory", self.inventory);
        record.line("message", self.message);
        record.line("position", self.position);
        record.line("state", self.state.word());
        if !self.missing.is_empty() {
            let missing: Vec<&str> = self.missing.iter().map(|kind| kind.word()).collect();
            record.line("waits-for", missing.join(" "));
        }
        if !self.codes.is_empty() {
            record.line("findings", self.codes.join(" "));
        }
        record.line("day", self.day);
        if let Some(taxes) = &self.taxes {
            record.line("amount", taxes.amount.0);
            record.line("duty", taxes.duty.0);
            record.line("consumption-tax", taxes.consumption_tax.0);
            record.line("vat", taxes.vat.0);
            record.line("tax", taxes.total.0);
        }
        if !self.rulings.is_empty() {
            record.line("rulings", self.rulings);
        }
        if let Some(previous) = self.previous {
            record.line("previous", previous);
        }
        record
    }
}
