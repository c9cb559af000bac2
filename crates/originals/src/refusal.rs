//! What the service says no to.

use axum::http::StatusCode;
use kernel::Text;

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginalsRefusal {
    /// There is no such record or request, or it is another firm's.
    NotFound,
    /// The platform named is not the caller's.
    NotYours,
    /// The request has been answered already.
    Answered,
    /// The law of the day does not say what is needed.
    NoLaw,
    /// Nobody sends records from here.
    NotServed,
}

impl web::Refusal for OriginalsRefusal {
    fn status(&self) -> StatusCode {
        match self {
            OriginalsRefusal::NotFound => StatusCode::NOT_FOUND,
            OriginalsRefusal::NotYours => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::CONFLICT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            OriginalsRefusal::NotFound => "originals.not_found",
            OriginalsRefusal::NotYours => "originals.not_your_platform",
            OriginalsRefusal::Answered => "originals.answered",
            OriginalsRefusal::NoLaw => "originals.no_law",
            OriginalsRefusal::NotServed => "originals.not_served",
        }
    }

    fn text(&self) -> Text {
        let (zh, en) = match self {
            OriginalsRefusal::NotFound => ("没有这条记录", "there is no such record"),
            OriginalsRefusal::NotYours => {
                ("电商平台未登记或不是本企业", "the platform is not registered, or not the caller")
            }
            OriginalsRefusal::Answered => ("该请求已答复海关", "customs has been answered"),
            OriginalsRefusal::NoLaw => {
                ("缺少当日的答复时限规则", "the rules lack the time to answer on this day")
            }
            OriginalsRefusal::NotServed => {
                ("本平台未启用支付原始数据服务", "this platform does not serve payment originals")
            }
        };
        Text::new(zh, en)
    }

    fn remedy(&self) -> Text {
        let (zh, en) = match self {
            OriginalsRefusal::NotFound => ("核对订单编号或请求编号", "check the number"),
            OriginalsRefusal::NotYours => {
                ("以电商平台自己的密钥提交", "submit with the key of the platform itself")
            }
            OriginalsRefusal::Answered => ("无需再次发送", "nothing is to be sent again"),
            OriginalsRefusal::NoLaw => {
                ("请平台运维补充规则 raw_payment.answer_seconds", "ask the operator for that rule")
            }
            OriginalsRefusal::NotServed => (
                "请平台运维配置上传地址和签名证书",
                "ask the operator to set address and certificate",
            ),
        };
        Text::new(zh, en)
    }

    fn field(&self) -> String {
        match self {
            OriginalsRefusal::NotYours => "payExchangeInfoHead.ebpCode".to_owned(),
            _ => String::new(),
        }
    }
}
