//! Acts on an inventory: the shortcut to a cancel application.

use axum::extract::State;
use axum::response::Response;
use kernel::{Finding, Text};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use web::{ApiError, App, Caller, Command, IdempotencyParams, Path, RequestId};

use super::codes_of;
use super::inventories::seen;
use super::submit::submit;
use crate::document::read::Veil;
use crate::document::{DocumentId, Door, Kind, guid};
use crate::intake::{Body, Outcome};
use crate::lifecycle::action::{self, Action};
use crate::reference::Reference;
use crate::store::inventory::Declared;

/// 撤销请求 / What cancelling needs beyond what the inventory says.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelRequest {
    /// 撤单原因 / Reason.
    #[schema(min_length = 1, max_length = 1000, example = "买家取消订单")]
    reason: String,
    /// 订购人证件号码;须与清单一致,出口清单不填 / Identity number of the buyer, as in the inventory;
    /// none for an export.
    #[serde(default)]
    buyer_id_number: String,
    /// 订购人姓名 / Name of the buyer.
    #[serde(default)]
    buyer_name: String,
    /// 订购人电话 / Telephone of the buyer.
    #[serde(default)]
    buyer_telephone: String,
    /// 申请单的企业内部编号;不填则取清单的 / Own number of the application; the inventory's when absent.
    cop_no: Option<String>,
}

/// 申请撤销清单 / Apply for cancellation
///
/// 由清单生成撤销申请单(CEB623)并报送。状态不允许时 409,说明原因和应如何办理。
/// Makes and hands in a cancel application. 409 when the state does not allow it, saying why and
/// what to do instead. Personal data are not kept in clear, so the buyer's are asked for again.
#[utoipa::path(
    post, path = "/api/v1/inventories/{id}/cancel", operation_id = "cancel_inventory",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = CancelRequest,
    responses(
        (status = 202, body = Outcome), (status = 200, body = Outcome),
        (status = 422, body = Outcome),
        (status = 409, description = "状态不允许 / the state does not allow it"),
    ),
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    request: RequestId,
    Path(id): Path<DocumentId>,
    command: Command<CancelRequest>,
) -> Result<Response, ApiError> {
    let declared = seen(&app, &caller, id).await?;
    let state = declared.position.state;
    if let Err(refusal) = action::inventory(state, Action::Cancel) {
        let conflict = axum::http::StatusCode::CONFLICT;
        return Err(ApiError::of(conflict, vec![refusal.finding(state)]));
    }
    let reference = app.shared::<Reference>()?;
    // The seller may apply itself; for everybody else it is the declarant's to do.
    let facts = &declared.facts;
    let codes = codes_of(&app, &caller)?.unwrap_or_default();
    let by = if codes.contains(&facts.ebc_code) { &facts.ebc_code } else { &facts.agent_code };
    let application = application(&app, &reference, &declared, &command.body, by)?;
    let body = Body::Json(Kind::cancel(facts.direction()), vec![application]);
    submit(&app, &caller, &request, Door::Json, body, command.mark).await
}

/// The cancel application, as JSON of the message family.
fn application(
    app: &App,
    reference: &Reference,
    declared: &Declared,
    asked: &CancelRequest,
    applicant: &str,
) -> Result<Json, ApiError> {
    let facts = &declared.facts;
    let sealer = app.db.sealer();
    let hash = |purpose: &'static str, text: &str| sealer.keyed_hash(purpose, text);
    let exported = facts.export.is_some();
    if !exported && Veil(&hash).buyer(&asked.buyer_id_number) != facts.buyer.id {
        return Err(ApiError::invalid(vec![other_buyer()]));
    }
    let directory = reference.directory.current();
    let name = |code: &str| {
        directory.by_code(code).map(|party| party.name.zh.to_string()).unwrap_or_default()
    };
    // The same application asked for twice has the same guid.
    let content = format!("{}{}{}", declared.id, declared.version, asked.reason);
    let mut application = json!({
        "guid": guid::show(&sealer.keyed_hash("cancel.guid", &content)),
        "appType": "1",
        "appTime": app.clock.now().to_compact(),
        "appStatus": "2",
        "customsCode": facts.customs_code,
        "ebcCode": facts.ebc_code,
        "ebcName": name(&facts.ebc_code),
        "copNo": asked.cop_no.as_deref().unwrap_or(&facts.cop_no),
        "invtNo": facts.invt_no,
        "agentCode": applicant,
        "agentName": name(applicant),
        "reason": asked.reason,
    });
    if !exported {
        for (field, value) in [
            ("orderNo", facts.order_no.as_str()),
            ("ebpCode", &facts.ebp_code),
            ("ebpName", &name(&facts.ebp_code)),
            ("logisticsNo", &facts.logistics_no),
            ("logisticsCode", &facts.logistics_code),
            ("logisticsName", &name(&facts.logistics_code)),
            ("buyerIdType", "1"),
            ("buyerIdNumber", &asked.buyer_id_number),
            ("buyerName", &asked.buyer_name),
            ("buyerTelephone", &asked.buyer_telephone),
        ] {
            application[field] = value.into();
        }
    }
    if !facts.pre_no.is_empty() {
        application["preNo"] = facts.pre_no.as_str().into();
    }
    Ok(application)
}

fn other_buyer() -> Finding {
    Finding::error(
        "cancel.other_buyer",
        Text::new("订购人证件号码与清单不一致", "the buyer is not the one of the inventory"),
        Text::new("填写清单上的订购人", "give the buyer named in the inventory"),
    )
    .at("buyer_id_number")
}
