//! What is handed out, as JSON: written here, read again by whoever verifies.

use db::evidence::{Checkpoint, Hash};
use serde::{Deserialize, Serialize};

/// The `format` of an [`EvidenceProof`].
pub const PROOF_FORMAT: &str = "kouan-evidence-proof/1";
/// The `format` of an [`EvidenceConsistency`].
pub const CONSISTENCY_FORMAT: &str = "kouan-evidence-consistency/1";
/// The `format` of an [`EvidenceRange`].
pub const RANGE_FORMAT: &str = "kouan-evidence-range/1";

/// 存证证明,自足、可离线核验 / Proof that a record is in the evidence log; verifiable offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceProof {
    /// 格式 / Format.
    #[schema(example = "kouan-evidence-proof/1")]
    pub format: String,
    /// 记录原文 / The record: the text whose hash is the leaf.
    pub record: String,
    /// 在日志中的序号,从 0 起 / Its place in the log, from 0.
    pub index: u64,
    /// 叶子散列(十六进制) / Hash of the leaf: SHA-256 of a zero byte and the record.
    pub leaf: String,
    /// 到根的路径,自下而上(十六进制) / The way to the root, from below.
    pub path: Vec<String>,
    /// 检查点原文,含两个签名 / The checkpoint as published, with both signatures.
    pub checkpoint: String,
    /// 平台公钥 / The platform's public keys.
    pub keys: Vec<EvidenceKey>,
}

/// 两个检查点之间的一致性证明 / Proof that a later checkpoint only added to an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceConsistency {
    /// 格式 / Format.
    #[schema(example = "kouan-evidence-consistency/1")]
    pub format: String,
    /// 较早的检查点 / The earlier checkpoint.
    pub from: String,
    /// 较晚的检查点 / The later checkpoint.
    pub to: String,
    /// 证明(十六进制) / The proof of RFC 6962.
    pub path: Vec<String>,
    /// 平台公钥 / The platform's public keys.
    pub keys: Vec<EvidenceKey>,
}

/// 一段连续记录及其证明 / Consecutive records of the log, none left out, with their proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRange {
    /// 格式 / Format.
    #[schema(example = "kouan-evidence-range/1")]
    pub format: String,
    /// 第一条的序号 / Place of the first.
    pub first: u64,
    /// 记录,依次排列 / The records, in order.
    pub records: Vec<EvidenceRecord>,
    /// 两侧子树的根,自左至右(十六进制) / Roots of what lies beside them, left to right.
    pub beside: Vec<String>,
    /// 检查点 / The checkpoint.
    pub checkpoint: String,
    /// 平台公钥 / The platform's public keys.
    pub keys: Vec<EvidenceKey>,
}

/// 一条记录 / One record of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRecord {
    /// 序号 / Its place.
    pub index: u64,
    /// 叶子散列 / Hash of the leaf.
    pub leaf: String,
    /// 记录原文;原件已不在库中则为空 / The record; empty when its original is gone.
    pub record: String,
}

/// 检查点 / A published checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EvidenceCheckpoint {
    /// 日志长度 / Records in the log.
    pub size: u64,
    /// 根散列(十六进制) / Root hash.
    pub root: String,
    /// 发布时间 / When it was published.
    pub time: String,
    /// 签名原文(C2SP signed note) / The signed text.
    pub note: String,
}

impl From<&Checkpoint> for EvidenceCheckpoint {
    fn from(one: &Checkpoint) -> EvidenceCheckpoint {
        EvidenceCheckpoint {
            size: one.size,
            root: hex(&one.root),
            time: one.at.to_rfc3339(),
            note: one.note.clone(),
        }
    }
}

/// 公钥 / A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceKey {
    /// 算法:`ed25519` 或 `sm2` / Algorithm.
    #[schema(example = "sm2")]
    pub algorithm: String,
    /// 核验公钥(C2SP vkey):名称、编号、公钥 / Verifier key: name, id and key.
    pub key: String,
    /// 公钥(PEM),供 openssl 使用 / The same key for openssl.
    pub pem: String,
}

/// 日志名称和公钥 / Name of the log and its public keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EvidenceKeys {
    /// 日志名称,检查点的首行 / Name of the log; the first line of its checkpoints.
    #[schema(example = "kouan/zibo")]
    pub origin: String,
    /// 公钥 / Its keys.
    pub keys: Vec<EvidenceKey>,
}

/// Lower-case hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash from 64 lower-case hexadecimal digits.
pub fn hash_of_hex(digits: &str) -> Option<Hash> {
    let digits = digits.as_bytes();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut hash = Hash::default();
    if digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(hash)
}
