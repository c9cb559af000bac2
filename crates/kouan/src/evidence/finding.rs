//! What can be wrong with evidence, in both languages. Pure.

use kernel::{Finding, Text};

/// Where an honest copy is to be had.
fn fetch_again() -> Text {
    Text::new(
        "向平台重新取得证明并核对;仍不符即为证据被改动",
        "have the proof issued anew by the platform and compare; if it still differs, the evidence \
         was tampered with",
    )
}

fn of(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding::error(code, Text::new(zh, en), fetch_again())
}

/// The file is none of the documents we hand out.
pub fn unknown_document(expected: &str) -> Finding {
    let remedy = Text::new(
        "请提供平台导出的证明、检查点或一致性证明",
        "give a proof, a checkpoint or a consistency proof as the platform handed it out",
    );
    let message = Text::new("文件不是存证文件", "the file is no evidence document");
    Finding::error("evidence.not_a_document", message, remedy).found("", expected)
}

/// A field that cannot be read.
pub fn unreadable(path: impl Into<String>, expected: &str) -> Finding {
    of("evidence.unreadable", "该字段无法读取", "the field cannot be read")
        .at(path)
        .found("", expected)
}

/// The record is not the one whose hash the leaf is.
pub fn record_changed(place: &str, index: u64, found: String, leaf: &str) -> Finding {
    of(
        "evidence.record_changed",
        format!("第 {index} 条记录被改动:其散列与日志中的叶子不符"),
        format!("record {index} was changed: its hash is not that of its leaf in the log"),
    )
    .at(place)
    .found(found, leaf)
}

/// The leaf does not lead to the root.
pub fn not_in_log(index: u64, size: u64) -> Finding {
    of(
        "evidence.not_in_log",
        format!("日志(前 {size} 条)的第 {index} 条不是这条记录:记录、序号或路径被改动"),
        format!(
            "this is not record {index} of the log of {size}: the record, its place or the path \
             was changed"
        ),
    )
    .at("index")
}

/// The leaf leads to the root from another place.
pub fn out_of_place(place: &str, said: u64, stands: u64) -> Finding {
    of(
        "evidence.reordered",
        format!("记录次序被调换:该记录在日志中是第 {stands} 条,不是第 {said} 条"),
        format!("the order was changed: in the log this is record {stands}, not record {said}"),
    )
    .at(place)
    .found(said.to_string(), stands.to_string())
}

/// Two records of a range changed places.
pub fn swapped(one: u64, other: u64) -> Finding {
    of(
        "evidence.reordered",
        format!("记录次序被调换:第 {one} 条与第 {other} 条互换了位置"),
        format!("the order was changed: records {one} and {other} changed places"),
    )
    .at("records")
    .found(format!("{other}, {one}"), format!("{one}, {other}"))
}

/// Records of a range are not there.
pub fn missing(from: u64, to: u64) -> Finding {
    let (zh, en) = match to - from {
        1 => (format!("缺少第 {from} 条记录"), format!("record {from} is missing")),
        _ => (
            format!("缺少第 {from} 至 {} 条记录", to - 1),
            format!("records {from} to {} are missing", to - 1),
        ),
    };
    of("evidence.record_missing", zh, en).at("records").found("", format!("{from}..{to}"))
}

/// The records of a range, though each fits its own hash, are not those of the log.
pub fn range_not_in_log(from: u64, to: u64) -> Finding {
    of(
        "evidence.range_not_in_log",
        format!(
            "第 {from} 至 {} 条不是日志中的记录:有记录连同其散列被改动、删除或调换",
            to.saturating_sub(1)
        ),
        format!(
            "records {from} to {} are not those of the log: a record was changed, removed or \
             moved together with its hash",
            to.saturating_sub(1)
        ),
    )
    .at("records")
}

/// The checkpoint is not signed by a key it names.
pub fn forged(place: &str, algorithm: &str, name: &str) -> Finding {
    of(
        "evidence.checkpoint_forged",
        format!("检查点的 {algorithm} 签名不成立:检查点被改动,或由别的密钥签发"),
        format!(
            "the {algorithm} signature of the checkpoint does not hold: the checkpoint was changed \
             or signed with another key"
        ),
    )
    .at(place)
    .found("", name)
}

/// A signature that must be there is not.
pub fn unsigned(place: &str, algorithm: &str, name: &str) -> Finding {
    of(
        "evidence.signature_missing",
        format!("检查点缺少 {algorithm} 签名"),
        format!("the checkpoint lacks the {algorithm} signature"),
    )
    .at(place)
    .found("", name)
}

/// The checkpoint is of another log than the keys.
pub fn other_log(place: &str, origin: &str, known: &str) -> Finding {
    let message =
        Text::new("检查点不是该公钥所属日志的", "the checkpoint is of another log than the keys");
    let remedy = Text::new(
        "请用 --key 指定签发该检查点的平台的公钥",
        "give the keys of the platform that issued it with --key",
    );
    Finding::error("evidence.other_log", message, remedy).at(place).found(origin, known)
}

/// Only keys that came with the document were at hand.
pub fn own_keys() -> Finding {
    Finding::warning(
        "evidence.keys_of_the_document",
        Text::new(
            "只用文件自带的公钥核验,未核对其来源",
            "verified with the keys in the document itself; where they come from is not known",
        ),
        Text::new(
            "用 --key 指定另行取得的平台公钥",
            "give the platform's keys, had from a source you trust, with --key",
        ),
    )
    .at("keys")
}

/// The file is not the original of the record.
pub fn other_original(found: String, expected: &str) -> Finding {
    of(
        "evidence.original_changed",
        "所给文件不是该记录的原件:内容被改动",
        "the file is not the original of the record: its content was changed",
    )
    .at("record/sha256")
    .found(found, expected)
}

/// The record is of no original.
pub fn no_original(kind: &str) -> Finding {
    let message = Text::new(
        "该记录不是原件的存证,无法与文件比对",
        "the record stands for no original that a file could be compared with",
    );
    let remedy = Text::new(
        "只对原件(original)的证明使用 --original",
        "use --original with the proof of an original only",
    );
    Finding::error("evidence.no_original", message, remedy).at("record").found(kind, "original")
}

/// The later checkpoint does not extend the earlier one.
pub fn rewritten(from: u64, to: u64) -> Finding {
    of(
        "evidence.rewritten",
        format!("日志前 {from} 条在长度达到 {to} 之前被改写、删除或调换,或一致性证明被改动"),
        format!(
            "the first {from} records of the log were changed, removed or reordered before it had \
             {to}, or the consistency proof was changed"
        ),
    )
    .at("path")
}

/// Two checkpoints of one size with different roots.
pub fn two_roots(size: u64, other: &str) -> Finding {
    of(
        "evidence.rewritten",
        format!("日志被改写:与 {other} 中长度同为 {size} 的检查点根散列不同"),
        format!(
            "the log was rewritten: {other} has a checkpoint of the same {size} records with \
             another root"
        ),
    )
    .at("checkpoint")
}

/// Two records at one place.
pub fn two_records(index: u64, other: &str) -> Finding {
    of(
        "evidence.two_records",
        format!("{other} 证明第 {index} 条是另一条记录"),
        format!("{other} has another record at place {index}"),
    )
    .at("index")
    .found(index.to_string(), "")
}
