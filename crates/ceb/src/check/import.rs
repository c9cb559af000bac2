//! Rules of the import documents.

use kernel::{Decimal, Level};

use crate::check::arithmetic::{LineFields, line_at};
use crate::check::field::CORRECT;
use crate::check::{At, Check};
use crate::message::Document;
use crate::schema::import::{
    delivery_head, delivery_list, inventory_head, inventory_list, invt_cancel, invt_refund_head,
    invt_refund_list, logistics_head, order_head, order_list, payment_head,
};

/// China and its currency in the numeric lists.
const CHINA: &str = "142";

const ID_TYPE_TEXTS: (&str, &str) =
    ("证件类型限定为身份证", "The identity document is limited to the resident card");

impl Check<'_> {
    pub(super) fn import_order(&mut self, document: &Document, head: At<'_>) {
        let texts = ("进口订单的订单类型须为 I", "An import order is of kind I");
        self.only(head, order_head::ORDER_TYPE, &["I"], "order.type", texts);
        self.only(head, order_head::BUYER_ID_TYPE, &["1"], "id_type.limited", ID_TYPE_TEXTS);
        self.amount_paid(head);
        let fields = LineFields {
            quantity: order_list::QTY,
            price: order_list::PRICE,
            total: order_list::TOTAL_PRICE,
        };
        self.line_totals(document, head.document, fields);
        self.goods_value(document, head, order_head::GOODS_VALUE, order_list::TOTAL_PRICE);
        self.consecutive(document, head.document, order_list::GNUM);
    }

    /// acturalPaid = goodsValue + freight + taxTotal − discount, to the last digit.
    fn amount_paid(&mut self, head: At<'_>) {
        let value = |at| head.record.decimal_at(at);
        let due = value(order_head::GOODS_VALUE)
            .zip(value(order_head::ORDER_FREIGHT))
            .and_then(|(goods, freight)| goods.checked_add(freight))
            .zip(value(order_head::TAX_TOTAL))
            .and_then(|(sum, tax)| sum.checked_add(tax))
            .zip(value(order_head::DISCOUNT))
            .and_then(|(sum, discount)| sum.checked_sub(discount));
        let paid = value(order_head::ACTURAL_PAID);
        if let (Some(due), Some(paid)) = (due, paid)
            && due != paid
        {
            self.on_field(
                Level::Error,
                "amount.paid",
                head,
                order_head::ACTURAL_PAID,
                &due.normalize().to_string(),
                (
                    "实际支付金额不等于商品价格＋运杂费＋代扣税款－非现金抵扣金额",
                    "The amount paid is not goods value + freight + tax − deduction",
                ),
                CORRECT,
            );
        }
    }

    pub(super) fn import_payment(&mut self, head: At<'_>) {
        self.only(head, payment_head::PAYER_ID_TYPE, &["1"], "id_type.limited", ID_TYPE_TEXTS);
    }

    pub(super) fn import_waybill(&mut self, head: At<'_>) {
        self.one_parcel(head, logistics_head::PACK_NO);
    }

    /// One waybill, one inventory, one parcel.
    fn one_parcel(&mut self, head: At<'_>, packages: crate::schema::FieldIndex) {
        if head.record.decimal_at(packages).is_some_and(|count| count != Decimal::ONE) {
            self.on_field(
                Level::Error,
                "pack_no.one",
                head,
                packages,
                "1",
                ("件数限定为 1", "The number of packages is limited to 1"),
                ("一单一件，分别报送", "send one document for each parcel"),
            );
        }
    }

    pub(super) fn import_inventory(&mut self, document: &Document, head: At<'_>) {
        use inventory_head as field;
        let texts = ("进口清单的进出口标记须为 I", "An import inventory is marked I");
        self.only(head, field::IE_FLAG, &["I"], "ie_flag.wrong", texts);
        self.only(head, field::BUYER_ID_TYPE, &["1"], "id_type.limited", ID_TYPE_TEXTS);
        self.one_parcel(head, field::PACK_NO);
        self.weights(head, field::GROSS_WEIGHT, field::NET_WEIGHT);
        self.guarantor(head);
        self.import_mode(document, head);
        let fields = LineFields {
            quantity: inventory_list::QTY,
            price: inventory_list::PRICE,
            total: inventory_list::TOTAL_PRICE,
        };
        self.line_totals(document, head.document, fields);
        self.consecutive(document, head.document, inventory_list::GNUM);
        let (quantity, unit) = (inventory_list::QTY2, inventory_list::UNIT2);
        self.second_quantity(document, head.document, quantity, unit);
    }

    /// The guarantor is one of the parties of the inventory.
    fn guarantor(&mut self, head: At<'_>) {
        use inventory_head as field;
        let parties = [field::EBP_CODE, field::EBC_CODE, field::LOGISTICS_CODE, field::AGENT_CODE];
        let Some(guarantor) = head.record.at(field::ASSURE_CODE) else { return };
        if parties.iter().any(|party| head.record.at(*party) == Some(guarantor)) {
            return;
        }
        self.on_field(
            Level::Error,
            "guarantor.no_party",
            head,
            field::ASSURE_CODE,
            "ebpCode | ebcCode | logisticsCode | agentCode",
            (
                "担保企业须为电商平台、电商企业、物流企业或申报企业之一",
                "The guarantor must be the platform, e-commerce firm, logistics firm or declarant",
            ),
            CORRECT,
        );
    }

    /// What direct (9610) and bonded (1210) import each ask for.
    fn import_mode(&mut self, document: &Document, head: At<'_>) {
        use inventory_head as field;
        let leg = [field::TRAF_NO, field::VOYAGE_NO, field::BILL_NO];
        match head.record.at(field::TRADE_MODE) {
            Some("9610") => self.mode_asks(head, "9610", &leg),
            Some(mode @ ("1210" | "1239")) => {
                let zone = [field::EMS_NO, field::AREA_CODE, field::AREA_NAME];
                self.mode_asks(head, mode, &zone);
                self.mode_leaves(head, mode, &leg);
                let texts = ("保税进口的起运国须为 142", "Bonded goods depart from China, 142");
                let country = field::DEPARTURE_COUNTRY;
                self.only(head, country, &[CHINA], "mode.country", texts);
                for (record, line) in document.lines.iter().zip(1u32..) {
                    let at = line_at(record, head.document, line);
                    self.mode_asks(at, mode, &[inventory_list::ITEM_RECORD_NO]);
                }
            }
            _ => {
                let texts =
                    ("进口清单的贸易方式须为 9610 或 1210", "Import retail is 9610 or 1210");
                let modes = ["9610", "1210", "1239"];
                self.only(head, field::TRADE_MODE, &modes, "mode.not_import", texts);
            }
        }
    }

    pub(super) fn import_cancel(&mut self, head: At<'_>) {
        let texts = ("撤销申请单的报送类型限定为 1", "A cancel application can only be added");
        self.only(head, invt_cancel::APP_TYPE, &["1"], "app_type.only_add", texts);
        self.only(head, invt_cancel::BUYER_ID_TYPE, &["1"], "id_type.limited", ID_TYPE_TEXTS);
    }

    pub(super) fn import_return(&mut self, document: &Document, head: At<'_>) {
        let id_type = invt_refund_head::BUYER_ID_TYPE;
        self.only(head, id_type, &["1"], "id_type.limited", ID_TYPE_TEXTS);
        let texts = ("表体序号重复", "Two lines have the same number");
        let gnum = invt_refund_list::ORIGINAL_GNUM;
        self.unique_lines(document, head.document, gnum, "line.repeated", texts);
    }

    pub(super) fn warehousing(&mut self, document: &Document, head: At<'_>) {
        let texts = ("入库明细单的进出口标记须为 I", "A warehousing detail is marked I");
        self.only(head, delivery_head::IE_FLAG, &["I"], "ie_flag.wrong", texts);
        self.consecutive(document, head.document, delivery_list::GNUM);
        let texts = ("运单重复", "A waybill stands twice");
        let waybill = delivery_list::LOGISTICS_NO;
        self.unique_lines(document, head.document, waybill, "line.waybill_repeated", texts);
    }
}
