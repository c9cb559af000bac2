//! What is answered about a document. Personal values are masks.

use kernel::{Date, Time};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::export_views;
use crate::document::{
    Buyer, CancelApplication, Consignee, Direction, Facts, Inventory, Kind, Order, Payment,
    Warehousing, Waybill, WaybillStatus,
};
use crate::flow::missing_findings;
use crate::lifecycle::{Position, action};
use crate::store::finding::Open;
use crate::store::inventory::{Declared, Taxes};
use crate::store::paper::Paper;

/// 状态 / Where a document stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(super) struct StateView {
    /// 状态字 / Word, as filters take it.
    #[schema(example = "released")]
    state: &'static str,
    /// 状态码:回执状态,或 1001 起为平台自有 / Number: a receipt status, or from 1001 our own.
    code: i64,
    /// 中文 / In Chinese.
    zh: &'static str,
    /// 英文 / In English.
    en: &'static str,
    /// 来自回执的时间 / Time of the receipt that set it.
    since: Option<String>,
}

impl StateView {
    pub(super) fn of(position: Position) -> StateView {
        let state = position.state;
        StateView {
            state: state.word(),
            code: state.code(),
            zh: state.zh(),
            en: state.en(),
            since: position.at.map(Time::to_rfc3339),
        }
    }
}

/// 单证 / A document other than an inventory.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct PaperView {
    /// 平台编号 / Our id.
    #[schema(example = "doc_0dzq3k1v00000")]
    id: String,
    /// 报文编号 / Our id of the message it came in.
    message_id: String,
    /// 单证类型 / Kind.
    kind: &'static str,
    /// 接收时间 / First received.
    received_at: String,
    /// 状态 / Where it stands.
    #[serde(flatten)]
    state: StateView,
    /// 内容摘要(同一单证不同渠道相同) / Hash of the content: the same by every door.
    content: String,
    /// 版本 / Grows with each change.
    version: i64,
    /// 单证内容,个人信息已脱敏 / The document, personal data masked.
    #[schema(value_type = Object)]
    document: Json,
}

impl PaperView {
    pub(super) fn of(paper: &Paper) -> PaperView {
        PaperView {
            id: paper.id.to_string(),
            message_id: paper.message_id.to_string(),
            kind: paper.kind().word(),
            received_at: paper.id.time().to_rfc3339(),
            state: StateView::of(paper.position),
            content: hex(&paper.facts.head().content),
            version: paper.version,
            document: facts(&paper.facts),
        }
    }
}

/// 税款(平台试算,以海关税单为准) / Taxes as reckoned here; customs' bill decides.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TaxView {
    /// 完税价格,元 / Customs value, yuan.
    #[schema(value_type = String, example = "199.00")]
    customs_value: String,
    /// 关税 / Duty.
    duty: String,
    /// 消费税 / Consumption tax.
    consumption_tax: String,
    /// 增值税 / VAT.
    vat: String,
    /// 合计 / All three.
    total: String,
    /// 所依据的规则;列表中不给出 / The rules it stands on; not given in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
}

impl TaxView {
    fn of(taxes: Taxes) -> TaxView {
        TaxView {
            customs_value: taxes.amount.to_string(),
            duty: taxes.duty.to_string(),
            consumption_tax: taxes.consumption_tax.to_string(),
            vat: taxes.vat.to_string(),
            total: taxes.total.to_string(),
            rules: Vec::new(),
        }
    }
}

/// 清单 / An inventory.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct InventoryView {
    /// 平台编号 / Our id.
    #[schema(example = "doc_0dzq3k1v00000")]
    id: String,
    /// 进出口方向:import、export / Which way the goods go.
    #[schema(example = "import")]
    direction: &'static str,
    /// 报文编号 / Our id of the message it came in.
    message_id: String,
    /// 接收时间 / First received.
    received_at: String,
    /// 状态 / Where it stands.
    #[serde(flatten)]
    state: StateView,
    /// 尚缺单证 / Documents it waits for.
    missing: Vec<&'static str>,
    /// 是否有未解决的问题 / Whether findings are open.
    has_findings: bool,
    /// 年度额度:none、held、used / Its amount in the buyer's year.
    quota: &'static str,
    /// 税款 / Taxes.
    tax: Option<TaxView>,
    /// 签收时间 / When the parcel was signed for.
    delivered_at: Option<String>,
    /// 当前可办理 / What may be done now.
    actions: Vec<&'static str>,
    /// 内容摘要(同一单证不同渠道相同) / Hash of the content: the same by every door.
    content: String,
    /// 版本 / Grows with each change.
    version: i64,
    /// 单证内容,个人信息已脱敏 / The document, personal data masked.
    #[schema(value_type = Object)]
    document: Json,
}

impl InventoryView {
    pub(super) fn of(declared: &Declared) -> InventoryView {
        let state = declared.position.state;
        InventoryView {
            id: declared.id.to_string(),
            direction: declared.facts.direction().word(),
            message_id: declared.message_id.to_string(),
            received_at: declared.received_at.to_rfc3339(),
            state: StateView::of(declared.position),
            missing: declared.missing.iter().map(|kind| kind.word()).collect(),
            has_findings: declared.flagged || !declared.missing.is_empty(),
            quota: declared.quota.word(),
            tax: declared.taxes.map(TaxView::of),
            delivered_at: declared.delivered_at.map(Time::to_rfc3339),
            actions: action::allowed(state).into_iter().map(action::Action::word).collect(),
            content: hex(&declared.facts.head.content),
            version: declared.version,
            document: inventory(&declared.facts),
        }
    }
}

impl InventoryView {
    /// With the rules its taxes stand on.
    pub(super) fn with_rules(mut self, rules: &str) -> InventoryView {
        if let Some(tax) = &mut self.tax {
            tax.rules = rules.split(' ').map(str::to_owned).collect();
        }
        self
    }
}

/// 未解决的问题及责任方 / An open finding and whose task it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct FindingView {
    /// 清单或订单的平台编号 / Our id of the inventory or order.
    document_id: String,
    /// 责任企业代码;尚不知则为空 / Code of the firm that mends it; empty when not known yet.
    party: String,
    /// 责任企业角色 / In which capacity.
    role: String,
    /// 发现时间 / Since when.
    opened_at: String,
    /// 问题 / What is wrong.
    #[schema(value_type = web::ErrorItem)]
    finding: Json,
}

impl FindingView {
    pub(super) fn of(open: Open) -> FindingView {
        FindingView {
            document_id: open.document_id.to_string(),
            party: open.party_code,
            role: open.party_role,
            opened_at: open.opened_at.to_rfc3339(),
            finding: open.finding,
        }
    }

    /// The documents an inventory waits for, in the same form.
    pub(super) fn missing(declared: &Declared) -> Vec<FindingView> {
        let findings = missing_findings(&declared.missing, &declared.facts);
        let tasks =
            declared.missing.iter().map(|kind| crate::flow::task_of(*kind, &declared.facts));
        findings
            .iter()
            .zip(tasks)
            .map(|(finding, task)| FindingView {
                document_id: declared.id.to_string(),
                party: task.party,
                role: task.role.word().to_owned(),
                opened_at: declared.received_at.to_rfc3339(),
                finding: serde_json::to_value(finding).unwrap_or_default(),
            })
            .collect()
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn date(day: Option<Date>) -> Option<String> {
    day.map(|day| day.to_string())
}

/// A document by element name.
pub(super) fn facts(facts: &Facts) -> Json {
    match facts {
        Facts::Order(d) if d.direction == Direction::Export => export_views::order(d),
        Facts::Order(d) => order(d),
        Facts::Payment(d) => payment(d),
        Facts::Waybill(d) if d.direction == Direction::Export => export_views::waybill(d),
        Facts::Waybill(d) => waybill(d),
        Facts::WaybillStatus(d) => waybill_status(d),
        Facts::CancelApplication(d) if d.direction == Direction::Export => export_views::cancel(d),
        Facts::CancelApplication(d) => cancel(d),
        Facts::FundsReceipt(d) => export_views::funds(d),
        Facts::Collective(d) => export_views::collective(d),
        Facts::Warehousing(d) => warehousing(d),
    }
}

fn buyer(out: &mut Json, prefix: &str, buyer: &Buyer) {
    out[format!("{prefix}Name")] = buyer.name.mask.as_str().into();
    out[format!("{prefix}IdNumber")] = buyer.id_mask.as_str().into();
}

fn consignee(out: &mut Json, consignee: &Consignee) {
    out["consignee"] = consignee.name.mask.as_str().into();
    out["consigneeTelephone"] = consignee.telephone.mask.as_str().into();
    out["consigneeAddress"] = consignee.address.mask.as_str().into();
}

fn order(d: &Order) -> Json {
    let mut out = json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "ebpCode": d.ebp_code,
        "orderNo": d.order_no,
        "ebcCode": d.ebc_code,
        "payCode": d.pay_code,
        "payTransactionId": d.pay_transaction_id,
        "goodsValue": d.goods_value,
        "freight": d.freight,
        "discount": d.discount,
        "taxTotal": d.tax_total,
        "acturalPaid": d.paid,
        "lines": d.lines.iter().map(|line| json!({
            "gnum": line.gnum,
            "itemNo": line.item_no,
            "itemName": line.item_name,
            "unit": line.unit,
            "qty": line.quantity,
            "price": line.price,
            "totalPrice": line.total,
            "country": line.country,
        })).collect::<Vec<_>>(),
    });
    buyer(&mut out, "buyer", &d.buyer);
    out["buyerTelephone"] = d.buyer.telephone.mask.as_str().into();
    consignee(&mut out, &d.consignee);
    out
}

fn payment(d: &Payment) -> Json {
    let mut out = json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "payCode": d.pay_code,
        "payTransactionId": d.pay_transaction_id,
        "ebpCode": d.ebp_code,
        "orderNo": d.order_no,
        "amountPaid": d.paid,
        "payTime": d.pay_time.to_compact(),
        "telephone": d.payer.telephone.mask,
    });
    buyer(&mut out, "payer", &d.payer);
    out
}

fn waybill(d: &Waybill) -> Json {
    let mut out = json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "logisticsCode": d.logistics_code,
        "logisticsNo": d.logistics_no,
        "orderNo": d.order_no,
        "billNo": d.bill_no,
        "freight": d.freight,
        "insuredFee": d.insurance,
        "weight": d.weight_kg,
    });
    consignee(&mut out, &d.consignee);
    out
}

fn waybill_status(d: &WaybillStatus) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "logisticsCode": d.logistics_code,
        "logisticsNo": d.logistics_no,
        "logisticsStatus": d.status,
        "logisticsTime": d.time.to_compact(),
    })
}

fn cancel(d: &CancelApplication) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "agentCode": d.agent_code,
        "copNo": d.cop_no,
        "preNo": d.pre_no,
        "invtNo": d.invt_no,
        "customsCode": d.customs_code,
        "orderNo": d.order_no,
        "ebpCode": d.ebp_code,
        "ebcCode": d.ebc_code,
        "logisticsCode": d.logistics_code,
        "logisticsNo": d.logistics_no,
        "reason": d.reason,
    })
}

fn warehousing(d: &Warehousing) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "operatorCode": d.operator_code,
        "copNo": d.cop_no,
        "preNo": d.pre_no,
        "customsCode": d.customs_code,
        "logisticsCode": d.logistics_code,
        "billNo": d.bill_no,
        "lines": d.waybills,
    })
}

/// An inventory by element name.
pub(super) fn inventory(d: &Inventory) -> Json {
    if let Some(terms) = &d.export {
        return export_views::inventory(d, terms);
    }
    let mut out = json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "orderNo": d.order_no,
        "ebpCode": d.ebp_code,
        "ebcCode": d.ebc_code,
        "logisticsNo": d.logistics_no,
        "logisticsCode": d.logistics_code,
        "copNo": d.cop_no,
        "preNo": d.pre_no,
        "assureCode": d.assure_code,
        "emsNo": d.ems_no,
        "invtNo": d.invt_no,
        "declTime": date(d.declared_on),
        "customsCode": d.customs_code,
        "portCode": d.port_code,
        "agentCode": d.agent_code,
        "areaCode": d.area_code,
        "tradeMode": d.trade_mode,
        "trafMode": d.traf_mode,
        "trafNo": d.traf_no,
        "voyageNo": d.voyage_no,
        "billNo": d.bill_no,
        "country": d.country,
        "freight": d.freight,
        "insuredFee": d.insurance,
        "grossWeight": d.gross_kg,
        "netWeight": d.net_kg,
    });
    buyer(&mut out, "buyer", &d.buyer);
    out["buyerTelephone"] = d.buyer.telephone.mask.as_str().into();
    out["consigneeAddress"] = d.address.mask.as_str().into();
    let lines = d.lines.iter().map(|line| {
        json!({
            "gnum": line.gnum,
            "itemNo": line.item_no,
            "itemRecordNo": line.item_record_no,
            "itemName": line.item_name,
            "gcode": line.hs_code,
            "gname": line.name,
            "unit": line.unit,
            "qty": line.quantity,
            "unit1": line.unit1,
            "qty1": line.quantity1,
            "unit2": line.unit2,
            "qty2": line.quantity2,
            "price": line.price,
            "totalPrice": line.total,
            "country": line.country,
        })
    });
    out["lines"] = lines.collect();
    out
}

/// Which kind of document an id in a path may be.
pub(super) fn is_kind(paper: &Paper, kind: Kind) -> bool {
    paper.kind() == kind
}
