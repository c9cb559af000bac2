//! The law as the customs stand-in sees it: the same rules by date, tariff and code lists that the
//! platform uses, asked independently of what the platform found.

use std::sync::Arc;

use ceb::certificate::Certificate;
use ceb::{Document, Message, Record};
use clearance::document::{ExportTerms, Inventory, InventoryLine};
use clearance::export::form;
use clearance::law::DayLaw;
use clearance::precheck;
use clearance::reference::Reference;
use gateway::standin::{AssessedLine, Assessment, DayRules, Judgement, Refusal};
use kernel::{Date, Fen, Finding, Round};
use tax::{Quote, Verdict};

/// Judges by the reference data of the running platform.
pub struct StandInLaw {
    reference: Arc<Reference>,
    platform_key: String,
}

impl StandInLaw {
    /// Judges by these. `platform_key` is the fingerprint of the key with which the platform signs
    /// what firms entrusted to it.
    pub fn new(reference: Arc<Reference>, platform_key: String) -> StandInLaw {
        StandInLaw { reference, platform_key }
    }

    fn refusals(
        &self,
        inventory: &Inventory,
        law: &DayLaw,
        used: Fen,
        quote: &Quote,
    ) -> Vec<Refusal> {
        let off_list = inventory.lines.iter().filter(|line| {
            let entry = self.reference.tariff.line(&line.hs_code, law.on);
            entry.is_some_and(|entry| entry.positive_on(law.on) == Some(None))
        });
        let mut refusals: Vec<Refusal> =
            off_list.map(|line| Refusal::NotListed { hs_code: line.hs_code.clone() }).collect();
        let value = fen(quote.customs_value);
        match quote.verdict {
            Verdict::WithinLimit | Verdict::FullRate => {}
            Verdict::NotRetail => {
                refusals.push(Refusal::SingleLimit { value, limit: fen(law.single_limit) });
            }
            Verdict::GeneralTrade => {
                let total = used.checked_add(value).unwrap_or(value);
                refusals.push(Refusal::YearlyLimit { total, limit: fen(law.annual_limit) });
            }
        }
        refusals
    }
}

impl Judgement for StandInLaw {
    fn assess(&self, document: &Document, buyer_used: Fen, on: Date) -> Assessment {
        let inventory = goods(document);
        let law = match self.reference.law(on) {
            Ok(law) => law,
            Err(unknown) => return cannot(unknown.to_string()),
        };
        let mut request = precheck::tax_request(&inventory, &law);
        request.buyer_used = buyer_used.to_yuan();
        match tax::quote(&request, &self.reference.rules, &self.reference.tariff) {
            Err(findings) => {
                cannot(findings.first().map_or(String::new(), |f| f.message.zh.clone()))
            }
            Ok(quote) => Assessment {
                value: fen(quote.customs_value),
                refusals: self.refusals(&inventory, &law, buyer_used, &quote),
                lines: quote.lines.iter().map(line).collect(),
            },
        }
    }

    fn check(&self, message: &Message) -> Vec<Finding> {
        ceb::check(message, &self.reference.codes)
    }

    /// List or form, the conditions of simplified declaration, codes of the tariff.
    fn assess_export(&self, document: &Document, on: Date) -> Vec<Refusal> {
        let law = self.reference.law(on).and_then(|law| law.export.clone());
        let law = match law {
            Ok(law) => law,
            Err(unknown) => return vec![Refusal::Other { text: unknown.to_string() }],
        };
        let rules = self.reference.rules.on(on);
        let known = |code: &str| self.reference.tariff.line(code, on).is_some();
        let findings = form::check(&exported(document), &law, &rules, &known);
        let errors = findings.into_iter().filter(Finding::is_error);
        errors.map(|finding| Refusal::Other { text: finding.message.zh }).collect()
    }

    fn rules_on(&self, on: Date) -> DayRules {
        let law = self.reference.rules.on(on);
        let int = |id: &str| law.int(id).ok().map(|rule| rule.value);
        let holds = |id: &str| law.bool(id).is_ok_and(|rule| rule.value);
        // Which customs a trial covers is not published as a list: it is not judged.
        let elsewhere = law.text("export.return.cross_customs").map(|rule| &*rule.value != "none");
        DayRules {
            import_return_days: int("import.return.request_days"),
            import_return_restores_quota: holds("import.return.restores_annual"),
            import_return_elsewhere: holds("import.return.cross_customs"),
            export_return_months: int("export.return.physical"),
            export_return_elsewhere: elsewhere.unwrap_or(true),
            funds_required: holds("export.receipt_message_required"),
            pay_from_day: int("import.tax.pay_from_day"),
        }
    }

    /// The firm itself, one it has delegated to, or the platform.
    fn may_sign(&self, firm_code: &str, certificate: &Certificate) -> bool {
        if certificate.fingerprint == self.platform_key {
            return true;
        }
        let directory = self.reference.directory.current();
        let (Some(known), Some(firm)) =
            (directory.by_fingerprint(&certificate.fingerprint), directory.by_code(firm_code))
        else {
            return false;
        };
        known.party == firm.id
            || directory.delegations(firm.id, known.party).any(|one| one.revoked_at.is_none())
    }
}

/// What the way of declaring an export depends on.
fn exported(document: &Document) -> Inventory {
    let text = |name: &str| document.head.text(name).map(str::trim).unwrap_or_default().to_owned();
    let terms = ExportTerms {
        statistics_flag: text("statisticsFlag"),
        license_no: text("licenseNo"),
        owner_code: text("ownerCode"),
        ..ExportTerms::default()
    };
    Inventory {
        export: Some(Box::new(terms)),
        customs_code: text("customsCode"),
        port_code: text("portCode"),
        ..goods(document)
    }
}

/// What tax and limits depend on. The rest of the inventory, and who buys, is no matter here.
fn goods(document: &Document) -> Inventory {
    let text = |record: &Record, name: &str| {
        record.text(name).map(str::trim).unwrap_or_default().to_owned()
    };
    let decimal = |record: &Record, name: &str| record.decimal(name).unwrap_or_default();
    let line = |record: &Record| InventoryLine {
        hs_code: text(record, "gcode"),
        unit: text(record, "unit"),
        quantity: decimal(record, "qty"),
        unit1: text(record, "unit1"),
        quantity1: decimal(record, "qty1"),
        unit2: text(record, "unit2"),
        quantity2: record.decimal("qty2"),
        currency: text(record, "currency"),
        total: decimal(record, "totalPrice"),
        ..InventoryLine::default()
    };
    Inventory {
        trade_mode: text(&document.head, "tradeMode"),
        freight: decimal(&document.head, "freight"),
        insurance: decimal(&document.head, "insuredFee"),
        lines: document.lines.iter().map(line).collect(),
        ..Inventory::default()
    }
}

fn line(line: &tax::Line) -> AssessedLine {
    AssessedLine {
        hs_code: line.hs_code.clone(),
        value: fen(line.customs_value),
        duty: line.duty,
        vat: line.vat,
        consumption_tax: line.consumption_tax,
    }
}

fn cannot(text: String) -> Assessment {
    Assessment { refusals: vec![Refusal::Other { text }], ..Assessment::default() }
}

fn fen(yuan: kernel::Decimal) -> Fen {
    Fen::from_yuan(yuan, Round::HalfUp).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use register::party::LiveDirectory;

    use super::*;

    fn law() -> StandInLaw {
        let directory = Arc::new(LiveDirectory::new());
        StandInLaw::new(Arc::new(Reference::builtin(directory)), String::new())
    }

    fn document(mode: &str, total: &str) -> Document {
        let kind = ceb::message_type("CEB603").unwrap();
        let mut document = Document::new(kind);
        for (name, value) in [("tradeMode", mode), ("statisticsFlag", "B"), ("customsCode", "4220")]
        {
            assert!(document.head.set(name, value));
        }
        let mut line = Record::new(kind.document.lines.unwrap().record);
        for (name, value) in [("gcode", "6911101900"), ("currency", "142"), ("totalPrice", total)] {
            assert!(line.set(name, value));
        }
        document.lines.push(line);
        document
    }

    #[test]
    fn businesses_go_by_list_up_to_the_limit_of_the_law() {
        let on = Date::constant(2026, 11, 23);
        let above = |mode: &str, total: &str| {
            let refusals = law().assess_export(&document(mode, total), on);
            let is_limit =
                |one: &Refusal| matches!(one, Refusal::Other { text } if text.contains("上限"));
            refusals.iter().any(is_limit)
        };
        assert!(!above("9710", "5000") && above("9710", "5000.01") && above("9810", "6000"));
        assert!(!above("9610", "6000"));
    }

    #[test]
    fn windows_are_those_of_the_day() {
        let now = law().rules_on(Date::constant(2026, 11, 23));
        let wanted = DayRules {
            import_return_days: Some(30),
            import_return_restores_quota: true,
            import_return_elsewhere: true,
            export_return_months: Some(12),
            export_return_elsewhere: true,
            funds_required: false,
            pay_from_day: Some(31),
        };
        assert_eq!(now, wanted);
        assert!(law().rules_on(Date::constant(2024, 12, 14)).funds_required);
        assert!(!law().rules_on(Date::constant(2024, 12, 14)).export_return_elsewhere);
    }
}
