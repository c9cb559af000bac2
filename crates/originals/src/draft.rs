//! What a platform submits: the members of `payExInfoStr`, under their official names.

use kernel::{Decimal, Finding, Text, Time};
use serde::Deserialize;

/// 支付原始数据 / A payment as the payment firm recorded it.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PaymentOriginal {
    /// 支付原始数据表头 / The payment.
    pub pay_exchange_info_head: PaymentHead,
    /// 该笔支付对应的全部订单 / Every order this payment paid.
    pub pay_exchange_info_lists: Vec<OrderPaid>,
}

/// 支付原始数据表头 / The payment.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PaymentHead {
    /// 平台发给支付企业的原始请求 / Raw request to the payment firm.
    #[schema(max_length = 8000)]
    pub inital_request: String,
    /// 支付企业的原始响应 / Raw answer of the payment firm.
    #[schema(max_length = 8000)]
    pub inital_response: String,
    /// 电商平台代码 / Code of the platform.
    #[schema(example = "91370303MA3C123462")]
    pub ebp_code: String,
    /// 支付企业代码 / Code of the payment firm.
    pub pay_code: String,
    /// 交易流水号 / Transaction number, verifiable at a recognised body.
    #[schema(max_length = 60)]
    pub pay_transaction_id: String,
    /// 交易金额(十进制字符串) / Amount, a decimal string.
    #[schema(example = "284.39")]
    pub total_amount: String,
    /// 币制,固定 142 / Currency, always 142.
    #[schema(example = "142")]
    pub currency: String,
    /// 验核机构:1 银联 2 网联 3 其他 / Verified by: 1 UnionPay, 2 NetsUnion, 3 other.
    #[schema(example = "3")]
    pub ver_dept: String,
    /// 支付类型:1 APP 2 PC 3 扫码 4 其他 / Paid by: 1 app, 2 PC, 3 scan, 4 other.
    pub pay_type: Option<String>,
    /// 交易成功时间 yyyyMMddHHmmss / When it was paid.
    #[schema(example = "20261123093000")]
    pub trading_time: String,
    /// 备注 / Note.
    pub note: Option<String>,
}

/// 支付对应的订单 / An order that was paid.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OrderPaid {
    /// 订单编号 / Order number, as declared.
    pub order_no: String,
    /// 商品信息 / The goods.
    pub goods_info: Vec<GoodsInfo>,
    /// 收款账号 / Account of the payee.
    pub recp_account: String,
    /// 收款企业代码,境外可不填 / Code of the payee; those abroad may leave it out.
    pub recp_code: Option<String>,
    /// 收款企业名称 / Name of the payee.
    pub recp_name: String,
}

/// 商品信息 / Goods of an order.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GoodsInfo {
    /// 商品名称 / Name.
    pub gname: String,
    /// 商品展示链接,多个以分号分隔 / Page of the goods; several are separated by semicolons.
    pub item_link: String,
}

/// Most digits of an amount, and most after the point.
const AMOUNT_DIGITS: (usize, usize) = (19, 5);

/// Everything that stands against a record, at `path`.
pub(crate) fn check(original: &PaymentOriginal, path: &str, now: Time) -> Vec<Finding> {
    let mut findings = Findings { list: Vec::new() };
    let head = &original.pay_exchange_info_head;
    let at = |name: &str| format!("{path}.payExchangeInfoHead.{name}");
    for (name, text, max) in [
        ("initalRequest", &head.inital_request, 8000),
        ("initalResponse", &head.inital_response, 8000),
        ("ebpCode", &head.ebp_code, 18),
        ("payCode", &head.pay_code, 18),
        ("payTransactionId", &head.pay_transaction_id, 60),
    ] {
        findings.length(&at(name), text, 1, max);
    }
    findings.length(&at("note"), head.note.as_deref().unwrap_or_default(), 0, 1000);
    findings.amount(&at("totalAmount"), &head.total_amount);
    findings.one_of(&at("currency"), &head.currency, &["142"]);
    findings.one_of(&at("verDept"), &head.ver_dept, &["1", "2", "3"]);
    if let Some(kind) = head.pay_type.as_deref().filter(|kind| !kind.is_empty()) {
        findings.one_of(&at("payType"), kind, &["1", "2", "3", "4"]);
    }
    match traded(head) {
        Some(traded) if traded <= now => {}
        _ => findings.add(
            &at("tradingTime"),
            "field.time",
            &head.trading_time,
            "yyyyMMddHHmmss",
            ("交易时间格式不符或晚于当前时间", "not a time, or one that has not come yet"),
        ),
    }
    orders(&mut findings, original, path);
    findings.list
}

/// When the payment was made; `None` when the text is no time.
pub(crate) fn traded(head: &PaymentHead) -> Option<Time> {
    let text = &head.trading_time;
    (text.len() == 14).then(|| Time::parse_compact(text)).flatten()
}

fn orders(findings: &mut Findings, original: &PaymentOriginal, path: &str) {
    let orders = &original.pay_exchange_info_lists;
    let lists = format!("{path}.payExchangeInfoLists");
    if orders.is_empty() {
        findings.missing(&lists);
    }
    for (index, order) in orders.iter().enumerate() {
        let at = |name: &str| format!("{lists}[{index}].{name}");
        findings.length(&at("orderNo"), &order.order_no, 1, 60);
        findings.length(&at("recpAccount"), &order.recp_account, 1, 60);
        findings.length(&at("recpCode"), order.recp_code.as_deref().unwrap_or_default(), 0, 18);
        findings.length(&at("recpName"), &order.recp_name, 1, 100);
        let before = orders.iter().take(index);
        if before.into_iter().any(|other| other.order_no == order.order_no) {
            findings.add(
                &at("orderNo"),
                "order.repeated",
                &order.order_no,
                "",
                ("同一订单重复", "the order stands twice"),
            );
        }
        if order.goods_info.is_empty() {
            findings.missing(&at("goodsInfo"));
        }
        for (number, goods) in order.goods_info.iter().enumerate() {
            findings.length(&at(&format!("goodsInfo[{number}].gname")), &goods.gname, 1, 250);
            let link = at(&format!("goodsInfo[{number}].itemLink"));
            findings.length(&link, &goods.item_link, 1, 3000);
            findings.links(&link, &goods.item_link);
        }
    }
}

struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    fn add(
        &mut self,
        path: &str,
        code: &'static str,
        found: &str,
        expected: &str,
        (zh, en): (&str, &str),
    ) {
        let remedy = Text::new("按报文规范更正后重新提交", "correct it as the standard says");
        let finding = Finding::error(code, Text::new(zh, en), remedy);
        self.list.push(finding.at(path).found(found, expected));
    }

    fn missing(&mut self, path: &str) {
        self.add(path, "field.missing", "", "≥ 1", ("至少一项", "at least one is needed"));
    }

    /// What is found is not repeated: it may hold names and accounts.
    fn length(&mut self, path: &str, text: &str, min: usize, max: usize) {
        let count = text.chars().count();
        if count < min || (min > 0 && text.trim().is_empty()) {
            self.add(path, "field.missing", "", "", ("必填项缺失", "a required field is missing"));
        } else if count > max {
            let texts = ("超过长度", "too long");
            self.add(path, "field.length", &count.to_string(), &format!("≤ {max}"), texts);
        }
    }

    fn amount(&mut self, path: &str, text: &str) {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (total, places) = AMOUNT_DIGITS;
        let shaped = !whole.is_empty() && digits(whole) && digits(fraction);
        let fits = fraction.len() <= places && whole.len() <= total - places;
        let positive = text.parse::<Decimal>().is_ok_and(|amount| amount > Decimal::ZERO);
        if !(shaped && fits && positive) {
            let texts =
                ("金额须为正数，最多五位小数", "an amount above zero, five decimals at most");
            self.add(path, "field.amount", text, "N19,5", texts);
        }
    }

    fn one_of(&mut self, path: &str, text: &str, allowed: &[&str]) {
        if !allowed.contains(&text) {
            let texts = ("没有这个取值", "there is no such value");
            self.add(path, "field.unknown_word", text, &allowed.join(" | "), texts);
        }
    }

    fn links(&mut self, path: &str, text: &str) {
        let is_link = |link: &str| link.starts_with("http://") || link.starts_with("https://");
        let given = text.split(';').map(str::trim).filter(|link| !link.is_empty());
        if let Some(wrong) = given.into_iter().find(|link| !is_link(link)) {
            let texts = ("商品链接须为网址，多个以分号分隔", "not a web address");
            self.add(path, "field.link", wrong, "http(s)://…", texts);
        }
    }
}
