//! Period bills over HTTP: `/api/v1/tax-bills`. A firm sees the bills it guarantees and those made
//! for it alone; the operator records what customs and the treasury say on paper.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use db::Tx;
use kernel::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;
use web::{
    ApiError, App, Caller, Command, IdempotencyParams, List, Page, PageParams, Path, Routes, Scope,
};

use super::flow;
use super::receive_store;
use super::store::{self, Filter};
use super::types::*;
use crate::charge::store as charges;
use crate::charge::{BillId, Key};
use crate::guarantee::flow::{Failure, wrong};
use crate::guarantee::refusal::TaxRefusal;
use crate::guarantee::store as guarantors;
use crate::wire::{TaxPartsView, amount, canonical, csv, day};

const LIST: &str = "tax_bills";
const INVENTORIES: &str = "tax_bill_inventories";
const DIFFERENCES: &str = "tax_differences";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .on(Scope::LedgerRead, routes!(list))
        .on(Scope::LedgerRead, routes!(one))
        .on(Scope::LedgerRead, routes!(list_inventories))
        .on(Scope::LedgerRead, routes!(inventories_csv))
        .on(Scope::Operator, routes!(issue))
        .on(Scope::Operator, routes!(pay))
        .on(Scope::Operator, routes!(void))
        .on(Scope::Operator, routes!(refund))
        .on(Scope::LedgerRead, routes!(list_differences))
}

/// 汇总税单 / A period bill.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TaxBillView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "bil_01k9y7x2m4a80")]
    id: BillId,
    /// 担保企业代码 / Code of the guarantor.
    guarantor: String,
    /// 电商企业代码 / Code of the firm; absent: all firms of the guarantor.
    firm: Option<String>,
    /// 周期起日 / First day of the period.
    from: String,
    /// 周期止日 / Last day of the period.
    to: String,
    /// 状态 / open, closed, issued, paid, void, refunded.
    state: &'static str,
    /// 清单数 / Inventories of which tax is left.
    inventories: i64,
    /// 税款 / What is to be paid, or was.
    tax: TaxPartsView,
    /// 缴后退税，元 / Refunded after payment.
    refunded: String,
    /// 最迟缴纳日 / Last day to pay.
    pay_by: String,
    /// 缴款书编号 / Customs' payment notices.
    notices: Vec<String>,
    /// 关闭日 / Closed on.
    closed_on: Option<String>,
    /// 出具日 / Issued on.
    issued_on: Option<String>,
    /// 缴纳日 / Paid on.
    paid_on: Option<String>,
    /// 缴款凭证 / Reference of the payment.
    payment: Option<String>,
    /// 作废日 / Void on.
    voided_on: Option<String>,
    /// 退清日 / Refunded on.
    refunded_on: Option<String>,
    /// 作废或退税原因 / Why it is void or refunded.
    reason: Option<String>,
}

impl TaxBillView {
    fn of(bill: &Bill, guarantor: String) -> TaxBillView {
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        TaxBillView {
            id: bill.id,
            guarantor,
            firm: (!bill.firm.is_empty()).then(|| bill.firm.to_string()),
            from: bill.from_on.to_string(),
            to: bill.to_on.to_string(),
            state: bill.state.name(),
            inventories: bill.inventories,
            tax: bill.tax.into(),
            refunded: bill.refunded.to_string(),
            pay_by: bill.pay_by().to_string(),
            notices: bill.notices.clone(),
            closed_on: day(bill.closed_on),
            issued_on: day(bill.issued_on),
            paid_on: day(bill.paid_on),
            payment: text(&bill.payment),
            voided_on: day(bill.voided_on),
            refunded_on: day(bill.refunded_on),
            reason: text(&bill.reason),
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BillFilter {
    /// 担保企业代码 / Code of the guarantor.
    guarantor: Option<String>,
    /// 状态 / open, closed, issued, paid, void, refunded.
    state: Option<String>,
    /// 周期起日不早于 / Periods beginning on or after.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// 周期止日不晚于 / Periods ending on or before.
    #[param(example = "2026-11-30")]
    to: Option<String>,
}

/// The bill, when the caller guarantees it, when it is made for the caller, or is not a firm.
fn seen(tx: &mut Tx, caller: &Caller, id: BillId) -> Result<(Bill, String), Failure> {
    let bill = flow::find(tx, id)?;
    let found = guarantors::by_ids(tx, std::iter::once(bill.guarantor))?.pop();
    let code = found.map(|guarantor| guarantor.code.to_string()).unwrap_or_default();
    if let Some(party) = caller.party() {
        let own = canonical(tx, party)?;
        if own != code && own != *bill.firm {
            return Err(TaxRefusal::BillNotFound.into());
        }
    }
    Ok((bill, code))
}

/// 汇总税单列表 / List period bills
#[utoipa::path(
    get, path = "/api/v1/tax-bills", operation_id = "list_tax_bills",
    params(PageParams, BillFilter), responses((status = 200, body = Page<TaxBillView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<BillFilter>,
) -> Result<axum::Json<Page<TaxBillView>>, ApiError> {
    let after = list.after::<BillId>(&app, LIST)?.unwrap_or(BillId::from_i64(0));
    let (fetch, limit, asked) = (list.fetch(), list.limit, list.filter);
    let words = "open, closed, issued, paid, void, refunded";
    let state = |word: String| {
        let unknown = || ApiError::malformed(vec![wrong("state", &word, words)]);
        BillState::parse(&word).ok_or_else(unknown)
    };
    let state = asked.state.map(state).transpose()?;
    let from = asked.from.as_deref().map(|from| day("from", from)).transpose()?;
    let to = asked.to.as_deref().map(|to| day("to", to)).transpose()?;
    let guarantor = asked.guarantor;
    let found = app
        .read(move |tx| {
            let guarantor = guarantor.map(|code| canonical(tx, &code)).transpose()?;
            let party = caller.party().map(|party| canonical(tx, party)).transpose()?;
            store::list(tx, &Filter { guarantor, state, from, to, party }, after, fetch)
        })
        .await?;
    let page = Page::cut(&app, LIST, found, limit, |(bill, _)| bill.id);
    Ok(axum::Json(page.map(|(bill, code)| TaxBillView::of(&bill, code))))
}

/// 查看汇总税单 / Show a period bill
#[utoipa::path(
    get, path = "/api/v1/tax-bills/{id}", operation_id = "show_tax_bill",
    params(("id" = String, Path, description = "税单编号 / id of the bill")),
    responses((status = 200, body = TaxBillView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
) -> Result<axum::Json<TaxBillView>, ApiError> {
    let (bill, code) = app.read(move |tx| seen(tx, &caller, id)).await?;
    Ok(axum::Json(TaxBillView::of(&bill, code)))
}

/// 税单清单 / One inventory on a bill.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TaxBillInventoryView {
    /// 清单编号 / Customs' number of the inventory.
    invt_no: Option<String>,
    /// 电商企业代码 / Whose goods.
    firm: String,
    /// 状态 / billed, void.
    state: &'static str,
    /// 税款 / What is left of its taxes.
    tax: TaxPartsView,
    /// 缴后退税，元 / Refunded after payment.
    refunded: String,
    /// 放行日 / Released on.
    released_on: Option<String>,
    /// 电子税单编号 / Number of customs' e-tax bill.
    tax_no: Option<String>,
    /// 电子税单状态 / generated, summarised, void; absent: customs has said nothing yet.
    e_status: Option<&'static str>,
    /// 电子税单时间 / When customs said so.
    e_at: Option<String>,
    /// 缴款书编号 / Customs' payment notice.
    notice: Option<String>,
}

impl TaxBillInventoryView {
    fn of(shown: charges::Shown) -> TaxBillInventoryView {
        TaxBillInventoryView {
            invt_no: shown.invt_no,
            firm: shown.firm,
            state: shown.state.name(),
            tax: shown.tax.into(),
            refunded: shown.refunded.to_string(),
            released_on: shown.released_on.map(|on| on.to_string()),
            tax_no: shown.tax_no,
            e_status: shown.e_status.and_then(ElectronicStatus::of).map(ElectronicStatus::name),
            e_at: shown.e_at.map(Time::to_rfc3339),
            notice: shown.notice,
        }
    }
}

/// 税单所含清单 / Inventories of a period bill
#[utoipa::path(
    get, path = "/api/v1/tax-bills/{id}/inventories", operation_id = "list_tax_bill_inventories",
    params(("id" = String, Path, description = "税单编号 / id of the bill"), PageParams),
    responses((status = 200, body = Page<TaxBillInventoryView>)),
)]
pub(super) async fn list_inventories(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
    list: List<()>,
) -> Result<axum::Json<Page<TaxBillInventoryView>>, ApiError> {
    let after = list.after::<Key>(&app, INVENTORIES)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let found = app
        .read(move |tx| {
            seen(tx, &caller, id)?;
            Ok::<_, Failure>(charges::of_bill(tx, id, after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, INVENTORIES, found, limit, |shown| shown.key);
    Ok(axum::Json(page.map(TaxBillInventoryView::of)))
}

/// 税单清单明细（CSV） / The same list as CSV, with totals
#[utoipa::path(
    get, path = "/api/v1/tax-bills/{id}/inventories.csv",
    operation_id = "download_tax_bill_inventories",
    params(("id" = String, Path, description = "税单编号 / id of the bill")),
    responses((status = 200, description = "CSV", content_type = "text/csv", body = String)),
)]
pub(super) async fn inventories_csv(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
) -> Result<Response, ApiError> {
    let table = app
        .read(move |tx| {
            let (bill, code) = seen(tx, &caller, id)?;
            super::listing::listing(tx, &bill, &code)
        })
        .await?;
    Ok(csv(&table))
}

/// 缴款书 / Customs' payment notice.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaxBillNoticeRequest {
    /// 缴款书编号 / Number of the payment notice.
    notice: String,
    /// 出具日，默认今日 / Issued on; today when absent.
    #[schema(example = "2026-11-16")]
    on: Option<String>,
}

/// 缴款 / A payment.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaxBillPaymentRequest {
    /// 金额，元；须与税单一致 / Amount, yuan; must be the bill's.
    #[schema(example = "34560.00")]
    amount: String,
    /// 缴纳日 / Paid on.
    #[schema(example = "2026-11-16")]
    on: String,
    /// 缴款凭证 / Reference of the payment.
    reference: String,
}

/// 原因 / A reason.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaxBillReasonRequest {
    /// 原因 / Why.
    reason: String,
}

async fn act(
    app: App,
    caller: Caller,
    mark: Option<web::Mark>,
    act: impl FnOnce(&mut Tx, &db::Ctx) -> Result<Bill, Failure> + Send + 'static,
) -> Result<Response, ApiError> {
    app.once(&caller, mark, move |tx, ctx| {
        let bill = act(tx, ctx)?;
        let found = guarantors::by_ids(tx, std::iter::once(bill.guarantor))?.pop();
        let code = found.map(|guarantor| guarantor.code.to_string()).unwrap_or_default();
        Ok::<_, Failure>((StatusCode::OK, TaxBillView::of(&bill, code)))
    })
    .await
}

/// 登记缴款书 / Record customs' payment notice
#[utoipa::path(
    post, path = "/api/v1/tax-bills/{id}/issue", operation_id = "issue_tax_bill",
    params(("id" = String, Path, description = "税单编号 / id of the bill"), IdempotencyParams),
    request_body = TaxBillNoticeRequest, responses((status = 200, body = TaxBillView)),
)]
pub(super) async fn issue(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
    command: Command<TaxBillNoticeRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let on = body.on.as_deref().map(|on| day("on", on)).transpose()?;
    let record = move |tx: &mut Tx, ctx: &db::Ctx| {
        flow::issue(tx, ctx, id, body.notice.trim(), on.unwrap_or_else(|| ctx.now.date()))
    };
    act(app, caller, mark, record).await
}

/// 登记缴款 / Record the payment of a bill
///
/// 须足额；缴后担保额度恢复。 In full, to the fen; the guarantee is then free again.
#[utoipa::path(
    post, path = "/api/v1/tax-bills/{id}/pay", operation_id = "pay_tax_bill",
    params(("id" = String, Path, description = "税单编号 / id of the bill"), IdempotencyParams),
    request_body = TaxBillPaymentRequest, responses((status = 200, body = TaxBillView)),
)]
pub(super) async fn pay(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
    command: Command<TaxBillPaymentRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let (sum, on) = (amount("amount", &body.amount)?, day("on", &body.on)?);
    let record = move |tx: &mut Tx, ctx: &db::Ctx| {
        let payment = Payment { amount: sum, on, reference: body.reference.trim() };
        flow::pay(tx, ctx, id, &payment)
    };
    act(app, caller, mark, record).await
}

/// 作废税单 / Void a bill that is not paid
#[utoipa::path(
    post, path = "/api/v1/tax-bills/{id}/void", operation_id = "void_tax_bill",
    params(("id" = String, Path, description = "税单编号 / id of the bill"), IdempotencyParams),
    request_body = TaxBillReasonRequest, responses((status = 200, body = TaxBillView)),
)]
pub(super) async fn void(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
    command: Command<TaxBillReasonRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let record = move |tx: &mut Tx, ctx: &db::Ctx| flow::void(tx, ctx, id, body.reason.trim());
    act(app, caller, mark, record).await
}

/// 登记退税 / Record that a paid bill was refunded
#[utoipa::path(
    post, path = "/api/v1/tax-bills/{id}/refund", operation_id = "refund_tax_bill",
    params(("id" = String, Path, description = "税单编号 / id of the bill"), IdempotencyParams),
    request_body = TaxBillReasonRequest, responses((status = 200, body = TaxBillView)),
)]
pub(super) async fn refund(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<BillId>,
    command: Command<TaxBillReasonRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let record = move |tx: &mut Tx, ctx: &db::Ctx| flow::refund(tx, ctx, id, body.reason.trim());
    act(app, caller, mark, record).await
}

/// 税单差异 / Where customs' e-tax bill is not what was reckoned.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TaxDifferenceView {
    /// 清单编号 / Customs' number of the inventory.
    invt_no: String,
    /// 电子税单编号 / Number of the e-tax bill.
    tax_no: String,
    /// 担保企业代码 / The guarantor; absent: no inventory of that number is known here.
    guarantor: Option<String>,
    /// 电子税单状态 / generated, summarised, void.
    status: Option<&'static str>,
    /// 海关关税 / Duty as customs states it.
    duty: String,
    /// 海关增值税 / VAT as customs states it.
    vat: String,
    /// 海关消费税 / Consumption tax as customs states it.
    consumption_tax: String,
    /// 平台计税 / What was reckoned here.
    own: Option<TaxPartsView>,
    /// 海关时间 / When customs said so.
    at: String,
}

/// 税单差异列表 / List differences from customs' e-tax bills
#[utoipa::path(
    get, path = "/api/v1/tax-differences", operation_id = "list_tax_differences",
    params(PageParams), responses((status = 200, body = Page<TaxDifferenceView>)),
)]
pub(super) async fn list_differences(
    State(app): State<App>,
    caller: Caller,
    list: List<()>,
) -> Result<axum::Json<Page<TaxDifferenceView>>, ApiError> {
    let after = list.after::<i64>(&app, DIFFERENCES)?.unwrap_or(0);
    let (fetch, limit) = (list.fetch(), list.limit);
    let found = app
        .read(move |tx| {
            let own = caller.party().map(|party| canonical(tx, party)).transpose()?;
            receive_store::differences(tx, own.as_deref(), after, fetch)
        })
        .await?;
    let page = Page::cut(&app, DIFFERENCES, found, limit, |shown| shown.id);
    Ok(axum::Json(page.map(|shown| TaxDifferenceView {
        invt_no: shown.invt_no,
        tax_no: shown.tax_no,
        guarantor: shown.guarantor,
        status: shown.status.map(ElectronicStatus::name),
        duty: shown.stated.duty.to_string(),
        vat: shown.stated.vat.to_string(),
        consumption_tax: shown.stated.consumption_tax.to_string(),
        own: shown.own.map(TaxPartsView::from),
        at: shown.returned_at.to_rfc3339(),
    })))
}
