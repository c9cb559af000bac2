//! Firms over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::{Date, Finding, Text};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, ErrorItem, Json, List, Page, PageParams, Path};

use super::{View, none, seen, words};
use crate::party::flow::{self, Failure};
use crate::party::store::{self, PartyFilter, Registered};
use crate::party::types::{self, *};

const LIST: &str = "parties";

/// 企业登记 / A firm to register or change. One of the two codes is needed.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartyRequest {
    /// 统一社会信用代码(18 位) / Unified social credit code.
    #[schema(example = "91370303MA3C123462")]
    social_credit_code: Option<String>,
    /// 海关注册编码(10 位) / Customs registration code.
    #[schema(example = "37036609A1")]
    customs_code: Option<String>,
    /// 企业名称 / Registered name.
    #[schema(max_length = 100)]
    name_zh: String,
    /// 英文名称 / English name.
    #[serde(default)]
    name_en: String,
    /// 角色 / Roles: platform, ecommerce, payment, logistics, broker, zone_firm, site, guarantor.
    #[schema(example = json!(["ecommerce"]))]
    roles: Vec<String>,
    /// 传输编号 / Transport address.
    #[schema(example = "DXPENT0000000001")]
    dxp_id: Option<String>,
    /// 所代理的境外商家 / The seller abroad it answers for.
    overseas: Option<Overseas>,
    /// 联系人;不填则保留原有 / Contact; left as it is when absent.
    contact: Option<ContactBody>,
}

/// 境外商家 / A seller abroad.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Overseas {
    /// 名称 / Name.
    name: String,
    /// 国别(ISO 3166 两位字母) / Country, two letters.
    #[schema(example = "JP")]
    country: String,
}

/// 联系人;应答中脱敏 / Contact; masked in every answer.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ContactBody {
    /// 姓名 / Name.
    person: String,
    /// 电话 / Telephone.
    phone: String,
    /// 电子邮件 / Electronic mail.
    email: String,
    /// 地址 / Address.
    address: String,
}

/// 企业 / A firm. Counterparties are shown without the fields below `state`.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PartyView {
    /// 企业代码:有信用代码用信用代码 / The code it is known by.
    code: String,
    /// 统一社会信用代码 / Unified social credit code.
    social_credit_code: Option<String>,
    /// 海关注册编码 / Customs registration code.
    customs_code: Option<String>,
    /// 企业名称 / Registered name.
    name_zh: String,
    /// 英文名称 / English name.
    name_en: String,
    /// 角色 / Roles.
    roles: Vec<&'static str>,
    /// 今日状态 / State today: active, suspended or closed.
    state: &'static str,
    /// 状态起止与理由 / The state with its days and reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<StandingView>,
    /// 传输编号 / Transport address.
    #[serde(skip_serializing_if = "Option::is_none")]
    dxp_id: Option<String>,
    /// 所代理的境外商家 / The seller abroad it answers for.
    #[serde(skip_serializing_if = "Option::is_none")]
    overseas: Option<Overseas>,
    /// 联系人(脱敏) / Contact, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactBody>,
    /// 版本 / Grows with each change.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

/// 状态 / A state with its days.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StandingView {
    /// 状态 / State.
    state: &'static str,
    /// 起日 / First day.
    from: String,
    /// 止日 / Last day.
    until: Option<String>,
    /// 理由 / Reason.
    reason: String,
}

/// 登记结果 / What was registered, and what is worth a look.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PutView {
    /// 企业 / The firm.
    party: PartyView,
    /// 提示 / Warnings.
    #[schema(value_type = Vec<ErrorItem>)]
    findings: Vec<Finding>,
}

impl PartyView {
    fn of(registered: &Registered, view: View, today: Date) -> PartyView {
        let Registered { party, contact } = registered;
        let text = |code: &Option<Box<str>>| code.as_deref().map(str::to_owned);
        let whole = view == View::Whole;
        let overseas = |seller: &OverseasSeller| Overseas {
            name: seller.name.to_string(),
            country: seller.country.to_string(),
        };
        PartyView {
            code: party.code().to_owned(),
            social_credit_code: text(&party.social_credit_code),
            customs_code: text(&party.customs_code),
            name_zh: party.name.zh.to_string(),
            name_en: party.name.en.to_string(),
            roles: party.roles.iter().map(Role::name).collect(),
            state: party.standing.on(today).name(),
            standing: whole.then(|| StandingView::of(&party.standing)),
            dxp_id: text(&party.dxp_id).filter(|_| whole),
            overseas: party.overseas.as_ref().filter(|_| whole).map(overseas),
            contact: whole.then(|| ContactBody::of(contact)),
            version: whole.then_some(party.version),
        }
    }
}

impl StandingView {
    fn of(standing: &Standing) -> StandingView {
        StandingView {
            state: standing.state.name(),
            from: standing.from.to_string(),
            until: standing.until.map(|until| until.to_string()),
            reason: standing.reason.to_string(),
        }
    }
}

impl ContactBody {
    fn of(contact: &Contact) -> ContactBody {
        let Contact { person, phone, email, address } = contact.clone();
        ContactBody { person, phone, email, address }
    }

    fn into_contact(self) -> Contact {
        let ContactBody { person, phone, email, address } = self;
        Contact { person, phone, email, address }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// 角色 / Role.
    #[param(example = "ecommerce")]
    role: Option<String>,
    /// 今日状态 / State today.
    #[param(example = "active")]
    state: Option<String>,
    /// 名称的一部分或完整代码 / Part of a name, or a whole code.
    text: Option<String>,
}

impl Filter {
    fn parse(self) -> Result<PartyFilter, ApiError> {
        let mut findings = Vec::new();
        let every: Roles = Role::ALL.iter().copied().collect();
        let role = known("role", self.role, Role::parse, every.names(), &mut findings);
        let every: States = types::State::ALL.iter().copied().collect();
        let state = known("state", self.state, types::State::parse, every.names(), &mut findings);
        if !findings.is_empty() {
            return Err(ApiError::malformed(findings));
        }
        Ok(PartyFilter { role, state, text: self.text, around: None })
    }
}

fn known<T>(
    path: &str,
    name: Option<String>,
    parse: fn(&str) -> Option<T>,
    every: String,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let name = name?;
    let word = parse(&name);
    if word.is_none() {
        let text = Text::new("没有这个取值", "there is no such word");
        let remedy = Text::new("从允许的取值中选", "choose one of those allowed");
        let finding = Finding::error("query.unknown_word", text, remedy);
        findings.push(finding.at(path).found(name, every));
    }
    word
}

/// 企业列表 / List firms
///
/// 企业只见本企业和与其有委托关系的企业。 A firm sees itself and those it has a delegation with.
#[utoipa::path(
    get, path = "/api/v1/parties", operation_id = "list_parties",
    params(PageParams, Filter), responses((status = 200, body = Page<PartyView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<Filter>,
) -> Result<axum::Json<Page<PartyView>>, ApiError> {
    let after = list.after::<PartyId>(&app, LIST)?;
    let (fetch, limit, today) = (list.fetch(), list.limit, app.clock.now().date());
    let filter = list.filter.parse()?;
    let own = caller.party.clone();
    let found = app
        .read(move |tx| {
            let mut filter = filter;
            if let Some(own) = &own {
                // A key whose firm is not registered sees nobody.
                let Some(me) = store::find(tx, own)? else { return Ok(Vec::new()) };
                filter.around = Some(me.party.id);
            }
            let after = after.unwrap_or(PartyId::from_i64(0));
            Ok::<_, Failure>(store::list(tx, &filter, today, after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, LIST, found, limit, |registered| registered.party.id);
    let view = |registered: &Registered| match caller.party() {
        Some(own) if !registered.party.has_code(own) => View::Public,
        _ => View::Whole,
    };
    Ok(axum::Json(page.map(|found| PartyView::of(&found, view(&found), today))))
}

/// 查看企业 / Show a firm
#[utoipa::path(
    get, path = "/api/v1/parties/{code}", operation_id = "show_party",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    responses((status = 200, body = PartyView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<axum::Json<PartyView>, ApiError> {
    let today = app.clock.now().date();
    let (found, view) = app.read(move |tx| seen(tx, &caller, &code)).await?;
    Ok(axum::Json(PartyView::of(&found, view, today)))
}

/// 登记或变更企业 / Register or change a firm
///
/// 已有该代码的企业则变更。校验位不符只提示,不拒绝。
/// Changes the firm that has the code. A wrong check digit warns and does not refuse.
#[utoipa::path(
    put, path = "/api/v1/parties/{code}", operation_id = "put_party",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    request_body = PartyRequest,
    responses((status = 200, body = PutView), (status = 201, body = PutView)),
)]
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Json(request): Json<PartyRequest>,
) -> Result<(StatusCode, axum::Json<PutView>), ApiError> {
    let draft = draft(&code, request)?;
    let mine = |own: &str| {
        let codes = [&draft.social_credit_code, &draft.customs_code];
        codes.into_iter().flatten().any(|code| code == own)
    };
    if caller.party().is_some_and(|own| !mine(own)) {
        return Err(ApiError::not_found());
    }
    let put = app.write(&caller, move |tx, ctx| flow::put(tx, ctx, &draft)).await?;
    let status = if put.created { StatusCode::CREATED } else { StatusCode::OK };
    let today = app.clock.now().date();
    let party = PartyView::of(&put.registered, View::Whole, today);
    Ok((status, axum::Json(PutView { party, findings: put.findings })))
}

fn draft(code: &str, request: PartyRequest) -> Result<PartyDraft, ApiError> {
    let mut findings = Vec::new();
    let every: Roles = Role::ALL.iter().copied().collect();
    let roles = words("roles", &request.roles, Role::parse, &every.names(), &mut findings);
    let codes = [&request.social_credit_code, &request.customs_code];
    if codes.into_iter().flatten().all(|given| given != code) {
        let text = Text::new("路径中的代码与内容不一致", "the code of the path is not in the body");
        let remedy = Text::new("两处填同一代码", "write the same code in both places");
        let finding = Finding::error("party.code_path", text, remedy).at("social_credit_code");
        let given = request.social_credit_code.as_ref().or(request.customs_code.as_ref());
        findings.push(finding.found(given.cloned().unwrap_or_default(), code));
    }
    none(findings)?;
    Ok(PartyDraft {
        social_credit_code: request.social_credit_code,
        customs_code: request.customs_code,
        name_zh: request.name_zh,
        name_en: request.name_en,
        roles,
        dxp_id: request.dxp_id,
        overseas: request.overseas.map(|overseas| (overseas.name, overseas.country)),
        contact: request.contact.map(ContactBody::into_contact),
    })
}

/// 暂停 / A suspension.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuspendRequest {
    /// 起日,默认今日 / First day; today when absent.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// 止日 / Last day; until resumed when absent.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// 理由 / Reason.
    reason: String,
}

/// 恢复 / A resumption.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResumeRequest {
    /// 理由 / Reason.
    reason: String,
}

/// 注销 / A closure.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseRequest {
    /// 起日,默认今日 / First day; today when absent.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// 理由 / Reason.
    reason: String,
}

/// 暂停企业 / Suspend a firm
///
/// 暂停期间新单证被拒。 New documents of the firm are refused meanwhile.
#[utoipa::path(
    post, path = "/api/v1/parties/{code}/suspend", operation_id = "suspend_party",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    request_body = SuspendRequest, responses((status = 200, body = PartyView)),
)]
pub(super) async fn suspend(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    command: Command<SuspendRequest>,
) -> Result<Response, ApiError> {
    let Command { body: SuspendRequest { from, until, reason }, mark } = command;
    let from = from.unwrap_or(app.clock.now().date());
    let change = StandingChange::Suspend { from, until };
    change_standing(&app, &caller, mark, code, change, reason).await
}

/// 恢复企业 / Resume a firm
#[utoipa::path(
    post, path = "/api/v1/parties/{code}/resume", operation_id = "resume_party",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    request_body = ResumeRequest, responses((status = 200, body = PartyView)),
)]
pub(super) async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    command: Command<ResumeRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    change_standing(&app, &caller, mark, code, StandingChange::Resume, body.reason).await
}

/// 注销企业 / Close a firm
///
/// 不可恢复;其单证保留。 Final; its documents stay.
#[utoipa::path(
    post, path = "/api/v1/parties/{code}/close", operation_id = "close_party",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    request_body = CloseRequest, responses((status = 200, body = PartyView)),
)]
pub(super) async fn close(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    command: Command<CloseRequest>,
) -> Result<Response, ApiError> {
    let Command { body: CloseRequest { from, reason }, mark } = command;
    let from = from.unwrap_or(app.clock.now().date());
    change_standing(&app, &caller, mark, code, StandingChange::Close { from }, reason).await
}

async fn change_standing(
    app: &App,
    caller: &Caller,
    mark: Option<web::Mark>,
    code: String,
    change: StandingChange,
    reason: String,
) -> Result<Response, ApiError> {
    let asking = caller.clone();
    app.once(caller, mark, move |tx, ctx| {
        super::owned(tx, &asking, &code)?;
        let registered = flow::change_standing(tx, ctx, &code, &change, &reason)?;
        let view = PartyView::of(&registered, View::Whole, ctx.now.date());
        Ok::<_, Failure>((StatusCode::OK, view))
    })
    .await
}
