//! What a document went through, packed beside where it stands: the receipts that came for it (which
//! are kept whole with their letters) and the steps that no receipt tells of.

use kernel::{Id, id};

use crate::document::DocumentId;
use crate::document::pack::{Packer, Unpacker};
use crate::lifecycle::State;
use crate::receipt::ReceiptId;

/// Marks steps: a state no receipt told of.
pub(crate) enum StepKind {}
impl id::Kind for StepKind {
    const PREFIX: &'static str = "stp";
}

/// A step in a document's life that no receipt tells of. Its id tells its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) id: Id<StepKind>,
    pub(crate) state: State,
    /// Code of the firm that brought it about; empty when it was the platform.
    pub(crate) sender: String,
    /// What more there is to say; empty when nothing.
    pub(crate) text: String,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Receipt(ReceiptId),
    Step(Step),
}

const RECEIPT: u64 = 0;
const STEP: u64 = 1;

/// A packed history. Ids are kept by their distance from the document's own, which is short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<u8>);

impl History {
    pub(crate) fn of_bytes(bytes: &[u8]) -> History {
        History(bytes.to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds a receipt.
    pub(crate) fn receipt(&mut self, document: DocumentId, receipt: ReceiptId) {
        self.add(|p| {
            p.number(RECEIPT);
            p.signed(receipt.to_i64().wrapping_sub(document.to_i64()));
        });
    }

    /// Adds a step.
    pub(crate) fn step(&mut self, document: DocumentId, step: &Step) {
        self.add(|p| {
            p.number(STEP);
            p.signed(step.id.to_i64().wrapping_sub(document.to_i64()));
            p.signed(step.state.code());
            p.text(&step.sender);
            p.text(&step.text);
        });
    }

    fn add(&mut self, write: impl FnOnce(&mut Packer)) {
        let mut packer = match self.0.is_empty() {
            true => Packer::with_capacity(32),
            false => Packer::after(std::mem::take(&mut self.0)),
        };
        write(&mut packer);
        self.0 = packer.finish();
    }

    /// Everything that happened, in the order in which we learned of it.
    pub(crate) fn happenings(&self, document: DocumentId) -> Vec<Happening> {
        let Some(mut u) = Unpacker::new(&self.0) else { return Vec::new() };
        let mut all = Vec::new();
        while !u.is_empty() {
            let tag = u.number();
            let id = document.to_i64().wrapping_add(u.signed());
            all.push(match tag {
                RECEIPT => Happening::Receipt(ReceiptId::from_i64(id)),
                _ => Happening::Step(Step {
                    id: Id::from_i64(id),
                    state: State::of_code(u.signed()),
                    sender: u.text(),
                    text: u.text(),
                }),
            });
        }
        all
    }

    /// The receipts that came.
    pub(crate) fn receipts(&self, document: DocumentId) -> Vec<ReceiptId> {
        let receipts = |one| match one {
            Happening::Receipt(id) => Some(id),
            Happening::Step(_) => None,
        };
        self.happenings(document).into_iter().filter_map(receipts).collect()
    }

    /// The steps no receipt tells of.
    pub(crate) fn steps(&self, document: DocumentId) -> Vec<Step> {
        let steps = |one| match one {
            Happening::Step(step) => Some(step),
            Happening::Receipt(_) => None,
        };
        self.happenings(document).into_iter().filter_map(steps).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_in_its_order() {
        let document = DocumentId::from_i64(59_000_000_000_000_000);
        let receipt = |n: i64| ReceiptId::from_i64(document.to_i64() + n);
        let step = Step {
            id: Id::from_i64(document.to_i64() + 77),
            state: State::Held,
            sender: "91370303XAK010092A".to_owned(),
            text: String::new(),
        };
        let mut history = History::default();
        assert_eq!(history.happenings(document), []);
        history.receipt(document, receipt(40_000_000));
        history.step(document, &step);
        history.receipt(document, receipt(-3));
        let stored = History::of_bytes(history.bytes());
        assert_eq!(
            stored.happenings(document),
            [
                Happening::Receipt(receipt(40_000_000)),
                Happening::Step(step.clone()),
                Happening::Receipt(receipt(-3)),
            ]
        );
        assert_eq!(stored.receipts(document), [receipt(40_000_000), receipt(-3)]);
        assert_eq!(stored.steps(document), [step]);
    }
}
