//! The life of one inventory as people read it.

use axum::extract::State;
use db::{DbError, Tx};
use kernel::{Text, Time};
use serde::Serialize;
use web::{ApiError, App, Caller, Path};

use super::inventories::seen;
use super::receipts::Words;
use super::views::StateView;
use crate::document::{Direction, DocumentId, Facts, Inventory, Kind};
use crate::export::form::SUMMARISED;
use crate::export::window;
use crate::lifecycle::State as Place;
use crate::lifecycle::action::{self, Action};
use crate::lifecycle::expectation::{self, Expectation, Told};
use crate::lifecycle::state::RELEASED;
use crate::receipt::sheet::Entry;
use crate::receipt::{Effect, Subject};
use crate::reference::Reference;
use crate::store::history::Step;
use crate::store::inventory::Declared;
use crate::store::paper::Paper;
use crate::store::{mention, paper, receipt, summary};

/// 时间轴 / Timeline of an inventory.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TimelineView {
    /// 平台编号 / Our id.
    id: String,
    /// 状态 / Where it stands.
    #[serde(flatten)]
    state: StateView,
    /// 经过 / Steps, oldest first.
    steps: Vec<StepView>,
    /// 下一步 / What is expected next.
    next: Option<NextView>,
    /// 可办理与不可办理的事项 / What may be done now, and why not.
    actions: Vec<ActionView>,
    /// 已放行出口清单的退货期限 / Until when a released export may come back.
    returns: Option<ReturnsView>,
}

/// 出口退货期限 / Until when an export may come back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ReturnsView {
    /// 退运进境期限(含) / Back in the country, the last day included.
    #[schema(example = "2027-08-31")]
    physical_until: String,
    /// 免税退运期限(含);原状、非食品;不适用则为空 / Free of tax: original state, not food.
    #[schema(example = "2027-02-28")]
    tax_free_until: Option<String>,
    /// 今日可经哪些海关退货:same、pilot、any / Through which customs, today.
    customs: &'static str,
}

/// 一步 / One step.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct StepView {
    /// 时间 / When.
    time: String,
    /// 发送方:企业代码,或 platform、eport、customs / Who said so.
    sender: String,
    /// 代码:回执状态或状态字 / Receipt status, or a state word.
    code: String,
    /// 文本 / Text as received.
    text: String,
    /// 含义 / What it means.
    meaning: Words,
    /// 处理办法 / What to do about it.
    remedy: Option<Words>,
    /// 距上一步毫秒数 / Milliseconds since the step before.
    since_previous_ms: Option<i64>,
    /// 回执是否改变了状态 / For receipts: what it did.
    effect: Option<&'static str>,
}

/// 下一步 / What is expected next.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct NextView {
    /// 步骤 / Which step.
    step: &'static str,
    /// 由谁 / By whom.
    who: &'static str,
    /// 中文 / Chinese.
    zh: String,
    /// 英文 / English.
    en: String,
}

/// 事项 / An act.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ActionView {
    /// change、withdraw、cancel、return / Which.
    action: &'static str,
    /// 可否 / Whether it is allowed now.
    allowed: bool,
    /// 不可的原因 / Why not.
    why: Option<Words>,
    /// 应如何办理 / What to do instead.
    instead: Option<Words>,
}

/// 清单时间轴 / Timeline of an inventory
///
/// 每一步的时间、发送方、代码、文本、处理办法、用时,下一步和可办理事项。
/// Each step with time, sender, code, text, remedy and time since the step before; what is expected
/// next; what may be done.
#[utoipa::path(
    get, path = "/api/v1/inventories/{id}/timeline", operation_id = "show_inventory_timeline",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = TimelineView)),
)]
pub(super) async fn timeline(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DocumentId>,
) -> Result<axum::Json<TimelineView>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let declared = seen(&app, &caller, id).await?;
    let stored = declared.clone();
    let lived = app.read(move |tx| Lived::load(tx, &stored)).await?;
    Ok(axum::Json(view(&declared, lived, &reference, app.clock.now())))
}

/// What is stored of an inventory's life.
struct Lived {
    receipts: Vec<Entry>,
    arrival: Option<DocumentId>,
    /// Of an export: what speaks of it among others.
    sheets: Vec<Paper>,
    /// Of an export that closed: the declaration made of it, if one was.
    summarised: Option<String>,
}

impl Lived {
    fn load(tx: &mut Tx, declared: &Declared) -> Result<Lived, DbError> {
        let facts = &declared.facts;
        let receipts = receipt::of(tx, declared.id, &declared.history)?;
        if facts.export.is_none() {
            let arrival = paper::arrival(tx, &facts.logistics_no, &facts.logistics_code)?;
            return Ok(Lived { receipts, arrival, sheets: Vec::new(), summarised: None });
        }
        let numbers = [facts.logistics_no.as_str(), facts.invt_no.as_str()];
        let mut sheets = mention::naming(tx, numbers.into_iter())?;
        sheets.retain(|sheet| speaks_of(sheet, facts));
        let summarised = summary::result_of(tx, declared.id)?;
        Ok(Lived { receipts, arrival: None, sheets, summarised })
    }

    /// What has been told of an export.
    fn told(&self, declared: &Declared) -> Told {
        let went = |kind: Kind| {
            let mut of_kind = self.sheets.iter().filter(|sheet| sheet.kind() == kind);
            of_kind.any(|sheet| {
                let state = sheet.position.state;
                state == Place::Ready || state.is_declared()
            })
        };
        let terms = declared.facts.export.as_ref();
        let flag = terms.is_some_and(|terms| terms.statistics_flag == SUMMARISED);
        Told {
            arrived: went(Kind::Arrival),
            departed: went(Kind::Departure),
            to_summarise: flag.then_some(self.summarised.is_none()),
        }
    }
}

/// Whether a collective document means this inventory by the number it names.
fn speaks_of(sheet: &Paper, inventory: &Inventory) -> bool {
    let Facts::Collective(facts) = &*sheet.facts else { return false };
    match facts.names_inventories() {
        true => facts.ebc_code == inventory.ebc_code,
        false => facts.logistics_code == inventory.logistics_code,
    }
}

fn view(declared: &Declared, lived: Lived, reference: &Reference, now: Time) -> TimelineView {
    let facts = &declared.facts;
    let day = facts.declared_on.unwrap_or_else(|| declared.received_at.date());
    let law = reference.law(day).ok();
    let mode = law.as_ref().and_then(|law| law.mode(&facts.trade_mode));
    let needed = mode.is_some_and(|mode| mode.arrival_required);
    let state = declared.position.state;
    let next = match facts.direction() {
        Direction::Import => expectation::next(
            state,
            needed.then_some(lived.arrival.is_some()),
            declared.delivered_at.is_some(),
        ),
        Direction::Export => expectation::next_export(state, lived.told(declared)),
    };
    let returns = returns(declared, &lived, reference, now);
    TimelineView {
        id: declared.id.to_string(),
        state: StateView::of(declared.position),
        steps: steps(declared, &lived, reference),
        next: next.map(|Expectation { step, who, text: Text { zh, en } }| NextView {
            step,
            who,
            zh,
            en,
        }),
        actions: Action::ALL.into_iter().map(|act| action_view(state, act)).collect(),
        returns,
    }
}

/// By the law of the day of release, from customs' own receipt of it.
fn returns(
    declared: &Declared,
    lived: &Lived,
    reference: &Reference,
    now: Time,
) -> Option<ReturnsView> {
    let facts = &declared.facts;
    let state = declared.position.state;
    let released = lived.receipts.iter().find(|one| one.status == Some(RELEASED.code()));
    let at = released.and_then(|one| one.at).or(declared.position.at);
    let at = at.filter(|_| facts.export.is_some() && state.is_released())?;
    let windows = window::windows(&facts.trade_mode, &reference.rules.on(at.date())).ok()?;
    let through = window::through(&facts.trade_mode, &reference.rules.on(now.date()));
    Some(ReturnsView {
        physical_until: windows.physical.to_string(),
        tax_free_until: windows.tax_free.map(|day| day.to_string()),
        customs: through.word(),
    })
}

fn action_view(state: Place, act: Action) -> ActionView {
    let refusal = action::inventory(state, act).err();
    ActionView {
        action: act.word(),
        allowed: refusal.is_none(),
        why: refusal.as_ref().map(|refusal| Words::of(&refusal.why)),
        instead: refusal.as_ref().map(|refusal| Words::of(&refusal.instead)),
    }
}

fn steps(declared: &Declared, lived: &Lived, reference: &Reference) -> Vec<StepView> {
    let mut steps: Vec<(Time, StepView)> = Vec::new();
    steps.push((
        declared.received_at,
        own(declared.received_at, &declared.facts.agent_code, "received", "收到", "received"),
    ));
    for Step { id, state, sender, text } in &declared.history.steps(declared.id) {
        let sender = if sender.is_empty() { "platform" } else { sender };
        let mut said = "";
        let (word, zh, en) = match text.as_str() {
            "changed" => ("changed", "变更", "changed"),
            "released_without_arrival" => (
                "released_without_arrival",
                "海关已放行，监管场所尚未报送入库明细单（711）",
                "released by customs; the site has not sent the warehousing detail (711) yet",
            ),
            other => {
                said = other;
                (state.word(), state.zh(), state.en())
            }
        };
        let step = own(id.time(), sender, word, zh, en);
        steps.push((id.time(), StepView { text: said.to_owned(), ..step }));
    }
    for one in &lived.receipts {
        let at = one.at.unwrap_or_else(|| one.id.time());
        steps.push((at, of_receipt(at, one, reference)));
    }
    steps.extend(lived.sheets.iter().map(of_sheet));
    if let Some(arrival) = lived.arrival {
        let at = arrival.time();
        steps.push((
            at,
            own(at, "site", "arrived", "货物已入库（711）", "arrived at the site (711)"),
        ));
    }
    if let Some(at) = declared.delivered_at {
        let carrier = &declared.facts.logistics_code;
        steps.push((at, own(at, carrier, "delivered", "已签收（513）", "signed for (513)")));
    }
    steps.sort_by_key(|(at, _)| *at);
    let mut before = None;
    for (at, step) in &mut steps {
        step.since_previous_ms = before.map(|before: Time| at.to_millis() - before.to_millis());
        before = Some(*at);
    }
    steps.into_iter().map(|(_, step)| step).collect()
}

/// A collective document that names the inventory; of a departure the time it left.
fn of_sheet(sheet: &Paper) -> (Time, StepView) {
    let kind = sheet.kind();
    let (code, zh, en) = match kind {
        Kind::Arrival => ("arrived", "货物已运抵（507）", "arrived at the site (507)"),
        Kind::Consolidation => ("consolidated", "列入总分单（607）", "consolidated (607)"),
        Kind::Departure => ("departed", "货物离境（509）", "left the country (509)"),
        _ => ("summary_applied", "申请汇总（701）", "summary applied for (701)"),
    };
    let (mut at, mut text) = (sheet.id.time(), String::new());
    if let Facts::Collective(facts) = &*sheet.facts {
        at = facts.from.filter(|_| kind == Kind::Departure).unwrap_or(at);
        text.clone_from(&facts.bill_no);
    }
    let state = sheet.position.state;
    let step = own(at, sheet.facts.issuer(), code, zh, en);
    // One that has not gone says so.
    let step = match state {
        Place::Ready | Place::Customs(_) => StepView { text, ..step },
        _ => StepView { text: state.zh().to_owned(), ..step },
    };
    (at, step)
}

fn own(at: Time, sender: &str, code: &str, zh: &str, en: &str) -> StepView {
    StepView {
        time: at.to_rfc3339(),
        sender: sender.to_owned(),
        code: code.to_owned(),
        text: String::new(),
        meaning: Words { zh: zh.to_owned(), en: en.to_owned() },
        remedy: None,
        since_previous_ms: None,
        effect: None,
    }
}

fn of_receipt(at: Time, one: &Entry, reference: &Reference) -> StepView {
    let advice = reference.advice(one.kind, one.status, &one.text);
    // Up to being declared, and every negative code, it is the e-port that speaks.
    // A tax bill is customs' own.
    let tax_bill = Subject::of_code(&format!("CEB{}", one.kind)) == Some(Subject::TaxBill);
    let eport = one.status.is_some_and(|status| status < 0 || (1..=4).contains(&status));
    let eport = eport && !tax_bill;
    StepView {
        time: at.to_rfc3339(),
        sender: if eport { "eport" } else { "customs" }.to_owned(),
        code: one.status.map(|status| status.to_string()).unwrap_or_default(),
        text: one.text.clone(),
        meaning: Words::of(&advice.meaning),
        remedy: Some(Words::of(&advice.remedy)),
        since_previous_ms: None,
        effect: Some(Effect::word_of(one.effect)),
    }
}
