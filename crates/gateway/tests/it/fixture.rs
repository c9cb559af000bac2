//! One parcel's messages, a law that fits in a page, and a stand-in to send them to.

use std::sync::{Arc, LazyLock};

use ceb::certificate::Certificate;
use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use ceb::signature::{Spelling, sign};
use ceb::{Document, Message, ReadOptions, Reading, Record};
use db::Db;
use gateway::envelope::{Addresses, Outgoing, wrap};
use gateway::standin::{
    AssessedLine, Assessment, DayRules, Judgement, MIGRATIONS, Refusal, Settings, StandIn,
};
use gateway::{Customs, Delivery, TransportFailure};
use kernel::{Date, Fen, Finding, Round, Time};
use rand::SeedableRng;

pub(super) const DXP_ID: &str = "DXPENT3703000015";

pub(super) fn start() -> Time {
    Time::parse_compact("20261123100000").unwrap()
}

/// A key nobody else knows, valid for the tests' years.
pub(super) static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let request = CertificateRequest {
        subject: "CN=示例报关有限公司,C=CN".to_owned(),
        serial: "03000000000cde6f".to_owned(),
        not_before: Time::parse_compact("20260101000000").unwrap(),
        not_after: Time::parse_compact("20281231235959").unwrap(),
        authority: false,
    };
    let mut rng = rand::rngs::StdRng::seed_from_u64(7);
    SigningKey::generate(KeyKind::Sm2, &request, &mut rng).unwrap()
});

/// Single limit 5000 with several pieces, yearly limit 26000, tax one tenth, HS codes beginning
/// with 9 are not listed, firm code `STRANGER` may not sign, notes saying `bad` are faults.
pub(super) struct Law;

impl Judgement for Law {
    fn assess(&self, inventory: &Document, buyer_used: Fen, _on: Date) -> Assessment {
        let fen = |line: &Record| {
            Fen::from_yuan(line.decimal("totalPrice").unwrap(), Round::HalfUp).unwrap()
        };
        let lines: Vec<AssessedLine> = inventory
            .lines
            .iter()
            .map(|line| AssessedLine {
                hs_code: line.text("gcode").unwrap().to_owned(),
                value: fen(line),
                duty: Fen::ZERO,
                vat: Fen(fen(line).0 / 10),
                consumption_tax: Fen::ZERO,
            })
            .collect();
        let value: Fen = lines.iter().map(|line| line.value).sum();
        let mut refusals = Vec::new();
        if value > Fen(500_000) && lines.len() > 1 {
            refusals.push(Refusal::SingleLimit { value, limit: Fen(500_000) });
        }
        let total = Fen(buyer_used.0 + value.0);
        if total > Fen(2_600_000) {
            refusals.push(Refusal::YearlyLimit { total, limit: Fen(2_600_000) });
        }
        for line in lines.iter().filter(|line| line.hs_code.starts_with('9')) {
            refusals.push(Refusal::NotListed { hs_code: line.hs_code.clone() });
        }
        Assessment { value, lines, refusals }
    }

    fn check(&self, message: &Message) -> Vec<Finding> {
        let place = |(index, document): (usize, &Document)| {
            (document.head.text("note") == Some("bad")).then(|| {
                let text = kernel::Text::new("备注不对", "the note is wrong");
                Finding::error("test.note", text.clone(), text).at(format!(
                    "{}[{}]/note",
                    message.kind.document.element,
                    index + 1
                ))
            })
        };
        message.documents.iter().enumerate().filter_map(place).collect()
    }

    fn may_sign(&self, firm_code: &str, _certificate: &Certificate) -> bool {
        firm_code != "STRANGER"
    }

    /// Businesses go by list up to 5000.
    fn assess_export(&self, inventory: &Document, _on: Date) -> Vec<Refusal> {
        let total = |line: &Record| line.decimal("totalPrice").unwrap();
        let sum: kernel::Decimal = inventory.lines.iter().map(total).sum();
        let business = matches!(inventory.head.text("tradeMode"), Some("9710" | "9810"));
        let text = "单票超过5000元，应使用报关单".to_owned();
        if business && sum > 5000.into() { vec![Refusal::Other { text }] } else { Vec::new() }
    }

    fn rules_on(&self, on: Date) -> DayRules {
        DayRules {
            import_return_days: Some(30),
            import_return_restores_quota: true,
            import_return_elsewhere: true,
            export_return_months: Some(12),
            export_return_elsewhere: on.year() > 2026,
            funds_required: on.year() < 2025,
            pay_from_day: Some(31),
        }
    }
}

/// A parcel whose four documents agree, until a test changes a field.
#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) order_no: String,
    pub(super) mode: &'static str,
    pub(super) buyer_id: &'static str,
    pub(super) price: &'static str,
    pub(super) lines: usize,
}

impl Parcel {
    pub(super) fn of(order_no: &str) -> Parcel {
        Parcel {
            order_no: order_no.to_owned(),
            mode: "1210",
            buyer_id: "370303188003078812",
            price: "199.50",
            lines: 1,
        }
    }

    pub(super) fn waybill_no(&self) -> String {
        format!("W-{}", self.order_no)
    }

    pub(super) fn cop_no(&self) -> String {
        self.order_no.chars().rev().take(20).collect()
    }

    fn total(&self) -> kernel::Decimal {
        self.price.parse::<kernel::Decimal>().unwrap() * kernel::Decimal::from(self.lines as u64)
    }

    pub(super) fn order(&self) -> Document {
        let mut document = new(
            "CEB311",
            &[
                ("orderType", "I"),
                ("orderNo", &self.order_no),
                ("ebpCode", "EBP"),
                ("ebpName", "示例平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("goodsValue", &self.total().to_string()),
                ("freight", "0"),
                ("discount", "0"),
                ("taxTotal", "0"),
                ("acturalPaid", &self.total().to_string()),
                ("currency", "142"),
                ("buyerRegNo", "R1"),
                ("buyerName", "李示例"),
                ("buyerTelephone", "10000000001"),
                ("buyerIdType", "1"),
                ("buyerIdNumber", self.buyer_id),
                ("payCode", "PAY"),
                ("consignee", "李示例"),
                ("consigneeTelephone", "10000000001"),
                ("consigneeAddress", "山东省淄博市张店区样例路1号"),
            ],
        );
        self.fill(&mut document, "CEB311", &[("itemName", "面霜"), ("gmodel", "50克")]);
        document
    }

    pub(super) fn payment(&self) -> Document {
        new(
            "CEB411",
            &[
                ("payCode", "PAY"),
                ("payName", "示例支付"),
                ("payTransactionId", &format!("T-{}", self.order_no)),
                ("orderNo", &self.order_no),
                ("ebpCode", "EBP"),
                ("ebpName", "示例平台"),
                ("payerIdType", "1"),
                ("payerIdNumber", self.buyer_id),
                ("payerName", "李示例"),
                ("amountPaid", &self.total().to_string()),
                ("currency", "142"),
                ("payTime", "20261123090000"),
            ],
        )
    }

    pub(super) fn waybill(&self) -> Document {
        new(
            "CEB511",
            &[
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("logisticsNo", &self.waybill_no()),
                ("orderNo", &self.order_no),
                ("freight", "0"),
                ("insuredFee", "0"),
                ("currency", "142"),
                ("weight", "0.5"),
                ("packNo", "1"),
                ("consignee", "李示例"),
                ("consigneeAddress", "山东省淄博市张店区样例路1号"),
                ("consigneeTelephone", "10000000001"),
            ],
        )
    }

    pub(super) fn waybill_status(&self) -> Document {
        new(
            "CEB513",
            &[
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("logisticsNo", &self.waybill_no()),
                ("logisticsStatus", "S"),
                ("logisticsTime", "20261123180000"),
            ],
        )
    }

    pub(super) fn inventory(&self) -> Document {
        let mut document = new(
            "CEB621",
            &[
                ("orderNo", &self.order_no),
                ("ebpCode", "EBP"),
                ("ebpName", "示例平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("logisticsNo", &self.waybill_no()),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("copNo", &self.cop_no()),
                ("assureCode", "EBP"),
                ("ieFlag", "I"),
                ("declTime", "20261123"),
                ("customsCode", "4251"),
                ("portCode", "4251"),
                ("buyerIdType", "1"),
                ("buyerIdNumber", self.buyer_id),
                ("buyerName", "李示例"),
                ("buyerTelephone", "10000000001"),
                ("consigneeAddress", "山东省淄博市张店区样例路1号"),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("tradeMode", self.mode),
                ("trafMode", "Y"),
                ("country", "142"),
                ("freight", "0"),
                ("insuredFee", "0"),
                ("currency", "142"),
                ("packNo", "1"),
                ("grossWeight", "0.5"),
                ("netWeight", "0.4"),
            ],
        );
        let rest = [
            ("gcode", "3304990099"),
            ("gname", "面霜"),
            ("gmodel", "50克"),
            ("qty1", "0.05"),
            ("unit1", "035"),
        ];
        self.fill(&mut document, "CEB621", &rest);
        document
    }

    pub(super) fn cancel(&self, invt_no: &str) -> Document {
        new(
            "CEB623",
            &[
                ("customsCode", "4251"),
                ("orderNo", &self.order_no),
                ("ebpCode", "EBP"),
                ("ebpName", "示例平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("logisticsNo", &self.waybill_no()),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("copNo", &self.cop_no()),
                ("invtNo", invt_no),
                ("buyerIdType", "1"),
                ("buyerIdNumber", self.buyer_id),
                ("buyerName", "李示例"),
                ("buyerTelephone", "10000000001"),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("reason", "买家取消"),
            ],
        )
    }

    pub(super) fn sheet(&self) -> Document {
        let mut document = new(
            "CEB711",
            &[
                ("customsCode", "4251"),
                ("copNo", &format!("R{}", self.cop_no()).chars().take(20).collect::<String>()),
                ("operatorCode", "SITE"),
                ("operatorName", "示例场所"),
                ("ieFlag", "I"),
                ("trafMode", "5"),
                ("trafNo", "示例号"),
                ("voyageNo", "EX001"),
                ("billNo", "B001"),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
            ],
        );
        let mut line = Record::new(kind("CEB711").document.lines.unwrap().record);
        line.set("gnum", "1");
        line.set("logisticsNo", &self.waybill_no());
        document.lines.push(line);
        document
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
                ("currency", "142"),
                ("country", "116"),
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

pub(super) fn kind(code: &str) -> &'static ceb::MessageType {
    ceb::message_type(code).unwrap()
}

pub(super) fn new(code: &str, fields: &[(&str, &str)]) -> Document {
    let mut document = Document::new(kind(code));
    let named = ["orderNo", "logisticsNo", "copNo", "coElNo"];
    let order_no = fields.iter().find(|(name, _)| named.contains(name));
    let guid = guid_of(&format!("{code}{order_no:?}"));
    for (name, value) in [
        ("guid", guid.as_str()),
        ("appType", "1"),
        ("appTime", "20261123093000"),
        ("appStatus", "2"),
    ] {
        assert!(document.head.set(name, value), "{name}");
    }
    for (name, value) in fields {
        assert!(document.head.set(name, value), "{code} {name}");
    }
    document
}

/// Changes one field of the head.
pub(super) fn with(mut document: Document, name: &str, value: &str) -> Document {
    assert!(document.head.set(name, value), "{name}");
    document
}

/// Changes one field of the first line.
pub(super) fn with_line(mut document: Document, name: &str, value: &str) -> Document {
    assert!(document.lines[0].set(name, value), "{name}");
    document
}

fn guid_of(text: &str) -> String {
    let mut sum: u128 = 7;
    for byte in text.bytes() {
        sum = sum.wrapping_mul(0x0100_0193).wrapping_add(u128::from(byte));
    }
    let hex = format!("{sum:032X}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// A signed message around documents of one type.
pub(super) fn message(code: &str, documents: Vec<Document>) -> Vec<u8> {
    let mut message = Message::new(kind(code), guid_of(&format!("{code}{documents:?}")));
    message.documents = documents;
    let mut transfer = Record::new(message.kind.transfer().unwrap());
    for (name, value) in
        [("copCode", "AGENT"), ("copName", "示例报关"), ("dxpMode", "DXP"), ("dxpId", DXP_ID)]
    {
        assert!(transfer.set(name, value));
    }
    message.transfer = Some(transfer);
    let bytes = ceb::write(&message).unwrap_or_else(|f| panic!("{f:?}"));
    sign(&bytes, &KEY, Spelling::Sm2National).unwrap()
}

/// An envelope around bytes that claim to be a message of a type.
pub(super) fn envelope_of(cop_msg_id: &str, code: &str, message: &[u8]) -> Vec<u8> {
    let root = format!("{code}Message");
    let outgoing = Outgoing { message, message_type: &root, transfer_id: Some(DXP_ID), cop_msg_id };
    wrap(&Addresses::of("DXPENT0000000000"), &outgoing, start()).unwrap()
}

/// The stand-in with a database in memory.
pub(super) struct Bench {
    pub(super) standin: StandIn,
    sent: std::cell::Cell<u32>,
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench::over(db::test::memory(MIGRATIONS))
    }

    pub(super) fn over(db: Db) -> Bench {
        Bench::with(db, Settings::default())
    }

    /// For days on which the key of the tests is not valid.
    pub(super) fn unverified() -> Bench {
        let settings = Settings { verify_signatures: false, ..Settings::default() };
        Bench::with(db::test::memory(MIGRATIONS), settings)
    }

    pub(super) fn with(db: Db, settings: Settings) -> Bench {
        let standin = StandIn::new(db, Arc::new(Law), settings);
        Bench { standin, sent: std::cell::Cell::new(0) }
    }

    /// Goes on with message ids after so many.
    pub(super) fn sent(&self, messages: u32) {
        self.sent.set(messages);
    }

    pub(super) fn send(
        &self,
        code: &str,
        documents: Vec<Document>,
    ) -> Result<(), TransportFailure> {
        self.send_bytes(code, &message(code, documents), start())
    }

    pub(super) fn send_at(&self, code: &str, documents: Vec<Document>, now: Time) {
        self.send_bytes(code, &message(code, documents), now).unwrap();
    }

    pub(super) fn send_bytes(
        &self,
        code: &str,
        message: &[u8],
        now: Time,
    ) -> Result<(), TransportFailure> {
        self.sent.set(self.sent.get() + 1);
        let envelope = envelope_of(&format!("M{}", self.sent.get()), code, message);
        self.standin.submit(&envelope, now).map(|_| ())
    }

    /// Sends order, payment and waybill, and forgets what they are answered.
    pub(super) fn counterparts(&self, parcel: &Parcel) {
        self.send("CEB311", vec![parcel.order()]).unwrap();
        self.send("CEB411", vec![parcel.payment()]).unwrap();
        self.send("CEB511", vec![parcel.waybill()]).unwrap();
        self.receipts();
    }

    /// Everything that ever comes, in the order of delivery.
    pub(super) fn receipts(&self) -> Vec<Receipt> {
        let mut all = Vec::new();
        while let Some(at) = self.standin.next_due().unwrap() {
            for delivery in self.standin.collect(at, 50).unwrap() {
                all.extend(read(&delivery, at));
                self.standin.delivered(&[&delivery.receipt_id], at).unwrap();
            }
        }
        all
    }

    /// Receipts of one type as `status` texts.
    pub(super) fn statuses(&self, code: &str) -> Vec<String> {
        self.receipts().iter().filter(|r| r.code == code).map(|r| r.status.clone()).collect()
    }
}

/// One return, as far as tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Receipt {
    pub(super) code: String,
    pub(super) status: String,
    pub(super) info: String,
    pub(super) invt_no: String,
    pub(super) pre_no: String,
    pub(super) at: Time,
    pub(super) said: Option<Time>,
    /// Whether the message as it came is what the official schema wants.
    pub(super) valid: bool,
    pub(super) document: Option<Document>,
}

/// Takes a delivery apart the way a receiver does.
pub(super) fn read(delivery: &Delivery, at: Time) -> Vec<Receipt> {
    let unwrapped = gateway::envelope::unwrap(&delivery.on_the_wire()).unwrap();
    let (sender, _) = unwrapped.from.expect("receipts come in envelopes");
    assert!(matches!(&*sender, "DXPEDCCEB0000002" | "DXPEDCCEB0000003"), "{sender}");
    let strict = ceb::read(&unwrapped.message, &ReadOptions::strict());
    let Reading { message, .. } = ceb::read(&unwrapped.message, &ReadOptions::lenient());
    let Some(message) = message.filter(|m| !m.documents.is_empty()) else {
        let code = String::from("unreadable");
        let empty = String::new;
        let document = None;
        let (status, info, invt_no, pre_no) = (empty(), empty(), empty(), empty());
        let said = None;
        return vec![Receipt {
            code,
            status,
            info,
            invt_no,
            pre_no,
            at,
            said,
            valid: false,
            document,
        }];
    };
    message
        .documents
        .into_iter()
        .map(|document| {
            let text = |name: &str| document.head.text(name).unwrap_or_default().to_owned();
            Receipt {
                code: message.kind.code.to_owned(),
                status: text(match message.kind.code {
                    "CEB816" | "CEB818" => "status",
                    "CEB792" => "decState",
                    _ => "returnStatus",
                }),
                info: text("returnInfo"),
                invt_no: text("invtNo"),
                pre_no: text("preNo"),
                at,
                said: Time::parse_compact(&text(match message.kind.code {
                    "CEB792" => "opDate",
                    _ => "returnTime",
                })),
                valid: strict.structure_valid,
                document: Some(document),
            }
        })
        .collect()
}
