//! The starting tariff: enough lines, well formed, for both cities; and its terms by date.

use super::*;
use crate::codes::{Codes, List};
use crate::rules::Rules;

mod import;

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_starting_tariff_is_large_enough_and_without_faults() {
    let (tariff, findings) = Tariff::read(crate::builtin::TARIFF);
    assert_eq!(findings, []);
    assert!(tariff.len() >= 400, "{} codes", tariff.len());
    let codes = Codes::builtin();
    for line in tariff.all() {
        for unit in [Some(&line.unit1), line.unit2.as_ref()].into_iter().flatten() {
            assert!(codes.entry(List::Unit, unit).is_some(), "{} unit {unit}", line.hs_code);
        }
        assert!(!line.name_en.is_empty() && line.duty.is_some(), "{}", line.hs_code);
        assert_ne!(Some(&line.unit1), line.unit2.as_ref(), "{}", line.hs_code);
    }
}

#[test]
fn every_line_has_its_taxes_in_force() {
    let (tariff, rules) = (Tariff::builtin(), Rules::builtin());
    for on in ["2016-10-01", "2018-12-31", "2019-01-01", "2022-11-01", "2026-11-23"] {
        let law = rules.on(day(on));
        for line in tariff.all().into_iter().filter(|line| line.holds_on(day(on))) {
            line.vat.rate(&law).unwrap();
            line.consumption_tax_terms(&law).unwrap();
            if let (Positive::Listed(PositiveEntry { cap: Some(cap), .. }), "2026-11-23") =
                (&line.positive, on)
            {
                cap.amount(&law).unwrap();
            }
        }
    }
}

#[test]
fn every_belt_of_the_two_cities_has_lines() {
    let tariff = Tariff::builtin();
    let belts: [(&str, &[&str]); 28] = [
        ("张店 大宗商品进口", &["2601", "2709", "7403", "1201", "4703"]),
        ("淄川 高档色织布", &["5208", "5209", "5210", "5211", "5212"]),
        ("博山 泵类", &["8413"]),
        ("博山 日用玻璃", &["7013", "7010"]),
        ("博山、东港、五莲 健身器材", &["950691"]),
        ("周村 家用纺织品", &["6301", "6302", "6303", "6304"]),
        ("周村 丝绸", &["5007", "6214"]),
        ("临淄 一次性防护用品", &["392620", "4015", "630790", "621010"]),
        ("临淄 医疗耗材", &["3005", "901831", "901839"]),
        ("桓台 氟硅新材料", &["3904", "3910", "2811"]),
        ("桓台 绿色制冷剂", &["2903", "3827"]),
        ("高青 化工新材料", &["3907", "3908", "3909"]),
        ("沂源 特色农产品", &["0808", "0809"]),
        ("淄博高新区 医药", &["3004", "3002"]),
        ("淄博高新区 医疗器械", &["9018", "9021"]),
        ("淄博高新区 集成电路", &["8542"]),
        ("淄博经开区 预制菜", &["1602", "1902", "2104"]),
        ("东港、岚山、高新区 水海产品", &["0303", "0304", "0307", "1604", "1605"]),
        ("岚山 钢铁制造", &["7208", "7213", "7214"]),
        ("莒县 蔬菜加工", &["0710", "0712", "2005"]),
        ("莒县 塑料制品", &["3923", "3924", "3926"]),
        ("莒县 纺织服装", &["6109", "6110", "6203"]),
        ("五莲 五金工具", &["8203", "8205", "8206"]),
        ("五莲 机械制造", &["8462", "8433"]),
        ("日照经开区 汽车零部件", &["8708"]),
        ("日照经开区 高端装备、先进制造", &["8428", "8479"]),
        ("日照经开区 生物化工", &["291814", "2922"]),
        ("山海天 文化创意、健康医药", &["9701", "6913", "2936"]),
    ];
    let all = tariff.all();
    for (belt, prefixes) in belts {
        for prefix in prefixes {
            let found = all.iter().any(|line| line.hs_code.starts_with(prefix));
            assert!(found, "{belt}: no line under {prefix}");
        }
    }
}

#[test]
fn retail_import_kinds_are_on_the_positive_list() {
    let tariff = Tariff::builtin();
    let kinds = [
        "3303000010",
        "3304990029",
        "3304990049",
        "3305100090",
        "3401300000",
        "1901101090",
        "9619001100",
        "2106909090",
        "0901210000",
        "1806320000",
        "1905310000",
        "0802120000",
        "0409000000",
        "2204210000",
        "2208300000",
        "2203000000",
        "8510100000",
        "8516310000",
        "8517130000",
        "8518300000",
        "9102110000",
        "4202220000",
        "6404110000",
        "6109100010",
        "9503006000",
        "8715000010",
        "2309101000",
        "6302101000",
        "7013370000",
    ];
    for code in kinds {
        let line = tariff.line(code, day("2026-11-23")).unwrap_or_else(|| panic!("{code}"));
        assert!(line.positive_on(day("2026-11-23")).flatten().is_some(), "{code}");
    }
}

#[test]
fn lines_change_with_the_edition_of_the_nomenclature() {
    let tariff = Tariff::builtin();
    assert!(tariff.line("8517130000", day("2021-12-31")).is_none());
    assert!(tariff.line("8517130000", day("2022-01-01")).is_some());
    assert!(tariff.line("8517121019", day("2021-12-31")).is_some());
    assert!(tariff.line("8517121019", day("2022-01-01")).is_none());
    for wrong in ["", "33049900", "33049900299", "330499002x", "９９９９９９９９９９"] {
        assert!(tariff.line(wrong, day("2026-01-01")).is_none(), "{wrong}");
    }
}

#[test]
fn the_positive_list_grew_in_2022_and_caps_rice_and_sugar() {
    let (tariff, rules) = (Tariff::builtin(), Rules::builtin());
    let listed = |code: &str, on: &str| {
        tariff.line(code, day(on)).unwrap().positive_on(day(on)).map(|entry| entry.is_some())
    };
    assert_eq!(listed("8422110000", "2022-02-28"), Some(false));
    assert_eq!(listed("8422110000", "2022-03-01"), Some(true));
    assert_eq!(listed("7208370000", "2026-01-01"), Some(false));
    assert_eq!(listed("9018310000", "2026-01-01"), None, "not known");
    let on = day("2026-11-23");
    for (code, most, rule) in [
        ("1006302001", "20", "import.cap.rice"),
        ("1006308090", "20", "import.cap.rice"),
        ("1701991010", "2", "import.cap.sugar"),
    ] {
        let entry = tariff.line(code, on).unwrap().positive_on(on).flatten().unwrap();
        let cap = entry.cap.as_ref().unwrap();
        let (amount, ruling) = cap.amount(&rules.on(on)).unwrap();
        assert_eq!((amount, &*cap.unit, &*ruling.unwrap().id), (number(most), "035", rule));
    }
    let ink = tariff.line("3215190090", on).unwrap().positive_on(on).flatten().unwrap();
    assert_eq!((&*ink.conditions, ink.bonded_only()), (&[Condition::OnlyAsNoted][..], false));
    assert_eq!(&*ink.note_zh, "仅限家用打印机墨水");
}

#[test]
fn consumption_tax_terms_come_from_the_law_of_the_day() {
    let (tariff, rules) = (Tariff::builtin(), Rules::builtin());
    let terms = |code: &str| {
        let line = tariff.line(code, day("2026-11-23")).unwrap();
        line.consumption_tax_terms(&rules.on(day("2026-11-23"))).unwrap()
    };
    let cosmetics = terms("3304990029").unwrap();
    assert_eq!(cosmetics.rates.ad_valorem, number("0.15"));
    let threshold = cosmetics.threshold.unwrap();
    assert_eq!(threshold.per_gram, Some(number("10")));
    assert_eq!(threshold.per_piece, Some(number("15")));
    assert_eq!(cosmetics.below, Rates::default());
    assert_eq!(&*cosmetics.rulings[0].id, "ct.cosmetics.rate");
    let beer = terms("2203000000").unwrap();
    assert_eq!((beer.rates.per_unit, beer.rates.unit), (number("250"), Some(Measure::T)));
    assert_eq!(beer.threshold.unwrap().per_tonne, Some(number("3000")));
    assert_eq!(beer.below.per_unit, number("220"));
    let spirits = terms("2208300000").unwrap();
    assert_eq!((spirits.rates.ad_valorem, spirits.rates.per_unit), (number("0.2"), number("1")));
    assert_eq!((spirits.rates.unit, spirits.threshold), (Some(Measure::Kg), None));
    assert_eq!(terms("9102110000").unwrap().threshold.unwrap().per_piece, Some(number("10000")));
    assert_eq!(terms("1806320000"), None);
    let cosmetic = tariff.line("3304990029", day("2016-09-30")).unwrap();
    let missing = cosmetic.consumption_tax_terms(&rules.on(day("2016-09-30"))).unwrap_err();
    assert_eq!(&*missing.id, "ct.cosmetics.rate");
}
