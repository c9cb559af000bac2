//! Reading what an authority sent: one message of receipts, whatever shape it is in. Pure but for
//! sealing the original, so that it can be done on any thread and before the transaction.

use std::sync::Arc;

use ceb::dxp::Limits;
use ceb::{Document, Message, ReadOptions};
use db::{Archiver, Ctx, DbError, Original, OriginalId, Packed};
use kernel::{Finding, Text, Time};

use super::scrub::scrub;
use super::types::{Arrived, Names, Subject, SummaryResult};
use crate::document::{Collective, FundsReceipt, Kind, export};

/// A message of receipts, read and ready to be taken in.
#[derive(Clone)]
pub struct Letter {
    pub(crate) original: Vec<Packed>,
    /// The receipts in it.
    pub arrived: Vec<Arrived>,
    /// What is wrong with it as a whole.
    pub findings: Vec<Finding>,
}

/// Longest text kept of a receipt, in characters: the most the message family allows but for
/// CEB900, of which the original is kept anyway.
const TEXT_CHARS_MAX: usize = 1_000;

/// Longest number taken from a receipt, in characters: more than any number of the family has. What
/// is longer names nothing, and no index could hold it.
const NUMBER_CHARS_MAX: usize = 100;

/// How far ahead of us a receipt's own time may be, in milliseconds: a day, which is more than clocks
/// differ or a time zone mistaken makes. What is further ahead would count as newer than everything
/// customs says from now on.
const AHEAD_MS_MAX: i64 = 86_400_000;

impl Letter {
    /// The id of its original, once it is taken in.
    pub fn original_id(&self) -> Option<OriginalId> {
        self.original.first().map(Packed::id)
    }

    /// Reads one message of receipts, or a transport envelope around one. It never refuses: what
    /// cannot be read is kept as malformed.
    ///
    /// # Errors
    /// When the original cannot be sealed.
    pub fn read(archiver: &Archiver, ctx: &Ctx, bytes: &[u8]) -> Result<Letter, DbError> {
        let limits = Limits::default();
        let inner = match ceb::dxp::kind(bytes) {
            Some(ceb::dxp::Kind::Server) => {
                ceb::dxp::read_server(bytes, &limits).map(|outer| outer.envelope.data)
            }
            Some(_) => ceb::dxp::read(bytes, &limits).map(|envelope| envelope.data),
            None => Ok(bytes.to_vec()),
        };
        let (message, findings) = match inner {
            Ok(inner) => {
                let reading = ceb::read(&inner, &ReadOptions::lenient());
                (reading.message, reading.findings)
            }
            Err(findings) => (None, findings),
        };
        let kind = message.as_ref().map_or("unknown", |message| message.kind.code);
        let original = Original { kind, door: "customs", sender: "customs", bytes };
        let original = archiver.pack(ctx, &[original])?;
        let (arrived, findings) = match message {
            Some(message) => of_message(&message, findings, ctx.now),
            None => (vec![malformed("")], or_unreadable(findings)),
        };
        Ok(Letter { original, arrived, findings })
    }
}

fn of_message(
    message: &Message,
    mut findings: Vec<Finding>,
    now: Time,
) -> (Vec<Arrived>, Vec<Finding>) {
    let Some(subject) = Subject::of_code(message.kind.code) else {
        findings.push(not_a_receipt(message.kind.code));
        return (vec![malformed(message.kind.code)], findings);
    };
    let kind = message.kind.code.trim_start_matches("CEB").parse().unwrap_or_default();
    let mut arrived: Vec<Arrived> =
        message.documents.iter().map(|one| read(kind, subject, one, now)).collect();
    if arrived.is_empty() {
        arrived.push(malformed(message.kind.code));
    }
    for one in &arrived {
        let informs = matches!(subject, Subject::TaxBill | Subject::SummaryResult);
        if one.status.is_none() && !informs {
            findings.push(no_status(&one.names));
        }
    }
    (arrived, findings)
}

fn read(kind: i64, subject: Subject, document: &Document, now: Time) -> Arrived {
    let head = &document.head;
    let text = |name: &str| head.text(name).map(str::trim).unwrap_or_default();
    let fits = |number: &&str| number.chars().nth(NUMBER_CHARS_MAX).is_none();
    let own = |name: &str| Some(text(name)).filter(fits).unwrap_or_default().to_owned();
    let [issuer, number] = match subject {
        Subject::Document(of) => of.named_by(),
        _ => ["agentCode", "copNo"],
    };
    let mut names = Names {
        issuer: own(issuer),
        number: own(number),
        pre_no: own("preNo"),
        invt_no: own("invtNo"),
        guid: own("guid"),
    };
    match subject {
        Subject::Document(Kind::ExportOrder) => {
            names.issuer = export::shop(&names.issuer, text("ebcCode")).to_owned();
        }
        Subject::Document(Kind::FundsReceipt) => {
            names.number = FundsReceipt::number_of(&names.number, text("payNo"));
        }
        Subject::Document(of) if of.is_collective() => {
            names.number = Collective::number_of(&names.number, text("msgSeqNo"));
        }
        _ => {}
    }
    let summary = (subject == Subject::SummaryResult).then(|| Arc::new(summary_result(document)));
    let (status, shown) = match subject {
        Subject::SummaryResult => ("", format!("汇总结果 {}", text("declSeqNo"))),
        Subject::TaxBill => (text("status"), format!("电子税单 {}", text("taxNo"))),
        _ => (text("returnStatus"), text("returnInfo").to_owned()),
    };
    let told_at = if summary.is_some() { "opDate" } else { "returnTime" };
    let own_time = Time::parse_compact(text(told_at));
    let ahead = own_time.is_some_and(|at| at > now.plus_millis(AHEAD_MS_MAX));
    let mut shown: String = scrub(&shown).chars().take(TEXT_CHARS_MAX).collect();
    if ahead {
        shown.push_str(&format!(" [returnTime {}]", text("returnTime")));
    }
    Arrived {
        kind,
        subject: Some(subject),
        names,
        status: status.parse().ok(),
        at: if ahead { Some(now) } else { own_time },
        ahead,
        text: shown,
        summary,
    }
}

fn summary_result(document: &Document) -> SummaryResult {
    let text = |name: &str| document.head.text(name).map(str::trim).unwrap_or_default().to_owned();
    let lines = document.lines.iter();
    let mut invt_nos: Vec<String> = lines
        .filter_map(|line| line.text("invtNo"))
        .map(|number| number.trim().to_owned())
        .filter(|number| !number.is_empty() && number.chars().count() <= NUMBER_CHARS_MAX)
        .collect();
    invt_nos.sort_unstable();
    invt_nos.dedup();
    SummaryResult {
        result_no: text("declSeqNo"),
        application_no: text("sumNo"),
        entry_no: text("entryId"),
        entry_state: text("decState"),
        customs_code: text("customsCode"),
        agent_code: text("agentCode"),
        ebc_code: text("ebcCode"),
        at: Time::parse_compact(&text("opDate")),
        invt_nos,
    }
}

fn malformed(code: &str) -> Arrived {
    Arrived {
        kind: code.trim_start_matches("CEB").parse().unwrap_or_default(),
        subject: None,
        names: Names::default(),
        status: None,
        at: None,
        ahead: false,
        text: String::new(),
        summary: None,
    }
}

fn or_unreadable(findings: Vec<Finding>) -> Vec<Finding> {
    if !findings.is_empty() {
        return findings;
    }
    vec![Finding::error(
        "receipt.unreadable",
        Text::new("回执无法读取", "the receipt cannot be read"),
        Text::new("原件已保存，请平台运维核对", "the original is kept; the operator looks at it"),
    )]
}

fn not_a_receipt(code: &str) -> Finding {
    Finding::error(
        "receipt.not_one",
        Text::new("这不是本平台单证的回执", "this is no receipt for a document of this platform"),
        Text::new("原件已保存，请平台运维核对", "the original is kept; the operator looks at it"),
    )
    .found(
        code,
        "CEB304, 312, 404, 412, 506, 508, 510, 512, 514, 604, 606, 608, 622, 624, 702, 712, 792, \
         816, 818, 900",
    )
}

fn no_status(names: &Names) -> Finding {
    Finding::error(
        "receipt.no_status",
        Text::new("回执没有可识别的状态", "the receipt has no status that can be read"),
        Text::new("原件已保存，请平台运维核对", "the original is kept; the operator looks at it"),
    )
    .at("returnStatus")
    .found(names.number.as_str(), "a whole number")
}
