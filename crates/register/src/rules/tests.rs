//! Numbers of law on both sides of their dates, and the strictness of rule files.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules")).join(name)
}

fn read(text: &str) -> (Rules, Vec<Finding>) {
    Rules::read(&[Source { name: "test.toml", text }])
}

const ONE_RULE: &str = r#"
[[rule]]
id = "a.b"
kind = "decimal"
unit = "CNY"
zh = "甲"
en = "first"
period = [
  { value = "1", from = 2020-01-01, to = 2020-12-31, source = "S1", sure = "seen" },
  { value = "2", from = 2021-01-01, source = "S2", sure = "memory" },
]
"#;

#[test]
fn built_in_files_have_no_faults_and_are_all_compiled_in() {
    assert_eq!(Rules::read(crate::builtin::RULES).1, []);
    let folders = [
        ("", "toml", crate::builtin::RULES),
        ("tariff", "csv", crate::builtin::TARIFF),
        ("codes", "csv", crate::builtin::CODES),
        ("remedies", "csv", crate::builtin::REMEDIES),
    ];
    for (name, extension, compiled) in folders {
        let on_disk: BTreeSet<String> = fs::read_dir(folder(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let compiled: BTreeSet<String> =
            compiled.iter().map(|source| source.name.to_owned()).collect();
        assert_eq!(on_disk, compiled, "rules/{name}");
    }
}

#[test]
fn decimals_of_law_change_on_their_days() {
    let rules = Rules::builtin();
    let cases = [
        ("import.limit.single", "2016-04-08", "2000"),
        ("import.limit.single", "2018-12-31", "2000"),
        ("import.limit.single", "2019-01-01", "5000"),
        ("import.limit.single", "2026-11-23", "5000"),
        ("import.limit.annual", "2018-12-31", "20000"),
        ("import.limit.annual", "2019-01-01", "26000"),
        ("import.share_of_statutory", "2016-04-08", "0.7"),
        ("import.share_of_statutory", "2026-11-23", "0.7"),
        ("import.duty_within_limit", "2026-11-23", "0"),
        ("vat.standard", "2018-04-30", "0.17"),
        ("vat.standard", "2018-05-01", "0.16"),
        ("vat.standard", "2019-03-31", "0.16"),
        ("vat.standard", "2019-04-01", "0.13"),
        ("vat.low", "2018-04-30", "0.11"),
        ("vat.low", "2018-05-01", "0.10"),
        ("vat.low", "2019-04-01", "0.09"),
        ("ct.cosmetics.rate", "2016-10-01", "0.15"),
        ("ct.cosmetics.threshold.per_gram", "2016-10-01", "10"),
        ("ct.cosmetics.threshold.per_piece", "2016-10-01", "15"),
        ("ct.wine.rate", "2026-01-01", "0.1"),
        ("ct.watches.rate", "2026-01-01", "0.2"),
        ("ct.watches.threshold.per_piece", "2026-01-01", "10000"),
        ("ct.beer.per_unit", "2026-01-01", "250"),
        ("ct.beer.below.per_unit", "2026-01-01", "220"),
        ("ct.spirits.per_unit", "2026-01-01", "1"),
        ("measure.beer.litres_per_tonne", "2026-01-01", "988"),
        ("measure.spirits.kg_per_litre", "2026-01-01", "0.912"),
        ("import.cap.sugar", "2026-01-01", "2"),
        ("import.cap.rice", "2026-01-01", "20"),
        ("match.tolerance.amount", "2026-01-01", "0"),
        ("export.b2b.list_max", "2020-07-01", "5000"),
        ("export.eit.deemed_rate", "2020-01-01", "0.04"),
        ("fx.list_exempt_annual", "2026-01-01", "200000"),
        ("fx.list_exempt_warning", "2026-01-01", "180000"),
        ("fx.payment_institution.single", "2026-01-01", "50000"),
    ];
    for (id, on, expected) in cases {
        let ruling = rules.on(day(on)).decimal(id).unwrap();
        assert_eq!(ruling.value, number(expected), "{id} on {on}");
    }
}

#[test]
fn counts_and_windows_change_on_their_days() {
    let rules = Rules::builtin();
    let cases = [
        ("list.positive.count", "2019-01-01", 1321),
        ("list.positive.count", "2019-12-31", 1321),
        ("list.positive.count", "2020-01-01", 1413),
        ("list.positive.count", "2022-02-28", 1413),
        ("list.positive.count", "2022-03-01", 1476),
        ("import.return.request_days", "2020-03-28", 30),
        ("import.return.arrive_days", "2020-03-28", 45),
        ("export.return.physical", "2020-03-27", 12),
        ("export.return.tax_waiver_months", "2023-01-30", 6),
        ("export.return.tax_waiver_months", "2027-12-31", 6),
        ("bonded.destroy.days", "2025-04-29", 60),
        ("bonded.destroy.extension_days", "2025-04-29", 30),
        ("bonded.destroy.documents_working_days", "2025-04-29", 15),
        ("waybill.reuse_months", "2026-01-01", 6),
        ("import.tax.pay_from_day", "2026-01-01", 31),
        ("import.tax.pay_until_day", "2026-01-01", 45),
        ("message.documents_max", "2026-01-01", 100),
    ];
    for (id, on, expected) in cases {
        assert_eq!(rules.on(day(on)).int(id).unwrap().value, expected, "{id} on {on}");
    }
    for ended in ["2023-01-29", "2028-01-01"] {
        assert!(rules.on(day(ended)).int("export.return.tax_waiver_months").is_err(), "{ended}");
    }
}

#[test]
fn requirements_and_schemes_change_on_their_days() {
    let rules = Rules::builtin();
    let flags = [
        ("export.receipt_message_required", "2024-12-14", true),
        ("export.receipt_message_required", "2024-12-15", false),
        ("export.9810.warehouse_filing", "2024-12-14", true),
        ("export.9810.warehouse_filing", "2024-12-15", false),
        ("import.limit.single_piece_full_rate", "2018-12-31", false),
        ("import.limit.single_piece_full_rate", "2019-01-01", true),
        ("import.warehousing_detail_required.9610", "2026-01-01", true),
        ("import.warehousing_detail_required.1210", "2026-01-01", false),
    ];
    for (id, on, expected) in flags {
        assert_eq!(rules.on(day(on)).bool(id).unwrap().value, expected, "{id} on {on}");
    }
    let words = [
        ("customs.credit.scheme", "2026-03-31", "251"),
        ("customs.credit.scheme", "2026-04-01", "282"),
        ("credit.repair.scheme", "2026-03-31", "58"),
        ("credit.repair.scheme", "2026-04-01", "36"),
        ("export.return.cross_customs", "2024-12-15", "pilot"),
        ("export.return.cross_customs", "2026-04-01", "all"),
        ("export.9810.pre_refund", "2025-01-27", "HWC-YT"),
        ("fx.list_registration_by", "2024-05-31", "SAFE"),
        ("fx.list_registration_by", "2024-06-01", "bank"),
        ("export.no_invoice_exemption", "2018-10-01", "财税〔2018〕103号"),
        ("platform.tax_report", "2025-06-20", "quarterly"),
    ];
    for (id, on, expected) in words {
        assert_eq!(&*rules.on(day(on)).text(id).unwrap().value, expected, "{id} on {on}");
    }
    let classes = |on: &str| rules.on(day(on)).list("customs.credit.classes").unwrap().value.len();
    assert_eq!((classes("2026-03-31"), classes("2026-04-01")), (3, 5));
    let single = rules.on(day("2026-11-23")).decimal("import.limit.single").unwrap();
    assert_eq!(&*single.source, "财关税〔2018〕49号 第一条");
    assert_eq!((single.from, single.to, single.sure), (day("2019-01-01"), None, Sure::Seen));
}

#[test]
fn what_import_asks_every_day_is_in_force_since_the_regime_began() {
    let rules = Rules::builtin();
    let daily: Vec<&Rule> = rules
        .all()
        .into_iter()
        .filter(|rule| {
            let id = &*rule.id;
            let since_later = ["import.cap.", "import.documents.1239", "import.first_import_"];
            ["import.limit.", "import.documents.", "import.warehousing_", "match.", "vat."]
                .iter()
                .chain(&["import.tax.", "import.value.", "import.return.re", "import.return.arr"])
                .chain(&["waybill.", "quota.", "import.bonded_", "import.retail_", "import.g"])
                .any(|prefix| id.starts_with(prefix))
                && !since_later.iter().any(|prefix| id.starts_with(prefix))
        })
        .collect();
    assert!(daily.len() > 30, "{}", daily.len());
    for rule in daily {
        let mut next = day("2016-04-08");
        assert!(rule.periods[0].from <= next, "{}", rule.id);
        for period in &rule.periods {
            assert!(period.from <= next, "{} has a gap before {}", rule.id, period.from);
            next = period.to.map_or(day("9999-12-31"), |to| to.tomorrow().unwrap());
        }
        assert_eq!(next, day("9999-12-31"), "{} has ended", rule.id);
    }
}

#[test]
fn asking_for_what_is_not_in_force_names_id_and_day() {
    let rules = Rules::builtin();
    let missing = rules.on(day("2016-04-07")).decimal("import.limit.single").unwrap_err();
    assert_eq!(missing.to_string(), "no rule import.limit.single is in force on 2016-04-07");
    let finding = missing.to_finding();
    assert_eq!((finding.code, &*finding.path), ("rules.not_in_force", "import.limit.single"));
    assert!(rules.on(day("2026-01-01")).bool("import.limit.single").is_err(), "another kind");
    assert!(rules.on(day("2026-01-01")).decimal("import.limit.none").is_err());
}

#[test]
fn a_good_file_reads_without_findings() {
    let (rules, findings) = read(ONE_RULE);
    assert_eq!(findings, []);
    let rule = rules.rule("a.b").unwrap();
    assert_eq!((rule.periods.len(), &*rule.unit, &*rule.title.en), (2, "CNY", "first"));
    assert_eq!(rules.next_change(day("2020-06-01")), Some(day("2021-01-01")));
    assert_eq!(rules.next_change(day("2021-01-01")), None);
}

#[test]
fn faults_of_a_file_are_all_reported_at_their_lines() {
    let cases = [
        (ONE_RULE.replace("unit =", "unti ="), "unknown key", 5),
        (ONE_RULE.replace("source = \"S2\", ", ""), "none", 10),
        (ONE_RULE.replace("source = \"S1\"", "source = \"\""), "none", 9),
        (ONE_RULE.replace("2021-01-01", "2020-12-31"), "2020-12-31 inside", 10),
        (ONE_RULE.replace("to = 2020-12-31", "to = 2019-12-31"), "2019-12-31", 9),
        (ONE_RULE.replace("\"memory\"", "\"maybe\""), "maybe", 10),
        (ONE_RULE.replace("\"a.b\"", "\"ab\""), "ab", 2),
        (ONE_RULE.replace("\"decimal\"", "\"float\""), "float", 2),
        (ONE_RULE.replace("value = \"2\"", "value = 2"), "", 10),
        (ONE_RULE.replace("[[rule]]", "[[rules]]"), "unknown key", 2),
        (format!("{ONE_RULE}{ONE_RULE}"), "a.b", 13),
        (ONE_RULE.replace("zh = \"甲\"\n", ""), "none", 2),
        ("[[rule]\n".to_owned(), "", 1),
    ];
    for (text, found, line) in cases {
        let (_, findings) = read(&text);
        let hit = findings.iter().any(|finding| {
            finding.line == Some(line) && finding.found.contains(found) && finding.is_error()
        });
        assert!(hit, "line {line} {found:?} not in {findings:#?}");
    }
    let two = ONE_RULE.replace("\"memory\"", "\"maybe\"").replace("unit =", "unti =");
    assert_eq!(read(&two).1.len(), 2, "both faults are reported");
}

#[test]
fn a_faulty_rule_is_left_out_and_the_others_stay() {
    let text = format!("{}{ONE_RULE}", ONE_RULE.replace("a.b", "c.d").replace("seen", "sure"));
    let (rules, findings) = read(&text);
    assert_eq!(findings.len(), 1);
    assert!(rules.rule("c.d").is_none() && rules.rule("a.b").is_some());
}

#[test]
fn a_directory_overrides_whole_rules() {
    let dir = tempfile::tempdir().unwrap();
    let text = ONE_RULE.replace("a.b", "import.limit.single");
    fs::write(dir.path().join("mine.toml"), text).unwrap();
    let rules = Rules::load(dir.path()).unwrap();
    let single = |on: &str| rules.on(day(on)).decimal("import.limit.single");
    assert_eq!(single("2026-01-01").unwrap().value, number("2"));
    assert!(single("2019-01-01").is_err(), "the built-in periods are gone");
    assert!(rules.on(day("2026-01-01")).decimal("import.limit.annual").is_ok());
    let empty = Rules::load(&dir.path().join("nothing")).unwrap();
    assert_eq!(empty.len(), Rules::builtin().len());
}

#[test]
fn a_directory_may_not_change_the_kind_of_a_rule_or_hold_faults() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.toml");
    fs::write(&path, ONE_RULE.replace("a.b", "import.currency")).unwrap();
    let findings = Rules::load(dir.path()).unwrap_err();
    assert_eq!(findings[0].code, "rules.kind_changed");
    fs::write(&path, "[[rule]]\nid = 7\n").unwrap();
    assert!(!Rules::load(dir.path()).unwrap_err().is_empty());
}
