//! Codes that belong to the message format itself: a handful of letters and digits per list. The
//! long lists (districts, countries, units …) are the register's.

use crate::schema::CodeList;

/// One code and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// As it stands in the message.
    pub code: &'static str,
    /// Chinese meaning.
    pub zh: &'static str,
    /// English meaning.
    pub en: &'static str,
}

const fn code(code: &'static str, zh: &'static str, en: &'static str) -> Code {
    Code { code, zh, en }
}

const APP_TYPE: &[Code] =
    &[code("1", "新增", "add"), code("2", "变更", "change"), code("3", "删除", "delete")];
const APP_STATUS: &[Code] = &[code("1", "暂存", "draft"), code("2", "申报", "declare")];
const ORDER_TYPE: &[Code] = &[
    code("I", "进口", "import"),
    code("E", "零售出口", "retail export"),
    code("B", "B2B 直接出口", "B2B direct export"),
    code("W", "海外仓订仓", "overseas warehouse booking"),
];
const IE_FLAG: &[Code] = &[code("I", "进口", "import"), code("E", "出口", "export")];
const ID_TYPE: &[Code] =
    &[code("1", "身份证", "resident identity card"), code("2", "其他", "other")];
const LOGISTICS_STATUS: &[Code] = &[code("S", "签收", "signed for")];
const STATISTICS_FLAG: &[Code] =
    &[code("A", "简化申报", "simplified"), code("B", "汇总申报", "summarised")];
const TAX_BILL_STATUS: &[Code] =
    &[code("1", "已生成", "made"), code("2", "已汇总", "summarised"), code("3", "作废", "void")];
const SUMMARY_FLAG: &[Code] = &[
    code("1", "按收发货人汇总", "by consignor"),
    code("2", "按收发货人和生产销售单位汇总", "by consignor and producer"),
];
const ITEM_NAME_FLAG: &[Code] = &[code("1", "企业商品名称相同", "same item name")];
const DXP_MODE: &[Code] = &[code("DXP", "数据交换平台", "data exchange platform")];
const SUBSCRIPTION_STATUS: &[Code] = &[
    code("ALL", "数据和回执", "messages and receipts"),
    code("DATA", "数据", "messages"),
    code("RET", "回执", "receipts"),
];

impl CodeList {
    /// The whole list when it is part of the message format; `None` when the register holds it.
    pub fn builtin(self) -> Option<&'static [Code]> {
        match self {
            CodeList::AppType => Some(APP_TYPE),
            CodeList::AppStatus => Some(APP_STATUS),
            CodeList::OrderType => Some(ORDER_TYPE),
            CodeList::IeFlag => Some(IE_FLAG),
            CodeList::IdType => Some(ID_TYPE),
            CodeList::LogisticsStatus => Some(LOGISTICS_STATUS),
            CodeList::StatisticsFlag => Some(STATISTICS_FLAG),
            CodeList::TaxBillStatus => Some(TAX_BILL_STATUS),
            CodeList::SummaryFlag => Some(SUMMARY_FLAG),
            CodeList::ItemNameFlag => Some(ITEM_NAME_FLAG),
            CodeList::DxpMode => Some(DXP_MODE),
            CodeList::SubscriptionStatus => Some(SUBSCRIPTION_STATUS),
            CodeList::CustomsDistrict
            | CodeList::Country
            | CodeList::Currency
            | CodeList::Unit
            | CodeList::TransportMode
            | CodeList::WrapType
            | CodeList::TradeMode
            | CodeList::ReceiptStatus
            | CodeList::Division => None,
        }
    }

    /// Chinese and English name of the list.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            CodeList::AppType => ("报送类型", "kinds of report"),
            CodeList::AppStatus => ("业务状态", "business statuses"),
            CodeList::OrderType => ("订单类型", "kinds of order"),
            CodeList::IeFlag => ("进出口标记", "import or export"),
            CodeList::IdType => ("证件类型", "identity documents"),
            CodeList::LogisticsStatus => ("物流运单状态", "waybill statuses"),
            CodeList::StatisticsFlag => ("申报业务类型", "kinds of export declaration"),
            CodeList::TaxBillStatus => ("税单状态", "tax bill statuses"),
            CodeList::SummaryFlag => ("收发货人汇总标志", "ways to summarise"),
            CodeList::ItemNameFlag => ("按商品名汇总标志", "summary by item name"),
            CodeList::DxpMode => ("报文传输模式", "transport of messages"),
            CodeList::SubscriptionStatus => ("订阅内容", "subscriptions"),
            CodeList::CustomsDistrict => ("关区代码", "customs districts"),
            CodeList::Country => ("国别（地区）代码", "countries and regions"),
            CodeList::Currency => ("币制代码", "currencies"),
            CodeList::Unit => ("计量单位代码", "units of measure"),
            CodeList::TransportMode => ("运输方式代码", "transport modes"),
            CodeList::WrapType => ("包装种类代码", "package types"),
            CodeList::TradeMode => ("监管方式代码", "trade modes"),
            CodeList::ReceiptStatus => ("回执状态", "receipt statuses"),
            CodeList::Division => ("行政区划代码", "administrative divisions"),
        }
    }
}
