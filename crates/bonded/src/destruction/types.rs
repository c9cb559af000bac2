//! What a destruction is, and what is said about it. Values only.

use kernel::id::Kind;
use kernel::{Date, Fen, Id};
use serde::Deserialize;

use crate::Quantity;
use crate::book::{BookId, LineDraft, Record};
use crate::transfer::Part;

/// Marks the id of a destruction.
pub enum DestructionKind {}
impl Kind for DestructionKind {
    const PREFIX: &'static str = "bds";
}
/// Our id of a destruction.
pub type DestructionId = Id<DestructionKind>;

/// Where a destruction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Asked for; the goods are set aside.
    Applied,
    /// Customs agreed; the clock runs.
    Approved,
    /// Destroyed; papers are due.
    Finished,
    /// Papers are filed.
    Filed,
    /// Customs did not agree.
    Refused,
    /// Given up.
    Withdrawn,
}

impl State {
    const ALL: [State; 6] = [
        State::Applied,
        State::Approved,
        State::Finished,
        State::Filed,
        State::Refused,
        State::Withdrawn,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Applied => "applied",
            State::Approved => "approved",
            State::Finished => "finished",
            State::Filed => "filed",
            State::Refused => "refused",
            State::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A destruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destruction {
    pub(crate) id: DestructionId,
    pub(crate) book: BookId,
    pub(crate) book_number: Box<str>,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) ground: String,
    pub(crate) explanation: String,
    pub(crate) authorised_by: String,
    pub(crate) destroyer_code: String,
    pub(crate) destroyer_name: String,
    pub(crate) place: String,
    /// Words of papers, joined by commas.
    pub(crate) papers: String,
    pub(crate) approval_no: String,
    pub(crate) approved_on: Option<Date>,
    pub(crate) due_on: Option<Date>,
    /// First day on which an extension may be asked for.
    pub(crate) extension_from: Option<Date>,
    pub(crate) extension_requested_on: Option<Date>,
    pub(crate) finished_on: Option<Date>,
    pub(crate) video: String,
    pub(crate) video_until: Option<Date>,
    pub(crate) papers_due_on: Option<Date>,
    pub(crate) papers_on: Option<Date>,
    pub(crate) declaration_no: String,
    pub(crate) residue: Fen,
    pub(crate) residue_declaration_no: String,
    /// Why it was refused or given up.
    pub(crate) reason: String,
    pub(crate) lines: Vec<DestructionLine>,
}

/// A line of a destruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DestructionLine {
    pub(crate) number: u32,
    pub(crate) record: Record,
    pub(crate) quantity: Quantity,
    pub(crate) destroyed: Quantity,
}

/// 销毁申请 / An application for destruction.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DestructionDraft {
    /// 账册编号 / Account book.
    pub(crate) book: String,
    /// 情形:expired、damaged、banned、unsaleable、force_majeure、other / Ground.
    #[schema(example = "expired")]
    pub(crate) ground: String,
    /// 情况说明 / What happened.
    pub(crate) explanation: String,
    /// 确认无法退运出境 / The goods cannot be re-exported.
    pub(crate) cannot_be_reexported: bool,
    /// 授权方:电商企业境内代理人代码 / Who authorised it: the domestic agent of the seller.
    pub(crate) authorised_by: String,
    /// 销毁企业代码 / Code of the destroyer.
    pub(crate) destroyer_code: String,
    /// 销毁企业名称 / Name of the destroyer.
    pub(crate) destroyer_name: String,
    /// 销毁企业经营范围含销毁处置 / Destroying is in its business scope.
    pub(crate) destroyer_in_scope: bool,
    /// 销毁地点(区外) / Where, outside the zone.
    pub(crate) place: String,
    /// 确认地点在区外 / The place is outside the zone.
    pub(crate) outside_zone: bool,
    /// 随附单证 / Papers at hand.
    #[schema(example = json!(["explanation", "plan", "authorisation", "application_form",
        "qualification", "contract"]))]
    pub(crate) papers: Vec<String>,
    /// 商品 / Goods.
    pub(crate) lines: Vec<LineDraft>,
}

/// 批准 / Customs agreed.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DestructionApproval)]
pub(crate) struct Approval {
    /// 批准编号 / Number of the approval.
    pub(crate) approval_no: String,
    /// 批准日期 / Day of the approval.
    #[schema(value_type = String, example = "2026-04-01")]
    pub(crate) approved_on: Date,
}

/// 延期 / An extension.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DestructionExtension)]
pub(crate) struct Extension {
    /// 申请日期 / Day on which it was asked for.
    #[schema(value_type = String, example = "2026-05-25")]
    pub(crate) requested_on: Date,
    /// 延长天数 / Days more.
    pub(crate) days: i64,
}

/// 销毁完成 / It is done.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DestructionFinish)]
pub(crate) struct Finish {
    /// 完成日期 / Day on which it was finished.
    #[schema(value_type = String, example = "2026-05-20")]
    pub(crate) finished_on: Date,
    /// 全程录像存放编号 / Where the video of the whole is kept.
    pub(crate) video: String,
    /// 录像保存至;不填则为最短期限 / Kept until; the shortest lawful time when left out.
    #[schema(value_type = Option<String>)]
    pub(crate) video_until: Option<Date>,
    /// 实际销毁数量;不填则全部 / What was destroyed; everything when left out.
    pub(crate) lines: Option<Vec<Part>>,
}

/// 提交单证 / The papers afterwards.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DestructionPapers)]
pub(crate) struct Papers {
    /// 提交日期 / Day on which they were filed.
    #[schema(value_type = String, example = "2026-06-05")]
    pub(crate) filed_on: Date,
    /// 料件销毁(0200)申报编号 / Declaration of the destruction.
    pub(crate) declaration_no: String,
    /// 残余物料收入,元 / What the residue earned, yuan.
    #[schema(example = "0.00")]
    pub(crate) residue: Option<String>,
    /// 残余物料(0844)申报编号;有收入时必填 / Declaration of the residue, when it earned something.
    pub(crate) residue_declaration_no: Option<String>,
}
