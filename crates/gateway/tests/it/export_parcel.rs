//! One exported parcel's documents.

use ceb::{Document, Record};

use super::fixture::{Bench, kind, new};

/// An exported parcel whose documents agree, until a test changes a field.
#[derive(Clone)]
pub(super) struct ExportParcel {
    pub(super) order_no: String,
    pub(super) mode: &'static str,
    pub(super) kind: &'static str,
    pub(super) flag: &'static str,
    pub(super) price: &'static str,
    pub(super) lines: usize,
}

impl ExportParcel {
    pub(super) fn of(order_no: &str) -> ExportParcel {
        ExportParcel {
            order_no: order_no.to_owned(),
            mode: "9610",
            kind: "E",
            flag: "B",
            price: "25.00",
            lines: 1,
        }
    }

    pub(super) fn waybill_no(&self) -> String {
        format!("X-{}", self.order_no)
    }

    pub(super) fn cop_no(&self) -> String {
        format!("C{}", self.order_no)
    }

    fn value(&self) -> kernel::Decimal {
        self.price.parse::<kernel::Decimal>().unwrap() * kernel::Decimal::from(self.lines as u64)
    }

    pub(super) fn order(&self) -> Document {
        let mut document = new(
            "CEB303",
            &[
                ("orderType", self.kind),
                ("orderNo", &self.order_no),
                ("ebpCode", "无"),
                ("ebpName", "境外平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("goodsValue", &self.value().to_string()),
                ("freight", "0"),
                ("currency", "502"),
            ],
        );
        self.fill(&mut document, "CEB303", &[("itemNo", "SKU1"), ("itemName", "陶瓷杯")]);
        document
    }

    pub(super) fn funds(&self) -> Document {
        new(
            "CEB403",
            &[
                ("ebpCode", "无"),
                ("ebpName", "境外平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("orderNo", &self.order_no),
                ("payName", "境外支付"),
                ("charge", &self.value().to_string()),
                ("currency", "502"),
                ("accountingDate", "20261123090000"),
            ],
        )
    }

    pub(super) fn waybill(&self) -> Document {
        new(
            "CEB505",
            &[
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("logisticsNo", &self.waybill_no()),
                ("freight", "0"),
                ("insuredFee", "0"),
                ("currency", "502"),
                ("grossWeight", "0.5"),
                ("packNo", "1"),
                ("goodsInfo", "陶瓷杯"),
            ],
        )
    }

    pub(super) fn inventory(&self) -> Document {
        let mut document = new(
            "CEB603",
            &[
                ("customsCode", "4220"),
                ("ebpCode", "无"),
                ("ebpName", "境外平台"),
                ("orderNo", &self.order_no),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("logisticsNo", &self.waybill_no()),
                ("copNo", &self.cop_no()),
                ("ieFlag", "E"),
                ("portCode", "4220"),
                ("ieDate", "20261123"),
                ("statisticsFlag", self.flag),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("ownerCode", "NO"),
                ("ownerName", "示例工厂"),
                ("tradeMode", self.mode),
                ("trafMode", "5"),
                ("trafName", "示例号"),
                ("voyageNo", "EX001"),
                ("billNo", "B001"),
                ("country", "502"),
                ("POD", "LAX"),
                ("freight", "0"),
                ("fCurrency", "502"),
                ("fFlag", "3"),
                ("insuredFee", "0"),
                ("iCurrency", "502"),
                ("iFlag", "3"),
                ("wrapType", "2"),
                ("packNo", "1"),
                ("grossWeight", "0.5"),
                ("netWeight", "0.4"),
            ],
        );
        let rest = [
            ("itemNo", "SKU1"),
            ("gcode", "6911101900"),
            ("gname", "陶瓷杯"),
            ("gmodel", "350毫升"),
            ("barCode", "无"),
            ("country", "502"),
            ("qty1", "0.4"),
            ("unit1", "035"),
        ];
        self.fill(&mut document, "CEB603", &rest);
        document
    }

    pub(super) fn cancel(&self, invt_no: &str) -> Document {
        new(
            "CEB605",
            &[
                ("customsCode", "4220"),
                ("copNo", &self.cop_no()),
                ("invtNo", invt_no),
                ("reason", "买家取消"),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
            ],
        )
    }

    /// Consolidation (607), arrival (507) or departure (509) of some parcels.
    pub(super) fn sheet(code: &str, cop_no: &str, parcels: &[&ExportParcel]) -> Document {
        let mut fields = vec![
            ("customsCode", "4220"),
            ("copNo", cop_no),
            ("trafMode", "5"),
            ("billNo", "B001"),
            ("logisticsCode", "LOG"),
            ("logisticsName", "示例速递"),
            ("msgCount", "1"),
            ("msgSeqNo", "1"),
        ];
        fields.extend_from_slice(match code {
            "CEB607" => &[
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("trafName", "示例号"),
                ("voyageNo", "EX001"),
                ("grossWeight", "0.5"),
            ],
            "CEB507" => &[
                ("operatorCode", "SITE"),
                ("operatorName", "示例场所"),
                ("ieFlag", "E"),
                ("domesticTrafNo", "示例车牌"),
            ],
            _ => &[("trafName", "示例号"), ("voyageNo", "EX001"), ("leaveTime", "20261123200000")],
        });
        let mut document = new(code, &fields);
        for (parcel, gnum) in parcels.iter().zip(1..) {
            let mut line = Record::new(kind(code).document.lines.unwrap().record);
            line.set("gnum", &gnum.to_string());
            line.set("logisticsNo", &parcel.waybill_no());
            document.lines.push(line);
        }
        document
    }

    pub(super) fn summary(cop_no: &str, invt_nos: &[&str]) -> Document {
        let mut document = new(
            "CEB701",
            &[
                ("customsCode", "4220"),
                ("copNo", cop_no),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("declAgentCode", "AGENT"),
                ("declAgentName", "示例报关"),
                ("summaryFlag", "1"),
                ("itemNameFlag", "1"),
                ("msgCount", "1"),
                ("msgSeqNo", "1"),
            ],
        );
        for invt_no in invt_nos {
            let mut line = Record::new(kind("CEB701").document.lines.unwrap().record);
            line.set("invtNo", invt_no);
            document.lines.push(line);
        }
        document
    }

    pub(super) fn return_application(&self, own_no: &str, invt_no: &str, qty: &str) -> Document {
        let mut document = new(
            "CEB213",
            &[
                ("customsCode", "4220"),
                ("ebpCode", "无"),
                ("ebpName", "境外平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("logisticsNo", &format!("BACK-{own_no}")),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("coElNo", own_no),
                ("invtNo", invt_no),
                ("tradeMode", "9661"),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("billNo", "B900"),
                ("ieFlag", "I"),
                ("trafMode", "5"),
                ("trafName", "示例号"),
                ("portCode", "4220"),
                ("reason", "买家退货"),
                ("country", "502"),
                ("voyageNo", "EX900"),
            ],
        );
        let mut line = Record::new(kind("CEB213").document.lines.unwrap().record);
        for (name, value) in [
            ("gnum", "1"),
            ("gcode", "6911101900"),
            ("gname", "陶瓷杯"),
            ("gmodel", "350毫升"),
            ("qty", qty),
            ("qty1", "0.4"),
            ("unit", "142"),
            ("unit1", "035"),
        ] {
            assert!(line.set(name, value), "{name}");
        }
        document.lines.push(line);
        document
    }

    pub(super) fn tally(own_no: &str) -> Document {
        new(
            "CEB215",
            &[
                ("customsCode", "4220"),
                ("operatorCode", "SITE"),
                ("operatorName", "示例场所"),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("logisticsNo", &format!("BACK-{own_no}")),
                ("coElNo", &format!("T{own_no}")),
                ("billNo", "B900"),
                ("ieFlag", "I"),
                ("trafMode", "5"),
                ("trafName", "示例号"),
                ("voyageNo", "EX900"),
            ],
        )
    }

    fn fill(&self, document: &mut Document, code: &str, rest: &[(&str, &str)]) {
        for gnum in 1..=self.lines {
            let mut line = Record::new(kind(code).document.lines.unwrap().record);
            for (name, value) in [
                ("gnum", gnum.to_string().as_str()),
                ("unit", "142"),
                ("qty", "1"),
                ("price", self.price),
                ("totalPrice", self.price),
                ("currency", "502"),
            ] {
                assert!(line.set(name, value), "{name}");
            }
            for (name, value) in rest {
                assert!(line.set(name, value), "{name}");
            }
            document.lines.push(line);
        }
    }
}

impl Bench {
    /// Sends order and waybill of an export, and forgets what they are answered.
    pub(super) fn export_counterparts(&self, parcel: &ExportParcel) {
        self.send("CEB303", vec![parcel.order()]).unwrap();
        self.send("CEB505", vec![parcel.waybill()]).unwrap();
        self.receipts();
    }

    /// Declares an export whose counterparts are there; gives its number.
    pub(super) fn declare_export(&self, parcel: &ExportParcel) -> String {
        self.export_counterparts(parcel);
        self.send("CEB603", vec![parcel.inventory()]).unwrap();
        let receipts = self.receipts();
        receipts.iter().find(|r| r.status == "120").expect("stored").invt_no.clone()
    }
}
