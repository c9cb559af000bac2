//! Orders, payments, waybills, waybill statuses, cancel applications, warehousing details, and the
//! export documents other than inventories.

use axum::extract::State;
use web::{ApiError, App, Caller, List, Page, PageParams, Path};

use super::lists::{
    CancelApplicationFilter, CollectiveFilter, Narrows, OrderFilter, PaymentFilter,
    WarehousingFilter, WaybillFilter, WaybillStatusFilter,
};
use super::views::{PaperView, is_kind};
use super::{codes_of, is_named};
use crate::document::{DocumentId, Kind};
use crate::store::{list, paper};

macro_rules! documents {
    ($(
        $many:ident $one:ident $path:literal $kind:ident $filter:ident $zh:literal $en:literal;
    )*) => {$(
        #[doc = concat!($zh, "列表 / List ", $en, "s")]
        #[utoipa::path(
            get, path = concat!("/api/v1/", $path),
            operation_id = concat!("list_", stringify!($many)),
            params(PageParams, $filter),
            responses((status = 200, body = Page<PaperView>)),
        )]
        pub(super) async fn $many(
            State(app): State<App>,
            caller: Caller,
            list: List<$filter>,
        ) -> Result<axum::Json<Page<PaperView>>, ApiError> {
            page(&app, &caller, list, Kind::$kind).await.map(axum::Json)
        }

        #[doc = concat!("查看", $zh, " / Show one ", $en)]
        #[utoipa::path(
            get, path = concat!("/api/v1/", $path, "/{id}"),
            operation_id = concat!("show_", stringify!($one)),
            params(("id" = String, Path, description = "平台编号 / our id")),
            responses((status = 200, body = PaperView)),
        )]
        pub(super) async fn $one(
            State(app): State<App>,
            caller: Caller,
            Path(id): Path<DocumentId>,
        ) -> Result<axum::Json<PaperView>, ApiError> {
            show(&app, &caller, id, Kind::$kind).await.map(axum::Json)
        }
    )*};
}

documents! {
    orders order "orders" Order OrderFilter "订单" "order";
    payments payment "payments" Payment PaymentFilter "支付单" "payment";
    waybills waybill "waybills" Waybill WaybillFilter "运单" "waybill";
    waybill_statuses waybill_status "waybill-statuses" WaybillStatus WaybillStatusFilter
        "运单状态" "waybill status";
    cancel_applications cancel_application "cancel-applications" CancelApplication
        CancelApplicationFilter "撤销申请单" "cancel application";
    warehousing_details warehousing_detail "warehousing-details" Warehousing WarehousingFilter
        "入库明细单" "warehousing detail";
    export_orders export_order "export-orders" ExportOrder OrderFilter "出口订单" "export order";
    funds_receipts funds_receipt "funds-receipts" FundsReceipt PaymentFilter "收款单"
        "receipt of funds";
    export_waybills export_waybill "export-waybills" ExportWaybill WaybillStatusFilter
        "出口运单" "export waybill";
    export_cancels export_cancel "export-cancel-applications" ExportCancel
        CancelApplicationFilter "出口撤销申请单" "export cancel application";
    arrivals arrival "arrivals" Arrival CollectiveFilter "运抵单" "arrival sheet";
    consolidations consolidation "consolidations" Consolidation CollectiveFilter "清单总分单"
        "consolidation";
    departures departure "departures" Departure CollectiveFilter "离境单" "departure sheet";
    summary_applications summary_application "summary-applications" SummaryApplication
        WarehousingFilter "汇总申请单" "summary application";
}

async fn page(
    app: &App,
    caller: &Caller,
    list: List<impl Narrows>,
    kind: Kind,
) -> Result<Page<PaperView>, ApiError> {
    let after = list.after::<DocumentId>(app, kind.word())?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let mut filter = list.filter.parse(app, caller)?;
    filter.after = after;
    let found = app.read(move |tx| list::papers(tx, kind, &filter, fetch)).await?;
    let page = Page::cut(app, kind.word(), found, limit, |paper| paper.id);
    Ok(page.map(|paper| PaperView::of(&paper)))
}

async fn show(
    app: &App,
    caller: &Caller,
    id: DocumentId,
    kind: Kind,
) -> Result<PaperView, ApiError> {
    let codes = codes_of(app, caller)?;
    let found = app.read(move |tx| paper::by_id(tx, id)).await?;
    let seen =
        found.filter(|paper| is_kind(paper, kind) && is_named(codes.as_deref(), &paper.parties()));
    seen.map(|paper| PaperView::of(&paper)).ok_or_else(ApiError::not_found)
}
