//! What a stock-take is. Values only.

use kernel::Id;
use kernel::id::Kind;
use serde::Deserialize;

use crate::Quantity;
use crate::book::{BookId, RecordId};

/// Marks the id of a stock-take.
pub enum StocktakeKind {}
impl Kind for StocktakeKind {
    const PREFIX: &'static str = "bst";
}
/// Our id of a stock-take; it also tells when it was taken.
pub type StocktakeId = Id<StocktakeKind>;

/// The state word while differences are undecided.
pub(super) const OPEN: &str = "open";
/// The state word when there are none, or all are decided.
pub(super) const CLOSED: &str = "closed";

/// A stock-take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stocktake {
    pub(crate) id: StocktakeId,
    pub(crate) book: BookId,
    /// `open` or `closed`.
    pub(crate) state: String,
    pub(crate) version: i64,
    /// Records in the file.
    pub(crate) counted: i64,
    /// How many differ.
    pub(crate) differing: i64,
    /// Those that differ.
    pub(crate) differences: Vec<Difference>,
}

/// A record of which the book and the warehouse say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) line: u32,
    /// None when the book has no such record.
    pub(crate) record: Option<RecordId>,
    pub(crate) item_no: String,
    /// On hand by the book when the file was read.
    pub(crate) expected: Quantity,
    /// In the warehouse.
    pub(crate) counted: Quantity,
    /// Empty, `adjusted` or `left`.
    pub(crate) decision: String,
    pub(crate) reason: String,
}

/// 处理方式 / What to do about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StocktakeChoice)]
pub(crate) enum Decide {
    /// 按实盘调整账册 / Adjust the book by the difference.
    Adjust,
    /// 不调整 / Leave the book as it is.
    Leave,
}

impl Decide {
    pub(super) fn word(self) -> &'static str {
        match self {
            Decide::Adjust => "adjusted",
            Decide::Leave => "left",
        }
    }
}

/// 差异处理决定 / A decision about a difference.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StocktakeDecision)]
pub(crate) struct Decision {
    /// 行号 / Line number of the difference.
    pub(crate) line: u32,
    /// 处理方式 / What to do.
    pub(crate) decision: Decide,
    /// 理由 / Why.
    #[schema(example = "实盘多出一箱，系漏录核注，已报主管海关")]
    pub(crate) reason: String,
}
