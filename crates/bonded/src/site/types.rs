//! Warehousing details and instructions. Values only.

use kernel::id::Kind;
use kernel::{Id, Time};
use serde::{Deserialize, Serialize};

use crate::book::EntryId;

/// Marks the id of an arrival.
pub(crate) enum ArrivalKind {}
impl Kind for ArrivalKind {
    const PREFIX: &'static str = "bar";
}
/// Our id of an arrival.
pub(crate) type ArrivalId = Id<ArrivalKind>;

/// Marks the id of an instruction.
pub enum InstructionKind {}
impl Kind for InstructionKind {
    const PREFIX: &'static str = "bin";
}
/// Our id of an instruction.
pub type InstructionId = Id<InstructionKind>;

/// A warehousing detail (CEB711) that arrived.
#[derive(Clone, Debug)]
pub struct Arrived<'a> {
    /// Of the document; the same again changes nothing.
    pub key: [u8; 16],
    /// Operator of the supervised place (`operatorCode`).
    pub operator_code: &'a str,
    /// Customs district (`customsCode`).
    pub customs_code: &'a str,
    /// Bill of lading or master waybill (`billNo`).
    pub bill_no: &'a str,
    /// Voyage or flight (`voyageNo`).
    pub voyage_no: &'a str,
    /// Warehousing sheet number (`rkdNo`); empty when customs has given none yet.
    pub sheet_no: &'a str,
    /// Its lines.
    pub lines: Vec<ArrivedLine<'a>>,
}

/// A line of a warehousing detail.
#[derive(Clone, Copy, Debug)]
pub struct ArrivedLine<'a> {
    /// Line number (`gnum`).
    pub gnum: u32,
    /// Waybill (`logisticsNo`).
    pub waybill_no: &'a str,
}

/// A warehousing detail as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) id: ArrivalId,
    pub(crate) operator_code: String,
    pub(crate) customs_code: String,
    pub(crate) bill_no: String,
    pub(crate) voyage_no: String,
    pub(crate) sheet_no: String,
    pub(crate) entry: Option<EntryId>,
    pub(crate) lines: i64,
}

/// 指令 / What the line is told to do with a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstructionAct {
    /// 放行 / Let it go.
    Release,
    /// 查验 / Inspect it.
    Inspect,
    /// 分流 / Put it on the other line.
    Divert,
    /// 停线 / Stop the line.
    StopLine,
    /// 现场处置 / Deal with it on the spot.
    OnTheSpot,
}

impl InstructionAct {
    /// Every act.
    pub const ALL: [InstructionAct; 5] = [
        InstructionAct::Release,
        InstructionAct::Inspect,
        InstructionAct::Divert,
        InstructionAct::StopLine,
        InstructionAct::OnTheSpot,
    ];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            InstructionAct::Release => "release",
            InstructionAct::Inspect => "inspect",
            InstructionAct::Divert => "divert",
            InstructionAct::StopLine => "stop_line",
            InstructionAct::OnTheSpot => "on_the_spot",
        }
    }
}

/// 结果 / What came of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstructionOutcome {
    /// 已执行,无异常 / Carried out, nothing found.
    Clear,
    /// 已执行,有异常 / Carried out, something found.
    Found,
    /// 未能执行 / Could not be carried out.
    NotDone,
}

impl InstructionOutcome {
    /// Every outcome.
    pub const ALL: [InstructionOutcome; 3] =
        [InstructionOutcome::Clear, InstructionOutcome::Found, InstructionOutcome::NotDone];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            InstructionOutcome::Clear => "clear",
            InstructionOutcome::Found => "found",
            InstructionOutcome::NotDone => "not_done",
        }
    }
}

/// 下达指令 / An instruction to the line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// 指令编号,重复提交返回原指令 / Number of the instruction; the same again is found.
    #[schema(max_length = 64)]
    pub reference: String,
    /// 物流运单编号 / Waybill of the parcel.
    #[schema(max_length = 60)]
    pub waybill_no: String,
    /// 监管场所经营人代码;不填则取该运单的入库明细 / Operator; that of the parcel's warehousing detail
    /// when left out.
    pub operator_code: Option<String>,
    /// 指令 / What to do.
    pub act: InstructionAct,
    /// 说明 / Note to the line.
    #[serde(default)]
    pub note: String,
}

/// 回填结果 / What came of an instruction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstructionAnswer {
    /// 结果 / What came of it.
    pub result: InstructionOutcome,
    /// 图像编号 / Where the picture is kept.
    #[serde(default)]
    pub image: String,
    /// 说明 / Remark.
    #[serde(default)]
    pub remark: String,
}

/// An instruction as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instructed {
    pub(crate) id: InstructionId,
    pub(crate) reference: String,
    pub(crate) waybill_no: String,
    pub(crate) operator_code: String,
    pub(crate) act: String,
    pub(crate) note: String,
    /// Empty until answered.
    pub(crate) result: String,
    pub(crate) image: String,
    pub(crate) remark: String,
    pub(crate) answered_at: Option<Time>,
}
