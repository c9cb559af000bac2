//! What a transfer is. Values only.

use kernel::Id;
use kernel::id::Kind;
use serde::Deserialize;

use crate::Quantity;
use crate::book::{BookId, LineDraft, Record, RecordId};

/// Marks the id of a transfer.
pub enum TransferKind {}
impl Kind for TransferKind {
    const PREFIX: &'static str = "btr";
}
/// Our id of a transfer.
pub type TransferId = Id<TransferKind>;

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The goods are set aside in the book they leave.
    Planned,
    /// They have left.
    InTransit,
    /// All of them arrived, or came back.
    Closed,
    /// Given up before they left.
    Cancelled,
}

impl State {
    const ALL: [State; 4] = [State::Planned, State::InTransit, State::Closed, State::Cancelled];

    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::InTransit => "in_transit",
            State::Closed => "closed",
            State::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) id: TransferId,
    pub(crate) from_book: BookId,
    pub(crate) from_number: Box<str>,
    /// None when the other book is not kept on this platform.
    pub(crate) to_book: Option<BookId>,
    pub(crate) to_number: Box<str>,
    /// Checklist of the leaving side; empty before.
    pub(crate) out_reference: String,
    /// Checklist of the arriving side; empty before.
    pub(crate) in_reference: String,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) lines: Vec<TransferLine>,
}

/// A line of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransferLine {
    pub(crate) number: u32,
    pub(crate) record: Record,
    /// The record in the other book.
    pub(crate) to_record: Option<RecordId>,
    pub(crate) quantity: Quantity,
    pub(crate) received: Quantity,
    pub(crate) recalled: Quantity,
}

impl TransferLine {
    /// Neither arrived nor come back.
    pub(crate) fn left(&self) -> Quantity {
        self.quantity.minus(self.received).minus(self.recalled)
    }
}

/// 账册间流转 / Goods to transfer to another book.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferDraft {
    /// 转出账册编号 / Book they leave.
    #[schema(example = "T4253W000001")]
    pub(crate) from: String,
    /// 转入账册编号;不在本平台的也可 / Book they go to, on this platform or not.
    #[schema(example = "T4253W000002")]
    pub(crate) to: String,
    /// 商品 / Goods.
    pub(crate) lines: Vec<TransferLineDraft>,
}

/// 流转商品 / A line of a transfer.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferLineDraft {
    /// 转出账册料号 / Record in the book they leave.
    pub(crate) item_record_no: String,
    /// 转入账册料号;不填则相同 / Record in the other book; the same number when left out.
    pub(crate) to_item_record_no: Option<String>,
    /// 数量 / Quantity.
    #[schema(example = "100")]
    pub(crate) quantity: String,
    /// 计量单位代码 / Unit.
    pub(crate) unit: Option<String>,
}

impl TransferLineDraft {
    pub(super) fn line(&self) -> LineDraft {
        LineDraft {
            item_record_no: self.item_record_no.clone(),
            quantity: self.quantity.clone(),
            unit: self.unit.clone(),
        }
    }

    pub(super) fn to_item(&self) -> &str {
        self.to_item_record_no.as_deref().unwrap_or(&self.item_record_no).trim()
    }
}

/// 按行数量 / So much of a line.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BondedLinePart)]
pub(crate) struct Part {
    /// 行号 / Line number.
    pub(crate) line: u32,
    /// 数量 / Quantity.
    #[schema(example = "60")]
    pub(crate) quantity: String,
}
