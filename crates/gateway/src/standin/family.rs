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
    /// Negative codes, without their minus.
    pub(crate) codes: Codes,
}

/// The e-port's codes for what may be wrong with a document.
#[derive(Debug)]
pub(crate) struct Codes {
    /// The signature does not verify, or the signer may not sign for the firm.
    pub(crate) signature: u32,
    /// A check of parameters failed; the text says which.
    pub(crate) check: u32,
    /// The document is there already.
    pub(crate) exists: u32,
    /// The document to change or delete is not there.
    pub(crate) absent: u32,
    /// Older than the one that is there.
    pub(crate) stale: u32,
    /// Already used by a declared inventory.
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
    Codes { signature, check, exists, absent, stale, declared }
}

const FAMILIES: [Family; 7] = [
    Family {
        number: 311,
        receipt: "CEB312",
        zh: "订单",
        element: "Order",
        codes: codes(301_020, 301_008, 301_010, 301_009, 301_014, 301_011),
    },
    Family {
        number: 411,
        receipt: "CEB412",
        zh: "支付单",
        element: "Payment",
        codes: codes(401_009, 401_009, 401_007, 401_006, 401_012, 401_008),
    },
    Family {
        number: 511,
        receipt: "CEB512",
        zh: "运单",
        element: "Logistics",
        codes: codes(504_011, 504_011, 504_015, 504_014, 504_011, 504_016),
    },
    Family {
        number: 513,
        receipt: "CEB514",
        zh: "运单状态",
        element: "LogisticsStatus",
        codes: codes(505_011, 505_011, 505_012, 505_014, 505_016, 505_014),
    },
    Family {
        number: 621,
        receipt: "CEB622",
        zh: "清单",
        element: "Inventory",
        codes: codes(621_029, 621_001, 621_004, 621_011, 621_001, 621_012),
    },
    Family {
        number: 623,
        receipt: "CEB624",
        zh: "撤销申请单",
        element: "InvtCancel",
        codes: codes(623_029, 623_001, 623_009, 623_003, 623_001, 623_005),
    },
    Family {
        number: 711,
        receipt: "CEB712",
        zh: "入库明细单",
        element: "Delivery",
        codes: codes(800_001, 800_001, 800_003, 800_002, 800_005, 800_003),
    },
];

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
