//! What withholding agents hold, over HTTP. A firm sees itself.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::routes;
use web::{ApiError, App, Caller, List, Page, PageParams, Path, Query, Routes, Scope};

use super::{Position, Statement, positions, statement};
use crate::charge::Role;
use crate::guarantee::flow::Failure;
use crate::guarantee::refusal::TaxRefusal;
use crate::wire::{Period, PeriodParams, canonical, csv};

const LIST: &str = "withholding";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .on(Scope::LedgerRead, routes!(list))
        .on(Scope::LedgerRead, routes!(show_statement))
        .on(Scope::LedgerRead, routes!(statement_csv))
}

/// 代收代缴余额 / What an agent has withheld and not yet paid over.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WithholdingView {
    /// 代收代缴义务人代码 / The agent's code.
    agent: String,
    /// 身份 / In which role: platform, ecommerce, logistics, broker.
    #[schema(example = "broker")]
    role: &'static str,
    /// 已代收未缴，元 / Withheld and not yet paid over or given back, yuan.
    #[schema(example = "1234.56")]
    withheld: String,
}

/// 代收代缴变动 / A movement of what is withheld.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WithholdingLineView {
    /// 日期 / Day.
    on: String,
    /// 身份 / Role.
    role: &'static str,
    /// 业务 / What moved: released, voided, voided_on_bill, paid, refunded.
    act: &'static str,
    /// 电商企业 / Whose goods.
    firm: String,
    /// 担保企业 / Who guarantees.
    guarantor: String,
    /// 税单 / The bill, empty when none.
    bill: String,
    /// 清单数 / Inventories.
    inventories: i64,
    /// 金额，元 / Amount, yuan.
    amount: String,
    /// 变动后余额 / Balance afterwards, in that role.
    after: String,
}

/// 代收代缴对账单 / What an agent withheld over a period.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WithholdingStatementView {
    /// 代收代缴义务人代码 / The agent's code.
    agent: String,
    /// 起日 / First day.
    from: String,
    /// 止日 / Last day.
    to: String,
    /// 期初 / Opening, role by role.
    opening: Vec<WithholdingView>,
    /// 变动 / Movements.
    lines: Vec<WithholdingLineView>,
    /// 期末 / Closing, role by role.
    closing: Vec<WithholdingView>,
}

fn view(agent: &str, role: Role, withheld: kernel::Fen) -> WithholdingView {
    WithholdingView { agent: agent.to_owned(), role: role.name(), withheld: withheld.to_string() }
}

/// 代收代缴余额列表 / List what agents withhold
#[utoipa::path(
    get, path = "/api/v1/withholding", operation_id = "list_withholding",
    params(PageParams), responses((status = 200, body = Page<WithholdingView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<()>,
) -> Result<axum::Json<Page<WithholdingView>>, ApiError> {
    let after = list.after::<(String, String)>(&app, LIST)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let found = app
        .read(move |tx| {
            let own = caller.party().map(|party| canonical(tx, party)).transpose()?;
            let after = after
                .as_ref()
                .and_then(|(agent, role)| Role::parse(role).map(|role| (agent.as_str(), role)));
            positions(tx, own.as_deref(), after, fetch)
        })
        .await?;
    let key = |one: &Position| (one.agent.clone(), one.role.name());
    let page = Page::cut(&app, LIST, found, limit, key);
    Ok(axum::Json(page.map(|one| view(&one.agent, one.role, one.withheld))))
}

async fn drawn(
    app: &App,
    caller: Caller,
    code: String,
    period: Period,
) -> Result<Statement, ApiError> {
    app.read(move |tx| {
        let code = canonical(tx, &code)?;
        if let Some(party) = caller.party()
            && canonical(tx, party)? != code
        {
            return Err(TaxRefusal::AgentNotFound.into());
        }
        if positions(tx, Some(&code), None, 1)?.is_empty() {
            return Err(TaxRefusal::AgentNotFound.into());
        }
        Ok::<_, Failure>(statement(tx, &code, period.from, period.to)?)
    })
    .await
}

/// 代收代缴对账单 / Statement of what an agent withheld
///
/// 期初、逐笔、期末。 Opening, every movement by day and firm, closing. Another firm's is 404.
#[utoipa::path(
    get, path = "/api/v1/withholding/{code}/statement", operation_id = "show_withholding_statement",
    params(("code" = String, Path, description = "企业代码 / code of the firm"), PeriodParams),
    responses((status = 200, body = WithholdingStatementView)),
)]
pub(super) async fn show_statement(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(period): Query<PeriodParams>,
) -> Result<axum::Json<WithholdingStatementView>, ApiError> {
    let drawn = drawn(&app, caller, code, period.parse()?).await?;
    let agent = drawn.agent.clone();
    let sums = |sums: &std::collections::BTreeMap<Role, kernel::Fen>| {
        sums.iter().map(|(role, sum)| view(&agent, *role, *sum)).collect()
    };
    Ok(axum::Json(WithholdingStatementView {
        from: drawn.from.to_string(),
        to: drawn.to.to_string(),
        opening: sums(&drawn.opening),
        closing: sums(&drawn.closing),
        lines: drawn
            .lines
            .into_iter()
            .map(|line| WithholdingLineView {
                on: line.on.to_string(),
                role: line.role.name(),
                act: line.act.name(),
                firm: line.firm,
                guarantor: line.guarantor,
                bill: line.about,
                inventories: line.inventories,
                amount: line.amount.to_string(),
                after: line.after.to_string(),
            })
            .collect(),
        agent,
    }))
}

/// 代收代缴对账单（CSV） / The same statement as CSV
#[utoipa::path(
    get, path = "/api/v1/withholding/{code}/statement.csv",
    operation_id = "download_withholding_statement",
    params(("code" = String, Path, description = "企业代码 / code of the firm"), PeriodParams),
    responses((status = 200, description = "CSV", content_type = "text/csv", body = String)),
)]
pub(super) async fn statement_csv(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(period): Query<PeriodParams>,
) -> Result<Response, ApiError> {
    let drawn = drawn(&app, caller, code, period.parse()?).await?;
    Ok(csv(&drawn.table()))
}
