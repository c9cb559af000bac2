//! The filters of lists, from words to what the store takes.

use kernel::{Date, Finding, Text, Time};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use web::{ApiError, App, Caller};

use super::{codes_of, unknown_word};
use crate::lifecycle::State;
use crate::store::list::Filter;

/// The filters of one list of documents.
pub(super) trait Narrows: DeserializeOwned + Send {
    /// As the store takes them, for this caller.
    fn parse(self, app: &App, caller: &Caller) -> Result<Filter, ApiError>;
}

/// A list takes the filters named here and those of every list; others are refused as unknown.
macro_rules! filters {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            /// 状态字,如 released、held、failed / State word.
            #[param(example = "released")]
            state: Option<String>,
            $($(#[$about])* $field: Option<String>,)*
            /// 单证自身编号:订单、交易、运单、清单、企业内部编号 / The document's own number.
            number: Option<String>,
            /// 接收日期起(北京时间,含) / Received from this day on.
            #[param(value_type = Option<String>, example = "2026-11-01")]
            from: Option<Date>,
            /// 接收日期止(北京时间,含) / Received up to this day.
            #[param(value_type = Option<String>, example = "2026-11-30")]
            to: Option<Date>,
            /// 涉及企业代码 / Names this firm.
            party: Option<String>,
            /// 是否有未解决的问题 / Whether findings are open.
            has_findings: Option<bool>,
        }

        impl Narrows for $name {
            fn parse(self, app: &App, caller: &Caller) -> Result<Filter, ApiError> {
                Ok(Filter {
                    states: self.state.as_deref().map(states_of).transpose()?,
                    number: self.number,
                    from: self.from.and_then(start_of),
                    before: match self.to {
                        None => None,
                        Some(day) => Some(end_of(day).ok_or_else(|| out_of_calendar(day))?),
                    },
                    party: self.party.map(|code| vec![code]),
                    has_findings: self.has_findings,
                    tenant: codes_of(app, caller)?,
                    $($field: self.$field,)*
                    ..Filter::default()
                })
            }
        }
    )*};
}

filters! {
    /// Filters of orders.
    OrderFilter {
        /// 订单编号 / Order number.
        order_no,
    }
    /// Filters of payments.
    PaymentFilter {
        /// 订单编号 / Order number.
        order_no,
    }
    /// Filters of waybills.
    WaybillFilter {
        /// 订单编号 / Order number.
        order_no,
        /// 物流运单编号 / Waybill number.
        waybill_no,
    }
    /// Filters of waybill statuses.
    WaybillStatusFilter {
        /// 物流运单编号 / Waybill number.
        waybill_no,
    }
    /// Filters of inventories.
    InventoryFilter {
        /// 进出口方向:import、export;不填为全部 / Which way the goods go; both when absent.
        #[param(example = "export")]
        direction,
        /// 监管方式 / Trade mode.
        #[param(example = "1210")]
        mode,
        /// 订单编号 / Order number.
        order_no,
        /// 物流运单编号 / Waybill number.
        waybill_no,
        /// 清单编号 / Inventory number.
        invt_no,
        /// 企业内部编号 / The declarant's own number.
        cop_no,
    }
    /// Filters of cancel applications.
    CancelApplicationFilter {
        /// 清单编号 / Inventory number.
        invt_no,
        /// 企业内部编号 / The declarant's own number.
        cop_no,
    }
    /// Filters of warehousing details and summary applications.
    WarehousingFilter {
        /// 企业内部编号 / The sender's own number.
        cop_no,
    }
    /// Filters of arrivals, consolidations and departures.
    CollectiveFilter {
        /// 企业内部编号 / The sender's own number.
        cop_no,
        /// 提运单号 / Bill number.
        bill_no,
    }
}

/// The state codes of a word, or 400.
fn states_of(word: &str) -> Result<Vec<(i64, i64)>, ApiError> {
    State::codes_of(word)
        .ok_or_else(|| unknown_word("state", word, "draft, waiting, held, ready, released, …"))
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
