//! A zone with firms, an intake, and parcels to put through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clearance::Reference;
use clearance::census::{self, Kept};
use clearance::dispatch::{Dispatch, Sending, Sent};
use clearance::document::{Door, Kind};
use clearance::flow;
use clearance::intake::{Body, Intake, Outcome, Settings, Setup, Submission};
use clearance::receipt::Letter;
use db::{Ctx, Db, params};
use kernel::{Clock, IdSource, Time};
use register::party::{LiveDirectory, Zone};
use serde_json::{Value as Json, json};
use web::test::SetClock;

pub(crate) const PLATFORM: &str = "91370303XAK010092A";
pub(crate) const SELLER: &str = "91370303XAK040363J";
pub(crate) const PAYMENT: &str = "91370303XAK090811A";
pub(crate) const CARRIER: &str = "91370303XAK121083X";
pub(crate) const BROKER: &str = "91370303XAK1513546";
pub(crate) const ZONE_FIRM: &str = "91370303XAK171531M";
pub(crate) const SITE: &str = "91370303XAK1917197";
pub(crate) const OTHER_SELLER: &str = "91370303XAK050457B";

/// Clearance running over one database.
pub(crate) struct House {
    pub(crate) db: Db,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) reference: Arc<Reference>,
    pub(crate) intake: Arc<Intake>,
}

pub(crate) fn modules() -> Vec<web::Module> {
    vec![register::module(), clearance::module()]
}

impl House {
    /// Over a fresh database, with the firms of Zibo.
    pub(crate) fn over(db: &Db) -> House {
        let clock = Arc::new(SetClock::new());
        House::with(db, clock, Arc::new(IdSource::new(0)))
    }

    pub(crate) fn with(db: &Db, clock: Arc<SetClock>, ids: Arc<IdSource>) -> House {
        let migrations: Vec<_> =
            web::migrations(&modules()).into_iter().chain(ledger::MIGRATIONS.to_vec()).collect();
        db.migrate(&migrations).expect("migrated");
        let ctx = Ctx { now: clock.now(), ids: ids.clone(), actor: "test".into() };
        let zone = Zone::builtin("zibo").expect("a zone").expect("a good zone");
        db.write(|tx| register::party::flow::load_zone(tx, &ctx, &zone)).expect("loaded");
        let directory = Arc::new(LiveDirectory::new());
        directory.refresh_from(db).expect("read");
        let reference = Arc::new(Reference::builtin(directory));
        let setup = Setup {
            db: db.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            reference: reference.clone(),
            settings: Settings::default(),
        };
        let intake = Arc::new(Intake::start(setup).expect("started"));
        House { db: db.clone(), clock, ids, reference, intake }
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx { now: self.clock.now(), ids: self.ids.clone(), actor: "test".into() }
    }

    /// Hands JSON documents of one kind in, as their sender's.
    pub(crate) fn hand_in(&self, kind: Kind, documents: Vec<Json>) -> Outcome {
        self.clock.advance(1_000);
        let submission = Submission {
            door: Door::Json,
            sender: None,
            actor: "test".into(),
            body: Body::Json(kind, documents),
        };
        self.submit(submission)
    }

    /// Waits for the answer, also from within a test that is async.
    fn submit(&self, submission: Submission) -> Outcome {
        let wait = || self.intake.submit_blocking(submission).expect("taken");
        match tokio::runtime::Handle::try_current() {
            Ok(_) => tokio::task::block_in_place(wait),
            Err(_) => wait(),
        }
    }

    /// Hands one document in and gives its item.
    pub(crate) fn one(&self, kind: Kind, document: Json) -> Json {
        let outcome = self.hand_in(kind, vec![document]);
        let outcome = serde_json::to_value(outcome).expect("JSON");
        let mut item = outcome["items"][0].clone();
        if item.is_null() {
            item = json!({ "status": outcome["status"], "findings": outcome["findings"] });
        }
        item
    }

    pub(crate) fn xml(&self, bytes: Vec<u8>) -> Outcome {
        let submission = Submission {
            door: Door::Folder,
            sender: None,
            actor: "test".into(),
            body: Body::Message(bytes),
        };
        self.submit(submission)
    }

    /// Hands all four documents of a parcel in, the inventory last; gives the inventory's item.
    pub(crate) fn parcel(&self, parcel: &Parcel) -> Json {
        self.one(Kind::Order, parcel.order());
        self.one(Kind::Payment, parcel.payment());
        self.one(Kind::Waybill, parcel.waybill());
        self.one(Kind::Inventory, parcel.inventory())
    }

    /// Claims what is due and reports it sent.
    pub(crate) fn send(&self) -> Vec<Dispatch> {
        self.clock.advance(1_000);
        let ctx = self.ctx();
        let dispatches =
            self.db.write(|tx| flow::claim_dispatches(tx, &ctx, 1_000)).expect("claimed");
        let sent: Vec<Sent> =
            dispatches.iter().map(|d| Sent { id: d.id, outcome: Sending::Taken }).collect();
        self.db.write(|tx| flow::dispatched(tx, &ctx, &sent)).expect("reported");
        dispatches
    }

    /// Takes one message of receipts in.
    pub(crate) fn receipt(&self, xml: &str) -> flow::Taken {
        let ctx = self.ctx();
        let letter = Letter::read(&self.db.archiver(), &ctx, xml.as_bytes()).expect("read");
        let letters = [letter];
        self.db.write(|tx| flow::take_receipts(tx, &ctx, &self.reference, &letters)).expect("taken")
    }

    /// Customs' receipt for an inventory, so many seconds after ten o'clock.
    pub(crate) fn answer(&self, parcel: &Parcel, status: i64, second: u32) -> flow::Taken {
        self.receipt(&parcel.inventory_receipt(status, second))
    }

    /// The state word of the only inventory with this number.
    pub(crate) fn state(&self, cop_no: &str) -> &'static str {
        let sql = "SELECT c.state FROM clearance_inventory i
                   JOIN clearance_inventory_course c ON c.id = i.id WHERE i.cop_no = $1";
        let row = self.db.read(|tx| tx.query_one(sql, params![cop_no])).expect("one");
        clearance::lifecycle::State::of_code(row.i64(0).expect("a state")).word()
    }

    /// The state word of a document other than an inventory.
    pub(crate) fn paper_state(&self, kind: Kind, number: &str) -> &'static str {
        let sql = "SELECT c.state FROM clearance_document d
                   JOIN clearance_document_course c ON c.id = d.id
                   WHERE d.kind = $1 AND d.number = $2 ORDER BY d.turn DESC LIMIT 1";
        let row = self.db.read(|tx| tx.query_one(sql, params![kind.number(), number]));
        let row = row.expect("one");
        clearance::lifecycle::State::of_code(row.i64(0).expect("a state")).word()
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.db.read(|tx| tx.query_one(sql, &[])).expect("a row").i64(0).expect("a number")
    }

    /// Every receipt kept.
    pub(crate) fn receipts(&self) -> Vec<Kept> {
        let none = clearance::receipt::ReceiptId::from_i64(0);
        self.db.read(|tx| census::receipts(tx, none, 1_000)).expect("read")
    }

    /// How many inventories have a step with this text.
    pub(crate) fn noted(&self, text: &str) -> usize {
        let sql = "SELECT history FROM clearance_inventory_course";
        let rows = self.db.read(|tx| tx.query(sql, &[])).expect("read");
        let histories = rows.iter().map(|row| row.bytes(0).expect("bytes"));
        histories.filter(|all| all.windows(text.len()).any(|w| w == text.as_bytes())).count()
    }

    /// What the buyer of a parcel has used and holds in 2026, fen.
    pub(crate) fn usage(&self, parcel: &Parcel) -> (i64, i64) {
        let buyer = self.db.sealer().keyed_hash("person.id_number", &parcel.buyer);
        let of = ledger::quota::BuyerYear { buyer, year: 2026 };
        let usage = self.db.read(|tx| ledger::quota::usage(tx, &[of])).expect("read")[0];
        (usage.used.0, usage.held.0)
    }

    /// Looks at held inventories again.
    pub(crate) fn recheck(&self) {
        let ctx = self.ctx();
        self.reference.directory.refresh_from(&self.db).expect("read");
        self.db.write(|tx| flow::recheck(tx, &ctx, &self.reference, None, 1_000)).expect("looked");
    }
}

/// The identity number of an invented person, check digit right.
pub(crate) fn identity_number(sequence: u32) -> String {
    let day = 1 + sequence / 1_000 % 28;
    let body = format!("370303198003{day:02}{:03}", sequence % 1_000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).map(|(c, w)| c.to_digit(10).unwrap_or(0) * w).sum();
    let check = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize];
    format!("{body}{check}")
}

static GUIDS: AtomicU32 = AtomicU32::new(1);

pub(crate) fn guid() -> String {
    let n = GUIDS.fetch_add(1, Ordering::Relaxed);
    format!("4CDE1CFD-EDED-46B1-946C-{n:012X}")
}

/// One sale and its four documents.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) n: u32,
    pub(crate) buyer: String,
    /// Price of one piece, whole yuan.
    pub(crate) price: i64,
    pub(crate) quantity: i64,
    pub(crate) mode: &'static str,
    pub(crate) hs_code: &'static str,
    pub(crate) app_time: &'static str,
}

impl Parcel {
    pub(crate) fn new(n: u32) -> Parcel {
        Parcel {
            n,
            buyer: identity_number(881),
            price: 100,
            quantity: 2,
            mode: "1210",
            hs_code: "1901101010",
            app_time: "20261123100000",
        }
    }

    pub(crate) fn order_no(&self) -> String {
        format!("ORDER{:08}", self.n)
    }

    pub(crate) fn logistics_no(&self) -> String {
        format!("WB{:08}", self.n)
    }

    pub(crate) fn transaction(&self) -> String {
        format!("PAY{:08}", self.n)
    }

    pub(crate) fn cop_no(&self) -> String {
        format!("COP{:08}", self.n)
    }

    pub(crate) fn invt_no(&self) -> String {
        format!("42512026I{:09}", self.n)
    }

    fn total(&self) -> i64 {
        self.price * self.quantity
    }

    pub(crate) fn order(&self) -> Json {
        let total = self.total().to_string();
        json!({
            "OrderHead": {
                "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
                "orderType": "I", "orderNo": self.order_no(),
                "ebpCode": PLATFORM, "ebpName": "平台", "ebcCode": SELLER, "ebcName": "电商",
                "goodsValue": total, "freight": "0", "discount": "0", "taxTotal": "0",
                "acturalPaid": total, "currency": "142",
                "buyerRegNo": "u1", "buyerName": "李小宝", "buyerTelephone": "13812345678",
                "buyerIdType": "1", "buyerIdNumber": self.buyer,
                "payCode": PAYMENT, "payName": "支付", "payTransactionId": self.transaction(),
                "consignee": "李小宝", "consigneeTelephone": "13812345678",
                "consigneeAddress": "山东省淄博市张店区人民路1号",
            },
            "OrderList": [{
                "gnum": "1", "itemNo": "SKU1", "itemName": "婴儿配方奶粉", "gmodel": "800克/罐",
                "unit": "122", "qty": self.quantity.to_string(),
                "price": self.price.to_string(), "totalPrice": total,
                "currency": "142", "country": "609",
            }],
        })
    }

    pub(crate) fn payment(&self) -> Json {
        json!({ "PaymentHead": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "payCode": PAYMENT, "payName": "支付", "payTransactionId": self.transaction(),
            "orderNo": self.order_no(), "ebpCode": PLATFORM, "ebpName": "平台",
            "payerIdType": "1", "payerIdNumber": self.buyer, "payerName": "李小宝",
            "amountPaid": self.total().to_string(), "currency": "142",
            "payTime": "20261123095900",
        }})
    }

    pub(crate) fn waybill(&self) -> Json {
        json!({ "LogisticsHead": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "logisticsCode": CARRIER, "logisticsName": "物流", "logisticsNo": self.logistics_no(),
            "orderNo": self.order_no(), "freight": "0", "insuredFee": "0", "currency": "142",
            "weight": "1.7", "packNo": "1", "goodsInfo": "奶粉",
            "consignee": "李小宝", "consigneeTelephone": "13812345678",
            "consigneeAddress": "山东省淄博市张店区人民路1号",
        }})
    }

    pub(crate) fn inventory(&self) -> Json {
        let mut head = json!({
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "orderNo": self.order_no(), "ebpCode": PLATFORM, "ebpName": "平台",
            "ebcCode": SELLER, "ebcName": "电商", "logisticsNo": self.logistics_no(),
            "logisticsCode": CARRIER, "logisticsName": "物流", "copNo": self.cop_no(),
            "assureCode": SELLER, "ieFlag": "I", "declTime": "20261123",
            "customsCode": "4251", "portCode": "4251",
            "buyerIdType": "1", "buyerIdNumber": self.buyer, "buyerName": "李小宝",
            "buyerTelephone": "13812345678",
            "consigneeAddress": "山东省淄博市张店区人民路1号",
            "agentCode": BROKER, "agentName": "报关", "tradeMode": self.mode,
            "trafMode": "Y", "country": "142", "freight": "0", "insuredFee": "0",
            "currency": "142", "packNo": "1", "grossWeight": "1.7", "netWeight": "1.6",
        });
        if self.mode == "1210" {
            head["emsNo"] = "T4251W000001".into();
            head["areaCode"] = ZONE_FIRM.into();
            head["areaName"] = "区内".into();
        } else {
            head["trafNo"] = "CA8401".into();
            head["voyageNo"] = "CA8401".into();
            head["billNo"] = "99912345678".into();
            head["country"] = "609".into();
            head["trafMode"] = "5".into();
        }
        json!({
            "InventoryHead": head,
            "InventoryList": [{
                "gnum": "1", "itemRecordNo": "REC1", "itemNo": "SKU1",
                "itemName": "婴儿配方奶粉", "gcode": self.hs_code, "gname": "婴儿配方奶粉",
                "gmodel": "800克/罐", "barCode": "无", "country": "609", "currency": "142",
                "qty": self.quantity.to_string(), "unit": "122",
                "qty1": "1.6", "unit1": "035",
                "price": self.price.to_string(), "totalPrice": self.total().to_string(),
            }],
        })
    }

    pub(crate) fn cancel(&self) -> Json {
        json!({ "InvtCancel": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "customsCode": "4251", "orderNo": self.order_no(), "ebpCode": PLATFORM,
            "ebpName": "平台", "ebcCode": SELLER, "ebcName": "电商",
            "logisticsNo": self.logistics_no(), "logisticsCode": CARRIER, "logisticsName": "物流",
            "copNo": format!("CX{:08}", self.n), "invtNo": self.invt_no(),
            "buyerIdType": "1", "buyerIdNumber": self.buyer, "buyerName": "李小宝",
            "buyerTelephone": "13812345678", "agentCode": BROKER, "agentName": "报关",
            "reason": "买家取消订单",
        }})
    }

    pub(crate) fn warehousing(&self) -> Json {
        json!({
            "DeliveryHead": {
                "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
                "customsCode": "4251", "copNo": format!("RK{:08}", self.n),
                "operatorCode": SITE, "operatorName": "监管场所", "ieFlag": "I", "trafMode": "5",
                "trafNo": "CA8401", "voyageNo": "CA8401", "billNo": "99912345678",
                "logisticsCode": CARRIER, "logisticsName": "物流",
            },
            "DeliveryList": [{ "gnum": "1", "logisticsNo": self.logistics_no() }],
        })
    }

    pub(crate) fn delivered(&self) -> Json {
        json!({ "LogisticsStatus": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "logisticsCode": CARRIER, "logisticsName": "物流", "logisticsNo": self.logistics_no(),
            "logisticsStatus": "S", "logisticsTime": "20261125120000",
        }})
    }

    pub(crate) fn inventory_receipt(&self, status: i64, second: u32) -> String {
        let invt_no = match status {
            s if s < 120 => String::new(),
            _ => format!("<ceb:invtNo>{}</ceb:invtNo>", self.invt_no()),
        };
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<ceb:CEB622Message xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="{g}" version="1.0">
<ceb:InventoryReturn><ceb:guid>{g}</ceb:guid><ceb:customsCode>4251</ceb:customsCode>
<ceb:agentCode>{BROKER}</ceb:agentCode><ceb:copNo>{cop}</ceb:copNo>
<ceb:preNo>B20261123{n:09}</ceb:preNo>{invt_no}
<ceb:returnStatus>{status}</ceb:returnStatus>
<ceb:returnTime>{time}000</ceb:returnTime>
<ceb:returnInfo>[Code:{status};Desc:测试]</ceb:returnInfo></ceb:InventoryReturn>
</ceb:CEB622Message>"#,
            g = guid(),
            cop = self.cop_no(),
            n = self.n,
            time = at(second),
        )
    }

    pub(crate) fn cancel_receipt(&self, status: i64, second: u32) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<ceb:CEB624Message xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="{g}" version="1.0">
<ceb:InvtCancelReturn><ceb:guid>{g}</ceb:guid><ceb:agentCode>{BROKER}</ceb:agentCode>
<ceb:copNo>CX{n:08}</ceb:copNo><ceb:preNo>C20261123{n:09}</ceb:preNo>
<ceb:invtNo>{invt}</ceb:invtNo><ceb:returnStatus>{status}</ceb:returnStatus>
<ceb:returnTime>{time}000</ceb:returnTime><ceb:returnInfo>测试</ceb:returnInfo>
</ceb:InvtCancelReturn></ceb:CEB624Message>"#,
            g = guid(),
            n = self.n,
            invt = self.invt_no(),
            time = at(second),
        )
    }

    pub(crate) fn order_receipt(&self, status: i64, second: u32) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<ceb:CEB312Message xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="{g}" version="1.0">
<ceb:OrderReturn><ceb:guid>{g}</ceb:guid><ceb:ebpCode>{PLATFORM}</ceb:ebpCode>
<ceb:ebcCode>{SELLER}</ceb:ebcCode><ceb:orderNo>{no}</ceb:orderNo>
<ceb:returnStatus>{status}</ceb:returnStatus><ceb:returnTime>{time}000</ceb:returnTime>
<ceb:returnInfo>测试</ceb:returnInfo></ceb:OrderReturn></ceb:CEB312Message>"#,
            g = guid(),
            no = self.order_no(),
            time = at(second),
        )
    }
}

/// So many seconds after ten o'clock on the day of the tests, compact.
fn at(second: u32) -> String {
    Time::parse_compact("20261123100000")
        .expect("a time")
        .plus_millis(i64::from(second) * 1_000)
        .to_compact()
}

/// Sets a field of a document's head.
pub(crate) fn with(mut document: Json, field: &str, value: &str) -> Json {
    let heads = ["OrderHead", "PaymentHead", "LogisticsHead", "InventoryHead"];
    for head in heads {
        if document[head].is_object() {
            document[head][field] = value.into();
        }
    }
    document
}

/// The codes of an item's findings that are errors.
pub(crate) fn errors(item: &Json) -> Vec<String> {
    let findings = item["findings"].as_array().cloned().unwrap_or_default();
    findings
        .iter()
        .filter(|finding| finding["level"] == "error")
        .map(|finding| finding["code"].as_str().unwrap_or_default().to_owned())
        .collect()
}
