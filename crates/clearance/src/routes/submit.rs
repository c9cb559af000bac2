//! Handing documents in.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Finding, Text};
use serde_json::Value as Json;
use web::{
    ApiError, App, Caller, ErrorAnswer, IdempotencyParams, Raw, RequestId, Scope, key_reused,
    replay,
};

use crate::document::{Door, Kind};
use crate::intake::{Answer, Body, Intake, Mark, NotTaken, Outcome, Submission};

/// Documents one request may hold: as many as a message of the family.
const DOCUMENTS_MAX: usize = 100;

/// What 429 says of a submission.
const SENDER_FULL: &str = "本企业待处理的报文过多,见 Retry-After / Too many messages of this firm \
                           are waiting; see Retry-After";

/// 报送报文 / Hand in a message
///
/// 国家统一版 XML 报文,或传输信封(DxpMsg)。答复时已落盘。
/// A message of the national family in XML, or a transport envelope around one. Answered when it is
/// durable. 202: taken, in whole or in part; 200: a repeat; 422: all of it refused; 400: not
/// understood.
#[utoipa::path(
    post, path = "/api/v1/messages", operation_id = "submit_message",
    params(IdempotencyParams),
    request_body(content = String, content_type = "application/xml"),
    responses(
        (status = 202, body = Outcome), (status = 200, body = Outcome),
        (status = 422, body = Outcome), (status = 409, description = "Idempotency-Key reused"),
        (status = 429, body = ErrorAnswer, description = SENDER_FULL),
    ),
)]
pub(super) async fn messages(
    State(app): State<App>,
    caller: Caller,
    request: RequestId,
    raw: Raw,
) -> Result<Response, ApiError> {
    if raw.bytes.is_empty() {
        return Err(empty());
    }
    let body = Body::Message(raw.bytes.to_vec());
    submit(&app, &caller, &request, Door::Http, body, raw.mark).await
}

macro_rules! doors {
    ($($single:ident $batch:ident $path:literal $kind:ident $zh:literal $en:literal;)*) => {$(
        #[doc = concat!("报送", $zh, " / Hand in one ", $en)]
        ///
        /// 字段名与报文元素名相同。 Fields are named as the elements of the message.
        #[utoipa::path(
            post, path = concat!("/api/v1/", $path),
            operation_id = concat!("submit_", stringify!($single)),
            params(IdempotencyParams),
            request_body(content = Object, content_type = "application/json"),
            responses(
                (status = 202, body = Outcome), (status = 200, body = Outcome),
                (status = 422, body = Outcome),
                (status = 409, description = "Idempotency-Key reused"),
                (status = 429, body = ErrorAnswer, description = SENDER_FULL),
            ),
        )]
        pub(super) async fn $single(
            State(app): State<App>,
            caller: Caller,
            request: RequestId,
            raw: Raw,
        ) -> Result<Response, ApiError> {
            let value = parse(&raw.bytes)?;
            if !value.is_object() {
                return Err(wrong_shape("one object"));
            }
            let body = Body::Json(Kind::$kind, vec![value]);
            submit(&app, &caller, &request, Door::Json, body, raw.mark).await
        }

        #[doc = concat!("批量报送", $zh, " / Hand in up to 100 ", $en, "s")]
        ///
        /// 数组,或 `{"items": […]}`;逐项答复。
        /// An array, or `{"items": […]}`; answered item by item.
        #[utoipa::path(
            post, path = concat!("/api/v1/", $path, "/batch"),
            operation_id = concat!("submit_", stringify!($batch)),
            params(IdempotencyParams),
            request_body(content = Vec<Object>, content_type = "application/json"),
            responses(
                (status = 202, body = Outcome), (status = 200, body = Outcome),
                (status = 422, body = Outcome),
                (status = 409, description = "Idempotency-Key reused"),
                (status = 429, body = ErrorAnswer, description = SENDER_FULL),
            ),
        )]
        pub(super) async fn $batch(
            State(app): State<App>,
            caller: Caller,
            request: RequestId,
            raw: Raw,
        ) -> Result<Response, ApiError> {
            let body = Body::Json(Kind::$kind, items(&raw.bytes)?);
            submit(&app, &caller, &request, Door::Json, body, raw.mark).await
        }
    )*};
}

doors! {
    orders orders_batch "orders" Order "订单" "order";
    payments payments_batch "payments" Payment "支付单" "payment";
    waybills waybills_batch "waybills" Waybill "运单" "waybill";
    waybill_statuses waybill_statuses_batch "waybill-statuses" WaybillStatus "运单状态"
        "waybill status";
    inventories inventories_batch "inventories" Inventory "清单" "inventory";
    cancel_applications cancel_applications_batch "cancel-applications" CancelApplication
        "撤销申请单" "cancel application";
    warehousing_details warehousing_details_batch "warehousing-details" Warehousing
        "入库明细单" "warehousing detail";
    export_orders export_orders_batch "export-orders" ExportOrder "出口订单" "export order";
    funds_receipts funds_receipts_batch "funds-receipts" FundsReceipt "收款单" "receipt of funds";
    export_waybills export_waybills_batch "export-waybills" ExportWaybill "出口运单"
        "export waybill";
    export_inventories export_inventories_batch "export-inventories" ExportInventory "出口清单"
        "export inventory";
    export_cancels export_cancels_batch "export-cancel-applications" ExportCancel
        "出口撤销申请单" "export cancel application";
    arrivals arrivals_batch "arrivals" Arrival "运抵单" "arrival sheet";
    consolidations consolidations_batch "consolidations" Consolidation "清单总分单"
        "consolidation";
    departures departures_batch "departures" Departure "离境单" "departure sheet";
    summary_applications summary_applications_batch "summary-applications" SummaryApplication
        "汇总申请单" "summary application";
}

/// Hands in and answers. A key of no firm may hand in whatever names whomever: the operator's alone.
pub(super) async fn submit(
    app: &App,
    caller: &Caller,
    request: &RequestId,
    door: Door,
    body: Body,
    mark: Option<web::Mark>,
) -> Result<Response, ApiError> {
    if caller.party.is_none() {
        caller.must_hold(Scope::Operator)?;
    }
    let intake: Arc<Intake> = app.shared()?;
    let mark = mark.map(|mark| Mark {
        caller: caller.key.to_string(),
        key: mark.key,
        hash: mark.request_hash,
    });
    let submission =
        Submission { door, sender: caller.party.clone(), actor: caller.actor.clone(), body };
    match intake.submit_once(submission, mark).await {
        Ok(Answer::Fresh(outcome)) => answer(&outcome, &request.0),
        Ok(Answer::Replayed { status, body }) => {
            let status = StatusCode::from_u16(status).map_err(ApiError::bug)?;
            Ok(replay(status, body))
        }
        Err(not_taken) => Err(refusal_of(not_taken)),
    }
}

/// A refused message carries its errors also in the form of every other error of the platform.
fn answer(outcome: &Outcome, request_id: &str) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(outcome.http_status()).map_err(ApiError::bug)?;
    let mut body = serde_json::to_value(outcome).map_err(ApiError::bug)?;
    if status.is_client_error() {
        let of_items = outcome.items.iter().flat_map(|item| &item.findings);
        let errors: Vec<Json> = outcome
            .findings
            .iter()
            .chain(of_items)
            .filter(|finding| finding.is_error())
            .map(error_item)
            .collect();
        body["errors"] = Json::Array(errors);
        body["request_id"] = request_id.into();
    }
    let bytes = serde_json::to_vec(&body).map_err(ApiError::bug)?;
    let kind = HeaderValue::from_static("application/json");
    Ok((status, [(header::CONTENT_TYPE, kind)], bytes).into_response())
}

fn error_item(finding: &Finding) -> Json {
    let mut item = serde_json::to_value(finding).unwrap_or_default();
    item["field"] = finding.path.as_str().into();
    item
}

fn refusal_of(not_taken: NotTaken) -> ApiError {
    match not_taken {
        NotTaken::Full { retry_after_s } | NotTaken::Unavailable { retry_after_s } => {
            ApiError::busy(retry_after_s)
        }
        NotTaken::SenderFull { retry_after_s } => ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "intake.sender_full",
            Text::new("本企业待处理的报文过多", "too many messages of this firm are waiting"),
            Text::new("请按 Retry-After 秒数后重试", "try again after Retry-After seconds"),
        )
        .retry_after(retry_after_s),
        NotTaken::KeyReused => key_reused(),
        NotTaken::Closed => ApiError::busy(5),
    }
}

fn parse(bytes: &Bytes) -> Result<Json, ApiError> {
    if bytes.is_empty() {
        return Err(empty());
    }
    web::parse_json(bytes)
}

fn items(bytes: &Bytes) -> Result<Vec<Json>, ApiError> {
    let items = match parse(bytes)? {
        Json::Array(items) => items,
        Json::Object(mut object) => match object.remove("items") {
            Some(Json::Array(items)) if object.is_empty() => items,
            _ => return Err(wrong_shape("an array, or an object with items alone")),
        },
        _ => return Err(wrong_shape("an array, or an object with items alone")),
    };
    if items.is_empty() || items.len() > DOCUMENTS_MAX {
        return Err(ApiError::malformed(vec![
            Finding::error(
                "body.count",
                Text::new("单证数量超出范围", "the number of documents is out of range"),
                Text::new("每次 1 至 100 份,多则分批", "hand in 1 to 100 at a time"),
            )
            .found(items.len().to_string(), format!("1..={DOCUMENTS_MAX}")),
        ]));
    }
    Ok(items)
}

fn empty() -> ApiError {
    ApiError::malformed(vec![Finding::error(
        "body.empty",
        Text::new("请求体为空", "the body is empty"),
        Text::new("请在请求体中放入报文", "put the message into the body"),
    )])
}

fn wrong_shape(expected: &str) -> ApiError {
    ApiError::malformed(vec![
        Finding::error(
            "body.wrong_shape",
            Text::new("请求体结构不符", "the body has another shape"),
            Text::new("请对照接口文档 /api/docs", "see the API document at /api/docs"),
        )
        .found("", expected),
    ])
}
