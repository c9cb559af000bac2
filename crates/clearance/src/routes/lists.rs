//! The filters of lists, from words to what the store takes.

use kernel::{Date, Finding, Text, Time};
use serde::Deserialize;
use web::{ApiError, App, Caller};

use super::{codes_of, unknown_word};
use crate::lifecycle::State;
use crate::store::list::Filter;

/// Filters of every list of documents.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DocumentFilter {
    /// 状态字,如 released、held、failed / State word.
    #[param(example = "released")]
    pub(super) state: Option<String>,
    /// 监管方式(清单) / Trade mode (inventories).
    #[param(example = "1210")]
    pub(super) mode: Option<String>,
    /// 订单编号 / Order number.
    pub(super) order_no: Option<String>,
    /// 物流运单编号 / Waybill number.
    pub(super) waybill_no: Option<String>,
    /// 清单编号 / Inventory number.
    pub(super) invt_no: Option<String>,
    /// 企业内部编号 / The declarant's own number.
    pub(super) cop_no: Option<String>,
    /// 单证自身编号:订单、交易、运单编号 / The document's own number.
    pub(super) number: Option<String>,
    /// 接收日期起(北京时间,含) / Received from this day on.
    #[param(value_type = Option<String>, example = "2026-11-01")]
    pub(super) from: Option<Date>,
    /// 接收日期止(北京时间,含) / Received up to this day.
    #[param(value_type = Option<String>, example = "2026-11-30")]
    pub(super) to: Option<Date>,
    /// 涉及企业代码 / Names this firm.
    pub(super) party: Option<String>,
    /// 是否有未解决的问题 / Whether findings are open.
    pub(super) has_findings: Option<bool>,
}

impl DocumentFilter {
    pub(super) fn parse(self, app: &App, caller: &Caller) -> Result<Filter, ApiError> {
        let states = match &self.state {
            None => None,
            Some(word) => Some(State::codes_of(word).ok_or_else(|| {
                unknown_word("state", word, "draft, waiting, held, ready, released, …")
            })?),
        };
        Ok(Filter {
            states,
            mode: self.mode,
            order_no: self.order_no,
            logistics_no: self.waybill_no,
            invt_no: self.invt_no,
            cop_no: self.cop_no,
            number: self.number,
            from: self.from.and_then(start_of),
            before: match self.to {
                None => None,
                Some(day) => Some(end_of(day).ok_or_else(|| out_of_calendar(day))?),
            },
            party: self.party.map(|code| vec![code]),
            has_findings: self.has_findings,
            tenant: codes_of(app, caller)?,
            after: None,
        })
    }
}

/// The first instant of a Beijing day.
pub(super) fn start_of(day: Date) -> Option<Time> {
    Time::of(day.at(0, 0, 0, 0))
}

/// The first instant after a Beijing day.
fn end_of(day: Date) -> Option<Time> {
    start_of(day.tomorrow().ok()?)
}

fn out_of_calendar(day: Date) -> ApiError {
    let text = Text::new("日期超出范围", "the day is out of range");
    let remedy = Text::new("请改为日历内的日期", "choose a day of the calendar");
    let finding = Finding::error("query.invalid", text, remedy).at("to");
    ApiError::malformed(vec![finding.found(day.to_string(), "a day of the calendar")])
}
