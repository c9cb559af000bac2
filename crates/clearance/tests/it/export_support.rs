//! Exports to put through the house, and what customs answers about them.

use clearance::document::Kind;
use clearance::flow;
use kernel::Time;
use serde_json::{Value as Json, json};

use super::support::*;

/// One export sale and its documents.
#[derive(Clone)]
pub(crate) struct Export {
    pub(crate) n: u32,
    pub(crate) mode: &'static str,
    pub(crate) order_type: &'static str,
    pub(crate) flag: &'static str,
    pub(crate) hs_code: &'static str,
    pub(crate) price: i64,
    pub(crate) currency: &'static str,
    pub(crate) country: &'static str,
    pub(crate) app_time: String,
}

impl Export {
    /// Retail (9610), to be summarised.
    pub(crate) fn retail(n: u32) -> Export {
        Export {
            n,
            mode: "9610",
            order_type: "E",
            flag: "B",
            hs_code: "6109100021",
            price: 20,
            currency: "142",
            country: "502",
            app_time: "20261123100000".to_owned(),
        }
    }

    /// Business export (9710).
    pub(crate) fn business(n: u32, price: i64) -> Export {
        Export { mode: "9710", order_type: "B", price, ..Export::retail(n) }
    }

    /// To a warehouse overseas (9810).
    pub(crate) fn warehouse(n: u32, price: i64) -> Export {
        Export { mode: "9810", order_type: "W", price, ..Export::retail(n) }
    }

    /// From a special zone (1210).
    pub(crate) fn zone(n: u32) -> Export {
        Export { mode: "1210", ..Export::retail(n) }
    }

    pub(crate) fn order_no(&self) -> String {
        format!("EXP{:08}", self.n)
    }

    pub(crate) fn logistics_no(&self) -> String {
        format!("EWB{:08}", self.n)
    }

    pub(crate) fn cop_no(&self) -> String {
        format!("COP{:08}", self.n)
    }

    pub(crate) fn invt_no(&self) -> String {
        format!("42512026E{:09}", self.n)
    }

    fn total(&self) -> String {
        (self.price * 2).to_string()
    }

    pub(crate) fn order(&self) -> Json {
        json!({
            "OrderHead": {
                "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
                "orderType": self.order_type, "orderNo": self.order_no(),
                "ebpCode": "无", "ebpName": "境外平台", "ebcCode": SELLER, "ebcName": "电商",
                "goodsValue": self.total(), "freight": "0", "currency": self.currency,
            },
            "OrderList": [{
                "gnum": "1", "itemNo": "SKU1", "itemName": "针织T恤衫", "unit": "011",
                "currency": self.currency, "qty": "2", "price": self.price.to_string(),
                "totalPrice": self.total(),
            }],
        })
    }

    pub(crate) fn funds(&self) -> Json {
        json!({ "Receipts": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "ebpCode": "无", "ebpName": "境外平台", "ebcCode": SELLER, "ebcName": "电商",
            "orderNo": self.order_no(), "payName": "现金支付", "charge": self.total(),
            "currency": self.currency, "accountingDate": "20261122100000",
        }})
    }

    pub(crate) fn waybill(&self) -> Json {
        json!({ "Logistics": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "logisticsCode": CARRIER, "logisticsName": "物流",
            "logisticsNo": self.logistics_no(), "freight": "0", "insuredFee": "0",
            "currency": self.currency, "grossWeight": "0.5", "packNo": "1", "goodsInfo": "T恤衫",
        }})
    }

    pub(crate) fn inventory(&self) -> Json {
        let mut head = json!({
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "customsCode": "4251", "ebpCode": "无", "ebpName": "境外平台",
            "orderNo": self.order_no(), "logisticsCode": CARRIER, "logisticsName": "物流",
            "logisticsNo": self.logistics_no(), "copNo": self.cop_no(), "ieFlag": "E",
            "portCode": "4200", "ieDate": "20261125", "statisticsFlag": self.flag,
            "agentCode": BROKER, "agentName": "报关", "ebcCode": SELLER, "ebcName": "电商",
            "ownerCode": SELLER, "ownerName": "生产", "tradeMode": self.mode, "trafMode": "5",
            "country": self.country, "POD": "USA", "freight": "0", "fCurrency": "142",
            "fFlag": "3", "insuredFee": "0", "iCurrency": "142", "iFlag": "3", "wrapType": "4",
            "packNo": "1", "grossWeight": "0.5", "netWeight": "0.4",
        });
        if self.mode == "1210" {
            head["emsNo"] = "T4251W000001".into();
            head["iacCode"] = ZONE_FIRM.into();
            head["iacName"] = "区内".into();
        }
        let record = if self.mode == "1210" { "REC1" } else { "" };
        let mut line = json!({
            "gnum": "1", "itemNo": "SKU1", "itemName": "针织T恤衫", "gcode": self.hs_code,
            "gname": "针织T恤衫", "gmodel": "棉制男式", "barCode": "无", "country": self.country,
            "currency": self.currency, "qty": "2", "qty1": "2", "unit": "011", "unit1": "011",
            "price": self.price.to_string(), "totalPrice": self.total(),
        });
        if !record.is_empty() {
            line["itemRecordNo"] = record.into();
        }
        json!({ "InventoryHead": head, "InventoryList": [line] })
    }

    pub(crate) fn cancel(&self) -> Json {
        json!({ "InvtCancel": {
            "guid": guid(), "appType": "1", "appTime": self.app_time, "appStatus": "2",
            "customsCode": "4251", "copNo": format!("EC{:08}", self.n),
            "invtNo": self.invt_no(), "reason": "买家取消订单", "agentCode": BROKER,
            "agentName": "报关", "ebcCode": SELLER, "ebcName": "电商",
        }})
    }

    /// What customs says of the inventory, so many seconds after ten o'clock.
    pub(crate) fn inventory_receipt(&self, status: i64, second: u32) -> String {
        self.inventory_receipt_at(status, &at(second))
    }

    /// The same at a time of its own, compact.
    pub(crate) fn inventory_receipt_at(&self, status: i64, time: &str) -> String {
        let numbered = status >= 120;
        let number = if numbered { self.invt_no() } else { String::new() };
        receipt(
            "CEB604",
            "InventoryReturn",
            &[
                ("agentCode", BROKER),
                ("copNo", &self.cop_no()),
                ("preNo", &format!("B20261123{:09}", self.n)),
                ("invtNo", &number),
                ("ebcCode", SELLER),
                ("ebpCode", "无"),
                ("orderNo", &self.order_no()),
                ("statisticsFlag", self.flag),
            ],
            status,
            time,
        )
    }
}

/// A receipt of the message family.
pub(crate) fn receipt(
    code: &str,
    element: &str,
    fields: &[(&str, &str)],
    status: i64,
    time: &str,
) -> String {
    let fields: String = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<ceb:{name}>{value}</ceb:{name}>"))
        .collect();
    let guid = guid();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ceb:{code}Message xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="{guid}" version="1.0">
<ceb:{element}><ceb:guid>{guid}</ceb:guid>{fields}<ceb:returnStatus>{status}</ceb:returnStatus>
<ceb:returnTime>{time}000</ceb:returnTime><ceb:returnInfo>测试</ceb:returnInfo>
</ceb:{element}></ceb:{code}Message>"#
    )
}

/// A document about several parcels.
pub(crate) fn collective(kind: Kind, cop_no: &str, exports: &[&Export]) -> Json {
    let common = |more: Json| {
        let mut head = json!({
            "guid": guid(), "appType": "1", "appTime": "20261123120000", "appStatus": "2",
            "customsCode": "4251", "copNo": cop_no, "msgCount": "1", "msgSeqNo": "1",
        });
        if let (Json::Object(head), Json::Object(more)) = (&mut head, more) {
            head.extend(more);
        }
        head
    };
    let waybills: Vec<Json> = (1..)
        .zip(exports)
        .map(|(n, one): (u32, _)| json!({ "gnum": n.to_string(), "logisticsNo": one.logistics_no() }))
        .collect();
    let carrier = json!({ "logisticsCode": CARRIER, "logisticsName": "物流", "trafMode": "5" });
    let with = |more: Json| {
        let mut all = carrier.clone();
        if let (Json::Object(all), Json::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        common(all)
    };
    match kind {
        Kind::Arrival => json!({
            "ArrivalHead": with(json!({
                "operatorCode": SITE, "operatorName": "监管场所", "ieFlag": "E",
                "billNo": "99912345678", "domesticTrafNo": "鲁C12345",
            })),
            "ArrivalList": waybills,
        }),
        Kind::Departure => json!({
            "DepartureHead": with(json!({
                "trafName": "CA8402", "voyageNo": "CA8402", "billNo": "99912345678",
                "leaveTime": "20261124080000",
            })),
            "DepartureList": waybills,
        }),
        Kind::Consolidation => json!({
            "WayBillHead": with(json!({
                "agentCode": BROKER, "agentName": "报关", "trafName": "CA8402",
                "voyageNo": "CA8402", "billNo": "99912345678", "grossWeight": "1",
            })),
            "WayBillList": waybills,
        }),
        _ => {
            let lines: Vec<Json> =
                exports.iter().map(|one| json!({ "invtNo": one.invt_no() })).collect();
            json!({
                "SummaryApplyHead": common(json!({
                    "agentCode": BROKER, "agentName": "报关", "ebcCode": SELLER,
                    "ebcName": "电商", "declAgentCode": BROKER, "declAgentName": "报关",
                    "summaryFlag": "2", "itemNameFlag": "1",
                })),
                "SummaryApplyList": lines,
            })
        }
    }
}

/// Customs' answer to a document about several parcels.
pub(crate) fn collective_receipt(kind: Kind, cop_no: &str, status: i64, second: u32) -> String {
    let fields: &[(&str, &str)] = match kind {
        Kind::Arrival => &[("operatorCode", SITE), ("logisticsCode", CARRIER)],
        Kind::Departure => &[("logisticsCode", CARRIER)],
        Kind::Consolidation => &[("agentCode", BROKER), ("logisticsCode", CARRIER)],
        _ => &[("agentCode", BROKER), ("ebcCode", SELLER)],
    };
    let element = match kind {
        Kind::Arrival => "ArrivalReturn",
        Kind::Departure => "DepartureReturn",
        Kind::Consolidation => "WayBillReturn",
        _ => "SummaryReturn",
    };
    let number = kind.number();
    let code = format!("CEB{}", number + 1);
    let mut fields = fields.to_vec();
    fields.extend([("copNo", cop_no), ("preNo", "P20261123000000001"), ("msgSeqNo", "1")]);
    receipt(&code, element, &fields, status, &at(second))
}

/// What customs made of a summary (CEB792).
pub(crate) fn summary_result(exports: &[&Export], entry_no: &str) -> String {
    let lines: String = (1..)
        .zip(exports)
        .map(|(n, one): (u32, _)| {
            format!(
                "<ceb:SummaryResultList><ceb:invtNo>{}</ceb:invtNo>\
                 <ceb:logisticsNo>{}</ceb:logisticsNo><ceb:gseqno>{n}</ceb:gseqno>\
                 <ceb:gnum>1</ceb:gnum><ceb:gcode>{}</ceb:gcode></ceb:SummaryResultList>",
                one.invt_no(),
                one.logistics_no(),
                one.hs_code
            )
        })
        .collect();
    let guid = guid();
    let entry = match entry_no {
        "" => String::new(),
        entry_no => format!("<ceb:entryId>{entry_no}</ceb:entryId>"),
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ceb:CEB792Message xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="{guid}" version="1.0">
<ceb:SummaryResult><ceb:SummaryResultHead><ceb:guid>{guid}</ceb:guid>
<ceb:customsCode>4251</ceb:customsCode><ceb:sumNo>S20261201000000001</ceb:sumNo>
<ceb:opDate>20261201090000000</ceb:opDate><ceb:declSeqNo>D20261201000000001</ceb:declSeqNo>
{entry}<ceb:decState>1</ceb:decState><ceb:agentCode>{BROKER}</ceb:agentCode>
<ceb:agentName>报关</ceb:agentName><ceb:ebcCode>{SELLER}</ceb:ebcCode>
<ceb:ebcName>电商</ceb:ebcName><ceb:declAgentCode>{BROKER}</ceb:declAgentCode>
<ceb:declAgentName>报关</ceb:declAgentName><ceb:grossWeight>1</ceb:grossWeight>
<ceb:netWeight>1</ceb:netWeight><ceb:msgCount>1</ceb:msgCount><ceb:msgSeqNo>1</ceb:msgSeqNo>
</ceb:SummaryResultHead>{lines}</ceb:SummaryResult></ceb:CEB792Message>"#
    )
}

impl House {
    /// Hands an export's documents in, the inventory last; gives the inventory's item.
    pub(crate) fn export(&self, export: &Export) -> Json {
        self.one(Kind::ExportOrder, export.order());
        self.one(Kind::ExportWaybill, export.waybill());
        self.one(Kind::ExportInventory, export.inventory())
    }

    /// The events of a kind that nobody has asked for yet, by their bodies.
    pub(crate) fn events(&self, kind: &str) -> Vec<Json> {
        let mut found = Vec::new();
        let consumer = format!("test.{kind}");
        self.db
            .consume(&consumer, 10_000, |_, events| {
                let ours = events.iter().filter(|event| event.kind == kind);
                found.extend(ours.map(|event| event.body.clone()));
                Ok::<(), db::DbError>(())
            })
            .expect("consumed");
        found
    }

    /// Customs' receipts for an export's inventory, seconds apart.
    pub(crate) fn answer_export(&self, export: &Export, statuses: &[i64]) -> flow::Taken {
        let mut last = flow::Taken::default();
        for (second, status) in (1..).zip(statuses) {
            last = self.receipt(&export.inventory_receipt(*status, second * 10));
        }
        last
    }
}

/// So many seconds after ten o'clock on the day of the tests, compact.
pub(crate) fn at(second: u32) -> String {
    Time::parse_compact("20261123100000")
        .expect("a time")
        .plus_millis(i64::from(second) * 1_000)
        .to_compact()
}
