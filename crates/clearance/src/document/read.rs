//! From a document of the message family to facts: values as declared, personal data veiled.

use ceb::{Document, Record};
use kernel::{Decimal, Time, mask};

use super::canonical;
use super::facts::Facts;
use super::kind::{Direction, Kind};
use super::types::*;
use crate::receipt::scrub::scrub;

/// How personal values are hashed: a keyed hash by purpose, so that no table of hashes can be made
/// without the master key.
pub struct Veil<'a>(pub &'a dyn Fn(&'static str, &str) -> [u8; 16]);

/// Purposes of the keyed hashes. Changing one breaks the link to what is stored.
const NAME: &str = "person.name";
const ID_NUMBER: &str = "person.id_number";
const PHONE: &str = "person.phone";
const ADDRESS: &str = "person.address";
const CONTENT: &str = "document.content";
const GUID: &str = "document.guid";

impl Veil<'_> {
    fn value(&self, purpose: &'static str, text: &str, mask: fn(&str) -> String) -> Veiled {
        let text = text.trim();
        if text.is_empty() {
            return Veiled::default();
        }
        let mut hash = [0; 8];
        hash.copy_from_slice(&(self.0)(purpose, text)[..8]);
        Veiled { hash, mask: mask(text) }
    }

    /// The key of a buyer: of the identity number, whatever its case.
    pub fn buyer(&self, id_number: &str) -> [u8; 16] {
        (self.0)(ID_NUMBER, &id_number.trim().to_ascii_uppercase())
    }

    /// The 16 bytes that stand for a guid.
    pub fn guid(&self, text: &str) -> [u8; 16] {
        super::guid::parse(text).unwrap_or_else(|| (self.0)(GUID, text.trim()))
    }
}

/// A record read by element name.
pub(super) struct Fields<'a> {
    pub(super) record: &'a Record,
    pub(super) veil: &'a Veil<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn opt(&self, name: &str) -> Option<&'a str> {
        self.record.text(name).map(str::trim).filter(|text| !text.is_empty())
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.opt(name).unwrap_or_default().to_owned()
    }

    pub(super) fn decimal(&self, name: &str) -> Decimal {
        self.record.decimal(name).unwrap_or_default()
    }

    pub(super) fn time(&self, name: &str) -> Time {
        self.opt(name).and_then(Time::parse_compact).unwrap_or_default()
    }

    fn name(&self, field: &str) -> Veiled {
        self.veil.value(NAME, self.opt(field).unwrap_or_default(), mask::name)
    }

    fn phone(&self, field: &str) -> Veiled {
        self.veil.value(PHONE, self.opt(field).unwrap_or_default(), mask::phone)
    }

    fn address(&self, field: &str) -> Veiled {
        self.veil.value(ADDRESS, self.opt(field).unwrap_or_default(), mask::address)
    }

    fn buyer(&self, id_number: &str, name: &str, telephone: &str) -> Buyer {
        let number = self.opt(id_number).unwrap_or_default();
        Buyer {
            id: self.veil.buyer(number),
            id_mask: mask::id_number(number),
            name: self.name(name),
            telephone: self.phone(telephone),
        }
    }

    fn consignee(&self) -> Consignee {
        Consignee {
            name: self.name("consignee"),
            telephone: self.phone("consigneeTelephone"),
            address: self.address("consigneeAddress"),
        }
    }

    fn act(&self) -> Act {
        match self.opt("appType") {
            Some("2") => Act::Change,
            Some("3") => Act::Withdraw,
            _ => Act::Add,
        }
    }

    pub(super) fn head(&self, content: &str) -> Head {
        Head {
            guid: self.text("guid"),
            act: self.act(),
            app_time: self.time("appTime"),
            draft: self.opt("appStatus") == Some("1"),
            content: (self.veil.0)(CONTENT, content),
        }
    }
}

fn gnum(fields: &Fields<'_>) -> u32 {
    fields.opt("gnum").and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Reads a document other than an inventory. `None` for an inventory.
pub fn facts(kind: Kind, document: &Document, veil: &Veil<'_>) -> Option<Facts> {
    let f = &Fields { record: &document.head, veil };
    let head = f.head(&canonical::content(kind, document));
    Some(match kind {
        Kind::Order => Facts::Order(order(f, head, document)),
        Kind::Payment => Facts::Payment(Payment {
            head,
            pay_code: f.text("payCode"),
            pay_transaction_id: f.text("payTransactionId"),
            ebp_code: f.text("ebpCode"),
            order_no: f.text("orderNo"),
            paid: f.decimal("amountPaid"),
            pay_time: f.time("payTime"),
            payer: f.buyer("payerIdNumber", "payerName", "telephone"),
        }),
        Kind::Waybill => Facts::Waybill(Waybill {
            head,
            logistics_code: f.text("logisticsCode"),
            logistics_no: f.text("logisticsNo"),
            order_no: f.text("orderNo"),
            bill_no: f.text("billNo"),
            freight: f.record.decimal("freight"),
            insurance: f.record.decimal("insuredFee"),
            weight_kg: f.decimal("weight"),
            consignee: f.consignee(),
            ..Waybill::default()
        }),
        Kind::WaybillStatus => Facts::WaybillStatus(WaybillStatus {
            head,
            logistics_code: f.text("logisticsCode"),
            logistics_no: f.text("logisticsNo"),
            status: f.text("logisticsStatus"),
            time: f.time("logisticsTime"),
        }),
        Kind::CancelApplication | Kind::ExportCancel => {
            Facts::CancelApplication(cancel(kind.direction(), f, head))
        }
        Kind::Warehousing => Facts::Warehousing(warehousing(f, head, document)),
        _ => return super::export_read::facts(kind, f, head, document),
    })
}

fn order(f: &Fields<'_>, head: Head, document: &Document) -> Order {
    Order {
        head,
        ebp_code: f.text("ebpCode"),
        order_no: f.text("orderNo"),
        ebc_code: f.text("ebcCode"),
        pay_code: f.text("payCode"),
        pay_transaction_id: f.text("payTransactionId"),
        goods_value: f.decimal("goodsValue"),
        freight: f.decimal("freight"),
        discount: f.decimal("discount"),
        tax_total: f.decimal("taxTotal"),
        paid: f.decimal("acturalPaid"),
        buyer: f.buyer("buyerIdNumber", "buyerName", "buyerTelephone"),
        consignee: f.consignee(),
        lines: document.lines.iter().map(|line| order_line(line, f.veil)).collect(),
        ..Order::default()
    }
}

pub(super) fn order_line(record: &Record, veil: &Veil<'_>) -> OrderLine {
    let f = Fields { record, veil };
    OrderLine {
        gnum: gnum(&f),
        item_no: f.text("itemNo"),
        item_name: f.text("itemName"),
        unit: f.text("unit"),
        quantity: f.decimal("qty"),
        price: f.decimal("price"),
        total: f.decimal("totalPrice"),
        country: f.text("country"),
    }
}

fn cancel(direction: Direction, f: &Fields<'_>, head: Head) -> CancelApplication {
    CancelApplication {
        head,
        direction,
        agent_code: f.text("agentCode"),
        cop_no: f.text("copNo"),
        pre_no: f.text("preNo"),
        invt_no: f.text("invtNo"),
        customs_code: f.text("customsCode"),
        order_no: f.text("orderNo"),
        ebp_code: f.text("ebpCode"),
        ebc_code: f.text("ebcCode"),
        logistics_code: f.text("logisticsCode"),
        logistics_no: f.text("logisticsNo"),
        buyer: f.veil.buyer(f.opt("buyerIdNumber").unwrap_or_default()),
        // People write there who called and from which number.
        reason: scrub(&f.text("reason")),
    }
}

fn warehousing(f: &Fields<'_>, head: Head, document: &Document) -> Warehousing {
    let bill_no = f.text("billNo");
    let number = |line: &Record| line.text("logisticsNo").unwrap_or_default().trim().to_owned();
    Warehousing {
        head,
        operator_code: f.text("operatorCode"),
        cop_no: f.opt("copNo").unwrap_or(&bill_no).to_owned(),
        pre_no: f.text("preNo"),
        customs_code: f.text("customsCode"),
        logistics_code: f.text("logisticsCode"),
        bill_no,
        waybills: document.lines.iter().map(number).collect(),
    }
}

/// Reads an inventory of either direction.
pub fn inventory(kind: Kind, document: &Document, veil: &Veil<'_>) -> Inventory {
    if kind == Kind::ExportInventory {
        return super::export_read::inventory(document, veil);
    }
    let f = &Fields { record: &document.head, veil };
    let order_no = f.text("orderNo");
    // Without a number of its own an inventory goes by its order's, cut to the field's length.
    let cop_no = f.opt("copNo").unwrap_or(&order_no).to_owned();
    Inventory {
        head: f.head(&canonical::content(Kind::Inventory, document)),
        agent_code: f.text("agentCode"),
        cop_no,
        pre_no: f.text("preNo"),
        invt_no: f.text("invtNo"),
        order_no,
        ebp_code: f.text("ebpCode"),
        ebc_code: f.text("ebcCode"),
        logistics_code: f.text("logisticsCode"),
        logistics_no: f.text("logisticsNo"),
        assure_code: f.text("assureCode"),
        ems_no: f.text("emsNo"),
        area_code: f.text("areaCode"),
        declared_on: f.opt("declTime").and_then(kernel::time::parse_compact_date),
        customs_code: f.text("customsCode"),
        port_code: f.text("portCode"),
        trade_mode: f.text("tradeMode"),
        traf_mode: f.text("trafMode"),
        traf_no: f.text("trafNo"),
        voyage_no: f.text("voyageNo"),
        bill_no: f.text("billNo"),
        country: f.text("country"),
        freight: f.decimal("freight"),
        insurance: f.decimal("insuredFee"),
        gross_kg: f.decimal("grossWeight"),
        net_kg: f.decimal("netWeight"),
        buyer: f.buyer("buyerIdNumber", "buyerName", "buyerTelephone"),
        address: f.address("consigneeAddress"),
        export: None,
        lines: document.lines.iter().map(|line| inventory_line(line, veil)).collect(),
    }
}

pub(super) fn inventory_line(record: &Record, veil: &Veil<'_>) -> InventoryLine {
    let f = Fields { record, veil };
    InventoryLine {
        gnum: gnum(&f),
        item_no: f.text("itemNo"),
        item_record_no: f.text("itemRecordNo"),
        item_name: f.text("itemName"),
        hs_code: f.text("gcode"),
        name: f.text("gname"),
        unit: f.text("unit"),
        quantity: f.decimal("qty"),
        unit1: f.text("unit1"),
        quantity1: f.decimal("qty1"),
        unit2: f.text("unit2"),
        quantity2: record.decimal("qty2"),
        price: f.decimal("price"),
        total: f.decimal("totalPrice"),
        country: f.text("country"),
        currency: String::new(),
    }
}
