//! A message that may enter: read, checked, its sender known. What remains to be decided needs the
//! database.

use std::sync::Arc;

use db::Packed;
use kernel::{Finding, Time};
use serde_json::{Value as Json, json};

use super::outcome::{Item, ItemStatus, Outcome, OutcomeStatus};
use crate::document::{Direction, Facts, Inventory, Kind};
use crate::precheck::goods::Assessment;

/// A message ready for the writer.
#[derive(Clone)]
pub(crate) struct Checked {
    pub(crate) kind: Kind,
    pub(crate) guid: String,
    /// The 16 bytes that stand for the guid.
    pub(crate) guid_key: [u8; 16],
    /// Code of the firm that transmits it.
    pub(crate) sender: String,
    /// Code of the firm that signed it, or hands it in unsigned.
    pub(crate) signer: String,
    pub(crate) received_at: Time,
    /// The original, compressed and sealed: one, once the message is known to enter.
    pub(crate) original: Arc<Vec<Packed>>,
    pub(crate) documents: Vec<CheckedDocument>,
    /// Warnings on the message as a whole.
    pub(crate) findings: Vec<Finding>,
}

/// One document of it.
#[derive(Clone)]
pub(crate) struct CheckedDocument {
    /// Its place in what was handed in, from 0.
    pub(crate) index: usize,
    /// Its place in the archived message, from 0.
    pub(crate) position: i64,
    /// What it says; `None` when it could not be read.
    pub(crate) content: Option<Content>,
    /// Everything found so far.
    pub(crate) findings: Vec<Finding>,
}

/// The facts of a document of any kind.
#[derive(Clone)]
pub(crate) enum Content {
    Paper(Arc<Facts>),
    /// With what it comes to by the law of its day; reckoned before the writer's turn because it
    /// needs no database.
    Inventory(Arc<Inventory>, Option<Arc<Assessment>>),
}

impl Content {
    /// The business key by element name, as answered.
    fn key(&self) -> Json {
        match self {
            Content::Inventory(facts, _) => inventory_key(facts),
            Content::Paper(facts) => paper_key(facts),
        }
    }
}

impl CheckedDocument {
    /// Whether something found stops it.
    pub(crate) fn is_refused(&self) -> bool {
        self.content.is_none() || self.findings.iter().any(Finding::is_error)
    }

    /// The answer when it is refused, with what else was found.
    pub(crate) fn refusal(&self, more: Vec<Finding>) -> Item {
        let mut findings = self.findings.clone();
        findings.extend(more);
        Item { findings, ..self.item(ItemStatus::Refused) }
    }

    /// The frame of its answer.
    pub(crate) fn item(&self, status: ItemStatus) -> Item {
        Item {
            index: self.index,
            key: self.content.as_ref().map_or(Json::Null, Content::key),
            id: None,
            status,
            state: None,
            findings: self.findings.clone(),
        }
    }
}

impl Checked {
    /// The answer when every document is refused already, which needs no database.
    pub(crate) fn refused_outright(&self) -> Option<Outcome> {
        if !self.documents.iter().all(CheckedDocument::is_refused) {
            return None;
        }
        let items = self.documents.iter().map(|document| document.refusal(Vec::new())).collect();
        let findings = self.findings.clone();
        let whole = refused(self.kind.code(), &self.guid, self.received_at, findings, false);
        Some(Outcome { items, ..whole })
    }
}

/// The answer to a message refused as a whole.
pub(crate) fn refused(
    message_type: &str,
    guid: &str,
    at: Time,
    findings: Vec<Finding>,
    malformed: bool,
) -> Outcome {
    Outcome {
        message_id: None,
        message_type: message_type.to_owned(),
        guid: guid.to_owned(),
        status: OutcomeStatus::Refused,
        received_at: at.to_rfc3339(),
        items: Vec::new(),
        findings,
        malformed,
    }
}

/// The business key of an inventory, as answered.
pub(crate) fn inventory_key(facts: &Inventory) -> Json {
    json!({ "agentCode": facts.agent_code, "copNo": facts.cop_no, "orderNo": facts.order_no })
}

/// The business key of another document, as answered.
pub(crate) fn paper_key(facts: &Facts) -> Json {
    match facts {
        Facts::Order(d) if d.direction == Direction::Export => {
            json!({ "ebpCode": d.ebp_code, "ebcCode": d.ebc_code, "orderNo": d.order_no })
        }
        Facts::Order(d) => json!({ "ebpCode": d.ebp_code, "orderNo": d.order_no }),
        Facts::Payment(d) => {
            json!({ "payCode": d.pay_code, "payTransactionId": d.pay_transaction_id })
        }
        Facts::Waybill(d) => {
            json!({ "logisticsCode": d.logistics_code, "logisticsNo": d.logistics_no })
        }
        Facts::WaybillStatus(d) => json!({
            "logisticsCode": d.logistics_code,
            "logisticsNo": d.logistics_no,
            "logisticsStatus": d.status,
        }),
        Facts::CancelApplication(d) => {
            json!({ "agentCode": d.agent_code, "copNo": d.cop_no, "invtNo": d.invt_no })
        }
        Facts::Warehousing(d) => json!({ "operatorCode": d.operator_code, "copNo": d.cop_no }),
        Facts::FundsReceipt(d) => {
            json!({ "ebcCode": d.ebc_code, "orderNo": d.order_no, "payNo": d.pay_no })
        }
        Facts::Collective(d) => {
            let (cop_no, part) = d.own_number();
            json!({ d.kind.sender_field(): d.issuer, "copNo": cop_no, "msgSeqNo": part })
        }
    }
}
