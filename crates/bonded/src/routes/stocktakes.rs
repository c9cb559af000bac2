//! Stock-takes over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, IdempotencyParams, List, Page, PageParams, Path, Raw};

use super::Own;
use crate::book;
use crate::refusal::Failure;
use crate::stocktake::{self, Decision, Difference, Stocktake, StocktakeId};

const LIST: &str = "bonded_stocktakes";

/// 盘点 / A stock-take.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StocktakeView {
    /// 平台编号 / Our id.
    id: String,
    /// 账册编号 / Account book.
    book: String,
    /// 盘点时间(北京) / When, Beijing time.
    at: String,
    /// 状态:open(待处理)、closed / State.
    state: String,
    /// 文件料号数 / Records in the file.
    counted: i64,
    /// 差异数 / How many differ.
    differing: i64,
    /// 差异 / Those that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceView>,
}

/// 差异 / A difference.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DifferenceView {
    /// 行号 / Line number.
    line: u32,
    /// 料号 / Record number.
    item_record_no: String,
    /// 账册有该料号 / Whether the book has the record.
    in_book: bool,
    /// 账面 / On hand by the book.
    expected: String,
    /// 实盘 / In the warehouse.
    counted: String,
    /// 差异 / Counted less expected.
    difference: String,
    /// 决定:adjusted、left;未定为空 / Decision, empty while there is none.
    decision: String,
    /// 理由 / Why.
    reason: String,
}

impl StocktakeView {
    fn of(one: Stocktake, book: &str) -> StocktakeView {
        let difference = |d: &Difference| DifferenceView {
            line: d.line,
            item_record_no: d.item_no.clone(),
            in_book: d.record.is_some(),
            expected: d.expected.to_string(),
            counted: d.counted.to_string(),
            difference: d.counted.minus(d.expected).to_string(),
            decision: d.decision.clone(),
            reason: d.reason.clone(),
        };
        StocktakeView {
            id: one.id.to_string(),
            book: book.to_owned(),
            at: one.id.time().to_rfc3339(),
            differences: one.differences.iter().map(difference).collect(),
            state: one.state,
            counted: one.counted,
            differing: one.differing,
        }
    }
}

/// 提交盘点 / Hand in a warehouse count
///
/// 请求体为 CSV(UTF-8),首行列名 item_record_no,quantity[,unit][,location](或 料号,数量,计量单位,库位);
/// 同一料号多行相加;未列出的料号视为零。The body is CSV in UTF-8 with these columns; rows of one
/// record are added up; what is left out was not found.
#[utoipa::path(
    post, path = "/api/v1/bonded/books/{number}/stocktakes", operation_id = "count_bonded_stock",
    params(("number" = String, Path, description = "账册编号 / number"), IdempotencyParams),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = StocktakeView)),
)]
pub(super) async fn count(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    raw: Raw,
) -> Result<Response, ApiError> {
    let own = Own::of(&caller);
    app.once(&caller, raw.mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let book = book::owned(tx, seer, &number)?;
        let one = stocktake::count(tx, ctx, &book, &raw.bytes)?;
        Ok::<_, Failure>((StatusCode::CREATED, StocktakeView::of(one, &book.number)))
    })
    .await
}

/// 盘点列表 / List stock-takes of a book
#[utoipa::path(
    get, path = "/api/v1/bonded/books/{number}/stocktakes",
    operation_id = "list_bonded_stocktakes",
    params(("number" = String, Path, description = "账册编号 / number"), PageParams),
    responses((status = 200, body = Page<StocktakeView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    list: List<()>,
) -> Result<axum::Json<Page<StocktakeView>>, ApiError> {
    let after = list.after(&app, LIST)?.unwrap_or(StocktakeId::from_i64(0));
    let (own, fetch, of) = (Own::of(&caller), list.fetch(), number.clone());
    let found = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let book = book::owned(tx, seer, &of)?;
            Ok::<_, Failure>(stocktake::list(tx, book.id, after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, LIST, found, list.limit, |one| one.id);
    Ok(axum::Json(page.map(|one| StocktakeView::of(one, &number))))
}

/// 查看盘点 / Show a stock-take
#[utoipa::path(
    get, path = "/api/v1/bonded/stocktakes/{id}", operation_id = "show_bonded_stocktake",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = StocktakeView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<StocktakeId>,
) -> Result<axum::Json<StocktakeView>, ApiError> {
    let own = Own::of(&caller);
    let (one, book) = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            stocktake::find(tx, seer, id)
        })
        .await?;
    Ok(axum::Json(StocktakeView::of(one, &book.number)))
}

/// 差异处理 / Decisions about differences.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideRequest {
    /// 决定 / Decisions.
    decisions: Vec<Decision>,
}

/// 处理盘点差异 / Decide about differences
///
/// 账册只按明确的决定调整,决定须有理由。The book is adjusted by explicit decision only, with a
/// reason.
#[utoipa::path(
    post, path = "/api/v1/bonded/stocktakes/{id}/decide", operation_id = "decide_bonded_stocktake",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = DecideRequest, responses((status = 200, body = StocktakeView)),
)]
pub(super) async fn decide(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<StocktakeId>,
    command: Command<DecideRequest>,
) -> Result<Response, ApiError> {
    let own = Own::of(&caller);
    app.once(&caller, command.mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let one = stocktake::decide(tx, ctx, seer, id, &command.body.decisions)?;
        let (_, book) = stocktake::find(tx, seer, id)?;
        Ok::<_, Failure>((StatusCode::OK, StocktakeView::of(one, &book.number)))
    })
    .await
}
