//! Rules of the export documents.

use kernel::Level;

use crate::check::arithmetic::{LineFields, line_at};
use crate::check::field::CORRECT;
use crate::check::{At, Check};
use crate::message::Document;
use crate::schema::export::{
    inventory_head, inventory_list, invt_refund_detail, invt_refund_head, invt_refund_list,
    order_head, order_list, summary_apply_head,
};

impl Check<'_> {
    pub(super) fn export_order(&mut self, document: &Document, head: At<'_>) {
        let texts = ("出口订单的订单类型须为 E、B 或 W", "An export order is of kind E, B or W");
        self.only(head, order_head::ORDER_TYPE, &["E", "B", "W"], "order.type", texts);
        let fields = LineFields {
            quantity: order_list::QTY,
            price: order_list::PRICE,
            total: order_list::TOTAL_PRICE,
        };
        self.line_totals(document, head.document, fields);
        self.goods_value(document, head, order_head::FOB_VALUE, order_list::TOTAL_PRICE);
        self.consecutive(document, head.document, order_list::GNUM);
    }

    /// Arrival, departure and consolidation: numbering, and each waybill once.
    pub(super) fn transport(&mut self, document: &Document, head: At<'_>) {
        self.split(head);
        let Some(lines) = &self.kind.document.lines else { return };
        if let Some(gnum) = lines.record.index("gnum") {
            self.consecutive(document, head.document, gnum);
        }
        if let Some(waybill) = lines.record.index("logisticsNo") {
            let texts = ("运单重复", "A waybill stands twice");
            self.unique_lines(document, head.document, waybill, "line.waybill_repeated", texts);
        }
    }

    /// `msgSeqNo` counts up to `msgCount`.
    fn split(&mut self, head: At<'_>) {
        let def = head.record.def();
        let (Some(count), Some(number)) = (def.index("msgCount"), def.index("msgSeqNo")) else {
            return;
        };
        let value = |at| head.record.decimal_at(at);
        if let (Some(most), Some(this)) = (value(count), value(number))
            && this > most
        {
            self.on_field(
                Level::Error,
                "split.number",
                head,
                number,
                &format!("1..{most}"),
                ("报文序号大于报文总数", "The number of the message is above their count"),
                CORRECT,
            );
        }
    }

    pub(super) fn export_inventory(&mut self, document: &Document, head: At<'_>) {
        use inventory_head as field;
        let texts = ("出口清单的进出口标记须为 E", "An export inventory is marked E");
        self.only(head, field::IE_FLAG, &["E"], "ie_flag.wrong", texts);
        let texts = (
            "出口清单的贸易方式须为 9610、1210、1239、9710 或 9810",
            "Export by inventory is 9610, 1210, 1239, 9710 or 9810",
        );
        let modes = ["9610", "1210", "1239", "9710", "9810"];
        self.only(head, field::TRADE_MODE, &modes, "mode.not_export", texts);
        if let Some(mode @ ("1210" | "1239")) = head.record.at(field::TRADE_MODE) {
            self.mode_asks(head, mode, &[field::IAC_CODE, field::IAC_NAME, field::EMS_NO]);
            for (record, line) in document.lines.iter().zip(1u32..) {
                let at = line_at(record, head.document, line);
                self.mode_asks(at, mode, &[inventory_list::ITEM_RECORD_NO]);
            }
        }
        self.weights(head, field::GROSS_WEIGHT, field::NET_WEIGHT);
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

    pub(super) fn export_return(&mut self, document: &Document, head: At<'_>) {
        use invt_refund_head as field;
        let texts = ("退货申请单的进出口标记须为 I", "A return comes in: marked I");
        self.only(head, field::IE_FLAG, &["I"], "ie_flag.wrong", texts);
        let texts = ("出口退货的贸易方式须为 9661 或 1261", "An export return is 9661 or 1261");
        self.only(head, field::TRADE_MODE, &["9661", "1261"], "mode.not_return", texts);
        if head.record.at(field::TRADE_MODE).is_none() {
            let texts = ("规范要求填写贸易方式", "The standard asks for the trade mode");
            let remedy = ("补填", "fill it in");
            let code = "mode.field_missing";
            let at = field::TRADE_MODE;
            self.on_field(Level::Warning, code, head, at, "9661 | 1261", texts, remedy);
        }
        if head.record.at(field::DEPARTURE_COUNTRY) == Some("142") {
            let texts = ("退货的启运国不得为中国", "A return cannot set out from China");
            let at = field::DEPARTURE_COUNTRY;
            self.on_field(Level::Error, "return.country", head, at, "not 142", texts, CORRECT);
        }
        let texts = ("表体序号重复", "Two lines have the same number");
        let gnum = invt_refund_list::ORIGINAL_GNUM;
        self.unique_lines(document, head.document, gnum, "line.repeated", texts);
        let (quantity, unit) = (invt_refund_list::QTY2, invt_refund_list::UNIT2);
        self.second_quantity(document, head.document, quantity, unit);
    }

    pub(super) fn export_tally(&mut self, head: At<'_>) {
        let texts = ("退货理货明细单的进出口标记须为 I", "A return tally is marked I");
        self.only(head, invt_refund_detail::IE_FLAG, &["I"], "ie_flag.wrong", texts);
    }

    /// Either a span of time or a list of inventories.
    pub(super) fn summary(&mut self, document: &Document, head: At<'_>) {
        use summary_apply_head as field;
        self.split(head);
        let absent = match (head.record.at(field::START_TIME), head.record.at(field::END_TIME)) {
            (Some(start), Some(end)) if end < start => {
                let texts = ("汇总结束时间早于开始时间", "The summary ends before it begins");
                let at = field::END_TIME;
                self.on_field(Level::Error, "summary.span", head, at, start, texts, CORRECT);
                return;
            }
            (Some(_), Some(_)) => return,
            (Some(_), None) => field::END_TIME,
            (None, None) if !document.lines.is_empty() => return,
            (None, _) => field::START_TIME,
        };
        let texts = (
            "须填写汇总起止时间，或列出清单编号",
            "Either both times or a list of inventories must be given",
        );
        self.on_field(Level::Error, "summary.span", head, absent, "both times", texts, CORRECT);
    }
}
