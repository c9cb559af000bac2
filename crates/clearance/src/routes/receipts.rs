//! Receipts, to be pulled.

use axum::extract::State;
use kernel::{Date, Time};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, List, Page, PageParams};

use super::lists::start_of;
use super::{codes_of, unknown_word};
use crate::receipt::sheet::Entry;
use crate::receipt::{Effect, ReceiptId};
use crate::reference::Reference;
use crate::store::receipt::{self, Filter, NONE};

const LIST: &str = "receipts";

/// 回执 / A receipt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ReceiptView {
    /// 平台编号 / Our id.
    #[schema(example = "rct_0dzq3k1v00000")]
    id: String,
    /// 回执报文类型 / Receipt type.
    #[schema(example = "CEB622")]
    message_type: String,
    /// 所属单证;未找到则为空 / Its document; null when it is not here.
    document_id: Option<String>,
    /// 回执状态 / Status.
    status: Option<i64>,
    /// 回执时间 / Its own time.
    time: Option<String>,
    /// 接收时间 / When it came in.
    received_at: String,
    /// 回执信息(个人信息已脱敏) / Its text, personal data masked.
    text: String,
    /// 处理:moved、repeated、late、behind、unknown_status、informs、orphan、malformed
    /// / What it did.
    effect: &'static str,
    /// 含义 / What it means.
    meaning: Words,
    /// 处理办法 / What to do.
    remedy: Words,
}

/// 中英文 / In both languages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Words {
    /// 中文 / Chinese.
    pub(super) zh: String,
    /// 英文 / English.
    pub(super) en: String,
}

impl Words {
    pub(super) fn of(text: &kernel::Text) -> Words {
        Words { zh: text.zh.clone(), en: text.en.clone() }
    }
}

impl ReceiptView {
    pub(super) fn of(stored: &Entry, reference: &Reference) -> ReceiptView {
        let advice = reference.advice(stored.kind, stored.status, &stored.text);
        ReceiptView {
            id: stored.id.to_string(),
            message_type: if stored.kind == 0 {
                "unknown".to_owned()
            } else {
                format!("CEB{}", stored.kind)
            },
            document_id: stored.document_id.map(|id| id.to_string()),
            status: stored.status,
            time: stored.at.map(Time::to_rfc3339),
            received_at: stored.id.time().to_rfc3339(),
            text: stored.text.clone(),
            effect: Effect::word_of(stored.effect),
            meaning: Words::of(&advice.meaning),
            remedy: Words::of(&advice.remedy),
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReceiptFilter {
    /// 回执状态 / Status.
    #[param(example = 800)]
    status: Option<i64>,
    /// 回执报文类型,如 CEB622 / Receipt type.
    message_type: Option<String>,
    /// 处理:moved、orphan 等 / What it did.
    effect: Option<String>,
    /// 接收日期起 / Received from this day on.
    #[param(value_type = Option<String>, example = "2026-11-01")]
    since: Option<Date>,
}

/// 拉取回执 / Pull receipts
///
/// 按接收顺序;以 `after` 续拉即不重不漏。
/// In the order of arrival; going on with `after` neither repeats nor skips.
#[utoipa::path(
    get, path = "/api/v1/receipts", operation_id = "list_receipts",
    params(PageParams, ReceiptFilter),
    responses((status = 200, body = Page<ReceiptView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<ReceiptFilter>,
) -> Result<axum::Json<Page<ReceiptView>>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let after = list.after::<ReceiptId>(&app, LIST)?.unwrap_or(NONE);
    let (fetch, limit) = (list.fetch(), list.limit);
    let ReceiptFilter { status, message_type, effect, since } = list.filter;
    let kind = match &message_type {
        None => None,
        Some(word) => {
            let number = word.strip_prefix("CEB").and_then(|number| number.parse().ok());
            Some(number.ok_or_else(|| unknown_word("message_type", word, "CEB312, CEB622, …"))?)
        }
    };
    let effect = match &effect {
        None => None,
        Some(word) => {
            let number = (0..=7).find(|number| Effect::word_of(*number) == word.as_str());
            Some(number.ok_or_else(|| unknown_word("effect", word, "moved, late, orphan, …"))?)
        }
    };
    let tenant = codes_of(&app, &caller)?;
    // A firm without a code is named nowhere.
    let parties = tenant.map(|codes| if codes.is_empty() { vec!["-".into()] } else { codes });
    let parties = parties.unwrap_or_default();
    let since = since.and_then(start_of);
    let filter = Filter { status, kind, effect, since, parties };
    let found = app.read(move |tx| receipt::list(tx, &filter, after, fetch)).await?;
    let page = Page::cut(&app, LIST, found, limit, |one| one.id);
    Ok(axum::Json(page.map(|one| ReceiptView::of(&one, &reference))))
}
