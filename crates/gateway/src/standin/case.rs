//! Reads an envelope and makes of each document a case: what it claims, under which keys it is
//! remembered, what its order number asks for. All costly work is done here, before the
//! transaction: parsing, signatures, hashes of personal data.

use ceb::dxp::{self, Envelope, Limits};
use ceb::signature::Verifier;
use ceb::{Document, Message, MessageType, ReadOptions, Record};
use db::Db;
use kernel::{Finding, Time};

use super::family::{Family, family};
use super::judgement::Judgement;
use super::memory::{self, Key, Kind, Order, Payment, Waybill, key, scaled, word};
use super::scenario::Plan;
use crate::transport::{FORMAT_ERROR, OTHER_BUSINESS, TransportFailure};

/// An envelope, read.
pub(crate) struct Incoming {
    pub(crate) envelope: Envelope,
    pub(crate) content: Content,
}

/// What was in it.
pub(crate) enum Content {
    /// Something that is no valid message: text for the format error, and the root if known.
    Unreadable { text: String, message_type: String },
    /// A message of a family the stand-in judges.
    Message(Box<Submission>),
}

/// A message and its cases.
pub(crate) struct Submission {
    pub(crate) family: &'static Family,
    pub(crate) receipt: &'static MessageType,
    pub(crate) message: Message,
    /// What is wrong with the message as a whole: code without minus, and reason.
    pub(crate) refusal: Option<(u32, String)>,
    pub(crate) cases: Vec<Case>,
    pub(crate) exchange: Option<String>,
    pub(crate) format_error: bool,
}

/// One document.
pub(crate) struct Case {
    pub(crate) plan: Plan,
    /// First finding of level error, as a reason for the receipt.
    pub(crate) fault: Option<String>,
    pub(crate) app_type: u8,
    pub(crate) claim: Claim,
}

/// What a document claims, in words that can be compared.
pub(crate) enum Claim {
    Order { key: Key, inventory: Key, order: Order },
    Payment { key: Key, inventory: Key, payment: Payment },
    Waybill { key: Key, waybill: Waybill },
    WaybillStatus { key: Key, waybill: Key },
    Inventory(Box<InventoryClaim>),
    Cancel { inventory: Key, arrival: Key, invt_no: String, pre_series: Key },
    Sheet { key: Key, arrivals: Vec<Key>, pre_series: Key, rkd_series: Key },
}

/// What an inventory claims.
pub(crate) struct InventoryClaim {
    pub(crate) key: Key,
    pub(crate) order: Key,
    pub(crate) payment: Key,
    pub(crate) waybill: Key,
    pub(crate) arrival: Key,
    pub(crate) quota: Key,
    pub(crate) pre_series: Key,
    pub(crate) invt_series: Key,
    pub(crate) direct: bool,
    pub(crate) firm: u64,
    pub(crate) order_no: u64,
    pub(crate) name: u64,
    pub(crate) id_number: u64,
    pub(crate) phone: u64,
    pub(crate) line_count: u64,
    pub(crate) lines: u64,
}

/// What reading needs besides the bytes.
pub(crate) struct Reader<'a> {
    pub(crate) db: &'a Db,
    pub(crate) law: &'a dyn Judgement,
    /// `None`: signatures are not looked at.
    pub(crate) verifier: Option<&'a Verifier>,
    pub(crate) now: Time,
}

impl Reader<'_> {
    /// Reads an envelope.
    ///
    /// # Errors
    /// When it is no envelope, or carries a message the stand-in does not judge.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Incoming, TransportFailure> {
        let envelope = dxp::read(bytes, &Limits::default()).map_err(|findings| {
            TransportFailure::of(FORMAT_ERROR, first_reason(&findings).unwrap_or_default())
        })?;
        let content = self.content(&envelope)?;
        Ok(Incoming { envelope, content })
    }

    fn content(&self, envelope: &Envelope) -> Result<Content, TransportFailure> {
        let reading = ceb::read(&envelope.data, &ReadOptions::default());
        let kind = reading.message.as_ref().map(|message| message.kind);
        let Some(message) = reading.message.filter(|_| reading.structure_valid) else {
            let text = first_reason(&reading.findings).unwrap_or_else(|| "报文格式错误".to_owned());
            let message_type = kind.map_or("Unknown", |kind| kind.root).to_owned();
            return Ok(Content::Unreadable { text, message_type });
        };
        let receipt = message.kind.receipt.and_then(ceb::message_type);
        let (Some(family), Some(receipt)) = (family(message.kind.code), receipt) else {
            let detail = format!("{} is not judged here", message.kind.root);
            return Err(TransportFailure::of(OTHER_BUSINESS, detail));
        };
        let refusal = self.refusal(family, &message, envelope);
        let findings = self.law.check(&message);
        let mut cases = Vec::with_capacity(message.documents.len());
        for (index, document) in message.documents.iter().enumerate() {
            let fault = fault_of(&findings, family, index);
            cases.push(self.case(family, document, fault));
        }
        let exchange = cases.iter().find_map(|case| case.plan.exchange.clone());
        let format_error = cases.iter().any(|case| case.plan.format_error);
        Ok(Content::Message(Box::new(Submission {
            family,
            receipt,
            message,
            refusal,
            cases,
            exchange: exchange.filter(|_| family.number == 621),
            format_error: format_error && family.number == 621,
        })))
    }

    fn refusal(
        &self,
        family: &Family,
        message: &Message,
        envelope: &Envelope,
    ) -> Option<(u32, String)> {
        if message.dxp_id().is_some_and(|id| id != envelope.header.sender_id) {
            let text = "senderId与传输节点dxpId信息不一致".to_owned();
            return Some((family.codes.check, text));
        }
        let verifier = self.verifier.filter(|_| message.signed)?;
        let verification = verifier.verify(&envelope.data);
        if !verification.is_good() {
            return Some((family.codes.signature, "验签失败".to_owned()));
        }
        let certificate = verification.certificate?;
        if !certificate.in_force(self.now) {
            return Some((family.codes.signature, "验签证书不在有效期内".to_owned()));
        }
        let head = &message.documents.first()?.head;
        let firm = ["agentCode", "operatorCode", "payCode", "logisticsCode", "ebcCode"]
            .iter()
            .find_map(|name| head.text(name))?;
        if family.number != 311 && !self.law.may_sign(firm, &certificate) {
            let code = match family.number {
                621 => 621_015,
                623 => 623_021,
                _ => family.codes.signature,
            };
            return Some((code, "申报企业与签名卡信息不一致".to_owned()));
        }
        None
    }

    fn case(&self, family: &Family, document: &Document, fault: Option<String>) -> Case {
        let head = &document.head;
        let plan = Plan::of(text(head, "orderNo"));
        let app_type = text(head, "appType").bytes().next().map_or(1, |b| b.wrapping_sub(b'0'));
        let claim = match family.number {
            311 => self.order(document),
            411 => self.payment(head),
            511 => self.waybill(head),
            513 => Claim::WaybillStatus {
                key: waybill_key(Kind::WaybillStatus, head),
                waybill: waybill_key(Kind::Waybill, head),
            },
            621 => Claim::Inventory(Box::new(self.inventory(document))),
            623 => Claim::Cancel {
                inventory: order_key(Kind::Inventory, head),
                arrival: waybill_key(Kind::Arrival, head),
                invt_no: text(head, "invtNo").to_owned(),
                pre_series: self.series("C"),
            },
            _ => self.sheet(document),
        };
        Case { plan, fault, app_type, claim }
    }

    fn order(&self, document: &Document) -> Claim {
        let head = &document.head;
        Claim::Order {
            key: order_key(Kind::Order, head),
            inventory: order_key(Kind::Inventory, head),
            order: Order {
                app_time: number(head, "appTime"),
                firm: word(text(head, "ebcCode")),
                paid: scaled(text(head, "acturalPaid")).unwrap_or_default(),
                pay_firm: head.text("payCode").map_or(0, word),
                name: self.person(text(head, "buyerName")),
                id_number: self.person(text(head, "buyerIdNumber")),
                phone: self.person(text(head, "buyerTelephone")),
                consignee: self.consignee(head),
                line_count: document.lines.len() as u64,
                lines: lines_word(&document.lines),
            },
        }
    }

    fn payment(&self, head: &Record) -> Claim {
        Claim::Payment {
            key: order_key(Kind::Payment, head),
            inventory: order_key(Kind::Inventory, head),
            payment: Payment {
                app_time: number(head, "appTime"),
                amount: scaled(text(head, "amountPaid")).unwrap_or_default(),
                firm: word(text(head, "payCode")),
                name: self.person(text(head, "payerName")),
                id_number: self.person(text(head, "payerIdNumber")),
            },
        }
    }

    fn waybill(&self, head: &Record) -> Claim {
        Claim::Waybill {
            key: waybill_key(Kind::Waybill, head),
            waybill: Waybill {
                order_no: word(text(head, "orderNo")),
                consignee: self.consignee(head),
            },
        }
    }

    fn inventory(&self, document: &Document) -> InventoryClaim {
        let head = &document.head;
        let customs = text(head, "customsCode");
        let date = self.now.date();
        let buyer = self.db.sealer().keyed_hash("standin.buyer", text(head, "buyerIdNumber"));
        InventoryClaim {
            key: order_key(Kind::Inventory, head),
            order: order_key(Kind::Order, head),
            payment: order_key(Kind::Payment, head),
            waybill: waybill_key(Kind::Waybill, head),
            arrival: waybill_key(Kind::Arrival, head),
            quota: memory::quota_key(buyer, date.year()),
            pre_series: self.series("B"),
            invt_series: key(Kind::Series, &[customs, &date.year().to_string(), "I"]),
            direct: text(head, "tradeMode") == "9610",
            firm: word(text(head, "ebcCode")),
            order_no: word(text(head, "orderNo")),
            name: self.person(text(head, "buyerName")),
            id_number: self.person(text(head, "buyerIdNumber")),
            phone: self.person(text(head, "buyerTelephone")),
            line_count: document.lines.len() as u64,
            lines: lines_word(&document.lines),
        }
    }

    fn sheet(&self, document: &Document) -> Claim {
        let head = &document.head;
        let carrier = text(head, "logisticsCode");
        let own = head.text("copNo").unwrap_or_else(|| text(head, "guid"));
        Claim::Sheet {
            key: key(Kind::Sheet, &[text(head, "operatorCode"), own]),
            arrivals: document
                .lines
                .iter()
                .map(|line| key(Kind::Arrival, &[carrier, text(line, "logisticsNo")]))
                .collect(),
            pre_series: self.series("R"),
            rkd_series: key(Kind::Series, &[text(head, "customsCode"), "R"]),
        }
    }

    /// Pre-entry numbers are counted by letter and day.
    fn series(&self, letter: &str) -> Key {
        let day = self.now.to_compact();
        key(Kind::Series, &[letter, day.get(..8).unwrap_or_default()])
    }

    fn person(&self, text: &str) -> u64 {
        let hash = self.db.sealer().keyed_hash("standin.person", text);
        hash.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    fn consignee(&self, head: &Record) -> u64 {
        self.person(&format!(
            "{}\n{}\n{}",
            text(head, "consignee"),
            text(head, "consigneeTelephone"),
            text(head, "consigneeAddress"),
        ))
    }
}

fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.text(name).unwrap_or_default()
}

fn number(record: &Record, name: &str) -> u64 {
    text(record, name).parse().unwrap_or_default()
}

fn order_key(kind: Kind, head: &Record) -> Key {
    key(kind, &[text(head, "ebpCode"), text(head, "orderNo")])
}

fn waybill_key(kind: Kind, head: &Record) -> Key {
    key(kind, &[text(head, "logisticsCode"), text(head, "logisticsNo")])
}

/// One word for all lines: equal when number, quantity, price and total of each are equal.
fn lines_word(lines: &[Record]) -> u64 {
    let mut all = String::with_capacity(lines.len() * 32);
    for line in lines {
        all.push_str(text(line, "gnum"));
        for name in ["qty", "price", "totalPrice"] {
            let amount = scaled(text(line, name)).unwrap_or_default();
            all.push(':');
            all.push_str(&amount.to_string());
        }
        all.push(';');
    }
    word(&all)
}

fn first_reason(findings: &[Finding]) -> Option<String> {
    findings.iter().find(|finding| finding.is_error()).map(reason)
}

fn reason(finding: &Finding) -> String {
    format!("{} {}", finding.path, finding.message.zh).trim().to_owned()
}

/// The first error in the document at `index`, by the path of the finding.
fn fault_of(findings: &[Finding], family: &Family, index: usize) -> Option<String> {
    let numbered = format!("{}[{}]", family.element, index + 1);
    let bare = format!("{}/", family.element);
    findings
        .iter()
        .filter(|finding| finding.is_error())
        .find(|finding| {
            finding
                .path
                .strip_prefix(&numbered)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || (index == 0 && finding.path.starts_with(&bare))
        })
        .map(reason)
}
