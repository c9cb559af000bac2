//! A receipt as taken in.

use std::sync::Arc;

use kernel::{Time, id};
use serde::{Deserialize, Serialize};

use crate::document::Kind;
use crate::lifecycle::state::Kept;

/// Names the ids of receipts.
pub enum ReceiptKind {}
impl id::Kind for ReceiptKind {
    const PREFIX: &'static str = "rct";
}

/// Our id of a receipt; also tells when it came in.
pub type ReceiptId = kernel::Id<ReceiptKind>;

/// What a receipt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A document of this kind.
    Document(Kind),
    /// A tax bill of an inventory (816, 818): informs, moves nothing.
    TaxBill,
    /// What a summary became (792): informs of the declarations made of inventories.
    SummaryResult,
    /// A whole message that failed the format check (900).
    Message,
}

impl Subject {
    /// The subject of a receipt type such as `CEB622`; `None` when clearance knows nothing of it.
    pub fn of_code(code: &str) -> Option<Subject> {
        match code {
            "CEB816" | "CEB818" => Some(Subject::TaxBill),
            "CEB792" => Some(Subject::SummaryResult),
            "CEB900" => Some(Subject::Message),
            _ => {
                let number = code.strip_prefix("CEB")?.parse().ok()?;
                Kind::of_receipt(number).map(Subject::Document)
            }
        }
    }
}

/// The numbers a receipt names its document by; empty where it is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    /// Code of the firm whose number it is.
    pub issuer: String,
    /// Order, transaction, waybill or own number.
    pub number: String,
    /// 预录入编号.
    pub pre_no: String,
    /// 清单编号.
    pub invt_no: String,
    /// guid, as written.
    pub guid: String,
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The receipt type's number: 312 to 900; 0 when it could not be told.
    pub kind: i64,
    /// What it is about; `None` when that could not be told.
    pub subject: Option<Subject>,
    /// Whose it is.
    pub names: Names,
    /// 回执状态; `None` when it is no number.
    pub status: Option<i64>,
    /// 回执时间; `None` when it is no time. The time it came in when it is far ahead.
    pub at: Option<Time>,
    /// Whether its own time was far ahead, so that `at` differs each time it comes.
    pub ahead: bool,
    /// 回执信息, personal data masked.
    pub text: String,
    /// What a summary became, when it is that.
    pub summary: Option<Arc<SummaryResult>>,
}

/// 汇总结果单: a declaration made of inventories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummaryResult {
    /// 汇总统一编号: one to one with a declaration.
    pub result_no: String,
    /// 汇总申请编号.
    pub application_no: String,
    /// 报关单编号; empty until it is given.
    pub entry_no: String,
    /// 报关单状态, as customs writes it.
    pub entry_state: String,
    /// 申报地海关代码.
    pub customs_code: String,
    /// 申报企业代码.
    pub agent_code: String,
    /// 收发货人代码.
    pub ebc_code: String,
    /// 汇总处理时间.
    pub at: Option<Time>,
    /// 清单编号 of each inventory in it, each once.
    pub invt_nos: Vec<String>,
}

/// What became of a receipt. Stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It moved its document.
    Moved,
    /// It is kept and moved nothing.
    Kept(Kept),
    /// It tells of something beside the state.
    Informs,
    /// Its document is not here (yet).
    Orphan,
    /// It could not be read.
    Malformed,
}

impl Effect {
    /// The stored number.
    pub const fn number(self) -> i64 {
        match self {
            Effect::Moved => 0,
            Effect::Kept(Kept::Repeated) => 1,
            Effect::Kept(Kept::Late) => 2,
            Effect::Kept(Kept::Behind) => 3,
            Effect::Kept(Kept::Unknown) => 4,
            Effect::Informs => 5,
            Effect::Orphan => 6,
            Effect::Malformed => 7,
        }
    }

    /// The word of a stored number, as answered.
    pub const fn word_of(number: i64) -> &'static str {
        match number {
            0 => "moved",
            1 => Kept::Repeated.word(),
            2 => Kept::Late.word(),
            3 => Kept::Behind.word(),
            4 => Kept::Unknown.word(),
            5 => "informs",
            6 => "orphan",
            _ => "malformed",
        }
    }
}
