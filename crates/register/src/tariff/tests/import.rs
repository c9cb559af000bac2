//! Importing a full tariff from tables as the field writes them.

use super::*;
use crate::rules::Sure;
use crate::tariff::import::*;

struct Shelf {
    base: Tariff,
    codes: Codes,
    rules: Rules,
}

impl Shelf {
    fn new() -> Shelf {
        Shelf { base: Tariff::builtin(), codes: Codes::builtin(), rules: Rules::builtin() }
    }

    fn options(&self) -> ImportOptions<'_> {
        ImportOptions {
            from: day("2027-01-01"),
            sure: Sure::Seen,
            base: &self.base,
            codes: &self.codes,
            rules: &self.rules,
        }
    }

    fn csv(&self, text: &str) -> Imported {
        from_csv("table.csv", text.as_bytes(), &self.options())
    }
}

fn errors(imported: &Imported) -> Vec<&Finding> {
    imported.findings.iter().filter(|finding| finding.is_error()).collect()
}

const HEAD: &str = "商品编码,商品名称,法定第一单位,法定第二单位,最惠国税率(%),增值税率\n";

#[test]
fn a_chinese_table_in_percent_is_read() {
    let shelf = Shelf::new();
    let rows = "3304.99.00.29,护肤品,千克,件,1.5,13%\n0302141000,鲑鱼,035,无,7,9\n\
                8509401000,榨汁机,台,,0,13\n";
    let imported = shelf.csv(&format!("\u{feff}{HEAD}{rows}"));
    assert_eq!(errors(&imported), Vec::<&Finding>::new());
    let [cosmetic, fish, juicer] = &imported.lines[..] else { panic!("{imported:?}") };
    assert_eq!((&*cosmetic.unit1, cosmetic.unit2.as_deref()), ("035", Some("011")));
    assert_eq!((cosmetic.duty, cosmetic.vat), (Some(number("0.015")), VatClass::Standard));
    assert_eq!((fish.duty, fish.vat, &fish.unit2), (Some(number("0.07")), VatClass::Low, &None));
    assert_eq!(juicer.duty, Some(number("0")));
    assert_eq!((cosmetic.from, cosmetic.sure), (day("2027-01-01"), Sure::Seen));
}

#[test]
fn what_the_table_does_not_say_is_kept_from_the_base() {
    let shelf = Shelf::new();
    let rows = "3304990029,护肤品,千克,件,1,13\n7777777777,新商品,千克,,1,13\n";
    let imported = shelf.csv(&format!("{HEAD}{rows}"));
    let [known, new] = &imported.lines[..] else { panic!("{imported:?}") };
    assert_eq!(known.consumption_tax, Some(ConsumptionTax::Class("cosmetics".into())));
    assert!(matches!(known.positive, Positive::Listed(_)));
    assert!(new.consumption_tax.is_none() && new.positive == Positive::Unknown);
}

#[test]
fn every_fault_names_row_column_found_and_expected() {
    let shelf = Shelf::new();
    let rows = "12345,坏编码,千克,,5,13\n3304990029,,吨吨,,1,6\n3304990039,好,千克,,2,13\n\
                3304990039,重复,千克,,2,13\n";
    let imported = shelf.csv(&format!("{HEAD}{rows}"));
    assert_eq!(imported.lines.len(), 1);
    let faults: Vec<(u32, &str, &str)> = errors(&imported)
        .into_iter()
        .map(|finding| (finding.line.unwrap(), &*finding.path, &*finding.found))
        .collect();
    assert_eq!(
        faults,
        [
            (2, "table.csv/hs_code", "12345"),
            (3, "table.csv/name_zh", ""),
            (3, "table.csv/unit1", "吨吨"),
            (3, "table.csv/vat", "6"),
            (5, "table.csv/hs_code", "3304990039"),
        ]
    );
    assert!(errors(&imported).iter().all(|finding| !finding.expected.is_empty()));
}

#[test]
fn warnings_do_not_stop_a_row() {
    let shelf = Shelf::new();
    let head = HEAD.trim_end();
    let rows = "302141000,鲑鱼,千克,,1.3元/千克,9,AB\n";
    let imported = shelf.csv(&format!("{head},海关监管条件\n{rows}"));
    let codes: Vec<&str> = imported.findings.iter().map(|finding| finding.code).collect();
    let expected = ["tariff.column_ignored", "tariff.leading_zero", "tariff.duty_not_ad_valorem"];
    assert_eq!(codes, expected);
    assert_eq!(&*imported.lines[0].hs_code, "0302141000");
    assert_eq!(imported.lines[0].duty, None);
}

#[test]
fn a_workbook_is_read_from_its_header_row() {
    let shelf = Shelf::new();
    let bytes = include_bytes!("../../../tests/data/tariff.xlsx");
    let imported = from_xlsx("tariff.xlsx", bytes, &shelf.options());
    let codes: Vec<&str> = imported.lines.iter().map(|line| &*line.hs_code).collect();
    assert_eq!(codes, ["3304990029", "0302141000", "8509401000"]);
    assert_eq!(imported.lines[0].duty, Some(number("0.01")));
    assert_eq!(imported.lines[1].vat, VatClass::Low);
    let faults = errors(&imported);
    assert_eq!((faults.len(), faults[0].line), (1, Some(6)), "{faults:#?}");
}

#[test]
fn what_is_no_table_is_refused() {
    let shelf = Shelf::new();
    for text in ["", "a,b,c\n1,2,3\n", "商品编码\n3304990029\n"] {
        assert_eq!(errors(&shelf.csv(text)).len(), 1, "{text}");
    }
    assert_eq!(errors(&from_xlsx("x.xlsx", b"no zip", &shelf.options())).len(), 1);
    let missing = import_file(std::path::Path::new("no/such/file.csv"), &shelf.options());
    assert_eq!(missing.findings[0].code, "register.unreadable");
}

#[test]
fn an_import_is_stored_and_takes_the_place_of_its_period_only() {
    let shelf = Shelf::new();
    let dir = tempfile::tempdir().unwrap();
    let imported = shelf.csv(&format!("{HEAD}3304990029,护肤品,千克,件,2,13\n"));
    let path = save_imported(&dir.path().join("tariff"), &imported.lines).unwrap();
    assert_eq!(path.file_name().unwrap(), "imported.csv");
    let tariff = Tariff::load(&dir.path().join("tariff")).unwrap();
    let duty = |on: &str| tariff.line("3304990029", day(on)).unwrap().duty;
    assert_eq!(duty("2026-12-31"), Some(number("0.01")));
    assert_eq!(duty("2027-01-01"), Some(number("0.02")));
    assert_eq!(tariff.len(), shelf.base.len());
    assert_eq!(tariff.line("3304990029", day("2027-01-01")), Some(&imported.lines[0]));
}

#[test]
fn the_normal_form_survives_writing_and_reading() {
    let tariff = Tariff::builtin();
    let lines: Vec<TariffLine> = tariff.all().into_iter().cloned().collect();
    let dir = tempfile::tempdir().unwrap();
    let path = save_imported(dir.path(), &lines).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let (again, findings) = Tariff::read(&[Source { name: "again.csv", text: &text }]);
    assert_eq!(findings, []);
    assert_eq!(again.all(), tariff.all());
}
