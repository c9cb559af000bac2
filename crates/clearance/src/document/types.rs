//! Values of the documents of a sale, of either direction. Amounts and quantities are exactly as
//! declared. What only exports have is beside, in [`super::export`].

use kernel::id;
use kernel::{Date, Decimal, Time};

use super::export::ExportTerms;
use super::kind::Direction;

/// Names the ids of stored documents of every kind.
pub enum DocumentKind {}
impl id::Kind for DocumentKind {
    const PREFIX: &'static str = "doc";
}

/// Names the ids of accepted messages.
pub enum MessageKind {}
impl id::Kind for MessageKind {
    const PREFIX: &'static str = "msg";
}

/// Our own id of a stored document.
pub type DocumentId = kernel::Id<DocumentKind>;

/// Our own id of an accepted message.
pub type MessageId = kernel::Id<MessageKind>;

/// Which way a document came in. Stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// A national XML message or envelope over HTTP.
    Http,
    /// One JSON document, or a batch of them, over HTTP.
    Json,
    /// A file in the watched folder.
    Folder,
    /// A transport connection.
    Transport,
}

impl Door {
    /// The word stored with the original.
    pub const fn word(self) -> &'static str {
        match self {
            Door::Http => "http",
            Door::Json => "json",
            Door::Folder => "folder",
            Door::Transport => "transport",
        }
    }
}

/// 报送类型 appType: what the sender wants done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    /// 1: new.
    #[default]
    Add,
    /// 2: change.
    Change,
    /// 3: withdraw.
    Withdraw,
}

/// What every document head carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// 系统唯一序号 as sent.
    pub guid: String,
    /// 报送类型.
    pub act: Act,
    /// 报送时间; the sender's clock, only compared with the sender's own earlier times.
    pub app_time: Time,
    /// 业务状态 1: kept here as a draft; 2 (`false`): declared.
    pub draft: bool,
    /// Keyed hash over the canonical content: everything but guid, appType, appTime, appStatus.
    pub content: [u8; 16],
}

/// A personal value: enough to compare and to recognise, not enough to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Veiled {
    /// The first 8 bytes of the keyed hash of the trimmed value; zero when the value is absent.
    pub hash: [u8; 8],
    /// The masked value for display.
    pub mask: String,
}

impl Veiled {
    /// Whether the field was filled.
    pub fn is_present(&self) -> bool {
        self.hash != [0; 8]
    }

    /// Whether two filled fields held the same value.
    pub fn agrees(&self, other: &Veiled) -> bool {
        self.hash == other.hash
    }
}

/// The buyer 订购人, or the payer 支付人.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buyer {
    /// Keyed hash of the identity number, upper case: the key of the yearly quota.
    pub id: [u8; 16],
    /// Masked identity number.
    pub id_mask: String,
    /// Name.
    pub name: Veiled,
    /// Telephone; optional for a payer.
    pub telephone: Veiled,
}

/// The consignee 收货人.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consignee {
    /// Name.
    pub name: Veiled,
    /// Telephone.
    pub telephone: Veiled,
    /// Address.
    pub address: Veiled,
}

/// 电子订单, or 出口订单 and 海外仓订仓单. Business key: shop and order number. What an export order
/// does not have (buyer, payment, tax) is empty there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Common head.
    pub head: Head,
    /// Which way its goods go.
    pub direction: Direction,
    /// 订单类型 of an export order: `E`, `B` or `W`; empty for an import.
    pub order_type: String,
    /// 币制 of an export order; empty for an import, which is in yuan.
    pub currency: String,
    /// 电商平台代码.
    pub ebp_code: String,
    /// 订单编号.
    pub order_no: String,
    /// 电商企业代码.
    pub ebc_code: String,
    /// 支付企业代码; may be empty.
    pub pay_code: String,
    /// 支付交易编号; may be empty.
    pub pay_transaction_id: String,
    /// 商品价格, yuan.
    pub goods_value: Decimal,
    /// 运杂费, yuan.
    pub freight: Decimal,
    /// 非现金抵扣金额, yuan.
    pub discount: Decimal,
    /// 代扣税款, yuan.
    pub tax_total: Decimal,
    /// 实际支付金额, yuan.
    pub paid: Decimal,
    /// 订购人.
    pub buyer: Buyer,
    /// 收货人.
    pub consignee: Consignee,
    /// Lines in the order sent.
    pub lines: Vec<OrderLine>,
}

/// A line of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderLine {
    /// 序号, from 1.
    pub gnum: u32,
    /// 企业商品货号; may be empty.
    pub item_no: String,
    /// 企业商品名称.
    pub item_name: String,
    /// 计量单位.
    pub unit: String,
    /// 数量.
    pub quantity: Decimal,
    /// 单价, yuan.
    pub price: Decimal,
    /// 总价, yuan.
    pub total: Decimal,
    /// 原产国.
    pub country: String,
}

/// 支付单. Business key: payment firm and transaction id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// Common head.
    pub head: Head,
    /// 支付企业代码.
    pub pay_code: String,
    /// 支付交易编号.
    pub pay_transaction_id: String,
    /// 电商平台代码.
    pub ebp_code: String,
    /// 订单编号.
    pub order_no: String,
    /// 支付金额, yuan.
    pub paid: Decimal,
    /// 支付时间.
    pub pay_time: Time,
    /// 支付人.
    pub payer: Buyer,
}

/// 运单. Business key: logistics firm and waybill number, which may come again after the law's
/// months. That of an export names no order and no consignee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waybill {
    /// Common head.
    pub head: Head,
    /// Which way its goods go.
    pub direction: Direction,
    /// 电商企业代码 of an export waybill; may be empty.
    pub ebc_code: String,
    /// 物流企业代码.
    pub logistics_code: String,
    /// 物流运单编号.
    pub logistics_no: String,
    /// 订单编号.
    pub order_no: String,
    /// 提运单号; direct mail only, may be empty.
    pub bill_no: String,
    /// 运费, yuan; absent when not told.
    pub freight: Option<Decimal>,
    /// 保价费, yuan; absent when not told.
    pub insurance: Option<Decimal>,
    /// 毛重, kilograms.
    pub weight_kg: Decimal,
    /// 收货人.
    pub consignee: Consignee,
}

/// 运单状态: the parcel was signed for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaybillStatus {
    /// Common head.
    pub head: Head,
    /// 物流企业代码.
    pub logistics_code: String,
    /// 物流运单编号.
    pub logistics_no: String,
    /// 物流运单状态; `S` signed for.
    pub status: String,
    /// 物流状态时间.
    pub time: Time,
}

/// 进口清单 or 出口清单, the retail declaration. Business key: direction, declarant and the
/// declarant's own number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Common head.
    pub head: Head,
    /// What only an export declares; none for an import.
    pub export: Option<Box<ExportTerms>>,
    /// 申报企业代码.
    pub agent_code: String,
    /// 企业内部编号. When the sender left it out, the order number stands for it.
    pub cop_no: String,
    /// 预录入编号 given by the e-port; may be empty.
    pub pre_no: String,
    /// 清单编号 given by customs; may be empty.
    pub invt_no: String,
    /// 订单编号.
    pub order_no: String,
    /// 电商平台代码.
    pub ebp_code: String,
    /// 电商企业代码.
    pub ebc_code: String,
    /// 物流企业代码.
    pub logistics_code: String,
    /// 物流运单编号.
    pub logistics_no: String,
    /// 担保企业编号.
    pub assure_code: String,
    /// 账册编号; bonded mode.
    pub ems_no: String,
    /// 区内企业代码; bonded mode.
    pub area_code: String,
    /// 申报日期; exports declare none.
    pub declared_on: Option<Date>,
    /// 申报海关代码, four digits.
    pub customs_code: String,
    /// 口岸海关代码, four digits.
    pub port_code: String,
    /// 贸易方式: 9610 or 1210; for exports 9710 and 9810 as well.
    pub trade_mode: String,
    /// 运输方式.
    pub traf_mode: String,
    /// 运输工具编号; direct mail.
    pub traf_no: String,
    /// 航班航次号; direct mail.
    pub voyage_no: String,
    /// 提运单号; direct mail.
    pub bill_no: String,
    /// 起运国 of an import, 运抵国 of an export.
    pub country: String,
    /// 运费, yuan.
    pub freight: Decimal,
    /// 保费, yuan.
    pub insurance: Decimal,
    /// 毛重, kilograms.
    pub gross_kg: Decimal,
    /// 净重, kilograms.
    pub net_kg: Decimal,
    /// 订购人.
    pub buyer: Buyer,
    /// 收货地址.
    pub address: Veiled,
    /// Lines in the order sent.
    pub lines: Vec<InventoryLine>,
}

/// A line of an inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryLine {
    /// 序号, one to one with the order's.
    pub gnum: u32,
    /// 企业商品货号; may be empty.
    pub item_no: String,
    /// 账册备案料号; bonded mode.
    pub item_record_no: String,
    /// 企业商品名称; may be empty.
    pub item_name: String,
    /// 商品编码, ten digits.
    pub hs_code: String,
    /// 商品名称.
    pub name: String,
    /// 计量单位.
    pub unit: String,
    /// 数量.
    pub quantity: Decimal,
    /// 法定计量单位.
    pub unit1: String,
    /// 法定数量.
    pub quantity1: Decimal,
    /// 第二计量单位; may be empty.
    pub unit2: String,
    /// 第二数量.
    pub quantity2: Option<Decimal>,
    /// 单价, yuan.
    pub price: Decimal,
    /// 总价, yuan.
    pub total: Decimal,
    /// 原产国 of an import, 最终目的国 of an export.
    pub country: String,
    /// 币制 of an export line; empty for an import, which is in yuan.
    pub currency: String,
}

/// 撤销申请单. Business key: declarant, its own number and the inventory number. That of an export
/// names no order, waybill or buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelApplication {
    /// Common head.
    pub head: Head,
    /// Which way the goods go.
    pub direction: Direction,
    /// 申报企业代码.
    pub agent_code: String,
    /// 企业内部编号; may be empty.
    pub cop_no: String,
    /// 预录入编号; may be empty.
    pub pre_no: String,
    /// 清单编号 of the inventory to cancel.
    pub invt_no: String,
    /// 申报海关代码.
    pub customs_code: String,
    /// 订单编号.
    pub order_no: String,
    /// 电商平台代码.
    pub ebp_code: String,
    /// 电商企业代码.
    pub ebc_code: String,
    /// 物流企业代码.
    pub logistics_code: String,
    /// 物流运单编号.
    pub logistics_no: String,
    /// Keyed hash of the buyer's identity number.
    pub buyer: [u8; 16],
    /// 撤单原因.
    pub reason: String,
}

/// 入库明细单: waybills that have arrived at a supervised place. Business key: operator and its
/// own number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warehousing {
    /// Common head.
    pub head: Head,
    /// 监管场所经营人代码.
    pub operator_code: String,
    /// 企业内部编号. When the sender left it out, the bill number stands for it.
    pub cop_no: String,
    /// 预录入编号; may be empty.
    pub pre_no: String,
    /// 申报海关代码.
    pub customs_code: String,
    /// 物流企业代码.
    pub logistics_code: String,
    /// 提运单号.
    pub bill_no: String,
    /// 物流运单编号 of each line.
    pub waybills: Vec<String>,
}
