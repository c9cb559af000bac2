//! What a transaction collects and writes once, just before it commits: events, leaves of the
//! evidence log and audit entries.

use kernel::Time;

use crate::run::{self, Note};
use crate::{DbError, OnConflict, Rows, Tx, evidence, outbox, values};

/// Collected so far.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) events: Vec<outbox::Emitted>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) leaves: Vec<evidence::Leaf>,
    pub(crate) notes: Vec<Note>,
    /// Whether jobs were enqueued: workers want to hear of it.
    pub(crate) jobs: bool,
}

/// One audit entry not yet written.
pub(crate) struct AuditEntry {
    pub(crate) id: i64,
    pub(crate) at: Time,
    pub(crate) actor: std::sync::Arc<str>,
    pub(crate) act: Box<str>,
    pub(crate) subject: Box<str>,
    pub(crate) detail: Box<str>,
}

impl Pending {
    /// Where an attempt began.
    pub(crate) fn mark(&self) -> [usize; 4] {
        [self.events.len(), self.audit.len(), self.leaves.len(), self.notes.len()]
    }

    /// Forgets what an attempt collected.
    pub(crate) fn undo_to(&mut self, [events, audit, leaves, notes]: [usize; 4]) {
        self.events.truncate(events);
        self.audit.truncate(audit);
        self.leaves.truncate(leaves);
        self.notes.truncate(notes);
    }

    pub(crate) fn is_news(&self) -> bool {
        self.jobs || !self.events.is_empty()
    }
}

impl Tx {
    pub(crate) fn write_pending(&mut self) -> Result<(), DbError> {
        let audit = std::mem::take(&mut self.pending.audit);
        let rows: Rows<'_> = audit
            .iter()
            .map(|e| values![e.id, e.at, &e.actor, &e.act, &e.subject, &e.detail])
            .collect();
        let columns = ["id", "at", "actor", "act", "subject", "detail"];
        self.insert_many("db_audit", &columns, &rows, OnConflict::Fail)?;
        // Last of all, and always in this order, because they take the locks that put commits in
        // order.
        let notes = std::mem::take(&mut self.pending.notes);
        run::write(self, &notes)?;
        let leaves = std::mem::take(&mut self.pending.leaves);
        evidence::write(self, &leaves)?;
        let events = std::mem::take(&mut self.pending.events);
        outbox::write(self, &events)
    }
}
