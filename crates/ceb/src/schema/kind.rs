//! The message types: which document each carries, in which order its blocks stand, who is
//! responsible, whether it is signed, and which receipt answers it.

use crate::schema::table::{FieldIndex, RecordDef, one};
use crate::schema::{common, export, import};

/// Which way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From an enterprise to customs.
    ToCustoms,
    /// From customs or the e-port to an enterprise.
    FromCustoms,
}

/// Which of the two official schemas a message belongs to. They differ in the place of the
/// signature (import: last; export: before the extension) and in the fields of equal-named
/// records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Import 进口.
    Import,
    /// Export 出口.
    Export,
}

/// Whether a block stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It may not.
    Absent,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// The repeated lines of a document.
#[derive(Clone, Copy, Debug)]
pub struct LineDef {
    /// Their record.
    pub record: &'static RecordDef,
    /// Fewest lines.
    pub min: u32,
    /// Most lines; `u32::MAX` when the schema sets no bound.
    pub max: u32,
}

/// The business document of a message.
#[derive(Clone, Copy, Debug)]
pub struct DocumentDef {
    /// Element that is repeated under the root.
    pub element: &'static str,
    /// Most documents a message may carry; `u32::MAX` when the schema sets no bound.
    pub max: u32,
    /// The head record. When its element is the document's own, the fields stand directly in it.
    pub head: &'static RecordDef,
    /// The lines after the head.
    pub lines: Option<LineDef>,
}

impl DocumentDef {
    /// Whether the fields stand directly in the document element.
    pub fn is_flat(&self) -> bool {
        self.element == self.head.element
    }
}

/// One message type.
#[derive(Debug)]
pub struct MessageType {
    /// Short code, `CEB311`.
    pub code: &'static str,
    /// Root element, `CEB311Message`.
    pub root: &'static str,
    /// Chinese name.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// To or from customs.
    pub direction: Direction,
    /// Import or export.
    pub flow: Flow,
    /// Who sends it, in Chinese.
    pub sender_zh: &'static str,
    /// Who sends it, in English.
    pub sender_en: &'static str,
    /// What it carries.
    pub document: DocumentDef,
    /// Whether the schema asks for a signature block.
    pub signature: Presence,
    /// Elements of the head that tell one document from another.
    pub key: &'static [&'static str],
    /// Code of the receipt that answers it.
    pub receipt: Option<&'static str>,
}

impl MessageType {
    /// The `BaseTransfer` block of what is sent to customs; receipts have none.
    pub fn transfer(&self) -> Option<&'static RecordDef> {
        match (self.direction, self.flow) {
            (Direction::FromCustoms, _) => None,
            (Direction::ToCustoms, Flow::Import) => Some(&common::BASE_TRANSFER),
            (Direction::ToCustoms, Flow::Export) => Some(&common::EXPORT_TRANSFER),
        }
    }

    /// Positions of the key fields in the head.
    pub fn key_fields(&self) -> impl Iterator<Item = FieldIndex> {
        self.key.iter().filter_map(|name| self.document.head.index(name))
    }
}

impl PartialEq for MessageType {
    fn eq(&self, other: &MessageType) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for MessageType {}

/// Every message type, import first, in the order of the standard.
pub fn message_types() -> &'static [&'static MessageType] {
    ALL
}

/// A message type by its code (`CEB311`) or root element (`CEB311Message`).
pub fn message_type(code_or_root: &str) -> Option<&'static MessageType> {
    let code = code_or_root.strip_suffix("Message").unwrap_or(code_or_root);
    ALL.iter().copied().find(|kind| kind.code == code)
}

/// No bound.
const ANY: u32 = u32::MAX;

macro_rules! kinds {
    ($($(#[$doc:meta])* $code:ident $flow:ident $direction:ident $zh:literal $en:literal
        by $sender_zh:literal $sender_en:literal
        $element:literal $max:tt $room:ident::$head:ident $(lines $lines:ident $from:tt to $to:tt)?
        signature $signature:ident key [$($key:literal)*] $(receipt $receipt:literal)? ;)*) => {
        $(
            $(#[$doc])*
            static $code: MessageType = MessageType {
                code: stringify!($code),
                root: concat!(stringify!($code), "Message"),
                zh: $zh,
                en: $en,
                direction: Direction::$direction,
                flow: Flow::$flow,
                sender_zh: $sender_zh,
                sender_en: $sender_en,
                document: DocumentDef {
                    element: $element,
                    max: $max,
                    head: &$room::$head,
                    lines: one!(None $(, Some(LineDef {
                        record: &$room::$lines,
                        min: $from,
                        max: $to,
                    }))?),
                },
                signature: Presence::$signature,
                key: &[$($key),*],
                receipt: one!(None $(, Some($receipt))?),
            };
        )*

        static ALL: &[&MessageType] = &[$(&$code),*];
    };
}

kinds! {
    /// Import order 电子订单.
    CEB311 Import ToCustoms "电子订单" "import order"
        by "电商企业、电商平台或受委托的快件、邮政企业" "e-commerce firm, platform, or entrusted courier or post"
        "Order" 100 import::ORDER_HEAD lines ORDER_LIST 1 to 99
        signature Optional key ["ebpCode" "orderNo"] receipt "CEB312";
    /// Import order receipt 电子订单回执.
    CEB312 Import FromCustoms "电子订单回执" "import order receipt"
        by "电子口岸、海关" "e-port and customs"
        "OrderReturn" 100 import::ORDER_RETURN
        signature Absent key ["ebpCode" "ebcCode" "orderNo"];
    /// Payment 支付单.
    CEB411 Import ToCustoms "支付单" "payment"
        by "支付企业或受委托的快件、邮政企业" "payment firm, or entrusted courier or post"
        "Payment" 100 import::PAYMENT_HEAD
        signature Optional key ["payCode" "payTransactionId"] receipt "CEB412";
    /// Payment receipt 支付单回执.
    CEB412 Import FromCustoms "支付单回执" "payment receipt"
        by "电子口岸、海关" "e-port and customs"
        "PaymentReturn" 100 import::PAYMENT_RETURN
        signature Absent key ["payCode" "payTransactionId"];
    /// Waybill 运单.
    CEB511 Import ToCustoms "运单" "waybill"
        by "物流企业" "logistics firm"
        "Logistics" 100 import::LOGISTICS_HEAD
        signature Optional key ["logisticsCode" "logisticsNo"] receipt "CEB512";
    /// Waybill receipt 运单回执.
    CEB512 Import FromCustoms "运单回执" "waybill receipt"
        by "电子口岸、海关" "e-port and customs"
        "LogisticsReturn" 100 import::LOGISTICS_RETURN
        signature Absent key ["logisticsCode" "logisticsNo"];
    /// Waybill status 运单状态.
    CEB513 Import ToCustoms "运单状态" "waybill status"
        by "物流企业" "logistics firm"
        "LogisticsStatus" 100 import::LOGISTICS_STATUS
        signature Optional key ["logisticsCode" "logisticsNo" "logisticsStatus"] receipt "CEB514";
    /// Waybill status receipt 运单状态回执.
    CEB514 Import FromCustoms "运单状态回执" "waybill status receipt"
        by "电子口岸、海关" "e-port and customs"
        "LogisticsStatusReturn" 100 import::LOGISTICS_STATUS_RETURN
        signature Absent key ["logisticsCode" "logisticsNo"];
    /// Import inventory 进口清单.
    CEB621 Import ToCustoms "进口清单" "import inventory"
        by "电商企业或其代理人" "e-commerce firm or its agent"
        "Inventory" 100 import::INVENTORY_HEAD lines INVENTORY_LIST 1 to 99
        signature Required key ["ebpCode" "orderNo"] receipt "CEB622";
    /// Import inventory receipt 进口清单回执.
    CEB622 Import FromCustoms "进口清单回执" "import inventory receipt"
        by "电子口岸、海关" "e-port and customs"
        "InventoryReturn" 100 import::INVENTORY_RETURN
        signature Absent key ["copNo" "preNo" "invtNo"];
    /// Cancel application 撤销申请单.
    CEB623 Import ToCustoms "撤销申请单" "cancel application"
        by "电商企业或其代理人" "e-commerce firm or its agent"
        "InvtCancel" 100 import::INVT_CANCEL
        signature Required key ["invtNo"] receipt "CEB624";
    /// Cancel receipt 撤销申请单回执.
    CEB624 Import FromCustoms "撤销申请单回执" "cancel receipt"
        by "电子口岸、海关" "e-port and customs"
        "InvtCancelReturn" 100 import::INVT_CANCEL_RETURN
        signature Absent key ["copNo" "preNo" "invtNo"];
    /// Return application 退货申请单.
    CEB625 Import ToCustoms "退货申请单" "return application"
        by "电商企业或其代理人" "e-commerce firm or its agent"
        "InvtRefund" 100 import::INVT_REFUND_HEAD lines INVT_REFUND_LIST 1 to 99
        signature Required key ["invtNo" "copNo"] receipt "CEB626";
    /// Return receipt 退货申请单回执.
    CEB626 Import FromCustoms "退货申请单回执" "return receipt"
        by "电子口岸、海关" "e-port and customs"
        "InvtRefundReturn" 100 import::INVT_REFUND_RETURN
        signature Absent key ["copNo" "preNo" "invtNo"];
    /// Warehousing detail 入库明细单.
    CEB711 Import ToCustoms "入库明细单" "warehousing detail"
        by "监管作业场所经营企业" "supervised place operator"
        "Delivery" 1 import::DELIVERY_HEAD lines DELIVERY_LIST 1 to ANY
        signature Required key ["copNo"] receipt "CEB712";
    /// Warehousing receipt 入库明细单回执.
    CEB712 Import FromCustoms "入库明细单回执" "warehousing receipt"
        by "电子口岸、海关" "e-port and customs"
        "DeliveryReturn" 100 import::DELIVERY_RETURN
        signature Absent key ["copNo" "preNo" "rkdNo"];
    /// Tax bill 电子税单.
    CEB816 Import FromCustoms "电子税单" "tax bill"
        by "海关" "customs"
        "Tax" ANY import::TAX_HEAD_RD lines TAX_LIST_RD 1 to 99
        signature Absent key ["taxNo"];
    /// Tax bill status 电子税单状态.
    CEB818 Import FromCustoms "电子税单状态" "tax bill status"
        by "海关" "customs"
        "Tax" ANY import::TAX_HEAD_STATUS
        signature Absent key ["taxNo"];
    /// Format check receipt 报文格式校验回执.
    CEB900 Import FromCustoms "报文格式校验回执" "format check receipt"
        by "电子口岸、海关" "e-port and customs"
        "MessageReturn" 1 import::MESSAGE_RETURN
        signature Absent key ["oriCopMsgId"];
    /// Export order 出口订单（订仓单）.
    CEB303 Export ToCustoms "出口订单（订仓单）" "export order"
        by "电商平台或电商企业" "platform or e-commerce firm"
        "Order" 100 export::ORDER_HEAD lines ORDER_LIST 1 to 100
        signature Optional key ["ebpCode" "orderNo"] receipt "CEB304";
    /// Export order receipt 出口订单回执.
    CEB304 Export FromCustoms "出口订单回执" "export order receipt"
        by "电子口岸、海关" "e-port and customs"
        "OrderReturn" 100 export::ORDER_RETURN
        signature Absent key ["ebpCode" "ebcCode" "orderNo"];
    /// Receipt of funds 收款单.
    CEB403 Export ToCustoms "收款单" "receipt of funds"
        by "支付企业或电商企业" "payment firm or e-commerce firm"
        "Receipts" 100 export::RECEIPTS
        signature Optional key ["ebcCode" "orderNo" "payNo"] receipt "CEB404";
    /// Receipt of funds receipt 收款单回执.
    CEB404 Export FromCustoms "收款单回执" "receipt of funds receipt"
        by "电子口岸、海关" "e-port and customs"
        "ReceiptsReturn" 100 export::RECEIPTS_RETURN
        signature Absent key ["ebcCode" "orderNo" "payNo"];
    /// Export waybill 出口运单.
    CEB505 Export ToCustoms "出口运单" "export waybill"
        by "物流企业" "logistics firm"
        "Logistics" 100 export::LOGISTICS
        signature Optional key ["logisticsCode" "logisticsNo"] receipt "CEB506";
    /// Export waybill receipt 出口运单回执.
    CEB506 Export FromCustoms "出口运单回执" "export waybill receipt"
        by "电子口岸、海关" "e-port and customs"
        "LogisticsReturn" 100 export::LOGISTICS_RETURN
        signature Absent key ["logisticsCode" "logisticsNo"];
    /// Arrival 运抵单.
    CEB507 Export ToCustoms "运抵单" "arrival"
        by "监管场所经营人或物流企业" "place operator or logistics firm"
        "Arrival" 100 export::ARRIVAL_HEAD lines ARRIVAL_LIST 0 to ANY
        signature Optional key ["copNo" "msgSeqNo"] receipt "CEB508";
    /// Arrival receipt 运抵单回执.
    CEB508 Export FromCustoms "运抵单回执" "arrival receipt"
        by "电子口岸、海关" "e-port and customs"
        "ArrivalReturn" 100 export::ARRIVAL_RETURN
        signature Absent key ["copNo" "preNo" "billNo" "msgSeqNo"];
    /// Departure 离境单.
    CEB509 Export ToCustoms "离境单" "departure"
        by "物流企业" "logistics firm"
        "Departure" 100 export::DEPARTURE_HEAD lines DEPARTURE_LIST 1 to ANY
        signature Optional key ["copNo" "msgSeqNo"] receipt "CEB510";
    /// Departure receipt 离境单回执.
    CEB510 Export FromCustoms "离境单回执" "departure receipt"
        by "电子口岸、海关" "e-port and customs"
        "DepartureReturn" 100 export::DEPARTURE_RETURN
        signature Absent key ["logisticsCode" "copNo" "msgSeqNo"];
    /// Export inventory 出口清单.
    CEB603 Export ToCustoms "出口清单" "export inventory"
        by "收发货人或其代理人" "consignor or its agent"
        "Inventory" 100 export::INVENTORY_HEAD lines INVENTORY_LIST 1 to 100
        signature Optional key ["agentCode" "copNo"] receipt "CEB604";
    /// Export inventory receipt 出口清单回执.
    CEB604 Export FromCustoms "出口清单回执" "export inventory receipt"
        by "电子口岸、海关" "e-port and customs"
        "InventoryReturn" 100 export::INVENTORY_RETURN
        signature Absent key ["copNo" "preNo" "invtNo" "orderNo"];
    /// Export cancel application 出口撤销申请单.
    CEB605 Export ToCustoms "出口撤销申请单" "export cancel application"
        by "收发货人或其代理人" "consignor or its agent"
        "InvtCancel" 100 export::INVT_CANCEL
        signature Optional key ["invtNo"] receipt "CEB606";
    /// Export cancel receipt 出口撤销申请单回执.
    CEB606 Export FromCustoms "出口撤销申请单回执" "export cancel receipt"
        by "电子口岸、海关" "e-port and customs"
        "InvtCancelReturn" 100 export::INVT_CANCEL_RETURN
        signature Absent key ["copNo" "preNo" "invtNo"];
    /// Inventory consolidation 清单总分单.
    CEB607 Export ToCustoms "清单总分单" "inventory consolidation"
        by "申报企业" "declarant"
        "WayBill" 100 export::WAY_BILL_HEAD lines WAY_BILL_LIST 1 to ANY
        signature Optional key ["copNo" "msgSeqNo"] receipt "CEB608";
    /// Consolidation receipt 清单总分单回执.
    CEB608 Export FromCustoms "清单总分单回执" "consolidation receipt"
        by "电子口岸、海关" "e-port and customs"
        "WayBillReturn" 100 export::WAY_BILL_RETURN
        signature Absent key ["billNo" "msgSeqNo" "copNo"];
    /// Export return application 出口退货申请单.
    CEB213 Export ToCustoms "出口退货申请单" "export return application"
        by "电商企业或其代理人" "e-commerce firm or its agent"
        "InvtRefund" 100 export::INVT_REFUND_HEAD lines INVT_REFUND_LIST 1 to 100
        signature Optional key ["agentCode" "coElNo"] receipt "CEB214";
    /// Export return receipt 出口退货申请单回执.
    CEB214 Export FromCustoms "出口退货申请单回执" "export return receipt"
        by "电子口岸、海关" "e-port and customs"
        "RefundReturn" 100 export::REFUND_RETURN
        signature Absent key ["coElNo" "invtNo"];
    /// Export return tally 出口退货理货明细单.
    CEB215 Export ToCustoms "出口退货理货明细单" "export return tally"
        by "监管场所经营人或物流企业" "place operator or logistics firm"
        "InvtRefundDetail" 100 export::INVT_REFUND_DETAIL
        signature Optional key ["operatorCode" "coElNo"] receipt "CEB216";
    /// Export return tally receipt 出口退货理货明细单回执.
    CEB216 Export FromCustoms "出口退货理货明细单回执" "export return tally receipt"
        by "电子口岸、海关" "e-port and customs"
        "InvtRefundDetailReturn" 100 export::INVT_REFUND_DETAIL_RETURN
        signature Absent key ["coElNo" "logisticsNo"];
    /// Summary application 汇总申请单.
    CEB701 Export ToCustoms "汇总申请单" "summary application"
        by "收发货人或其代理人" "consignor or its agent"
        "SummaryApply" 100 export::SUMMARY_APPLY_HEAD lines SUMMARY_APPLY_LIST 0 to ANY
        signature Optional key ["copNo" "msgSeqNo"] receipt "CEB702";
    /// Summary application receipt 汇总申请单回执.
    CEB702 Export FromCustoms "汇总申请单回执" "summary application receipt"
        by "电子口岸、海关" "e-port and customs"
        "SummaryReturn" 100 export::SUMMARY_RETURN
        signature Absent key ["copNo" "preNo" "msgSeqNo"];
    /// Summary result 汇总结果单.
    CEB792 Export FromCustoms "汇总结果单" "summary result"
        by "海关" "customs"
        "SummaryResult" 100 export::SUMMARY_RESULT_HEAD lines SUMMARY_RESULT_LIST 0 to ANY
        signature Absent key ["sumNo" "declSeqNo"];
}
