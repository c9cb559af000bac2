//! Walks the database beside its log, and says what does not fit in words.

use db::evidence::Fault;
use db::{Db, OriginalId};
use kernel::{Finding, Text};
use serde::Serialize;

use crate::Failure;

/// What the walk came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Records in the log.
    pub size: u64,
    /// Those that stand for originals.
    pub originals: u64,
    /// The others.
    pub decisions: u64,
    /// Published checkpoints that were recomputed.
    pub checkpoints: u64,
    /// What does not fit.
    pub findings: Vec<Finding>,
}

/// Walks the log and the records; with `contents`, opens and hashes every original as well.
///
/// # Errors
/// When the database fails.
pub fn walk(db: &Db, contents: bool, progress: impl FnMut(u64, u64)) -> Result<Outcome, Failure> {
    let audit = db.audit_evidence(contents, progress)?;
    let mut findings: Vec<Finding> = audit.faults.iter().map(finding).collect();
    // Decisions can only be compared with a log that can be read.
    if !audit.faults.iter().any(|fault| matches!(fault, Fault::Gap { .. } | Fault::Unreadable(_))) {
        findings.extend(clearance::evidence::audit(db)?);
    }
    Ok(Outcome {
        size: audit.size,
        originals: audit.originals,
        decisions: audit.size.saturating_sub(audit.originals),
        checkpoints: audit.checkpoints,
        findings,
    })
}

fn finding(fault: &Fault) -> Finding {
    let (code, place, zh, en) = match fault {
        Fault::Changed { index, id, original: true } => (
            "evidence.record_changed",
            OriginalId::from_i64(*id).to_string(),
            format!("原件记录被改动:与存证日志第 {index} 条不符"),
            format!("the row of the original was changed: it is not record {index} of the log"),
        ),
        Fault::Changed { index, .. } => (
            "evidence.record_changed",
            format!("log[{index}]"),
            format!("存证日志第 {index} 条的文本被改动:与其散列不符"),
            format!("the text of record {index} of the log was changed: its hash is another"),
        ),
        Fault::Missing { index, id } => (
            "evidence.record_missing",
            id.to_string(),
            format!("存证日志第 {index} 条所指原件已不在库中"),
            format!("the original that is record {index} of the log is gone from the database"),
        ),
        Fault::Moved { index, belongs, .. } => (
            "evidence.reordered",
            format!("log[{index}]"),
            format!("次序被调换:第 {index} 条处的记录在日志中是第 {belongs} 条"),
            format!("the order was changed: what stands at {index} is record {belongs} of the log"),
        ),
        Fault::Unlogged(id) => (
            "evidence.not_logged",
            id.to_string(),
            "原件不在存证日志中:未经平台写入".to_owned(),
            "the original is not in the log: it was not written by the platform".to_owned(),
        ),
        Fault::Gap { from, to } => gap(*from, to.saturating_sub(1)),
        Fault::Unreadable(first) => (
            "evidence.log_unreadable",
            format!("log[{first}]"),
            format!("存证日志自第 {first} 条起的一行无法读取"),
            format!("the row of the log that begins with record {first} cannot be read"),
        ),
        Fault::Node { from, to } => (
            "evidence.node_wrong",
            format!("log[{from}]"),
            format!("第 {from} 至 {} 条之上的节点散列与叶子不符", to - 1),
            format!("the hash kept over records {from} to {} is not theirs", to - 1),
        ),
        Fault::Checkpoint(size) => (
            "evidence.rewritten",
            format!("checkpoint[{size}]"),
            format!("前 {size} 条的根散列与已发布的检查点不符"),
            format!("the first {size} records do not lead to the root that was published"),
        ),
        Fault::Shorter { size, published } => (
            "evidence.log_shorter",
            format!("checkpoint[{published}]"),
            format!("已发布 {published} 条,日志只有 {size} 条"),
            format!("{published} records were published, the log has {size}"),
        ),
        Fault::Content(id) => (
            "evidence.original_changed",
            id.to_string(),
            "原件内容与其散列不符,或无法打开".to_owned(),
            "the content of the original is not that of its hash, or cannot be opened".to_owned(),
        ),
    };
    Finding::error(code, Text::new(zh, en), remedy()).at(place)
}

fn gap(from: u64, last: u64) -> (&'static str, String, String, String) {
    let zh = format!("存证日志缺少第 {from} 至 {last} 条");
    let en = format!("records {from} to {last} of the log are missing");
    ("evidence.log_gap", format!("log[{from}]"), zh, en)
}

fn remedy() -> Text {
    Text::new(
        "停止写入,保全数据库文件,由备份比对查明何时被改动",
        "stop writing, keep the database as it is, and compare with backups to learn when it was \
         changed",
    )
}
