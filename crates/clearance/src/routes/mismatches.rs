//! Open differences between documents, and whose task they are.

use axum::extract::State;
use serde::Deserialize;
use web::{ApiError, App, Caller, List, Page, PageParams};

use super::views::FindingView;
use super::{codes_of, unknown_word};
use crate::document::DocumentId;
use crate::store::list::{self, Whose};

const LIST: &str = "mismatches";

/// The codes of differences begin so.
const DIFFERENCES: &str = "match.";

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MismatchFilter {
    /// `me`:仅本企业的任务;`all`:全部可见 / `me`: one's own tasks; `all`: all one may see.
    #[param(example = "me")]
    whose: Option<String>,
    /// 问题代码;以 . 结尾则按前缀,默认 match. / Finding code, or its beginning; match. by default.
    #[param(example = "match.amount")]
    code: Option<String>,
    /// 责任企业代码 / Tasks of this firm.
    party: Option<String>,
}

/// 比对差异 / Mismatches
///
/// 未解决的单证比对差异:差在哪个字段、哪两份单证之间、由谁处理。
/// Open differences: which field, between which documents, and who mends it.
#[utoipa::path(
    get, path = "/api/v1/mismatches", operation_id = "list_mismatches",
    params(PageParams, MismatchFilter),
    responses((status = 200, body = Page<FindingView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<MismatchFilter>,
) -> Result<axum::Json<Page<FindingView>>, ApiError> {
    let after = list.after::<(i64, i64)>(&app, LIST)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let MismatchFilter { whose, code, party } = list.filter;
    let tenant = codes_of(&app, &caller)?;
    let party = match whose.as_deref() {
        Some("me") => {
            caller.firm()?;
            tenant.clone()
        }
        None | Some("all") => party.map(|code| vec![code]),
        Some(word) => return Err(unknown_word("whose", word, "me, all")),
    };
    let whose = Whose {
        party,
        code: Some(code.unwrap_or_else(|| DIFFERENCES.to_owned())),
        tenant,
        after: after.map(|(document, n)| (DocumentId::from_i64(document), n)),
    };
    let found = app.read(move |tx| list::open_findings(tx, &whose, fetch)).await?;
    let page = Page::cut(&app, LIST, found, limit, |one| (one.document_id.to_i64(), one.n));
    Ok(axum::Json(page.map(FindingView::of)))
}
