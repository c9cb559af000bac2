//! Customs' e-tax bill 电子税单 (CEB816) and its status (CEB818), from message and to message. Pure.

use ceb::{Document, Message, Record, message_type};
use kernel::{Decimal, Finding, Text, Time};

use super::types::*;

/// One e-tax bill: of one inventory, with the head as customs writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElectronicBill {
    /// `guid`.
    pub guid: String,
    /// `returnTime`.
    pub returned_at: Time,
    /// `invtNo`: customs' number of the inventory.
    pub invt_no: String,
    /// `taxNo`.
    pub tax_no: String,
    /// The taxes; none in a status message.
    pub tax: Option<Stated>,
    /// `status`, as the digit stands there.
    pub status: String,
    /// `entDutyNo`: the payment notice it is summarised in.
    pub notice: Option<String>,
    /// `assureCode`.
    pub assure_code: Option<String>,
    /// `ebcCode`.
    pub ebc_code: Option<String>,
    /// `logisticsCode`.
    pub logistics_code: Option<String>,
    /// `agentCode`.
    pub agent_code: Option<String>,
    /// `customsCode`.
    pub customs_code: Option<String>,
    /// The lines; none in a status message.
    pub lines: Vec<ElectronicLine>,
}

/// One line of an e-tax bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElectronicLine {
    /// `gnum`.
    pub gnum: u32,
    /// `gcode`: HS code, ten digits.
    pub hs_code: String,
    /// `taxPrice`: customs value.
    pub value: Decimal,
    /// The taxes.
    pub tax: Stated,
}

impl ElectronicBill {
    /// The status; none when the digit is none of the three.
    pub fn status(&self) -> Option<ElectronicStatus> {
        ElectronicStatus::parse(&self.status)
    }
}

/// Reads every e-tax bill of a CEB816 message, or every status of a CEB818 message.
///
/// # Errors
/// All findings: another type of message; a number, time or status that is missing or none.
pub fn read(message: &Message) -> Result<Vec<ElectronicBill>, Vec<Finding>> {
    let whole = match message.kind.code {
        "CEB816" => true,
        "CEB818" => false,
        other => return Err(vec![wrong("", other, "CEB816, CEB818")]),
    };
    let mut findings = Vec::new();
    let mut bills = Vec::with_capacity(message.documents.len());
    for (document, n) in message.documents.iter().zip(1u32..) {
        bills.push(one(document, whole, n, &mut findings));
    }
    if findings.is_empty() { Ok(bills) } else { Err(findings) }
}

fn one(document: &Document, whole: bool, n: u32, findings: &mut Vec<Finding>) -> ElectronicBill {
    let head = &document.head;
    let owned = |name: &str| head.text(name).map(str::to_owned);
    let mut needed = |name: &str| {
        owned(name).unwrap_or_else(|| {
            findings.push(wrong(&format!("Tax[{n}]/{name}"), "", "a value"));
            String::new()
        })
    };
    let (invt_no, tax_no, status) = (needed("invtNo"), needed("taxNo"), needed("status"));
    let returned_at = needed("returnTime");
    let at = Time::parse_compact(&returned_at);
    if at.is_none() && !returned_at.is_empty() {
        let path = format!("Tax[{n}]/returnTime");
        findings.push(wrong(&path, &returned_at, "yyyyMMddHHmmssSSS"));
    }
    if ElectronicStatus::parse(&status).is_none() && !status.is_empty() {
        findings.push(wrong(&format!("Tax[{n}]/status"), &status, "1, 2, 3"));
    }
    let tax = whole.then(|| stated(head, &format!("Tax[{n}]/TaxHeadRd"), findings));
    let mut lines = Vec::with_capacity(document.lines.len());
    for (line, at) in document.lines.iter().zip(1u32..) {
        let path = format!("Tax[{n}]/TaxListRd[{at}]");
        lines.push(ElectronicLine {
            gnum: line.text("gnum").and_then(|gnum| gnum.trim().parse().ok()).unwrap_or(at),
            hs_code: line.text("gcode").unwrap_or_default().to_owned(),
            value: line.decimal("taxPrice").unwrap_or_default(),
            tax: stated(line, &path, findings),
        });
    }
    ElectronicBill {
        guid: owned("guid").unwrap_or_default(),
        returned_at: at.unwrap_or_default(),
        invt_no,
        tax_no,
        tax,
        status,
        notice: owned("entDutyNo"),
        assure_code: owned("assureCode"),
        ebc_code: owned("ebcCode"),
        logistics_code: owned("logisticsCode"),
        agent_code: owned("agentCode"),
        customs_code: owned("customsCode"),
        lines,
    }
}

fn stated(record: &Record, path: &str, findings: &mut Vec<Finding>) -> Stated {
    let mut number = |name: &str| {
        record.decimal(name).unwrap_or_else(|| {
            let found = record.text(name).unwrap_or_default();
            findings.push(wrong(&format!("{path}/{name}"), found, "a number"));
            Decimal::ZERO
        })
    };
    Stated {
        duty: number("customsTax"),
        vat: number("valueAddedTax"),
        consumption_tax: number("consumptionTax"),
    }
}

fn wrong(path: &str, found: &str, expected: &str) -> Finding {
    Finding::error(
        "bill.message",
        Text::new("电子税单报文不能读取", "the e-tax bill cannot be read"),
        Text::new("核对报文，必要时请海关或电子口岸重发", "check it; have it sent again if needed"),
    )
    .at(path)
    .found(found, expected)
}

/// Writes e-tax bills as one CEB816 message. Amounts keep their decimals, at most five.
///
/// # Errors
/// When the message family does not know the type (it does), or a value is longer than it may be.
pub fn write_bills(guid: &str, bills: &[ElectronicBill]) -> Result<Message, Vec<Finding>> {
    write(guid, "CEB816", bills)
}

/// Writes statuses of e-tax bills as one CEB818 message.
///
/// # Errors
/// As [`write_bills`].
pub fn write_statuses(guid: &str, bills: &[ElectronicBill]) -> Result<Message, Vec<Finding>> {
    write(guid, "CEB818", bills)
}

fn write(guid: &str, code: &str, bills: &[ElectronicBill]) -> Result<Message, Vec<Finding>> {
    let kind = message_type(code).ok_or_else(|| vec![wrong("", code, "a known message type")])?;
    let mut message = Message::new(kind, guid);
    for bill in bills {
        let mut document = Document::new(kind);
        let head = &mut document.head;
        head.set("guid", &bill.guid);
        head.set("returnTime", &bill.returned_at.to_compact_millis());
        head.set("invtNo", &bill.invt_no);
        head.set("taxNo", &bill.tax_no);
        head.set("status", &bill.status);
        let optional = [
            ("entDutyNo", &bill.notice),
            ("assureCode", &bill.assure_code),
            ("ebcCode", &bill.ebc_code),
            ("logisticsCode", &bill.logistics_code),
            ("agentCode", &bill.agent_code),
            ("customsCode", &bill.customs_code),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                // A status has fewer of these; `set` leaves out what the record does not have.
                head.set(name, value);
            }
        }
        if code == "CEB816" {
            put(head, &bill.tax.unwrap_or_default());
            for line in &bill.lines {
                let Some(lines) = kind.document.lines else { continue };
                let mut record = Record::new(lines.record);
                record.set("gnum", &line.gnum.to_string());
                record.set("gcode", &line.hs_code);
                record.set("taxPrice", &line.value.normalize().to_string());
                put(&mut record, &line.tax);
                document.lines.push(record);
            }
        }
        message.documents.push(document);
    }
    ceb::write(&message)?;
    Ok(message)
}

fn put(record: &mut Record, tax: &Stated) {
    record.set("customsTax", &tax.duty.to_string());
    record.set("valueAddedTax", &tax.vat.to_string());
    record.set("consumptionTax", &tax.consumption_tax.to_string());
}
