//! What guarantees look like on the wire.

use serde::Serialize;

use super::statement::{Line, Statement, Total};
use super::types::*;
use crate::charge::movement_store::Moved;
use crate::charge::{Act, GuarantorId, MovementId, Role};
use crate::wire::GuaranteeSumsView;

/// 担保企业 / A guarantor.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuarantorView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "gtr_01k9y7x2m4a80")]
    id: GuarantorId,
    /// 企业代码 / Code of the firm.
    code: String,
    /// 身份 / Role: platform, ecommerce, logistics; absent when only a declaration named it.
    role: Option<&'static str>,
    /// 税单对象 / How its bills are made; absent: as the rule says.
    bill_by: Option<&'static str>,
    /// 额度 / Sums.
    sums: GuaranteeSumsView,
    /// 担保 / Instruments; absent in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instruments: Vec<GuaranteeInstrumentView>,
}

impl GuarantorView {
    pub(super) fn of(position: &Position, instruments: &[Instrument]) -> GuarantorView {
        let guarantor = &position.guarantor;
        GuarantorView {
            id: guarantor.id,
            code: guarantor.code.to_string(),
            role: guarantor.role.map(Role::name),
            bill_by: guarantor.bill_by.map(BillBy::name),
            sums: position.sums.into(),
            instruments: instruments.iter().map(GuaranteeInstrumentView::of).collect(),
        }
    }
}

/// 担保 / What a guarantor lodged.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuaranteeInstrumentView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "gti_01k9y7x2m4a80")]
    id: InstrumentId,
    /// 形式 / cash, letter, bond.
    form: &'static str,
    /// 出具人编号 / Number at its issuer.
    number: String,
    /// 出具人 / Who issued it.
    issuer: String,
    /// 金额，元 / What it is for, yuan.
    amount: String,
    /// 计入额度，元 / What of it counts at present.
    counted: String,
    /// 起日 / First day.
    valid_from: String,
    /// 止日 / Last day; absent: without end.
    valid_until: Option<String>,
    /// 状态 / pending, active, lapsing, ended.
    state: &'static str,
}

impl GuaranteeInstrumentView {
    pub(super) fn of(instrument: &Instrument) -> GuaranteeInstrumentView {
        GuaranteeInstrumentView {
            id: instrument.id,
            form: instrument.form.name(),
            number: instrument.number.to_string(),
            issuer: instrument.issuer.to_string(),
            amount: instrument.amount.to_string(),
            counted: instrument.counted.to_string(),
            valid_from: instrument.valid_from.to_string(),
            valid_until: instrument.valid_until.map(|until| until.to_string()),
            state: instrument.state.name(),
        }
    }
}

/// 变动 / A movement.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuaranteeMovementView {
    /// 编号，也是总账凭证号 / Id; also the reference of its transfers in the ledger.
    #[schema(value_type = String, example = "mvt_01k9y7x2m4a80")]
    id: MovementId,
    /// 日期 / Day.
    on: String,
    /// 业务 / What moved: granted, held, released, carried, paid and so on.
    act: &'static str,
    /// 电商企业 / Whose goods; empty for the guarantor's own lodging.
    firm: String,
    /// 担保或税单 / The instrument or bill; empty when neither.
    about: String,
    /// 清单数 / Inventories.
    inventories: i64,
    /// 金额，元 / Amount, yuan.
    amount: String,
}

impl GuaranteeMovementView {
    pub(super) fn of(id: MovementId, moved: Moved) -> GuaranteeMovementView {
        GuaranteeMovementView {
            id,
            on: moved.on.to_string(),
            act: moved.act.name(),
            firm: moved.firm,
            about: moved.about,
            inventories: moved.inventories,
            amount: moved.amount.to_string(),
        }
    }
}

/// 对账单行 / A line of a statement.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuaranteeLineView {
    /// 日期 / Day.
    on: String,
    /// 业务 / What moved.
    act: &'static str,
    /// 电商企业 / Whose goods; empty for the guarantor's own lodging.
    firm: String,
    /// 担保或税单 / The instrument or bill; empty when neither.
    about: String,
    /// 清单数 / Inventories.
    inventories: i64,
    /// 金额，元 / Amount, yuan.
    amount: String,
    /// 变动后余额 / How the account stood afterwards.
    after: GuaranteeSumsView,
}

impl GuaranteeLineView {
    fn of(line: Line) -> GuaranteeLineView {
        GuaranteeLineView {
            on: line.on.to_string(),
            act: line.act.name(),
            firm: line.firm,
            about: line.about,
            inventories: line.inventories,
            amount: line.amount.to_string(),
            after: line.after.into(),
        }
    }
}

/// 小计 / What a firm's or a day's movements come to.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuaranteeGroupView {
    /// 企业或日期 / The firm or day.
    of: String,
    /// 余额变动 / What they did to the account.
    change: GuaranteeSumsView,
    /// 缴税，元 / Paid.
    paid: String,
    /// 退税，元 / Refunded after payment.
    refunded: String,
}

impl GuaranteeGroupView {
    fn of(of: String, total: Total) -> GuaranteeGroupView {
        GuaranteeGroupView {
            of,
            change: total.change.into(),
            paid: total.paid.to_string(),
            refunded: total.refunded.to_string(),
        }
    }
}

/// 业务合计 / What movements of one kind come to.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuaranteeActView {
    /// 业务 / What moved.
    act: &'static str,
    /// 清单数 / Inventories.
    inventories: i64,
    /// 金额，元 / Amount, yuan.
    amount: String,
}

/// 担保对账单 / The statement of a guarantor's account.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct GuaranteeStatementView {
    /// 担保企业代码 / Code of the guarantor.
    guarantor: String,
    /// 起日 / First day.
    from: String,
    /// 止日 / Last day.
    to: String,
    /// 期初 / Opening.
    opening: GuaranteeSumsView,
    /// 变动 / Movements.
    lines: Vec<GuaranteeLineView>,
    /// 按企业 / By firm; the guarantor's own lodging under its own code.
    by_firm: Vec<GuaranteeGroupView>,
    /// 按日 / By day.
    by_day: Vec<GuaranteeGroupView>,
    /// 按业务 / By kind.
    by_act: Vec<GuaranteeActView>,
    /// 期末 / Closing.
    closing: GuaranteeSumsView,
}

impl GuaranteeStatementView {
    pub(super) fn of(drawn: Statement) -> GuaranteeStatementView {
        let group = |of: String, total| GuaranteeGroupView::of(of, total);
        let act = |(act, inventories, amount): (Act, i64, kernel::Fen)| GuaranteeActView {
            act: act.name(),
            inventories,
            amount: amount.to_string(),
        };
        GuaranteeStatementView {
            guarantor: drawn.guarantor.code.to_string(),
            from: drawn.from.to_string(),
            to: drawn.to.to_string(),
            opening: drawn.opening.into(),
            lines: drawn.lines.into_iter().map(GuaranteeLineView::of).collect(),
            by_firm: drawn.by_firm.into_iter().map(|(firm, total)| group(firm, total)).collect(),
            by_day: drawn
                .by_day
                .into_iter()
                .map(|(on, total)| group(on.to_string(), total))
                .collect(),
            by_act: drawn.by_act.into_iter().map(act).collect(),
            closing: drawn.closing.into(),
        }
    }
}
