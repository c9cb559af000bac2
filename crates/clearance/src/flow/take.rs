//! Taking a batch of checked messages in, and looking at held inventories again.

use db::{Ctx, DbError, Tx};

use super::admit::{Answering, Batch, Pending};
use super::collective::Judged;
use super::desk::ParcelKey;
use super::receipts;
use super::settle::{Settled, missing_findings};
use crate::document::DocumentId;
use crate::intake::checked::Checked;
use crate::intake::{Item, ItemStatus, Outcome};
use crate::lifecycle::State;
use crate::reference::Reference;
use crate::store::inventory;

/// Takes messages in, in one transaction; answers in the same order.
pub(crate) fn take(
    tx: &mut Tx,
    ctx: &Ctx,
    reference: &Reference,
    messages: &[&Checked],
) -> Result<Vec<Outcome>, DbError> {
    let mut batch = Batch::new(ctx, reference);
    batch.load(tx, messages)?;
    let mut answering = Vec::with_capacity(messages.len());
    for message in messages {
        answering.push(batch.admit(tx, message)?);
    }
    let settled = batch.settle(tx)?;
    receipts::adopt(&mut batch, tx)?;
    batch.save(tx, &answering, &settled)?;
    let let_go = std::mem::take(&mut batch.again).look(tx, ctx, reference)?;
    Ok(answering.into_iter().map(|one| batch.outcome(one, &settled, &let_go)).collect())
}

/// Looks again at inventories that wait or are held, from after the given one: something outside
/// their parcels may have changed (a firm was registered, room under a limit came free). Gives the
/// last one looked at, `None` when there are no more.
///
/// # Errors
/// When the database fails.
pub fn recheck(
    tx: &mut Tx,
    ctx: &Ctx,
    reference: &Reference,
    after: Option<DocumentId>,
    max: u32,
) -> Result<Option<DocumentId>, DbError> {
    let ids = inventory::unsettled(tx, after.unwrap_or(DocumentId::from_i64(0)), max)?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let mut batch = Batch::new(ctx, reference);
    batch.load_inventories(tx, &ids)?;
    let settled = batch.settle(tx)?;
    batch.save(tx, &[], &settled)?;
    Ok(Some(last))
}

impl Batch<'_> {
    /// Lays inventories and what belongs with them on the desk, to be looked at again.
    pub(crate) fn load_inventories(
        &mut self,
        tx: &mut Tx,
        ids: &[DocumentId],
    ) -> Result<(), DbError> {
        let mut wants = super::desk::Wants::default();
        for declared in inventory::by_ids(tx, ids)? {
            wants.around_inventory(&declared.facts);
            self.parcels.insert(ParcelKey::of_inventory(&declared.facts));
        }
        self.desk.load(tx, wants)
    }

    fn outcome(&self, one: Answering<'_>, settled: &Settled, judged: &Judged) -> Outcome {
        let Answering { checked, message_id, repeats, items, stored, .. } = one;
        let items: Vec<Item> =
            items.into_iter().map(|item| self.item(item, settled, judged)).collect();
        let status = Outcome::status_of(&items);
        Outcome {
            // A message that only repeats is answered under the message it repeats.
            message_id: if stored { Some(message_id) } else { repeats },
            message_type: checked.kind.code().to_owned(),
            guid: checked.guid.clone(),
            status,
            received_at: checked.received_at.to_rfc3339(),
            items,
            findings: checked.findings.clone(),
            malformed: false,
        }
    }

    fn item(&self, pending: Pending, settled: &Settled, judged: &Judged) -> Item {
        let (mut item, at) = match pending {
            Pending::Done(item) => return item,
            Pending::Inventory { item, at } => (item, at),
            Pending::Collective { item, id } => return judged.item(item, id),
        };
        let declared = self.desk.declared(at);
        let state = declared.position.state;
        item.state = Some(state.word());
        if state == State::Held {
            item.status = ItemStatus::Held;
        }
        item.findings.extend(missing_findings(&declared.missing, &declared.facts));
        if let Some(concerns) = settled.findings.get(&declared.id) {
            item.findings.extend(concerns.iter().map(|concern| concern.finding.clone()));
        }
        item
    }
}
