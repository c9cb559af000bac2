//! The document families the stand-in knows: their names in receipts and the e-port's codes.

/// One family of documents.
#[derive(Debug)]
pub(crate) struct Family {
    /// 311, 411 and so on.
    pub(crate) number: u32,
    /// Type of the receipt.
    pub(crate) receipt: &'static str,
    /// Its name in receipt texts.
    pub(crate) zh: &'static str,
    /// The element of a document, as finding paths name it.
    pub(crate) element: &'static str,
    /// The import document that codes and scenarios speak of: the family's own number, or that of
    /// its counterpart in import.
    pub(crate) like: u32,
    /// Fields of the head that name firms of which one must have signed; none: anybody may.
    pub(crate) signers: &'static [&'static str],
    /// Statuses after 2 and 120 with which an accepted document ends.
    pub(crate) ends: &'static [i64],
    /// Negative codes, without their minus.
    pub(crate) codes: Codes,
}

impl Family {
    /// Whether it declares goods: outcomes and flaws that an order number asks for fall on it.
    pub(crate) fn is_inventory(&self) -> bool {
        self.like == 621
    }
}

/// The e-port's codes for what may be wrong with a document.
#[derive(Debug)]
pub(crate) struct Codes {
    /// The signature does not verify.
    pub(crate) signature: u32,
    /// The signer may not sign for the firm.
    pub(crate) card: u32,
    /// A check of parameters failed; the text says which.
    pub(crate) check: u32,
    /// The document is there already.
    pub(crate) exists: u32,
    /// The document to change or delete is not there.
    pub(crate) absent: u32,
    /// Older than the one that is there.
    pub(crate) stale: u32,
    /// Already used by a declared inventory, or in a state that forbids it.
    pub(crate) declared: u32,
}

const fn codes(
    signature: u32,
    check: u32,
    exists: u32,
    absent: u32,
    stale: u32,
    declared: u32,
) -> Codes {
    Codes { signature, card: signature, check, exists, absent, stale, declared }
}

const fn with_card(card: u32, codes: Codes) -> Codes {
    Codes { card, ..codes }
}

const ORDER: Codes = codes(301_020, 301_008, 301_010, 301_009, 301_014, 301_011);
const PAYMENT: Codes = codes(401_009, 401_009, 401_007, 401_006, 401_012, 401_008);
const WAYBILL: Codes = codes(504_011, 504_011, 504_015, 504_014, 504_011, 504_016);
const STATUS: Codes = codes(505_011, 505_011, 505_012, 505_014, 505_016, 505_014);
const INVENTORY: Codes =
    with_card(621_015, codes(621_029, 621_001, 621_004, 621_011, 621_001, 621_012));
const CANCEL: Codes =
    with_card(623_021, codes(623_029, 623_001, 623_009, 623_003, 623_001, 623_005));
const RETURN: Codes =
    with_card(625_020, codes(625_005, 625_001, 625_022, 625_204, 625_001, 625_205));
/// Sheets of sites and carriers.
const SHEET: Codes = codes(800_001, 800_001, 800_003, 800_002, 800_005, 800_003);

macro_rules! families {
    ($($number:literal like $like:literal $receipt:literal $zh:literal $element:literal
        by [$($signer:literal)*] ends [$($end:literal)*] $codes:ident;)*) => {
        &[$(Family {
            number: $number,
            receipt: $receipt,
            zh: $zh,
            element: $element,
            like: $like,
            signers: &[$($signer),*],
            ends: &[$($end),*],
            codes: $codes,
        },)*]
    };
}

// Export has no published table of codes: its documents get those of their import counterparts,
// and the sheets of sites and carriers those of the warehousing sheet. The receipts whose list of
// statuses ends with 399 say it after 120.
#[rustfmt::skip]
const FAMILIES: &[Family] = families! {
    311 like 311 "CEB312" "订单" "Order" by [] ends [] ORDER;
    411 like 411 "CEB412" "支付单" "Payment" by ["payCode"] ends [] PAYMENT;
    511 like 511 "CEB512" "运单" "Logistics" by ["logisticsCode"] ends [] WAYBILL;
    513 like 513 "CEB514" "运单状态" "LogisticsStatus" by ["logisticsCode"] ends [] STATUS;
    621 like 621 "CEB622" "清单" "Inventory" by ["agentCode"] ends [] INVENTORY;
    623 like 623 "CEB624" "撤销申请单" "InvtCancel" by ["agentCode"] ends [399] CANCEL;
    625 like 625 "CEB626" "退货申请单" "InvtRefund" by ["agentCode"] ends [399] RETURN;
    711 like 711 "CEB712" "入库明细单" "Delivery" by ["operatorCode"] ends [] SHEET;
    303 like 311 "CEB304" "订单" "Order" by [] ends [] ORDER;
    403 like 411 "CEB404" "收款单" "Receipts" by ["ebcCode" "payCode"] ends [] PAYMENT;
    505 like 511 "CEB506" "运单" "Logistics" by ["logisticsCode"] ends [] WAYBILL;
    507 like 507 "CEB508" "运抵单" "Arrival" by ["operatorCode" "logisticsCode"] ends [399] SHEET;
    509 like 509 "CEB510" "离境单" "Departure" by ["logisticsCode"] ends [399] SHEET;
    603 like 621 "CEB604" "清单" "Inventory" by ["agentCode" "ebcCode"] ends [] INVENTORY;
    605 like 623 "CEB606" "撤销申请单" "InvtCancel" by ["agentCode" "ebcCode"] ends [399] CANCEL;
    607 like 607 "CEB608" "清单总分单" "WayBill" by ["agentCode"] ends [] SHEET;
    701 like 701 "CEB702" "汇总申请单" "SummaryApply" by ["agentCode" "ebcCode"] ends [399] SHEET;
    213 like 625 "CEB214" "退货申请单" "InvtRefund" by ["agentCode" "ebcCode"] ends [] RETURN;
    215 like 215 "CEB216" "退货理货明细单" "InvtRefundDetail"
        by ["operatorCode" "logisticsCode"] ends [399] SHEET;
};

/// The family of a message type such as `CEB621`; `None` for types the stand-in does not judge.
pub(crate) fn family(code: &str) -> Option<&'static Family> {
    let number: u32 = code.strip_prefix("CEB")?.parse().ok()?;
    FAMILIES.iter().find(|family| family.number == number)
}

/// What customs writes beside its codes (`[Code:n;Desc:…]`).
pub(crate) fn customs_text(code: u32) -> &'static str {
    match code {
        1200 => "待人工审核",
        1301 => "系统异常，请稍后重试",
        1311 => "担保金额不足",
        1313 => "订购人购买超过年度限额",
        1320 => "清单与订单商品项数不一致",
        1322 => "清单与订单商品不一致",
        1327 => "订购人与支付人姓名或证件号码不一致",
        1332 => "支付金额与订单实际支付金额不一致",
        1800 => "逻辑校验通过",
        2300 => "审核通过",
        2600 => "放行",
        13_035 => "支付企业不一致",
        13_127 => "清单与订单订购人姓名不一致",
        130_126 => "清单与订单订购人电话不一致",
        _ => "海关退单",
    }
}

/// A coded text of customs.
pub(crate) fn coded(code: u32) -> String {
    format!("[Code:{code};Desc:{}]", customs_text(code))
}

/// Writes a coded text of customs.
pub(crate) fn coded_into(out: &mut Vec<u8>, code: u32) {
    out.extend_from_slice(coded(code).as_bytes());
}
