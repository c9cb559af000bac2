//! Where is message X: everything linked to a number.

use std::collections::BTreeMap;

use axum::extract::State;
use db::{DbError, Tx};
use serde::Serialize;
use web::{ApiError, App, Caller, Path};

use super::views::{InventoryView, PaperView};
use super::{codes_of, is_named};
use crate::document::read::Veil;
use crate::document::{Facts, Kind};
use crate::flow::desk::{Change, Desk, ParcelKey, Wants};
use crate::store::inventory::{self, By};
use crate::store::{mention, message, paper};

/// 关联单证 / Everything linked to a number.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TraceView {
    /// 查询的编号 / The number asked for.
    number: String,
    /// 报文 / Messages of that guid.
    messages: Vec<MessageView>,
    /// 清单 / Inventories.
    inventories: Vec<InventoryView>,
    /// 其他单证 / Other documents.
    documents: Vec<PaperView>,
    /// 回执数 / Receipts of all of these.
    receipts: usize,
}

/// 报文 / A message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MessageView {
    /// 报文编号 / Our id.
    message_id: String,
    /// 报文类型 / Type.
    message_type: &'static str,
    /// 传输企业 / The firm that transmitted it.
    sender: String,
    /// 单证数 / Documents in it.
    documents: i64,
    /// 接收时间 / When it was received.
    received_at: String,
}

/// 全链路追溯 / Trace a number
///
/// 订单、运单、支付交易、企业内部、清单编号或 guid,查出关联的全部单证。
/// An order, waybill, transaction, own or inventory number, or a guid: everything linked to it.
#[utoipa::path(
    get, path = "/api/v1/trace/{number}", operation_id = "trace_number",
    params(("number" = String, Path, description = "任一编号 / any number")),
    responses((status = 200, body = TraceView)),
)]
pub(super) async fn trace(
    State(app): State<App>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<axum::Json<TraceView>, ApiError> {
    let codes = codes_of(&app, &caller)?;
    let asked = number.clone();
    let found = app.read(move |tx| look_up(tx, &asked, codes.as_deref())).await?;
    if found.messages.is_empty() && found.inventories.is_empty() && found.documents.is_empty() {
        return Err(ApiError::not_found());
    }
    Ok(axum::Json(TraceView { number, ..found }))
}

fn look_up(tx: &mut Tx, number: &str, codes: Option<&[String]>) -> Result<TraceView, DbError> {
    let sealer = tx.sealer().clone();
    let hash = |purpose: &'static str, text: &str| sealer.keyed_hash(purpose, text);
    let guid = Veil(&hash).guid(number);
    let mut desk = Desk::default();
    let mut wants = Wants::default();
    for by in [By::Order, By::Waybill, By::Inventory, By::Own] {
        wants.number(by, number);
    }
    for found in paper::by_number(tx, number)? {
        wants.around(&found.facts);
        desk.put_paper(found, Change::None);
    }
    for found in inventory::by_guids(tx, &[guid])? {
        wants.around_inventory(&found.facts);
        desk.put_inventory(found, Change::None);
    }
    desk.load(tx, wants)?;
    let mut cancels = Wants::default();
    for entry in &desk.inventories {
        let facts = &entry.value.facts;
        cancels.key(Kind::cancel(facts.direction()), &facts.agent_code, &facts.invt_no);
    }
    desk.load(tx, cancels)?;
    // What speaks of exports among others names them by waybill or inventory number.
    let exports = desk.inventories.iter().filter(|entry| entry.value.facts.export.is_some());
    let numbers = exports.flat_map(|entry| {
        let facts = &entry.value.facts;
        [facts.logistics_no.as_str(), facts.invt_no.as_str()]
    });
    for found in mention::naming(tx, numbers)? {
        desk.put_paper(found, Change::None);
    }
    shown(tx, &desk, &guid, codes)
}

fn shown(
    tx: &mut Tx,
    desk: &Desk,
    guid: &[u8; 16],
    codes: Option<&[String]>,
) -> Result<TraceView, DbError> {
    let mut papers = BTreeMap::new();
    for entry in &desk.papers {
        let one = &entry.value;
        if is_named(codes, &one.parties()) && !is_incidental(desk, &one.facts) {
            papers.insert(one.id, PaperView::of(one));
        }
    }
    let mut inventories = BTreeMap::new();
    for entry in &desk.inventories {
        if is_named(codes, &entry.value.parties()) {
            inventories.insert(entry.value.id, InventoryView::of(&entry.value));
        }
    }
    let messages: Vec<MessageView> = message::by_guid(tx, guid)?
        .into_iter()
        .filter(|stored| is_named(codes, std::slice::from_ref(&stored.sender)))
        .map(|stored| MessageView {
            message_id: stored.id.to_string(),
            message_type: stored.kind.code(),
            sender: stored.sender,
            documents: stored.documents,
            received_at: stored.received_at.to_rfc3339(),
        })
        .collect();
    let of_papers = desk.papers.iter().map(|entry| (entry.value.id, &entry.value.history));
    let of_inventories = desk.inventories.iter().map(|e| (e.value.id, &e.value.history));
    let receipts = of_papers
        .chain(of_inventories)
        .filter(|(id, _)| papers.contains_key(id) || inventories.contains_key(id))
        .map(|(id, history)| history.receipts(id).len())
        .sum();
    Ok(TraceView {
        number: String::new(),
        messages,
        inventories: inventories.into_values().collect(),
        documents: papers.into_values().collect(),
        receipts,
    })
}

/// A payment that shares an order number with the parcel but is of another platform.
fn is_incidental(desk: &Desk, facts: &Facts) -> bool {
    let Facts::Payment(payment) = facts else { return false };
    let parcel = ParcelKey::of_payment(payment);
    !desk.platforms_of(&payment.order_no).is_empty()
        && desk.payment_of(&parcel).is_none()
        && desk.order_of(&parcel).is_none()
}
