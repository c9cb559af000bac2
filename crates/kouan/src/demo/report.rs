//! What happened on the simulated day: counted from the database and from the senders' own notes,
//! never assumed.

use std::collections::BTreeMap;
use std::time::Duration;

use clearance::census::{self, Census};
use clearance::document::DocumentId;
use serde::Serialize;

use super::play::{Stage, folder_of};
use super::sender::Notes;
use super::traffic::Day;
use crate::Failure;
use crate::cli::line;
use crate::exact::{Exact, millis, per_second, percentile};
use crate::platform::Platform;

/// The result of a day.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Parcels of the day.
    pub parcels: usize,
    /// Inventories by state.
    pub by_state: BTreeMap<String, u64>,
    /// Inventories by trade mode.
    pub by_mode: BTreeMap<String, u64>,
    /// Open findings of stored documents, and findings of what was refused at the door as the
    /// senders noted them, by code.
    pub findings: BTreeMap<String, u64>,
    /// Duty, VAT and consumption tax of what was released, in yuan.
    pub tax_total: String,
    /// Complete parcels a second, generator and stand-in included.
    pub parcels_per_s: Exact,
    /// Half of all messages were acknowledged within this, in milliseconds.
    pub ack_p50_ms: Exact,
    /// 99 of 100 messages were acknowledged within this, in milliseconds.
    pub ack_p99_ms: Exact,
    /// Bytes on disk for each parcel.
    pub bytes_per_parcel: u64,
    /// Whether every unit's debits equal its credits and every balance its transfers.
    pub ledger_balanced: bool,
    /// Documents that were acknowledged and are not in the database.
    pub lost: u64,
    /// Documents in the database beyond those that were acknowledged.
    pub duplicated: u64,
    /// Documents in the database by kind.
    pub documents: BTreeMap<String, u64>,
    /// Messages handed in.
    pub messages: u64,
    /// Messages handed in again because the platform said it was full.
    pub retries: u64,
    /// Receipts kept.
    pub receipts: u64,
    /// Parcels by the fault that was planned into them.
    pub faults: BTreeMap<String, usize>,
    /// Seconds the day took.
    pub seconds: Exact,
}

impl Report {
    pub(super) fn count(
        platform: &Platform,
        day: &Day,
        notes: Notes,
        elapsed: Duration,
    ) -> Result<Report, Failure> {
        let db = &platform.app.db;
        let ids: Vec<DocumentId> =
            notes.acknowledged.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
        let distinct: std::collections::HashSet<DocumentId> = ids.iter().copied().collect();
        let ids: Vec<DocumentId> = distinct.into_iter().collect();
        let (census, stored) =
            db.read(|tx| Ok::<_, db::DbError>((census::census(tx)?, census::stored(tx, &ids)?)))?;
        let ledger = db.read(ledger::verify)?;
        db.checkpoint()?;
        let bytes = db.size_on_disk()?;
        let expected = day.expected();
        let acknowledged = ids.len() as u64;
        let present: u64 = census.documents.values().sum();
        let mut ack = notes.ack_micros;
        ack.sort_unstable();
        Ok(Report {
            parcels: expected.parcels,
            by_state: words(&census.by_state),
            by_mode: census.by_mode.clone(),
            findings: findings(&census, notes.refusals),
            tax_total: census.tax_released.to_string(),
            parcels_per_s: per_second(expected.parcels as u64, elapsed),
            ack_p50_ms: millis(percentile(&ack, 50)),
            ack_p99_ms: millis(percentile(&ack, 99)),
            bytes_per_parcel: bytes / expected.parcels.max(1) as u64,
            ledger_balanced: ledger.balanced(),
            lost: acknowledged - stored.min(acknowledged),
            duplicated: present.saturating_sub(acknowledged),
            documents: words(&census.documents),
            messages: notes.messages,
            retries: notes.retries,
            receipts: census.receipts,
            faults: expected.by_fault.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
            seconds: millis(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)),
        })
    }

    /// Whether nothing was lost or doubled and the ledger balances.
    pub fn is_sound(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.ledger_balanced
    }

    pub(super) fn show(&self, stage: &Stage) {
        line(format!(
            "{} parcels in {} s: {} parcels/s, acknowledged p50 {} ms, p99 {} ms",
            self.parcels, self.seconds, self.parcels_per_s, self.ack_p50_ms, self.ack_p99_ms
        ));
        table("inventories by state 清单状态", &self.by_state);
        table("by mode 贸易方式", &self.by_mode);
        table("findings 核查意见", &self.findings);
        table("documents 单证", &self.documents);
        line(format!("tax of what was released 放行税款: {} CNY", self.tax_total));
        line(format!(
            "messages {} · sent again {} · receipts {}",
            self.messages, self.retries, self.receipts
        ));
        line(format!("bytes on disk for each parcel: {}", self.bytes_per_parcel));
        let ledger = if self.ledger_balanced { "balances" } else { "DOES NOT BALANCE" };
        line(format!("lost {} · duplicated {} · the ledger {ledger}", self.lost, self.duplicated));
        if let Some(file) = folder_of(&stage.platform) {
            line(format!("data {}", file.display()));
        }
        line(format!("API {}/api/docs · operator key {}", stage.address, stage.operator_key));
    }
}

fn table(title: &str, counts: &BTreeMap<String, u64>) {
    line(title);
    for (word, count) in counts {
        line(format!("  {count:>8}  {word}"));
    }
}

fn words(counts: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
}

/// What is open in the database, and what the senders were refused with: a refusal leaves nothing
/// behind but its answer.
fn findings(census: &Census, refusals: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut all = census.open_findings.clone();
    for (code, count) in refusals {
        *all.entry(code).or_default() += count;
    }
    all
}
