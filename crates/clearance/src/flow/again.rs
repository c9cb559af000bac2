//! What must be looked at again because something outside its parcel's messages changed: room under
//! a buyer's limit came free, or a receipt made a document count that did not, or the other way
//! round. Nothing else would ever look at such an inventory, and it would wait for ever.

use std::collections::BTreeSet;

use db::{Ctx, DbError, Tx};

use super::admit::Batch;
use super::collective::Judged;
use crate::document::{DocumentId, Facts};
use crate::reference::Reference;
use crate::store::inventory::{self, By};
use crate::store::mention;

/// Gathered while a batch is worked through; looked at when it is written, in its transaction.
#[derive(Default)]
pub(crate) struct Again {
    /// Buyers whose room came free.
    pub(crate) buyers: BTreeSet<[u8; 16]>,
    /// Orders of documents that count now or no longer.
    orders: BTreeSet<String>,
    /// Waybill numbers of such.
    waybills: BTreeSet<String>,
    /// Collective documents that came or changed.
    pub(crate) collectives: BTreeSet<DocumentId>,
    /// Waybill and inventory numbers of exports that moved: what speaks of them may wait for that.
    pub(crate) exports: BTreeSet<String>,
}

impl Again {
    /// A receipt changed whether this document counts for its parcel.
    pub(crate) fn counted(&mut self, facts: &Facts) {
        match facts {
            Facts::Order(order) => drop(self.orders.insert(order.order_no.clone())),
            Facts::Payment(payment) => drop(self.orders.insert(payment.order_no.clone())),
            Facts::FundsReceipt(funds) => drop(self.orders.insert(funds.order_no.clone())),
            Facts::Waybill(waybill) => drop(self.waybills.insert(waybill.logistics_no.clone())),
            _ => {}
        }
    }

    /// Looks at the waiting and held inventories all this bears on.
    pub(crate) fn look(
        self,
        tx: &mut Tx,
        ctx: &Ctx,
        reference: &Reference,
    ) -> Result<Judged, DbError> {
        let mut collectives = self.collectives;
        collectives.extend(mention::waiting_on(tx, &self.exports)?);
        let mut ids = inventory::unsettled_of_buyers(tx, &self.buyers)?;
        ids.extend(inventory::unsettled_by_numbers(tx, By::Order, &self.orders)?);
        ids.extend(inventory::unsettled_by_numbers(tx, By::Waybill, &self.waybills)?);
        if ids.is_empty() && collectives.is_empty() {
            return Ok(Judged::default());
        }
        ids.sort_unstable();
        ids.dedup();
        let mut batch = Batch::new(ctx, reference);
        batch.load_inventories(tx, &ids)?;
        let mut settled = batch.settle(tx)?;
        let judged = batch.judge(tx, &collectives, &mut settled)?;
        batch.save(tx, &[], &settled)?;
        Ok(judged)
    }
}
