//! What the routes of the tax rooms share: amounts and periods on the wire, codes, CSV.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use db::{DbError, Tx};
use kernel::{Date, Decimal, Fen, Finding, Round, Text};
use serde::{Deserialize, Serialize};
use web::ApiError;

use crate::charge::{Parts, Sums};
use crate::table::Table;

/// Longest period of one statement, in days: a year.
const PERIOD_DAYS_MAX: i32 = 366;

/// The code the register names a firm by, whichever of its two is given. A firm that is not
/// registered goes by the code as given.
pub(crate) fn canonical(tx: &mut Tx, code: &str) -> Result<String, DbError> {
    match register::party::flow::find(tx, code) {
        Ok(found) => Ok(found.party.code().to_owned()),
        Err(web::Failure::Db(error)) => Err(error),
        Err(_) => Ok(code.to_owned()),
    }
}

/// An amount in yuan with at most two decimals.
pub(crate) fn amount(path: &str, text: &str) -> Result<Fen, ApiError> {
    let yuan = text.trim().parse::<Decimal>().ok();
    let fen = yuan.and_then(|yuan| {
        let fen = Fen::from_yuan(yuan, Round::Down)?;
        (fen.to_yuan() == yuan).then_some(fen)
    });
    fen.ok_or_else(|| {
        let message = Text::new("不是金额", "this is not an amount");
        let remedy = Text::new("以元为单位，最多两位小数", "yuan, with at most two decimals");
        let finding = Finding::error("tax.amount", message, remedy).at(path);
        ApiError::invalid(vec![finding.found(text, "such as 1000000.00")])
    })
}

/// 对账期间 / The period of a statement; both days belong to it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodParams {
    /// 起日 / First day.
    #[param(example = "2026-11-01")]
    from: String,
    /// 止日 / Last day.
    #[param(example = "2026-11-30")]
    to: String,
}

/// First and last day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    pub(crate) from: Date,
    pub(crate) to: Date,
}

impl PeriodParams {
    pub(crate) fn parse(&self) -> Result<Period, ApiError> {
        let mut findings = Vec::new();
        let mut day = |path: &str, text: &str| {
            text.parse::<Date>()
                .map_err(|_| findings.push(bad(path, text, "such as 2026-11-30")))
                .ok()
        };
        let days = (day("from", &self.from), day("to", &self.to));
        if let (Some(from), Some(to)) = days {
            let last = from.saturating_add(jiff::Span::new().days(PERIOD_DAYS_MAX - 1));
            if from <= to && to <= last {
                return Ok(Period { from, to });
            }
            findings.push(bad("to", &self.to, &format!("{from} … {last}")));
        }
        Err(ApiError::malformed(findings))
    }
}

fn bad(path: &str, found: &str, expected: &str) -> Finding {
    Finding::error(
        "query.invalid",
        Text::new("查询参数的值不正确", "the value of a query parameter is wrong"),
        Text::new("请按接口文档改正", "correct it as the API document says"),
    )
    .at(path)
    .found(found, expected)
}

/// A day, or a finding that it is none.
pub(crate) fn day(path: &str, text: &str) -> Result<Date, ApiError> {
    text.parse().map_err(|_| ApiError::invalid(vec![bad(path, text, "such as 2026-11-30")]))
}

/// A table as a CSV download.
pub(crate) fn csv(table: &Table) -> Response {
    let mut response = table.to_csv().into_response();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    let name = format!("attachment; filename=\"{}.csv\"", table.name);
    if let Ok(value) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// 三税 / The three taxes, yuan.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TaxPartsView {
    /// 关税 / Duty.
    #[schema(example = "0.00")]
    duty: String,
    /// 增值税 / VAT.
    #[schema(example = "25.39")]
    vat: String,
    /// 消费税 / Consumption tax.
    #[schema(example = "0.00")]
    consumption_tax: String,
    /// 合计 / All three.
    #[schema(example = "25.39")]
    total: String,
}

impl From<Parts> for TaxPartsView {
    fn from(tax: Parts) -> TaxPartsView {
        TaxPartsView {
            duty: tax.duty.to_string(),
            vat: tax.vat.to_string(),
            consumption_tax: tax.consumption_tax.to_string(),
            total: tax.total().to_string(),
        }
    }
}

/// 担保额度 / What is lodged and how it is used, yuan.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct GuaranteeSumsView {
    /// 担保总额 / Lodged and in force.
    #[schema(example = "1000000.00")]
    granted: String,
    /// 申报占用 / Held for declarations.
    held: String,
    /// 应税未出单 / Released, within the return window.
    due: String,
    /// 税单未缴 / On bills not paid.
    billed: String,
    /// 可用额度，负数为未担保 / Free; below nothing when tax is uncovered.
    available: String,
}

impl From<Sums> for GuaranteeSumsView {
    fn from(sums: Sums) -> GuaranteeSumsView {
        GuaranteeSumsView {
            granted: sums.granted.to_string(),
            held: sums.held.to_string(),
            due: sums.due.to_string(),
            billed: sums.billed.to_string(),
            available: sums.available().to_string(),
        }
    }
}
