//! Paging by key: a page starts after the key of the last item of the page before, so that pages
//! neither repeat nor skip when rows come and go, and cost the same at any depth.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::{Finding, Text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::{App, query};

/// Items of a page when the caller does not say.
pub const LIMIT_DEFAULT: u32 = 50;
/// Most items of a page: keeps one answer well under a second and a few hundred KiB.
pub const LIMIT_MAX: u32 = 500;

const MAC_BYTES: usize = 8;

/// 一页结果 / One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// 本页记录 / The items of this page.
    pub items: Vec<T>,
    /// 下一页的 after 参数;没有则为最后一页 / Pass as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of `items`, of which one more than `limit` was fetched when there are more. `key`
    /// gives the sort key of an item; `list` names the list the cursor is for.
    pub fn cut<K: Serialize>(
        app: &App,
        list: &str,
        mut items: Vec<T>,
        limit: u32,
        key: impl Fn(&T) -> K,
    ) -> Page<T> {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|item| encode(app, list, &key(item)));
        Page { items, next }
    }

    /// The page with each item turned into its wire form.
    pub fn map<U>(self, to: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(to).collect(), next: self.next }
    }
}

/// The two parameters every list takes; name it in `params(PageParams, …)` of a route.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// 每页条数,1 至 500,默认 50 / Items a page, 1 to 500, default 50.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u32>,
    /// 上一页返回的 next / The `next` of the page before.
    pub after: Option<String>,
}

/// The query string of a list: `limit`, `after`, and the filters `F` (use `()` for none). Unknown
/// parameters are refused.
pub struct List<F> {
    /// What is asked for.
    pub filter: F,
    /// Items wanted, 1 to [`LIMIT_MAX`].
    pub limit: u32,
    after: Option<String>,
}

impl<F> List<F> {
    /// The key to start after, from a cursor of the same list. 400 when it is not one of ours.
    pub fn after<K: DeserializeOwned>(&self, app: &App, list: &str) -> Result<Option<K>, ApiError> {
        let key = self.after.as_deref().map(|cursor| decode(app, list, cursor));
        let key = key.map(|key| key.ok_or_else(|| ApiError::malformed(vec![not_a_cursor()])));
        key.transpose()
    }

    /// How many rows to fetch: one more than asked for, which tells whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

impl<F: DeserializeOwned> FromRequestParts<App> for List<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<List<F>, ApiError> {
        let pairs = query::pairs(parts.uri.query().unwrap_or_default());
        let (own, _): (query::Pairs, query::Pairs) =
            pairs.iter().cloned().partition(|(name, _)| name == "limit" || name == "after");
        let mut findings = Vec::new();
        let page = query::read::<PageParams>(&own, &[]).map_err(|more| findings.extend(more)).ok();
        let limit = page.as_ref().and_then(|page| page.limit).unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            findings.push(limit_out_of_range(limit));
        }
        let filter = query::read::<F>(&pairs, &["limit", "after"]);
        let filter = filter.map_err(|more| merge(&mut findings, more)).ok();
        match (filter, findings.is_empty()) {
            (Some(filter), true) => {
                Ok(List { filter, limit, after: page.and_then(|page| page.after) })
            }
            _ => Err(ApiError::malformed(findings)),
        }
    }
}

/// Adds findings that are not there yet: a repeated `limit` is noticed by both readings.
fn merge(findings: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

fn limit_out_of_range(limit: u32) -> Finding {
    Finding::error(
        "query.invalid",
        Text::new("每页条数超出范围", "the number of items a page is out of range"),
        Text::new("请改为范围内的数", "choose a number within the range"),
    )
    .at("limit")
    .found(limit.to_string(), format!("1..={LIMIT_MAX}"))
}

fn not_a_cursor() -> Finding {
    Finding::error(
        "query.cursor",
        Text::new("翻页标记无效", "the paging cursor is not valid"),
        Text::new(
            "请原样传回上一页的 next;换了列表请从第一页开始",
            "pass back the `next` of the page before unchanged; start anew on another list",
        ),
    )
    .at("after")
}

/// An opaque cursor: the key and a keyed check value, bound to the list.
pub(crate) fn encode<K: Serialize>(app: &App, list: &str, key: &K) -> String {
    // A key is integers and texts; they cannot fail to become JSON.
    let key = serde_json::to_string(key).unwrap_or_default();
    let mut bytes = check(app, list, &key).to_vec();
    bytes.extend_from_slice(key.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn decode<K: DeserializeOwned>(app: &App, list: &str, cursor: &str) -> Option<K> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (mac, key) = bytes.split_at_checked(MAC_BYTES)?;
    let key = std::str::from_utf8(key).ok()?;
    // Forging a cursor gains nothing but a start position; timing is of no use to anyone.
    if mac != check(app, list, key) {
        return None;
    }
    serde_json::from_str(key).ok()
}

fn check(app: &App, list: &str, key: &str) -> [u8; MAC_BYTES] {
    let hash = app.db.sealer().keyed_hash("web.cursor", &format!("{list}\n{key}"));
    let mut mac = [0; MAC_BYTES];
    mac.copy_from_slice(&hash[..MAC_BYTES]);
    mac
}
