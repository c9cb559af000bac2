//! What a gate pass is. Values only.

use kernel::id::Kind;
use kernel::{Decimal, Id, Time};
use register::party::PartyId;
use serde::{Deserialize, Serialize};

use crate::Quantity;

/// Marks the id of a pass.
pub enum PassKind {}
impl Kind for PassKind {
    const PREFIX: &'static str = "bps";
}
/// Our id of a pass.
pub type PassId = Id<PassKind>;

/// Where a pass stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Being filled.
    Draft,
    /// Printed; the vehicle may come to the gate.
    Issued,
    /// Weighed and let through.
    Passed,
    /// Done.
    Closed,
    /// Given up.
    Voided,
}

impl State {
    const ALL: [State; 5] =
        [State::Draft, State::Issued, State::Passed, State::Closed, State::Voided];

    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Issued => "issued",
            State::Passed => "passed",
            State::Closed => "closed",
            State::Voided => "voided",
        }
    }

    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            State::Draft => ("暂存", "draft"),
            State::Issued => ("已签发", "issued"),
            State::Passed => ("已过卡", "passed"),
            State::Closed => ("已核销", "closed"),
            State::Voided => ("已作废", "voided"),
        }
    }

    pub(super) fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// 进出区方向 / Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PassDirection {
    /// 进区 / Into the zone.
    In,
    /// 出区 / Out of the zone.
    Out,
}

impl PassDirection {
    pub(crate) fn word(self) -> &'static str {
        match self {
            PassDirection::In => "in",
            PassDirection::Out => "out",
        }
    }
}

/// 关联单证种类 / What is bound to a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PassItemKind {
    /// 清单 / An inventory, by its number.
    Inventory,
    /// 核注清单 / An entry, by its checklist number.
    Entry,
    /// 账册间流转 / A transfer, by our id.
    Transfer,
}

impl PassItemKind {
    const ALL: [PassItemKind; 3] =
        [PassItemKind::Inventory, PassItemKind::Entry, PassItemKind::Transfer];

    pub(crate) fn word(self) -> &'static str {
        match self {
            PassItemKind::Inventory => "inventory",
            PassItemKind::Entry => "entry",
            PassItemKind::Transfer => "transfer",
        }
    }

    pub(crate) fn zh(self) -> &'static str {
        match self {
            PassItemKind::Inventory => "清单",
            PassItemKind::Entry => "核注清单",
            PassItemKind::Transfer => "账册间流转",
        }
    }

    pub(super) fn parse(word: &str) -> Option<PassItemKind> {
        PassItemKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A gate pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Our id.
    pub id: PassId,
    /// Number for people and the gate.
    pub number: String,
    pub(crate) holder: PartyId,
    pub(crate) holder_code: Box<str>,
    /// Customs district of the zone.
    pub zone: String,
    /// Which way.
    pub direction: PassDirection,
    /// Number plate.
    pub vehicle_no: String,
    /// The empty vehicle, kg.
    pub tare: Quantity,
    /// On the scales, kg.
    pub weighed: Option<Quantity>,
    /// Share of the declared weight it may be off by.
    pub tolerance: Decimal,
    pub(crate) state: State,
    pub(crate) version: i64,
    /// Why it was voided.
    pub reason: String,
    /// When it was issued.
    pub issued_at: Option<Time>,
    /// When it went through.
    pub passed_at: Option<Time>,
    /// When it was closed.
    pub closed_at: Option<Time>,
    /// What it carries.
    pub items: Vec<PassItem>,
}

/// A document bound to a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassItem {
    /// From 1.
    pub line: u32,
    /// What it is.
    pub kind: PassItemKind,
    /// Its number.
    pub number: String,
    /// Gross weight, kg.
    pub weight: Quantity,
}

/// 核放单 / A gate pass to draw up.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassDraft {
    /// 申请企业代码;企业本身可不填 / The firm; may be left out by the firm itself.
    pub(crate) holder: Option<String>,
    /// 区域关区代码 / Customs district of the zone.
    #[schema(example = "4253")]
    pub(crate) zone: String,
    /// 方向 / Which way.
    pub(crate) direction: PassDirection,
    /// 车牌号 / Number plate.
    #[schema(example = "鲁L12345")]
    pub(crate) vehicle_no: String,
    /// 车自重,千克 / The empty vehicle, kg.
    #[schema(example = "5200")]
    pub(crate) tare_kg: String,
    /// 关联单证 / Documents bound to it.
    #[serde(default)]
    pub(crate) items: Vec<PassItemDraft>,
}

/// 关联单证 / A document to bind.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassItemDraft {
    /// 种类 / What it is.
    pub(crate) kind: PassItemKind,
    /// 编号 / Its number.
    #[schema(example = "42532026I000000001")]
    pub(crate) number: String,
    /// 毛重,千克 / Gross weight, kg.
    #[schema(example = "12.5")]
    pub(crate) weight_kg: String,
}
