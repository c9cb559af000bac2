//! The routes of API keys, for the operator; and who one is, for anyone with a key.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::{Date, Finding, Text, Time};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::{Created, Key, KeyId, KeyState, NewKey, end_of_day, store};
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::page::{List, Page, PageParams};
use crate::routes::Routes;
use crate::scope::{Role, Scope, Scopes};
use crate::{App, Caller};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .on(Scope::KeysWrite, routes!(list, issue))
        .on(Scope::KeysWrite, routes!(one, revoke))
        .any_key(routes!(whoami))
}

const LIST: &str = "api-keys";

/// 签发密钥 / A key to issue. Give `role`, or `scopes`, not both.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueKey {
    /// 用途 / What it is for.
    #[schema(example = "ERP 对接", max_length = 100)]
    name: String,
    /// 企业代码;监管和运维密钥不填 / Code of the firm; none for officers and the operator.
    #[schema(example = "3703960ABC")]
    party: Option<String>,
    /// 预设角色 / Preset role.
    role: Option<Role>,
    /// 权限 / Scopes, instead of a role.
    #[schema(example = json!(["messages:write", "messages:read"]))]
    scopes: Option<Vec<String>>,
    /// 最后有效日(北京时间) / Last good day, Beijing time.
    #[schema(value_type = Option<String>, format = Date, example = "2027-12-31")]
    expires_on: Option<Date>,
}

/// 接口密钥 / An API key, without its secret.
#[derive(Serialize, utoipa::ToSchema)]
struct KeyView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "key_01k9y7x2m4a80")]
    id: KeyId,
    /// 用途 / What it is for.
    name: String,
    /// 企业代码 / Code of the firm.
    party: Option<String>,
    /// 权限 / Scopes.
    scopes: Vec<&'static str>,
    /// 状态 / State.
    state: KeyState,
    /// 签发时间 / When issued.
    created_at: String,
    /// 签发人 / Who issued it.
    created_by: String,
    /// 失效时间 / When it ends.
    expires_at: Option<String>,
    /// 吊销时间 / When it was revoked.
    revoked_at: Option<String>,
    /// 最近使用(约一分钟精度) / When last used, to about a minute.
    last_used_at: Option<String>,
}

impl KeyView {
    fn of(key: Key, now: Time) -> KeyView {
        KeyView {
            id: key.id,
            state: key.state(now),
            name: key.name,
            party: key.party,
            scopes: key.scopes.iter().map(Scope::name).collect(),
            created_at: key.created.to_rfc3339(),
            created_by: key.created_by,
            expires_at: key.expires.map(Time::to_rfc3339),
            revoked_at: key.revoked.map(Time::to_rfc3339),
            last_used_at: key.last_used.map(Time::to_rfc3339),
        }
    }
}

/// 新签发的密钥 / A key just issued.
#[derive(Serialize, utoipa::ToSchema)]
struct IssuedKey {
    /// 密钥全文,仅显示一次 / The key itself, shown this once.
    #[schema(example = "kouan_…")]
    secret: String,
    /// 密钥 / The key.
    key: KeyView,
}

/// 密钥持有人 / Who the key speaks for.
#[derive(Serialize, utoipa::ToSchema)]
struct CallerView {
    /// 密钥编号 / Id of the key.
    #[schema(value_type = String)]
    key: KeyId,
    /// 企业代码 / Code of the firm; none for officers and the operator.
    party: Option<String>,
    /// 权限 / Scopes.
    scopes: Vec<&'static str>,
    /// 平台时间 / The platform's time.
    server_time: String,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct KeyFilter {
    /// 企业代码 / Code of the firm.
    party: Option<String>,
}

/// 密钥列表 / List keys, newest first
#[utoipa::path(
    get, path = "/api/v1/api-keys", operation_id = "list_api_keys",
    params(PageParams, KeyFilter), responses((status = 200, body = Page<KeyView>)),
)]
async fn list(
    State(app): State<App>,
    list: List<KeyFilter>,
) -> Result<axum::Json<Page<KeyView>>, ApiError> {
    let after = list.after::<KeyId>(&app, LIST)?;
    let (fetch, party) = (list.fetch(), list.filter.party);
    let keys = app.read(move |tx| store::list(tx, party.as_deref(), after, fetch)).await?;
    let now = app.clock.now();
    let page = Page::cut(&app, LIST, keys, list.limit, |key| key.id);
    Ok(axum::Json(page.map(|key| KeyView::of(key, now))))
}

/// 签发密钥 / Issue a key
///
/// 密钥全文只在应答中出现一次,平台不保存,因此本接口不支持 Idempotency-Key 重放。
/// The secret appears in this answer only and is not kept, so the answer cannot be replayed.
#[utoipa::path(
    post, path = "/api/v1/api-keys", operation_id = "issue_api_key",
    request_body = IssueKey, responses((status = 201, body = IssuedKey)),
)]
async fn issue(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<IssueKey>,
) -> Result<(StatusCode, axum::Json<IssuedKey>), ApiError> {
    let new = new_key(request)?;
    let created = app.write(&caller, move |tx, ctx| store::create(tx, ctx, &new)).await?;
    let Created { key, secret } = created;
    let view = KeyView::of(key, app.clock.now());
    let issued = IssuedKey { secret: secret.reveal().to_owned(), key: view };
    Ok((StatusCode::CREATED, axum::Json(issued)))
}

/// 查看密钥 / Show a key
#[utoipa::path(
    get, path = "/api/v1/api-keys/{id}", operation_id = "show_api_key",
    params(("id" = String, Path, description = "密钥编号 / id of the key")),
    responses((status = 200, body = KeyView)),
)]
async fn one(
    State(app): State<App>,
    Path(id): Path<KeyId>,
) -> Result<axum::Json<KeyView>, ApiError> {
    let key = app.read(move |tx| store::find(tx, id)).await?;
    Ok(axum::Json(KeyView::of(key, app.clock.now())))
}

/// 吊销密钥 / Revoke a key
///
/// 立即生效;重复吊销不报错。 Takes effect at once; revoking again changes nothing.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", operation_id = "revoke_api_key",
    params(("id" = String, Path, description = "密钥编号 / id of the key")),
    responses((status = 200, body = KeyView)),
)]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<KeyId>,
) -> Result<axum::Json<KeyView>, ApiError> {
    let key = app.write(&caller, move |tx, ctx| store::revoke(tx, ctx, id)).await?;
    app.keys().forget(id);
    Ok(axum::Json(KeyView::of(key, app.clock.now())))
}

/// 我是谁 / Whom this key speaks for
///
/// 用于检查密钥和时钟。 For checking one's key and clock.
#[utoipa::path(
    get, path = "/api/v1/caller", operation_id = "show_caller",
    responses((status = 200, body = CallerView)),
)]
async fn whoami(State(app): State<App>, caller: Caller) -> axum::Json<CallerView> {
    axum::Json(CallerView {
        key: caller.key,
        party: caller.party().map(str::to_owned),
        scopes: caller.scopes.iter().map(Scope::name).collect(),
        server_time: app.clock.now().to_rfc3339(),
    })
}

/// The wire form into a key to issue; every finding at once where possible.
fn new_key(request: IssueKey) -> Result<NewKey, ApiError> {
    let mut findings = Vec::new();
    let scopes = match (request.role, &request.scopes) {
        (Some(role), None) => {
            findings.extend(check_role(role, request.party.as_deref()));
            role.scopes()
        }
        (None, Some(names)) => named_scopes(names, &mut findings),
        _ => {
            let text = Text::new("请在角色和权限中任选其一", "give either a role or scopes");
            let remedy = Text::new("只填 role 或只填 scopes", "give one of role and scopes");
            findings.push(Finding::error("key.role_or_scopes", text, remedy).at("role"));
            Scopes::NONE
        }
    };
    let expires = request.expires_on.and_then(end_of_day);
    let new = NewKey { name: request.name, party: request.party, scopes, expires };
    if findings.is_empty() { Ok(new) } else { Err(ApiError::invalid(findings)) }
}

fn named_scopes(names: &[String], findings: &mut Vec<Finding>) -> Scopes {
    let mut scopes = Scopes::NONE;
    for (n, name) in names.iter().enumerate() {
        match name.parse::<Scope>() {
            Ok(scope) => scopes = scopes.with(scope),
            Err(_) => {
                let all: Scopes = Scope::ALL.iter().copied().collect();
                let text = Text::new("没有这个权限", "there is no such scope");
                let remedy = Text::new("请从列出的权限中选择", "choose from those listed");
                let finding = Finding::error("key.unknown_scope", text, remedy);
                findings.push(finding.at(format!("scopes[{n}]")).found(name, all.to_string()));
            }
        }
    }
    scopes
}

fn check_role(role: Role, party: Option<&str>) -> Option<Finding> {
    let (text, remedy) = match (role, party) {
        (Role::Firm, None) => (
            Text::new("企业密钥须指明企业", "a firm's key needs its party"),
            Text::new("请填写企业代码", "give the code of the party"),
        ),
        (Role::Officer | Role::Operator, Some(_)) => (
            Text::new("监管和运维密钥不属于企业", "an officer's or operator's key has no party"),
            Text::new("请去掉企业代码", "leave out the party"),
        ),
        _ => return None,
    };
    Some(Finding::error("key.role_party", text, remedy).at("party"))
}
