//! What a buyer has used of the yearly limit, as far as this platform has seen it.

use axum::extract::State;
use db::{DbError, Tx};
use kernel::{Finding, Text, mask};
use ledger::quota::{BuyerYear, usage};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Json};

use super::{codes_of, is_named};
use crate::document::Facts;
use crate::document::read::Veil;
use crate::reference::Reference;
use crate::store::inventory::{self, By};
use crate::store::paper;

/// 额度查询条件 / Whose room is asked for. In the body: an address is written into logs.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaRequest {
    /// 订购人证件号码 / Identity number of the buyer.
    id_number: String,
    /// 年度,默认今年 / Calendar year, this one by default.
    #[schema(example = 2026)]
    year: Option<i16>,
    /// 该订购人的订单编号;企业必填,其订单或清单须列明本企业 / An order of this buyer's. A firm must
    /// give one, whose order or inventory names the firm; without it nobody is found.
    order_no: Option<String>,
}

/// 年度额度 / Room in a buyer's year.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct QuotaView {
    /// 订购人(脱敏) / The buyer, masked.
    buyer: String,
    /// 年度 / Year.
    year: i16,
    /// 限额,元 / Limit, yuan.
    #[schema(example = "26000.00")]
    limit: String,
    /// 已用 / Used.
    used: String,
    /// 占用 / Held.
    held: String,
    /// 剩余 / Left.
    left: String,
    /// 说明 / What this figure is.
    note_zh: &'static str,
    /// 说明(英文) / In English.
    note_en: &'static str,
}

/// 个人额度查询 / A buyer's yearly limit
///
/// 仅为本平台所见,以海关为准。每次查询留痕。企业只能查询自己订单或清单的订购人,否则 404。
/// Only what this platform has seen; customs' account decides. Every look is audited. A firm may
/// ask about the buyers of orders and inventories that name it: 404 for anybody else.
#[utoipa::path(
    post, path = "/api/v1/quota", operation_id = "show_quota",
    request_body = QuotaRequest, responses((status = 200, body = QuotaView)),
)]
pub(super) async fn quota(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<QuotaRequest>,
) -> Result<axum::Json<QuotaView>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let year = asked.year.unwrap_or_else(|| app.clock.now().date().year());
    let day = kernel::Date::new(year, 12, 31).map_err(|_| bad_year(year))?;
    let law = reference
        .law(day)
        .map_err(|unknown| ApiError::malformed(vec![unknown.to_finding().at("year")]))?;
    let sealer = app.db.sealer().clone();
    let hash = |purpose: &'static str, text: &str| sealer.keyed_hash(purpose, text);
    let buyer = Veil(&hash).buyer(&asked.id_number);
    let codes = codes_of(&app, &caller)?;
    let order_no = asked.order_no.unwrap_or_default();
    let found = app
        .write(&caller, move |tx, ctx| {
            let allowed = match &codes {
                None => true,
                Some(codes) => is_buyer_of(tx, &buyer, order_no.trim(), codes)?,
            };
            let act = if allowed { "quota.look" } else { "quota.refused" };
            // Named by the hash: the audit holds no personal data.
            tx.audit(ctx, act, &super::views::hex(&buyer), &year.to_string())?;
            if allowed { usage(tx, &[BuyerYear { buyer, year }]).map(Some) } else { Ok(None) }
        })
        .await?
        .ok_or_else(ApiError::not_found)?;
    let used = found.first().copied().unwrap_or_default();
    let limit = kernel::Fen::from_yuan(law.annual_limit, kernel::Round::Down).unwrap_or_default();
    let left = (limit.0 - used.used.0 - used.held.0).max(0);
    Ok(axum::Json(QuotaView {
        buyer: mask::id_number(asked.id_number.trim()),
        year,
        limit: limit.to_string(),
        used: used.used.to_string(),
        held: used.held.to_string(),
        left: kernel::Fen(left).to_string(),
        note_zh: "本平台影子账,以海关总署年度额度为准",
        note_en: "this platform's shadow account; the national account decides",
    }))
}

/// Whether an order or inventory of that order number has this buyer and names one of the codes.
fn is_buyer_of(
    tx: &mut Tx,
    buyer: &[u8; 16],
    order_no: &str,
    codes: &[String],
) -> Result<bool, DbError> {
    if order_no.is_empty() {
        return Ok(false);
    }
    let orders = paper::orders_numbered(tx, std::iter::once(order_no))?;
    let of_order = orders.iter().any(|order| match &*order.facts {
        Facts::Order(facts) => facts.buyer.id == *buyer && is_named(Some(codes), &order.parties()),
        _ => false,
    });
    if of_order {
        return Ok(true);
    }
    let inventories = inventory::by_numbers(tx, By::Order, std::iter::once(order_no))?;
    Ok(inventories
        .iter()
        .any(|one| one.facts.buyer.id == *buyer && is_named(Some(codes), &one.parties())))
}

fn bad_year(year: i16) -> ApiError {
    ApiError::malformed(vec![
        Finding::error(
            "query.invalid",
            Text::new("年度无效", "the year is not valid"),
            Text::new("请填写四位年度", "give a year of four digits"),
        )
        .at("year")
        .found(year.to_string(), "a calendar year"),
    ])
}
