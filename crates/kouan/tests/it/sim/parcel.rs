//! One sale and its documents, each as right or as wrong as the story wants it.

use clearance::document::Kind;
use kernel::Time;
use kernel::identifier::{Verdict, identity_number};
use serde_json::{Value as Json, json};

pub(super) const PLATFORM: &str = "91370303XAK010092A";
pub(super) const SELLER: &str = "91370303XAK040363J";
pub(super) const PAYMENT: &str = "91370303XAK090811A";
pub(super) const CARRIER: &str = "91370303XAK121083X";
pub(super) const BROKER: &str = "91370303XAK1513546";
pub(super) const ZONE_FIRM: &str = "91370303XAK171531M";
pub(super) const SITE: &str = "91370303XAK1917197";

/// The firms that send something.
pub(super) const SENDERS: [&str; 5] = [PLATFORM, PAYMENT, CARRIER, BROKER, SITE];

/// The kinds of document of a sale.
pub(super) const KINDS: [Kind; 7] = [
    Kind::Order,
    Kind::Payment,
    Kind::Waybill,
    Kind::WaybillStatus,
    Kind::Inventory,
    Kind::CancelApplication,
    Kind::Warehousing,
];

/// The firm that sends documents of a kind.
pub(super) fn sender_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Order => PLATFORM,
        Kind::Payment => PAYMENT,
        Kind::Waybill | Kind::WaybillStatus => CARRIER,
        Kind::Inventory | Kind::CancelApplication => BROKER,
        Kind::Warehousing => SITE,
        other => panic!("{other:?} belongs to no sale told here"),
    }
}

/// What is wrong with a version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// A payment of another amount than the order says was paid.
    Amount,
    /// A payment by somebody else than the buyer.
    Payer,
    /// A waybill to somebody else.
    Consignee,
    /// An inventory of somebody else's purchase.
    Buyer,
}

impl Flaw {
    /// A flaw that a kind of document can have.
    pub(super) fn of(kind: Kind, which: usize) -> Flaw {
        match kind {
            Kind::Payment if which.is_multiple_of(2) => Flaw::Amount,
            Kind::Payment => Flaw::Payer,
            Kind::Waybill => Flaw::Consignee,
            Kind::Inventory => Flaw::Buyer,
            _ => Flaw::None,
        }
    }
}

/// A sale.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) n: usize,
    /// What the beginning of the order number asks of the customs stand-in.
    pub(super) prefix: &'static str,
    pub(super) buyer: usize,
    /// Of one piece, whole yuan.
    pub(super) price: i64,
    pub(super) pieces: i64,
    /// Direct mail, released only when it has arrived.
    pub(super) direct: bool,
}

/// How one version of a document is made.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// appType: 1 new, 2 change, 3 withdraw.
    pub(super) act: u8,
    pub(super) flaw: Flaw,
    /// Tells versions apart that say the same in everything that matters.
    pub(super) note: u32,
    pub(super) guid: String,
    pub(super) at: Time,
    /// What customs calls the inventory: 预录入编号, 清单编号. For applications only.
    pub(super) numbers: (String, String),
}

/// A buyer's identity number: invented, the check digit right, born when nobody alive was.
pub(super) fn buyer_id(buyer: usize) -> String {
    let body = format!("37030318900{}{:02}{:03}", 1 + buyer % 9, 1 + buyer % 28, 100 + buyer);
    match identity_number(&format!("{body}0")) {
        Verdict::WrongCheck(check) => format!("{body}{check}"),
        _ => format!("{body}0"),
    }
}

const ADDRESS: &str = "山东省淄博市张店区样例路1号";

impl Parcel {
    pub(super) fn order_no(&self) -> String {
        format!("{}ORD{:06}", self.prefix, self.n)
    }

    pub(super) fn logistics_no(&self) -> String {
        format!("WB{:08}", self.n)
    }

    pub(super) fn transaction(&self) -> String {
        format!("PAY{:08}", self.n)
    }

    pub(super) fn cop_no(&self) -> String {
        format!("COP{:08}", self.n)
    }

    /// The customs value, in fen: what counts against the buyer's year.
    pub(super) fn value_fen(&self) -> i64 {
        self.price * self.pieces * 100
    }

    /// The number a document of a kind is known by.
    pub(super) fn number(&self, kind: Kind) -> String {
        match kind {
            Kind::Order => self.order_no(),
            Kind::Payment => self.transaction(),
            Kind::Waybill | Kind::WaybillStatus => self.logistics_no(),
            Kind::Inventory => self.cop_no(),
            Kind::CancelApplication => format!("CX{:08}", self.n),
            Kind::Warehousing => format!("RK{:08}", self.n),
            other => panic!("{other:?} belongs to no sale told here"),
        }
    }

    /// One version of a document.
    pub(super) fn document(&self, kind: Kind, version: &Version) -> Json {
        match kind {
            Kind::Order => self.order(version),
            Kind::Payment => self.payment(version),
            Kind::Waybill => self.waybill(version),
            Kind::Inventory => self.inventory(version),
            Kind::CancelApplication => self.cancel(version),
            Kind::Warehousing => self.sheet(version),
            Kind::WaybillStatus => self.signed_for(version),
            other => panic!("{other:?} belongs to no sale told here"),
        }
    }

    fn total(&self) -> String {
        (self.price * self.pieces).to_string()
    }

    fn buyer_name(&self) -> String {
        const GIVEN: [&str; 6] = ["安", "博", "晨", "丹", "恩", "帆"];
        format!("李小{}", GIVEN[self.buyer % GIVEN.len()])
    }

    fn head(&self, version: &Version, rest: Json) -> Json {
        let mut head = json!({
            "guid": version.guid,
            "appType": version.act.to_string(),
            "appTime": version.at.to_compact(),
            "appStatus": "2",
            "note": format!("版本{}", version.note),
        });
        for (name, value) in rest.as_object().into_iter().flatten() {
            head[name] = value.clone();
        }
        head
    }

    fn order(&self, version: &Version) -> Json {
        let total = self.total();
        let head = self.head(
            version,
            json!({
                "orderType": "I", "orderNo": self.order_no(),
                "ebpCode": PLATFORM, "ebpName": "平台", "ebcCode": SELLER, "ebcName": "电商",
                "goodsValue": total, "freight": "0", "discount": "0", "taxTotal": "0",
                "acturalPaid": total, "currency": "142",
                "buyerRegNo": "u1", "buyerName": self.buyer_name(),
                "buyerTelephone": "10000345678",
                "buyerIdType": "1", "buyerIdNumber": buyer_id(self.buyer),
                "payCode": PAYMENT, "payName": "支付", "payTransactionId": self.transaction(),
                "consignee": self.buyer_name(), "consigneeTelephone": "10000345678",
                "consigneeAddress": ADDRESS,
            }),
        );
        json!({
            "OrderHead": head,
            "OrderList": [{
                "gnum": "1", "itemNo": "SKU1", "itemName": "婴儿配方奶粉", "gmodel": "800克/罐",
                "unit": "122", "qty": self.pieces.to_string(), "price": self.price.to_string(),
                "totalPrice": total, "currency": "142", "country": "609",
            }],
        })
    }

    fn payment(&self, version: &Version) -> Json {
        let paid = self.price * self.pieces + i64::from(version.flaw == Flaw::Amount);
        let payer = match version.flaw {
            Flaw::Payer => "王大明".to_owned(),
            _ => self.buyer_name(),
        };
        let head = self.head(
            version,
            json!({
                "payCode": PAYMENT, "payName": "支付", "payTransactionId": self.transaction(),
                "orderNo": self.order_no(), "ebpCode": PLATFORM, "ebpName": "平台",
                "payerIdType": "1", "payerIdNumber": buyer_id(self.buyer), "payerName": payer,
                "amountPaid": paid.to_string(), "currency": "142", "payTime": "20261123085900",
            }),
        );
        json!({ "PaymentHead": head })
    }

    fn waybill(&self, version: &Version) -> Json {
        let consignee = match version.flaw {
            Flaw::Consignee => "王大明".to_owned(),
            _ => self.buyer_name(),
        };
        let head = self.head(
            version,
            json!({
                "logisticsCode": CARRIER, "logisticsName": "物流",
                "logisticsNo": self.logistics_no(), "orderNo": self.order_no(), "freight": "0",
                "insuredFee": "0", "currency": "142", "weight": "1.7", "packNo": "1",
                "goodsInfo": "奶粉", "consignee": consignee,
                "consigneeTelephone": "10000345678", "consigneeAddress": ADDRESS,
            }),
        );
        json!({ "LogisticsHead": head })
    }

    fn inventory(&self, version: &Version) -> Json {
        let buyer = match version.flaw {
            Flaw::Buyer => "王大明".to_owned(),
            _ => self.buyer_name(),
        };
        let mut head = self.head(
            version,
            json!({
                "orderNo": self.order_no(), "ebpCode": PLATFORM, "ebpName": "平台",
                "ebcCode": SELLER, "ebcName": "电商", "logisticsNo": self.logistics_no(),
                "logisticsCode": CARRIER, "logisticsName": "物流", "copNo": self.cop_no(),
                "assureCode": SELLER, "ieFlag": "I", "declTime": "20261123",
                "customsCode": "4251", "portCode": "4251",
                "buyerIdType": "1", "buyerIdNumber": buyer_id(self.buyer), "buyerName": buyer,
                "buyerTelephone": "10000345678", "consigneeAddress": ADDRESS,
                "agentCode": BROKER, "agentName": "报关", "freight": "0", "insuredFee": "0",
                "currency": "142", "packNo": "1", "grossWeight": "1.7", "netWeight": "1.6",
            }),
        );
        let leg = if self.direct {
            json!({
                "tradeMode": "9610", "trafMode": "5", "trafNo": "CA8401", "voyageNo": "CA8401",
                "billNo": format!("999{:08}", self.n), "country": "609",
            })
        } else {
            json!({
                "tradeMode": "1210", "trafMode": "Y", "country": "142", "emsNo": "T4251W000001",
                "areaCode": ZONE_FIRM, "areaName": "区内",
            })
        };
        for (name, value) in leg.as_object().into_iter().flatten() {
            head[name] = value.clone();
        }
        json!({
            "InventoryHead": head,
            "InventoryList": [{
                "gnum": "1", "itemRecordNo": "REC1", "itemNo": "SKU1",
                "itemName": "婴儿配方奶粉", "gcode": "1901101010", "gname": "婴儿配方奶粉",
                "gmodel": "800克/罐", "barCode": "无", "country": "609", "currency": "142",
                "qty": self.pieces.to_string(), "unit": "122", "qty1": "1.6", "unit1": "035",
                "price": self.price.to_string(), "totalPrice": self.total(),
            }],
        })
    }

    fn cancel(&self, version: &Version) -> Json {
        let (pre_no, invt_no) = &version.numbers;
        let head = self.head(
            version,
            json!({
                "customsCode": "4251", "orderNo": self.order_no(), "ebpCode": PLATFORM,
                "ebpName": "平台", "ebcCode": SELLER, "ebcName": "电商",
                "logisticsNo": self.logistics_no(), "logisticsCode": CARRIER,
                "logisticsName": "物流", "copNo": format!("CX{:08}", self.n),
                "preNo": pre_no, "invtNo": invt_no, "buyerIdType": "1",
                "buyerIdNumber": buyer_id(self.buyer), "buyerName": self.buyer_name(),
                "buyerTelephone": "10000345678", "agentCode": BROKER, "agentName": "报关",
                "reason": "买家取消订单",
            }),
        );
        json!({ "InvtCancel": head })
    }

    fn sheet(&self, version: &Version) -> Json {
        let head = self.head(
            version,
            json!({
                "customsCode": "4251", "copNo": format!("RK{:08}", self.n),
                "operatorCode": SITE, "operatorName": "监管场所", "ieFlag": "I",
                "trafMode": "5", "trafNo": "CA8401", "voyageNo": "CA8401",
                "billNo": format!("999{:08}", self.n), "logisticsCode": CARRIER,
                "logisticsName": "物流", "unloadLocation": "A01",
            }),
        );
        json!({
            "DeliveryHead": head,
            "DeliveryList": [{ "gnum": "1", "logisticsNo": self.logistics_no() }],
        })
    }

    fn signed_for(&self, version: &Version) -> Json {
        let head = self.head(
            version,
            json!({
                "logisticsCode": CARRIER, "logisticsName": "物流",
                "logisticsNo": self.logistics_no(), "logisticsStatus": "S",
                "logisticsTime": version.at.to_compact(),
            }),
        );
        json!({ "LogisticsStatus": head })
    }
}
