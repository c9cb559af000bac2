//! Compares what the database says of inventories, messages and receipts with the evidence log.

use db::evidence::{Entry, value};
use db::{Db, DbError, Tx};
use kernel::{Finding, Text};

use crate::decision::DecisionId;
use crate::document::DocumentId;
use crate::lifecycle::State;
use crate::store::decision::{self, Standing};

/// Leaves read in one transaction.
const AT_ONCE: u64 = 2_000;
/// More findings would only say the same again.
const FINDINGS_MAX: usize = 1_000;

/// Walks every decision of the log. Each inventory's newest decision must be there and say what its
/// row says; each message and receipt must have its original. Others may go on meanwhile.
///
/// # Errors
/// When the database fails.
pub fn audit(db: &Db) -> Result<Vec<Finding>, DbError> {
    let mut findings = Vec::new();
    let (size, newest) =
        db.read(|tx| Ok::<_, DbError>((tx.evidence_size()?, decision::newest(tx)?)))?;
    let mut matched = 0;
    for from in (0..size).step_by(AT_ONCE as usize) {
        let to = from.saturating_add(AT_ONCE).min(size);
        db.read(|tx| {
            let entries = tx.evidence_entries(from, to)?;
            matched += compare(tx, &entries, &mut findings)?;
            Ok::<_, DbError>(())
        })?;
    }
    db.read(|tx| {
        if decision::count(tx, newest)? > matched {
            findings.push(fault(
                "evidence.not_logged",
                "clearance_inventory".to_owned(),
                "有清单的最近一次决定不在存证日志中",
                "there are inventories whose newest decision is not in the log",
            ));
        }
        for (table, zh, en) in [
            ("clearance_message", "有报文的原件不在库中", "there are messages without an original"),
            ("clearance_letter", "有回执的原件不在库中", "there are receipts without an original"),
        ] {
            if decision::is_without_original(tx, table)? {
                findings.push(fault("evidence.record_missing", table.to_owned(), zh, en));
            }
        }
        Ok::<_, DbError>(())
    })?;
    findings.truncate(FINDINGS_MAX);
    Ok(findings)
}

/// Compares decisions with the inventories whose newest they are; gives how many those are.
fn compare(tx: &mut Tx, entries: &[Entry], findings: &mut Vec<Finding>) -> Result<i64, DbError> {
    let mut texts = Vec::new();
    let mut wanted = Vec::new();
    for text in entries.iter().filter_map(|entry| entry.text.as_deref()) {
        let id = value(text, "decision").and_then(|id| id.parse::<DecisionId>().ok());
        let inventory = value(text, "inventory").and_then(|id| id.parse::<DocumentId>().ok());
        if let (Some(id), Some(inventory)) = (id, inventory) {
            texts.push(text);
            wanted.push((inventory, id));
        }
    }
    let found = decision::standing(tx, &wanted)?;
    for (n, standing) in &found {
        let (Some(text), Some((inventory, id))) = (texts.get(*n), wanted.get(*n)) else { continue };
        if findings.len() < FINDINGS_MAX && !agrees(text, standing) {
            findings.push(fault(
                "evidence.decision_changed",
                inventory.to_string(),
                &format!("清单的状态或税款被改动:与存证日志中的决定 {id} 不符"),
                &format!(
                    "the state or taxes of the inventory were changed: decision {id} in the log \
                     says otherwise"
                ),
            ));
        }
    }
    Ok(i64::try_from(found.len()).unwrap_or(i64::MAX))
}

/// Whether the row says what was decided. A state moves on with receipts; back to what the platform
/// decides it never comes without a decision.
fn agrees(text: &str, standing: &Standing) -> bool {
    let ours = matches!(standing.state, State::Waiting | State::Held | State::Ready);
    let state = value(text, "state").unwrap_or_default();
    if ours && state != standing.state.word() {
        return false;
    }
    let names = ["amount", "duty", "consumption-tax", "vat", "tax"];
    let said = |name: &str| value(text, name).and_then(|fen| fen.parse::<i64>().ok());
    // Taxes of an earlier decision stay when a later one comes without.
    said("amount").is_none()
        || names.iter().zip(standing.taxes).all(|(name, fen)| said(name) == fen)
}

fn fault(code: &'static str, place: String, zh: &str, en: &str) -> Finding {
    let remedy = Text::new(
        "停止写入,保全数据库文件,由备份比对查明何时被改动",
        "stop writing, keep the database as it is, and compare with backups to learn when it was \
         changed",
    );
    Finding::error(code, Text::new(zh, en), remedy).at(place)
}
