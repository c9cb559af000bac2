//! What is where, and why.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, List, Page, PageParams, Path};

use super::Own;
use crate::accounts::{self, Position};
use crate::book::store::{self, RecordFilter};
use crate::book::{self, Book, Record, RecordId};
use crate::movement::{self, Movement, MovementId};
use crate::refusal::{Failure, Refusal};

const LIST: &str = "bonded_stock";
const MOVEMENTS: &str = "bonded_movements";

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StockFilter {
    /// 账册编号 / Account book.
    book: Option<String>,
    /// 区域关区代码 / Customs district of the zone.
    #[param(example = "4253")]
    zone: Option<String>,
    /// 备案料号 / Record number.
    item_record_no: Option<String>,
    /// 商品编码 / HS code.
    hs_code: Option<String>,
}

/// 库存 / Where a record of a book stands. on_hand = opening + entered + returned +
/// transferred_in − exited − destroyed − in_transit − transferred_out + adjusted.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StockView {
    /// 账册编号 / Account book.
    book: String,
    /// 区域关区代码 / Customs district of the zone.
    zone: String,
    /// 备案料号 / Record number.
    item_record_no: String,
    /// 商品编码 / HS code.
    hs_code: String,
    /// 商品名称 / Name.
    name: String,
    /// 计量单位代码 / Unit.
    unit: String,
    /// 在库 / On hand in the zone, held or not.
    #[schema(example = "120")]
    on_hand: String,
    /// 可用 / On hand and free to draw.
    free: String,
    /// 清单占用 / Held for declared inventories.
    held: String,
    /// 待转出 / Set aside for transfers that have not left.
    to_be_transferred: String,
    /// 待销毁 / Awaiting destruction.
    awaiting_destruction: String,
    /// 在途 / On the way to another book.
    in_transit: String,
    /// 期初 / Taken over.
    opening: String,
    /// 入区 / Entered.
    entered: String,
    /// 退回 / Came back.
    returned: String,
    /// 转入 / Came from other books.
    transferred_in: String,
    /// 出区 / Left with released inventories.
    exited: String,
    /// 销毁 / Destroyed.
    destroyed: String,
    /// 转出(已到) / Arrived in other books.
    transferred_out: String,
    /// 盘点调整 / Adjusted after a stock-take; negative when less was found.
    adjusted: String,
}

impl StockView {
    fn of(record: &Record, book: &Book, position: &Position) -> StockView {
        StockView {
            book: book.number.to_string(),
            zone: book.zone.to_string(),
            item_record_no: record.item_no.to_string(),
            hs_code: record.hs_code.to_string(),
            name: record.name.to_string(),
            unit: record.unit.to_string(),
            on_hand: position.on_hand.to_string(),
            free: position.free.to_string(),
            held: position.held.to_string(),
            to_be_transferred: position.to_be_transferred.to_string(),
            awaiting_destruction: position.awaiting_destruction.to_string(),
            in_transit: position.in_transit.to_string(),
            opening: position.opening.to_string(),
            entered: position.entered.to_string(),
            returned: position.returned.to_string(),
            transferred_in: position.transferred_in.to_string(),
            exited: position.exited.to_string(),
            destroyed: position.destroyed.to_string(),
            transferred_out: position.transferred_out.to_string(),
            adjusted: position.adjusted.to_string(),
        }
    }
}

/// 库存分布 / What is where
///
/// 按料号、账册、区域查询在库、占用、在途、待销毁。By record, book or zone: on hand, held, in
/// transit, awaiting destruction, and every term of the equation of the book.
#[utoipa::path(
    get, path = "/api/v1/bonded/stock", operation_id = "list_bonded_stock",
    params(StockFilter, PageParams), responses((status = 200, body = Page<StockView>)),
)]
pub(super) async fn stock(
    State(app): State<App>,
    caller: Caller,
    list: List<StockFilter>,
) -> Result<axum::Json<Page<StockView>>, ApiError> {
    let after = list.after(&app, LIST)?.unwrap_or(RecordId::from_i64(0));
    let (own, fetch, limit) = (Own::of(&caller), list.fetch(), list.limit);
    let StockFilter { book, zone, item_record_no, hs_code } = list.filter;
    let rows = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let book = book.map(|number| book::owned(tx, seer, &number)).transpose()?;
            let filter = RecordFilter {
                holder: seer.firm(),
                book: book.map(|book| book.id),
                zone,
                item_no: item_record_no,
                hs_code,
            };
            let records = store::records(tx, &filter, after, fetch)?;
            let counted: Vec<_> = records.iter().map(|(record, _)| record.counted()).collect();
            let positions = accounts::positions(tx, &counted)?;
            Ok::<_, Failure>(records.into_iter().zip(positions).collect::<Vec<_>>())
        })
        .await?;
    let page = Page::cut(&app, LIST, rows, limit, |((record, _), _)| record.id);
    Ok(axum::Json(page.map(|((record, book), at)| StockView::of(&record, &book, &at))))
}

/// 库存变动 / A change of the stock on hand.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MovementView {
    /// 平台编号 / Our id.
    id: String,
    /// 时间(北京) / When, Beijing time.
    at: String,
    /// 原因 / Why: opening, entered, exited, returned, cancelled, dispatched, recalled, received,
    /// destroyed, adjusted.
    cause: &'static str,
    /// 数量,出库为负 / Quantity, negative when it went out.
    #[schema(example = "-2")]
    quantity: String,
    /// 依据:核注清单编号、清单或退货单内部键、流转出区单号、销毁批准编号 / What caused it, as people know
    /// it; inventories and returns by the key of clearance.
    reference: String,
}

impl MovementView {
    fn of(movement: Movement) -> MovementView {
        MovementView {
            id: movement.id.to_string(),
            at: movement.id.time().to_rfc3339(),
            cause: movement.cause.word(),
            quantity: movement.quantity.to_string(),
            reference: movement.reference,
        }
    }
}

/// 料号变动明细 / Movements of a record
///
/// 最近的在前。Latest first.
#[utoipa::path(
    get, path = "/api/v1/bonded/books/{number}/records/{item_record_no}/movements",
    operation_id = "list_bonded_movements",
    params(
        ("number" = String, Path, description = "账册编号 / number"),
        ("item_record_no" = String, Path, description = "备案料号 / record number"),
        PageParams,
    ),
    responses((status = 200, body = Page<MovementView>)),
)]
pub(super) async fn movements(
    State(app): State<App>,
    caller: Caller,
    Path((number, item)): Path<(String, String)>,
    list: List<()>,
) -> Result<axum::Json<Page<MovementView>>, ApiError> {
    let before = list.after(&app, MOVEMENTS)?.unwrap_or(MovementId::from_i64(i64::MAX));
    let (own, fetch) = (Own::of(&caller), list.fetch());
    let movements = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let book = book::owned(tx, seer, &number)?;
            let found = store::records_named(tx, book.id, std::iter::once(item))?;
            let record = found.into_values().next().ok_or(Refusal::NotFound)?;
            Ok::<_, Failure>(movement::of_record(tx, record.id, before, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, MOVEMENTS, movements, list.limit, |movement| movement.id);
    Ok(axum::Json(page.map(MovementView::of)))
}
