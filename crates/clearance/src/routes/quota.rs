//! What a buyer has used of the yearly limit, as far as this platform has seen it.

use axum::extract::State;
use kernel::{Finding, Text, mask};
use ledger::quota::{BuyerYear, usage};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Query};

use crate::document::read::Veil;
use crate::reference::Reference;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct QuotaParams {
    /// 订购人证件号码 / Identity number of the buyer.
    id_number: String,
    /// 年度,默认今年 / Calendar year, this one by default.
    #[param(example = 2026)]
    year: Option<i16>,
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
/// 仅为本平台所见,以海关为准。每次查询留痕。
/// Only what this platform has seen; customs' account decides. Every look is audited.
#[utoipa::path(
    get, path = "/api/v1/quota", operation_id = "show_quota",
    params(QuotaParams), responses((status = 200, body = QuotaView)),
)]
pub(super) async fn quota(
    State(app): State<App>,
    caller: Caller,
    Query(params): Query<QuotaParams>,
) -> Result<axum::Json<QuotaView>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let year = params.year.unwrap_or_else(|| app.clock.now().date().year());
    let day = kernel::Date::new(year, 12, 31).map_err(|_| bad_year(year))?;
    let law = reference
        .law(day)
        .map_err(|unknown| ApiError::malformed(vec![unknown.to_finding().at("year")]))?;
    let sealer = app.db.sealer().clone();
    let hash = |purpose: &'static str, text: &str| sealer.keyed_hash(purpose, text);
    let buyer = Veil(&hash).buyer(&params.id_number);
    let found = app
        .write(&caller, move |tx, ctx| {
            // Named by the hash: the audit holds no personal data.
            tx.audit(ctx, "quota.look", &super::views::hex(&buyer), &year.to_string())?;
            usage(tx, &[BuyerYear { buyer, year }])
        })
        .await?;
    let used = found.first().copied().unwrap_or_default();
    let limit = kernel::Fen::from_yuan(law.annual_limit, kernel::Round::Down).unwrap_or_default();
    let left = (limit.0 - used.used.0 - used.held.0).max(0);
    Ok(axum::Json(QuotaView {
        buyer: mask::id_number(params.id_number.trim()),
        year,
        limit: limit.to_string(),
        used: used.used.to_string(),
        held: used.held.to_string(),
        left: kernel::Fen(left).to_string(),
        note_zh: "本平台影子账,以海关总署年度额度为准",
        note_en: "this platform's shadow account; the national account decides",
    }))
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
