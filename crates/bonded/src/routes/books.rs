//! Books, records and entries over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, IdempotencyParams, List, Page, PageParams, Path};

use super::{BondedLine, Own, law};
use crate::book::{self, store, *};
use crate::refusal::Failure;
use crate::site;

const LIST: &str = "bonded_books";
const ENTRIES: &str = "bonded_entries";

/// 保税账册 / A bonded account book.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BookView {
    /// 账册编号 / Number.
    number: String,
    /// 经营企业代码 / Code of the holder.
    holder: String,
    /// 经营企业海关编码 / The code documents name it by.
    area_code: String,
    /// 区域关区代码 / Customs district of the zone.
    zone: String,
    /// 监管方式 / Trade mode.
    trade_mode: String,
    /// 状态:open、closed / State.
    state: &'static str,
}

impl BookView {
    fn of(book: Book) -> BookView {
        BookView {
            number: book.number.into(),
            holder: book.holder_code.into(),
            area_code: book.area_code.into(),
            zone: book.zone.into(),
            trade_mode: book.trade_mode.into(),
            state: if book.open { OPEN } else { CLOSED },
        }
    }
}

/// 登记账册 / Register an account book
///
/// 同一账册重复登记返回原记录。The same again is found.
#[utoipa::path(
    post, path = "/api/v1/bonded/books", operation_id = "open_bonded_book",
    params(IdempotencyParams), request_body = BookDraft,
    responses((status = 201, body = BookView)),
)]
pub(super) async fn open(
    State(app): State<App>,
    caller: Caller,
    command: Command<BookDraft>,
) -> Result<Response, ApiError> {
    let (law, own) = (law(&app)?, Own::of(&caller));
    app.once(&caller, command.mark, move |tx, ctx| {
        let book = open_book(tx, ctx, &law, own.code(), &command.body)?;
        Ok::<_, Failure>((StatusCode::CREATED, BookView::of(book)))
    })
    .await
}

/// 账册列表 / List account books
#[utoipa::path(
    get, path = "/api/v1/bonded/books", operation_id = "list_bonded_books",
    params(PageParams), responses((status = 200, body = Page<BookView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<()>,
) -> Result<axum::Json<Page<BookView>>, ApiError> {
    let after = list.after(&app, LIST)?.unwrap_or(BookId::from_i64(0));
    let (own, fetch) = (Own::of(&caller), list.fetch());
    let books = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            Ok::<_, Failure>(store::books(tx, seer.firm(), after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, LIST, books, list.limit, |book| book.id);
    Ok(axum::Json(page.map(BookView::of)))
}

/// 查看账册 / Show an account book
#[utoipa::path(
    get, path = "/api/v1/bonded/books/{number}", operation_id = "show_bonded_book",
    params(("number" = String, Path, description = "账册编号 / number")),
    responses((status = 200, body = BookView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<axum::Json<BookView>, ApiError> {
    let own = Own::of(&caller);
    let book = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            owned(tx, seer, &number)
        })
        .await?;
    Ok(axum::Json(BookView::of(book)))
}

/// 账册结案 / Close an account book
///
/// 仍有在库或在途货物的不能结案。Refused while anything is on hand or on the way.
#[utoipa::path(
    post, path = "/api/v1/bonded/books/{number}/close", operation_id = "close_bonded_book",
    params(("number" = String, Path, description = "账册编号 / number")),
    responses((status = 200, body = BookView), (status = 409, description = "不能结案 / not empty")),
)]
pub(super) async fn close(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<axum::Json<BookView>, ApiError> {
    let own = Own::of(&caller);
    let book = app
        .write(&caller, move |tx, ctx| {
            let seer = own.seer(tx)?;
            let book = owned(tx, seer, &number)?;
            book::close(tx, ctx, &book)
        })
        .await?;
    Ok(axum::Json(BookView::of(book)))
}

/// 料号备案 / Records to file.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordsRequest {
    /// 料号 / Records.
    records: Vec<RecordDraft>,
}

/// 备案料号 / A record of a book.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RecordView {
    /// 备案料号 / Record number.
    item_record_no: String,
    /// 商品编码 / HS code.
    hs_code: String,
    /// 商品名称 / Name.
    name: String,
    /// 计量单位代码 / Unit.
    unit: String,
}

/// 备案结果 / The records as filed.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RecordsView {
    /// 料号 / Records.
    records: Vec<RecordView>,
}

/// 料号备案 / File records
///
/// 已备案的料号可改名称和商品编码,不可改计量单位。A filed record may change its name and HS code,
/// never its unit. 期初库存只在首次备案时有效。The opening stock counts once.
#[utoipa::path(
    post, path = "/api/v1/bonded/books/{number}/records", operation_id = "file_bonded_records",
    params(("number" = String, Path, description = "账册编号 / number"), IdempotencyParams),
    request_body = RecordsRequest, responses((status = 200, body = RecordsView)),
)]
pub(super) async fn file(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    command: Command<RecordsRequest>,
) -> Result<Response, ApiError> {
    let own = Own::of(&caller);
    app.once(&caller, command.mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let book = owned(tx, seer, &number)?;
        let records = file_records(tx, ctx, &book, &command.body.records)?;
        let view = |record: Record| RecordView {
            item_record_no: record.item_no.into(),
            hs_code: record.hs_code.into(),
            name: record.name.into(),
            unit: record.unit.into(),
        };
        let records = records.into_iter().map(view).collect();
        Ok::<_, Failure>((StatusCode::OK, RecordsView { records }))
    })
    .await
}

/// 入区核注 / An entry into the zone.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct EntryView {
    /// 平台编号 / Our id.
    id: String,
    /// 核注清单编号 / Checklist number.
    checklist_no: String,
    /// 报关单编号 / Customs declaration number.
    declaration_no: String,
    /// 监管方式 / Trade mode.
    trade_mode: String,
    /// 提运单号 / Bill number.
    bill_no: String,
    /// 入区日期 / Day of entry.
    entered_on: String,
    /// 商品 / Goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<BondedLine>>,
    /// 已收到的入库明细单数 / Warehousing details (711) that arrived for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrivals: Option<i64>,
    /// 入库明细运单数 / Waybills in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    waybills: Option<i64>,
}

impl EntryView {
    fn of(entry: Entry, counted: Option<(i64, i64)>) -> EntryView {
        let lines = counted.map(|_| entry.lines.iter().map(BondedLine::of).collect());
        EntryView {
            id: entry.id.to_string(),
            checklist_no: entry.checklist_no.into(),
            declaration_no: entry.declaration_no.into(),
            trade_mode: entry.trade_mode.into(),
            bill_no: entry.bill_no.into(),
            entered_on: entry.entered_on.to_string(),
            lines,
            arrivals: counted.map(|(details, _)| details),
            waybills: counted.map(|(_, waybills)| waybills),
        }
    }
}

/// 核注入账 / Credit an entry
///
/// 核注清单和报关单入区后记增账册。同一核注清单重复提交返回原记录。Credits the book with what
/// entered the zone; the same checklist again is found.
#[utoipa::path(
    post, path = "/api/v1/bonded/books/{number}/entries", operation_id = "enter_bonded_goods",
    params(("number" = String, Path, description = "账册编号 / number"), IdempotencyParams),
    request_body = EntryDraft, responses((status = 201, body = EntryView)),
)]
pub(super) async fn enter(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    command: Command<EntryDraft>,
) -> Result<Response, ApiError> {
    let (law, own) = (law(&app)?, Own::of(&caller));
    app.once(&caller, command.mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let book = owned(tx, seer, &number)?;
        let entry = book::enter(tx, ctx, &law, &book, &command.body)?;
        let counted = site::store::counted(tx, entry.id)?;
        Ok::<_, Failure>((StatusCode::CREATED, EntryView::of(entry, Some(counted))))
    })
    .await
}

/// 核注列表 / List entries of a book
#[utoipa::path(
    get, path = "/api/v1/bonded/books/{number}/entries", operation_id = "list_bonded_entries",
    params(("number" = String, Path, description = "账册编号 / number"), PageParams),
    responses((status = 200, body = Page<EntryView>)),
)]
pub(super) async fn entries(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
    list: List<()>,
) -> Result<axum::Json<Page<EntryView>>, ApiError> {
    let after = list.after(&app, ENTRIES)?.unwrap_or(EntryId::from_i64(0));
    let (own, fetch) = (Own::of(&caller), list.fetch());
    let entries = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let book = owned(tx, seer, &number)?;
            Ok::<_, Failure>(store::entries(tx, book.id, after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, ENTRIES, entries, list.limit, |entry| entry.id);
    Ok(axum::Json(page.map(|entry| EntryView::of(entry, None))))
}

/// 查看核注 / Show an entry
#[utoipa::path(
    get, path = "/api/v1/bonded/entries/{id}", operation_id = "show_bonded_entry",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = EntryView)),
)]
pub(super) async fn entry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<EntryId>,
) -> Result<axum::Json<EntryView>, ApiError> {
    let own = Own::of(&caller);
    let (entry, counted) = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let (entry, _) = find_entry(tx, seer, id)?;
            let counted = site::store::counted(tx, entry.id)?;
            Ok::<_, Failure>((entry, counted))
        })
        .await?;
    Ok(axum::Json(EntryView::of(entry, Some(counted))))
}
