//! Code lists: complete ones judge, others only know.

use std::fs;

use super::*;

#[test]
fn built_in_lists_have_no_faults() {
    let (codes, findings) = Codes::read(crate::builtin::CODES);
    assert_eq!(findings, []);
    for list in List::ALL {
        assert!(codes.table(list).is_some_and(|table| !table.is_empty()), "{}", list.name());
    }
    assert_eq!(codes.table(List::Unit).unwrap().len(), 122);
}

#[test]
fn a_complete_list_judges_and_another_only_knows() {
    let codes = Codes::builtin();
    let cases = [
        (List::Unit, "035", Some(true)),
        (List::Unit, "999", Some(false)),
        (List::Country, "142", Some(true)),
        (List::Country, "000", Some(false)),
        (List::Customs, "4300", Some(true)),
        (List::Customs, "4399", None),
        (List::TradeMode, "1210", Some(true)),
        (List::TradeMode, "9999", Some(false)),
        (List::TransportMode, "Y", Some(true)),
        (List::WrapType, "77", None),
        (List::AppType, "4", Some(false)),
    ];
    for (list, code, expected) in cases {
        assert_eq!(codes.knows(list, code), expected, "{} {code}", list.name());
    }
}

#[test]
fn the_message_checks_ask_the_same_lists() {
    let codes: &dyn ceb::CodeLists = &Codes::builtin();
    assert_eq!(codes.contains(CodeList::Unit, "035"), Some(true));
    assert_eq!(codes.contains(CodeList::Country, "000"), Some(false));
    assert_eq!(codes.contains(CodeList::CustomsDistrict, "4399"), None);
    assert_eq!(codes.contains(CodeList::Division, "370303"), Some(true));
    assert_eq!(codes.contains(CodeList::ReceiptStatus, "800"), Some(true));
    assert_eq!(codes.contains(CodeList::ReceiptStatus, "777"), None, "the list is open");
}

#[test]
fn old_numbers_and_iso_codes_find_one_another() {
    let codes = Codes::builtin();
    let country = |code: &str| codes.entry(List::Country, code).unwrap().iso.as_deref().unwrap();
    assert_eq!((country("142"), country("116"), country("502")), ("CHN", "JPN", "USA"));
    let currencies = codes.table(List::Currency).unwrap();
    assert_eq!(&*currencies.by_iso("CNY").unwrap().code, "142");
    assert_eq!(&*currencies.by_iso("EUR").unwrap().code, "300");
    for list in [List::Country, List::Currency] {
        let entries = codes.table(list).unwrap().all();
        let mut isos: Vec<&str> = entries.iter().filter_map(|entry| entry.iso.as_deref()).collect();
        assert!(isos.iter().all(|iso| iso.len() == 3));
        let count = isos.len();
        isos.sort_unstable();
        isos.dedup();
        assert_eq!(isos.len(), count, "an ISO code stands twice in {}", list.name());
    }
}

#[test]
fn statuses_follow_the_life_of_an_inventory() {
    let codes = Codes::builtin();
    let status = |code: i64| codes.receipt_status(code).unwrap();
    let stages: Vec<u8> = [1, 2, 3, 120, 300, 399, 500, 800, 899].map(|c| status(c).stage).into();
    assert!(stages.is_sorted(), "{stages:?}");
    for (code, terminal, outcome) in [
        (100, true, Outcome::Bad),
        (700, true, Outcome::Bad),
        (899, true, Outcome::Good),
        (800, false, Outcome::Good),
        (500, false, Outcome::Held),
        (2, false, Outcome::Pending),
    ] {
        assert_eq!((status(code).terminal, status(code).outcome), (terminal, outcome), "{code}");
    }
    assert!(codes.receipt_status(777).is_none());
}

#[test]
fn a_directory_adds_codes_or_brings_a_complete_list() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let lists = "list,zh,en,complete,source\ncustoms,关区,customs,";
    write("customs.csv", "code,zh,en,iso,sure,note\n4399,某关,an office,,seen,\n");
    write("lists.csv", &format!("{lists}false,here\n"));
    let added = Codes::load(dir.path()).unwrap();
    assert_eq!(added.knows(List::Customs, "4399"), Some(true));
    assert_eq!(added.knows(List::Customs, "4300"), Some(true));
    write("lists.csv", &format!("{lists}true,here\n"));
    let alone = Codes::load(dir.path()).unwrap();
    assert_eq!(alone.knows(List::Customs, "4399"), Some(true));
    assert_eq!(alone.knows(List::Customs, "4300"), Some(false));
}

#[test]
fn faults_are_all_reported_at_their_lines() {
    let read = |lists: &str, units: &str| {
        Codes::read(&[
            Source { name: "lists.csv", text: lists },
            Source { name: "unit.csv", text: units },
        ])
        .1
    };
    let lists = "list,zh,en,complete,source\nunit,单位,units,true,here\n";
    let head = "code,zh,en,iso,sure,note\n";
    assert_eq!(read(lists, &format!("{head}001,台,set,,seen,\n")), []);
    let faults = read(lists, &format!("{head}001,台,set,,sure,\n001,,set,,seen,\n1,台\n"));
    let lines: Vec<Option<u32>> = faults.iter().map(|finding| finding.line).collect();
    assert!([2, 3, 4].iter().all(|line| lines.contains(&Some(*line))), "{faults:#?}");
    assert!(!read("list,zh,en,complete,source\nplanets,x,x,true,here\n", head).is_empty());
    assert!(!read(lists, "code,zh\n").is_empty(), "a wrong header");
}
