//! What the tax rooms say no to, in words.

use axum::http::StatusCode;
use kernel::{Fen, Text};

/// Why an act on a guarantee or a bill is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaxRefusal {
    /// No guarantor with this code.
    GuarantorNotFound,
    /// The guarantor has no such instrument.
    InstrumentNotFound,
    /// The guarantor has lodged an instrument of this kind and number.
    InstrumentTaken,
    /// The instrument has ended.
    InstrumentEnded,
    /// Less would leave tax uncovered.
    WouldUncover {
        /// What is free.
        available: Fen,
    },
    /// Somebody else changed it just now.
    Changed,
    /// No such bill.
    BillNotFound,
    /// The bill is not in a state that allows it.
    BillState {
        /// Where it stands.
        found: &'static str,
        /// Where it would have to.
        expected: &'static str,
    },
    /// What was paid is not what the bill comes to.
    AmountDiffers {
        /// What the bill comes to.
        bill: Fen,
        /// What was paid.
        paid: Fen,
    },
    /// Nobody withholds under this code.
    AgentNotFound,
}

impl web::Refusal for TaxRefusal {
    fn status(&self) -> StatusCode {
        match self {
            TaxRefusal::GuarantorNotFound
            | TaxRefusal::InstrumentNotFound
            | TaxRefusal::AgentNotFound
            | TaxRefusal::BillNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TaxRefusal::GuarantorNotFound => "guarantee.not_found",
            TaxRefusal::InstrumentNotFound => "guarantee.instrument_not_found",
            TaxRefusal::InstrumentTaken => "guarantee.instrument_taken",
            TaxRefusal::InstrumentEnded => "guarantee.instrument_ended",
            TaxRefusal::WouldUncover { .. } => "guarantee.would_uncover",
            TaxRefusal::Changed => "guarantee.changed",
            TaxRefusal::BillNotFound => "bill.not_found",
            TaxRefusal::BillState { .. } => "bill.state",
            TaxRefusal::AmountDiffers { .. } => "bill.amount_differs",
            TaxRefusal::AgentNotFound => "withholding.not_found",
        }
    }

    fn text(&self) -> Text {
        match self {
            TaxRefusal::GuarantorNotFound => {
                Text::new("没有该担保企业", "there is no such guarantor")
            }
            TaxRefusal::InstrumentNotFound => {
                Text::new("该担保企业没有这项担保", "the guarantor has no such instrument")
            }
            TaxRefusal::InstrumentTaken => Text::new(
                "同一编号的担保已登记，内容不同",
                "an instrument of that number is lodged already, with other particulars",
            ),
            TaxRefusal::InstrumentEnded => Text::new("该担保已终止", "the instrument has ended"),
            TaxRefusal::WouldUncover { available } => Text::new(
                format!("核减后已占用税款将失去担保；可用额度 {available} 元"),
                format!("tax would be uncovered; {available} yuan are free"),
            ),
            TaxRefusal::Changed => {
                Text::new("刚被他人修改", "it was changed by somebody else just now")
            }
            TaxRefusal::BillNotFound => Text::new("没有该税单", "there is no such bill"),
            TaxRefusal::BillState { found, expected } => Text::new(
                format!("税单状态为 {found}，须为 {expected}"),
                format!("the bill is {found}, not {expected}"),
            ),
            TaxRefusal::AmountDiffers { bill, paid } => Text::new(
                format!("缴款 {paid} 元与税单 {bill} 元不符"),
                format!("{paid} yuan were paid, the bill comes to {bill}"),
            ),
            TaxRefusal::AgentNotFound => {
                Text::new("没有该代收代缴义务人", "nobody withholds under this code")
            }
        }
    }

    fn remedy(&self) -> Text {
        let (zh, en) = match self {
            TaxRefusal::GuarantorNotFound => {
                ("核对代码；先登记担保企业", "check the code; register the guarantor first")
            }
            TaxRefusal::InstrumentNotFound | TaxRefusal::BillNotFound => {
                ("从列表中查得编号后再试", "look it up in the list, then try again")
            }
            TaxRefusal::InstrumentTaken => {
                ("核对编号；增减额度用追加、核减", "check the number; use top-up or reduce")
            }
            TaxRefusal::InstrumentEnded => ("另行提交担保", "lodge another instrument"),
            TaxRefusal::WouldUncover { .. } => {
                ("先缴清税单或提交其他担保，再核减", "pay bills or lodge another instrument first")
            }
            TaxRefusal::Changed => ("重新读取后再试", "read it again, then try again"),
            TaxRefusal::BillState { .. } => {
                ("按税单当前状态办理", "do what the bill's state allows")
            }
            TaxRefusal::AmountDiffers { .. } => {
                ("核对缴款书，按税单全额缴纳", "check the payment notice; a bill is paid in full")
            }
            TaxRefusal::AgentNotFound => ("核对代码", "check the code"),
        };
        Text::new(zh, en)
    }
}
