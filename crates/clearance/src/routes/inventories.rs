//! Inventories, their receipts and their findings.

use axum::extract::State;
use web::{ApiError, App, Caller, List, Page, PageParams, Path};

use super::lists::{InventoryFilter, Narrows};
use super::receipts::ReceiptView;
use super::views::{FindingView, InventoryView};
use super::{codes_of, is_named, unknown_word};
use crate::document::{Direction, DocumentId};
use crate::reference::Reference;
use crate::store::inventory::{self, Declared};
use crate::store::{finding, list, receipt};

const LIST: &str = "inventories";

/// 清单列表 / List inventories
#[utoipa::path(
    get, path = "/api/v1/inventories", operation_id = "list_inventories",
    params(PageParams, InventoryFilter),
    responses((status = 200, body = Page<InventoryView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<InventoryFilter>,
) -> Result<axum::Json<Page<InventoryView>>, ApiError> {
    let after = list.after::<DocumentId>(&app, LIST)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let mut filter = list.filter.parse(&app, &caller)?;
    if let Some(word) = filter.direction.as_deref().filter(|w| Direction::of_word(w).is_none()) {
        return Err(unknown_word("direction", word, "import, export"));
    }
    filter.after = after;
    let found = app.read(move |tx| list::inventories(tx, &filter, fetch)).await?;
    let page = Page::cut(&app, LIST, found, limit, |declared| declared.id);
    Ok(axum::Json(page.map(|declared| InventoryView::of(&declared))))
}

/// An inventory the caller may see, or 404.
pub(super) async fn seen(app: &App, caller: &Caller, id: DocumentId) -> Result<Declared, ApiError> {
    let codes = codes_of(app, caller)?;
    let found = app.read(move |tx| inventory::by_id(tx, id)).await?;
    let seen = found.filter(|declared| is_named(codes.as_deref(), &declared.parties()));
    seen.ok_or_else(ApiError::not_found)
}

/// 查看清单 / Show an inventory
#[utoipa::path(
    get, path = "/api/v1/inventories/{id}", operation_id = "show_inventory",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = InventoryView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<axum::Json<InventoryView>, ApiError> {
    let declared = seen(&app, &caller, id).await?;
    let ruling = declared.taxes.map(|taxes| taxes.ruling);
    let rules = app
        .read(move |tx| match ruling {
            Some(ruling) => inventory::ruling(tx, ruling),
            None => Ok(None),
        })
        .await?;
    let view = InventoryView::of(&declared);
    Ok(axum::Json(match rules {
        Some(rules) => view.with_rules(&rules),
        None => view,
    }))
}

/// 清单回执 / Receipts of an inventory
///
/// 按回执自身时间排序,含未改变状态者。 In the order of their own time, those that moved nothing
/// included.
#[utoipa::path(
    get, path = "/api/v1/inventories/{id}/receipts", operation_id = "list_inventory_receipts",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = Vec<ReceiptView>)),
)]
pub(super) async fn receipts(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<axum::Json<Vec<ReceiptView>>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let seen = seen(&app, &caller, id).await?;
    let found = app.read(move |tx| receipt::of(tx, id, &seen.history)).await?;
    Ok(axum::Json(found.iter().map(|one| ReceiptView::of(one, &reference)).collect()))
}

/// 清单问题 / Findings of an inventory
///
/// 未解决的问题及责任方,含尚缺单证。 What is open and whose task it is, missing documents included.
#[utoipa::path(
    get, path = "/api/v1/inventories/{id}/findings", operation_id = "list_inventory_findings",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = Vec<FindingView>)),
)]
pub(super) async fn findings(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<axum::Json<Vec<FindingView>>, ApiError> {
    let declared = seen(&app, &caller, id).await?;
    let open = app.read(move |tx| finding::of(tx, id)).await?;
    let mut views = FindingView::missing(&declared);
    views.extend(open.into_iter().map(FindingView::of));
    Ok(axum::Json(views))
}
