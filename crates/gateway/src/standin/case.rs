//! Reads a message and makes of each document a case: what it claims, under which keys it is
//! remembered, what its order number asks for. All costly work is done here, before the
//! transaction: parsing, signatures, hashes of personal data.

use std::borrow::Cow;

use ceb::dxp::{self, Header, Limits};
use ceb::schema::FieldIndex;
use ceb::signature::Verifier;
use ceb::{Document, Message, ReadOptions, Record};
use kernel::{Finding, Time};

use super::family::{Family, family};
use super::judgement::Judgement;
use super::memory::{self, Key, Kind, key, quota_key, scaled, word};
use super::outward::{Outward, goods_line};
use super::packed::echoed;
use super::person::Persons;
use super::records::{Order, Payment, Waybill};
use super::refund::ReturnClaim;
use super::scenario::Plan;
use crate::envelope::{COP_MSG_ID_CHARS_MAX, DXP_ID_CHARS_MAX};
use crate::transport::{FORMAT_ERROR, OTHER_BUSINESS, OTHER_SYSTEM, TransportFailure};

/// A message as it was handed over, read.
pub(crate) struct Incoming<'a> {
    /// The sender's message id.
    pub(crate) cop_msg_id: Cow<'a, str>,
    /// DXP id of the sender, who gets the receipts.
    pub(crate) sender_id: Cow<'a, str>,
    /// The message itself.
    pub(crate) message: Cow<'a, [u8]>,
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
    pub(crate) message: Message,
    /// Which fields of its receipts are taken from the heads of its documents.
    pub(crate) echoed: Vec<(u8, FieldIndex)>,
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
    Cancel { inventory: Key, arrival: Key, invt_no: String },
    Sheet { key: Key, arrivals: Vec<Key>, rkd_series: Key },
    Return(Box<ReturnClaim>),
    Outward(Outward),
}

/// What an inventory claims.
pub(crate) struct InventoryClaim {
    pub(crate) key: Key,
    pub(crate) order: Key,
    pub(crate) payment: Key,
    pub(crate) waybill: Key,
    pub(crate) arrival: Key,
    pub(crate) quota: Key,
    pub(crate) invt_series: Key,
    pub(crate) direct: bool,
    pub(crate) firm: u32,
    pub(crate) order_no: u32,
    pub(crate) name: u32,
    pub(crate) id_number: u32,
    pub(crate) phone: u32,
    pub(crate) line_count: u32,
    pub(crate) lines: u32,
}

/// What reading needs besides the bytes.
pub(crate) struct Reader<'a> {
    pub(crate) law: &'a dyn Judgement,
    pub(crate) persons: &'a Persons,
    /// `None`: signatures are not looked at.
    pub(crate) verifier: Option<&'a Verifier>,
    pub(crate) now: Time,
    pub(crate) series: Series,
}

/// Keys of the series that numbers of this moment are taken from.
pub(crate) struct Series {
    year: i16,
    year_text: String,
}

impl Series {
    pub(crate) fn at(now: Time) -> Series {
        let year = now.date().year();
        Series { year, year_text: year.to_string() }
    }

    /// Numbers of customs are counted by district, year and letter.
    pub(crate) fn of_year(&self, customs: &str, letter: &str) -> Key {
        key(Kind::Series, &[customs, &self.year_text, letter])
    }
}

impl Reader<'_> {
    /// Reads an envelope.
    ///
    /// # Errors
    /// When it is no envelope, or carries a message the stand-in does not judge.
    pub(crate) fn envelope(&self, bytes: &[u8]) -> Result<Incoming<'static>, TransportFailure> {
        let envelope = dxp::read(bytes, &Limits::default()).map_err(|findings| {
            TransportFailure::of(FORMAT_ERROR, first_reason(&findings).unwrap_or_default())
        })?;
        let content = self.content(&envelope.header.sender_id, &envelope.data)?;
        let Header { cop_msg_id, sender_id, .. } = envelope.header;
        Ok(Incoming {
            cop_msg_id: cop_msg_id.into(),
            sender_id: sender_id.into(),
            message: envelope.data.into(),
            content,
        })
    }

    /// Reads a message handed over without an envelope.
    ///
    /// # Errors
    /// When the stand-in does not judge such messages, or no envelope could name its addresses.
    pub(crate) fn message<'a>(
        &self,
        cop_msg_id: &'a str,
        sender_id: &'a str,
        message: &'a [u8],
    ) -> Result<Incoming<'a>, TransportFailure> {
        let fits = |id: &str, max: usize| !id.is_empty() && id.chars().nth(max).is_none();
        if !fits(cop_msg_id, COP_MSG_ID_CHARS_MAX) || !fits(sender_id, DXP_ID_CHARS_MAX) {
            return Err(TransportFailure::of(OTHER_SYSTEM, "no envelope can carry its ids"));
        }
        Ok(Incoming {
            cop_msg_id: cop_msg_id.into(),
            sender_id: sender_id.into(),
            message: message.into(),
            content: self.content(sender_id, message)?,
        })
    }

    fn content(&self, sender_id: &str, bytes: &[u8]) -> Result<Content, TransportFailure> {
        let reading = ceb::read(bytes, &ReadOptions::default());
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
        let refusal = self.refusal(family, &message, sender_id, bytes);
        let findings = self.law.check(&message);
        let mut cases = Vec::with_capacity(message.documents.len());
        for (index, document) in message.documents.iter().enumerate() {
            let fault = fault_of(&findings, family, index);
            cases.push(self.case(family, document, fault));
        }
        let exchange = cases.iter().find_map(|case| case.plan.exchange.clone());
        let format_error = cases.iter().any(|case| case.plan.format_error);
        let head = message.documents.first().map(|document| &document.head);
        Ok(Content::Message(Box::new(Submission {
            family,
            echoed: head.map(|head| echoed(receipt, head)).unwrap_or_default(),
            message,
            refusal,
            cases,
            exchange: exchange.filter(|_| family.is_inventory()),
            format_error: format_error && family.is_inventory(),
        })))
    }

    fn refusal(
        &self,
        family: &Family,
        message: &Message,
        sender_id: &str,
        bytes: &[u8],
    ) -> Option<(u32, String)> {
        if message.dxp_id().is_some_and(|id| id != sender_id) {
            let text = "senderId与传输节点dxpId信息不一致".to_owned();
            return Some((family.codes.check, text));
        }
        let verifier = self.verifier.filter(|_| message.signed)?;
        let verification = verifier.verify(bytes);
        if !verification.is_good() {
            return Some((family.codes.signature, "验签失败".to_owned()));
        }
        let certificate = verification.certificate?;
        if !certificate.in_force(self.now) {
            return Some((family.codes.signature, "验签证书不在有效期内".to_owned()));
        }
        let head = &message.documents.first()?.head;
        let firms = || family.signers.iter().filter_map(|name| head.text(name));
        if firms().next().is_some() && !firms().any(|firm| self.law.may_sign(firm, &certificate)) {
            return Some((family.codes.card, "申报企业与签名卡信息不一致".to_owned()));
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
            },
            625 => self.import_return(document),
            711 => self.sheet(document),
            outward => self.outward(outward, document),
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
                line_count: document.lines.len() as u32,
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
        let number = text(head, "buyerIdNumber");
        InventoryClaim {
            key: order_key(Kind::Inventory, head),
            order: order_key(Kind::Order, head),
            payment: order_key(Kind::Payment, head),
            waybill: waybill_key(Kind::Waybill, head),
            arrival: waybill_key(Kind::Arrival, head),
            quota: quota_key(self.persons.buyer(number), self.series.year),
            invt_series: self.series.of_year(customs, "I"),
            direct: text(head, "tradeMode") == "9610",
            firm: word(text(head, "ebcCode")),
            order_no: word(text(head, "orderNo")),
            name: self.person(text(head, "buyerName")),
            id_number: self.person(text(head, "buyerIdNumber")),
            phone: self.person(text(head, "buyerTelephone")),
            line_count: document.lines.len() as u32,
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
            rkd_series: key(Kind::Series, &[text(head, "customsCode"), "R"]),
        }
    }

    fn import_return(&self, document: &Document) -> Claim {
        let head = &document.head;
        let own = head.text("copNo").unwrap_or_else(|| text(head, "guid"));
        Claim::Return(Box::new(ReturnClaim {
            key: key(Kind::Return, &[text(head, "agentCode"), own]),
            inventory: order_key(Kind::Inventory, head),
            invt_no: text(head, "invtNo").to_owned(),
            tally: None,
            mode: 0,
            lines: document.lines.iter().map(goods_line).collect(),
        }))
    }

    fn person(&self, text: &str) -> u32 {
        self.persons.word(&[text.as_bytes()])
    }

    fn consignee(&self, head: &Record) -> u32 {
        let of = |name: &str| text(head, name).as_bytes();
        let (name, telephone) = (of("consignee"), of("consigneeTelephone"));
        self.persons.word(&[name, b"\n", telephone, b"\n", of("consigneeAddress")])
    }
}

pub(crate) fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.text(name).unwrap_or_default()
}

pub(crate) fn number(record: &Record, name: &str) -> u64 {
    text(record, name).parse().unwrap_or_default()
}

fn order_key(kind: Kind, head: &Record) -> Key {
    key(kind, &[text(head, "ebpCode"), text(head, "orderNo")])
}

fn waybill_key(kind: Kind, head: &Record) -> Key {
    key(kind, &[text(head, "logisticsCode"), text(head, "logisticsNo")])
}

/// One word for all lines: equal when number, quantity, price and total of each are equal.
pub(crate) fn lines_word(lines: &[Record]) -> u32 {
    let mut all: Vec<u8> = Vec::with_capacity(lines.len() * 32);
    for line in lines {
        all.extend_from_slice(text(line, "gnum").as_bytes());
        for name in ["qty", "price", "totalPrice"] {
            let amount = scaled(text(line, name)).unwrap_or_default();
            all.push(b':');
            all.extend_from_slice(&amount.to_be_bytes());
        }
    }
    memory::bits(&[&all]) as u32
}

fn first_reason(findings: &[Finding]) -> Option<String> {
    findings.iter().find(|finding| finding.is_error()).map(reason)
}

fn reason(finding: &Finding) -> String {
    format!("{} {}", finding.path, finding.message.zh).trim().to_owned()
}

/// The first error in the document at `index`, by the path of the finding.
fn fault_of(findings: &[Finding], family: &Family, index: usize) -> Option<String> {
    let is_of = |path: &str| {
        let Some(rest) = path.strip_prefix(family.element) else { return false };
        if index == 0 && rest.starts_with('/') {
            return true;
        }
        let numbered = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        numbered.is_some_and(|(number, rest)| {
            number.parse() == Ok(index + 1) && (rest.is_empty() || rest.starts_with('/'))
        })
    };
    findings.iter().find(|finding| finding.is_error() && is_of(&finding.path)).map(reason)
}
