//! Values that only exports have.

use kernel::{Date, Decimal, Time};

use super::kind::{Direction, Kind};
use super::types::{CancelApplication, Head, Inventory, Order, Waybill};

/// 无: how a foreign platform without a code of ours is named.
pub const NO_PLATFORM: &str = "无";

/// NO: how a producer or seller without a code is named.
pub const NO_OWNER: &str = "NO";

/// What only an export inventory declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportTerms {
    /// 申报业务类型: `A` simplified, `B` to be summarised.
    pub statistics_flag: String,
    /// 出口日期, expected.
    pub leaves_on: Option<Date>,
    /// 生产销售企业代码; `NO` when it has none.
    pub owner_code: String,
    /// 指运港代码.
    pub destination_port: String,
    /// 许可证号; may be empty.
    pub license_no: String,
    /// 总包号; may follow with the consolidation.
    pub package_no: String,
    /// 监管场所代码; may be empty.
    pub place_no: String,
    /// 运费币制.
    pub freight_currency: String,
    /// 保费币制.
    pub insurance_currency: String,
    /// 件数.
    pub packages: u64,
}

/// 收款单. Business key: seller, order number and, when it has one, the transaction's number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundsReceipt {
    /// Common head.
    pub head: Head,
    /// 电商企业代码.
    pub ebc_code: String,
    /// 电商平台代码, or 无.
    pub ebp_code: String,
    /// 订单编号.
    pub order_no: String,
    /// 支付企业代码; may be empty.
    pub pay_code: String,
    /// 支付交易编号; may be empty.
    pub pay_no: String,
    /// Its own number: see [`FundsReceipt::number_of`].
    pub number: String,
    /// 收款金额, in `currency`.
    pub charge: Decimal,
    /// 币制.
    pub currency: String,
    /// 到账时间.
    pub received: Time,
}

impl FundsReceipt {
    /// The number one receipt of funds goes by at its seller: an order may be paid in parts, and
    /// one transaction may pay several orders.
    pub fn number_of(order_no: &str, pay_no: &str) -> String {
        match pay_no {
            "" => order_no.to_owned(),
            pay_no => format!("{order_no}/{pay_no}"),
        }
    }

    /// Whose numbering the order it names has.
    pub fn shop(&self) -> &str {
        shop(&self.ebp_code, &self.ebc_code)
    }
}

/// A document about many inventories: 运抵单, 清单总分单, 离境单, 汇总申请单. Business key: issuer,
/// its own number, and the part when it was split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collective {
    /// Common head.
    pub head: Head,
    /// Which of them.
    pub kind: Kind,
    /// The firm whose numbering it is: site operator, declarant or carrier.
    pub issuer: String,
    /// Its own number with the part: see [`Collective::number_of`].
    pub number: String,
    /// 报文总数.
    pub parts: u64,
    /// 预录入编号; may be empty.
    pub pre_no: String,
    /// 申报地海关代码.
    pub customs_code: String,
    /// 监管场所代码; may be empty.
    pub place_no: String,
    /// 物流企业代码; empty for a summary application.
    pub logistics_code: String,
    /// 收发货人代码; summary applications only.
    pub ebc_code: String,
    /// 报关单位代码; summary applications only.
    pub broker_code: String,
    /// 提运单号; may be empty.
    pub bill_no: String,
    /// 运输方式.
    pub traf_mode: String,
    /// 运输工具名称, or 境内运输工具编号 of an arrival.
    pub traf_name: String,
    /// 航班航次号; may be empty.
    pub voyage_no: String,
    /// 离境时间 of a departure; 汇总开始时间 of a summary application.
    pub from: Option<Time>,
    /// 汇总结束时间 of a summary application.
    pub until: Option<Time>,
    /// 收发货人汇总标志, then 按商品名汇总标志, of a summary application.
    pub flags: String,
    /// 毛重 of a consolidation, kilograms.
    pub gross_kg: Option<Decimal>,
    /// What it is about.
    pub lines: Vec<CollectiveLine>,
}

/// One parcel of a collective document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectiveLine {
    /// 物流运单编号; of a summary application 清单编号.
    pub number: String,
    /// 总包号; may be empty.
    pub package_no: String,
}

impl Collective {
    /// An empty one of that kind.
    pub fn new(kind: Kind) -> Collective {
        Collective {
            head: Head::default(),
            kind,
            issuer: String::new(),
            number: String::new(),
            parts: 1,
            pre_no: String::new(),
            customs_code: String::new(),
            place_no: String::new(),
            logistics_code: String::new(),
            ebc_code: String::new(),
            broker_code: String::new(),
            bill_no: String::new(),
            traf_mode: String::new(),
            traf_name: String::new(),
            voyage_no: String::new(),
            from: None,
            until: None,
            flags: String::new(),
            gross_kg: None,
            lines: Vec::new(),
        }
    }

    /// The number one part of a document goes by: parts of one document share its own number.
    pub fn number_of(cop_no: &str, part: &str) -> String {
        match part.trim().trim_start_matches('0') {
            "" | "1" => cop_no.to_owned(),
            part => format!("{cop_no}#{part}"),
        }
    }

    /// Its own number without the part, and the part.
    pub fn own_number(&self) -> (&str, &str) {
        self.number.rsplit_once('#').unwrap_or((&self.number, "1"))
    }

    /// Whether its lines are inventory numbers rather than waybill numbers.
    pub fn names_inventories(&self) -> bool {
        self.kind == Kind::SummaryApplication
    }
}

/// Whose numbering an order number is: the platform's; the seller's when the platform has no code.
pub fn shop<'a>(ebp_code: &'a str, ebc_code: &'a str) -> &'a str {
    if ebp_code == NO_PLATFORM { ebc_code } else { ebp_code }
}

impl Order {
    /// Which document.
    pub const fn kind(&self) -> Kind {
        Kind::order(self.direction)
    }

    /// Whose numbering its number is.
    pub fn shop(&self) -> &str {
        match self.direction {
            Direction::Import => &self.ebp_code,
            Direction::Export => shop(&self.ebp_code, &self.ebc_code),
        }
    }
}

impl Waybill {
    /// Which document.
    pub const fn kind(&self) -> Kind {
        Kind::waybill(self.direction)
    }
}

impl CancelApplication {
    /// Which document.
    pub const fn kind(&self) -> Kind {
        Kind::cancel(self.direction)
    }
}

impl Inventory {
    /// Which way its goods go.
    pub const fn direction(&self) -> Direction {
        match self.export {
            None => Direction::Import,
            Some(_) => Direction::Export,
        }
    }

    /// Which document.
    pub const fn kind(&self) -> Kind {
        Kind::inventory(self.direction())
    }

    /// Whose numbering the order it names has.
    pub fn shop(&self) -> &str {
        match self.direction() {
            Direction::Import => &self.ebp_code,
            Direction::Export => shop(&self.ebp_code, &self.ebc_code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_its_part() {
        for (cop_no, part, number) in [
            ("YD1", "1", "YD1"),
            ("YD1", "", "YD1"),
            ("YD1", "2", "YD1#2"),
            ("YD1", "012", "YD1#12"),
        ] {
            let number_of = Collective::number_of(cop_no, part);
            assert_eq!(number_of, number);
            let whole = Collective { number: number_of, ..Collective::new(Kind::Arrival) };
            assert_eq!(whole.own_number().0, cop_no);
        }
    }

    #[test]
    fn a_foreign_platform_without_a_code_numbers_nothing() {
        assert_eq!(shop("91370303XAK010092A", "91370303XAK040363J"), "91370303XAK010092A");
        assert_eq!(shop("无", "91370303XAK040363J"), "91370303XAK040363J");
    }
}
