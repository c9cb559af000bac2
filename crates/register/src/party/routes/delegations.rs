//! Delegations over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::{Date, Time};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, List, Page, PageParams, Path};

use super::{none, words};
use crate::party::flow::{self, Failure};
use crate::party::rules::PartyRefusal;
use crate::party::store::{self, DelegationFilter, RegisteredDelegation};
use crate::party::types::*;

const LIST: &str = "delegations";

/// 委托登记 / A delegation to register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DelegationRequest {
    /// 委托方代码 / Code of the principal.
    #[schema(example = "91370303MA3C123462")]
    from: String,
    /// 受托方代码 / Code of the agent.
    #[schema(example = "37036609A1")]
    to: String,
    /// 委托事项 / Acts: order, payment, waybill, inventory, cancel, return and so on.
    #[schema(example = json!(["inventory", "cancel", "return"]))]
    acts: Vec<String>,
    /// 监管方式;空为全部 / Trade modes; empty means all.
    #[serde(default)]
    #[schema(example = json!(["1210"]))]
    modes: Vec<String>,
    /// 关区;空为全部 / Customs districts; empty means all.
    #[serde(default)]
    districts: Vec<String>,
    /// 起日,默认今日 / First day; today when absent.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Date>,
    /// 止日 / Last day; until revoked when absent.
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
}

/// 委托 / A delegation.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DelegationView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "dlg_01k9y7x2m4a80")]
    id: DelegationId,
    /// 委托方代码 / Code of the principal.
    from: String,
    /// 受托方代码 / Code of the agent.
    to: String,
    /// 委托事项 / Acts.
    acts: Vec<&'static str>,
    /// 监管方式;空为全部 / Trade modes; empty means all.
    modes: Vec<String>,
    /// 关区;空为全部 / Customs districts; empty means all.
    districts: Vec<String>,
    /// 起日 / First day.
    valid_from: String,
    /// 止日 / Last day.
    valid_until: Option<String>,
    /// 撤销时间 / When it was revoked.
    revoked_at: Option<String>,
    /// 今日是否有效 / Whether it is in force today.
    in_force: bool,
}

impl DelegationView {
    fn of(registered: &RegisteredDelegation, now: Time) -> DelegationView {
        let RegisteredDelegation { delegation, from_code, to_code } = registered;
        let texts = |list: &[Box<str>]| list.iter().map(|code| code.to_string()).collect();
        let today = now.date();
        let in_force = delegation.revoked_at.is_none_or(|at| now < at)
            && delegation.valid_from <= today
            && delegation.valid_until.is_none_or(|until| today <= until);
        DelegationView {
            id: delegation.id,
            from: from_code.to_string(),
            to: to_code.to_string(),
            acts: delegation.acts.iter().map(Act::name).collect(),
            modes: texts(&delegation.modes),
            districts: texts(&delegation.districts),
            valid_from: delegation.valid_from.to_string(),
            valid_until: delegation.valid_until.map(|until| until.to_string()),
            revoked_at: delegation.revoked_at.map(Time::to_rfc3339),
            in_force,
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// 委托方代码 / Code of the principal.
    from: Option<String>,
    /// 受托方代码 / Code of the agent.
    to: Option<String>,
    /// 只列今日有效的 / Only those in force today.
    in_force: Option<bool>,
}

/// 委托列表 / List delegations
///
/// 企业只见自己给出和接受的委托。 A firm sees those it gave and was given.
#[utoipa::path(
    get, path = "/api/v1/delegations", operation_id = "list_delegations",
    params(PageParams, Filter), responses((status = 200, body = Page<DelegationView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<Filter>,
) -> Result<axum::Json<Page<DelegationView>>, ApiError> {
    let after = list.after::<DelegationId>(&app, LIST)?;
    let now = app.clock.now();
    let (fetch, limit, Filter { from, to, in_force }) = (list.fetch(), list.limit, list.filter);
    let found = app
        .read(move |tx| {
            // A filter by a firm that is not there, or a caller whose firm is not, finds nothing.
            let mut ids = [None; 3];
            let codes = [from.as_deref(), to.as_deref(), caller.party()];
            for (id, code) in ids.iter_mut().zip(codes) {
                let Some(code) = code else { continue };
                let Some(found) = store::find(tx, code)? else { return Ok(Vec::new()) };
                *id = Some(found.party.id);
            }
            let [from, to, around] = ids;
            let in_force_on = in_force.unwrap_or_default().then(|| now.date());
            let filter = DelegationFilter { from, to, in_force_on, around };
            let after = after.unwrap_or(DelegationId::from_i64(0));
            Ok::<_, Failure>(store::delegations(tx, &filter, after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, LIST, found, limit, |registered| registered.delegation.id);
    Ok(axum::Json(page.map(|registered| DelegationView::of(&registered, now))))
}

/// 登记委托 / Register a delegation
///
/// 内容相同且未撤销的委托返回原登记。 The same one, not revoked, gives the first registration.
#[utoipa::path(
    post, path = "/api/v1/delegations", operation_id = "register_delegation",
    request_body = DelegationRequest, responses((status = 201, body = DelegationView)),
)]
pub(super) async fn register(
    State(app): State<App>,
    caller: Caller,
    command: Command<DelegationRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let mut findings = Vec::new();
    let every: Acts = Act::ALL.iter().copied().collect();
    let acts = words("acts", &body.acts, Act::parse, &every.names(), &mut findings);
    none(findings)?;
    let draft = DelegationDraft {
        from: body.from,
        to: body.to,
        acts,
        modes: body.modes,
        districts: body.districts,
        valid_from: body.valid_from.unwrap_or(app.clock.now().date()),
        valid_until: body.valid_until,
    };
    let asking = caller.clone();
    app.once(&caller, mark, move |tx, ctx| {
        if asking.party().is_some() {
            super::owned(tx, &asking, &draft.from)?;
        }
        let registered = flow::delegate(tx, ctx, &draft)?;
        Ok::<_, Failure>((StatusCode::CREATED, DelegationView::of(&registered, ctx.now)))
    })
    .await
}

/// 撤销 / A revocation.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeDelegationRequest {
    /// 理由 / Reason.
    reason: String,
}

/// 撤销委托 / Revoke a delegation
#[utoipa::path(
    post, path = "/api/v1/delegations/{id}/revoke", operation_id = "revoke_delegation",
    params(("id" = String, Path, description = "委托编号 / id of the delegation")),
    request_body = RevokeDelegationRequest, responses((status = 200, body = DelegationView)),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DelegationId>,
    command: Command<RevokeDelegationRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let asking = caller.clone();
    app.once(&caller, mark, move |tx, ctx| {
        let found = store::find_delegation(tx, id)?;
        let Some(found) = found else { return Err(PartyRefusal::DelegationNotFound.into()) };
        if asking.party().is_some() && super::owned(tx, &asking, &found.from_code).is_err() {
            return Err(PartyRefusal::DelegationNotFound.into());
        }
        let revoked = flow::revoke_delegation(tx, ctx, id, &body.reason)?;
        Ok::<_, Failure>((StatusCode::OK, DelegationView::of(&revoked, ctx.now)))
    })
    .await
}
