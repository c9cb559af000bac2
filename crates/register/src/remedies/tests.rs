//! Every published code has a meaning, somebody to mend it, and a way to.

use std::fs;

use super::*;

#[test]
fn built_in_files_have_no_faults() {
    let (remedies, findings) = Remedies::read(crate::builtin::REMEDIES);
    assert_eq!(findings, []);
    assert!(remedies.all().len() > 200);
}

#[test]
fn every_published_code_is_known() {
    let remedies = Remedies::builtin();
    let ranges = [
        (10101..=10102, vec![]),
        (301_001..=301_015, vec![]),
        (401_001..=401_013, vec![]),
        (504_010..=504_016, vec![]),
        (505_010..=505_017, vec![]),
        (621_000..=621_030, vec![621_007]),
        (623_000..=623_029, vec![623_015]),
        (625_001..=625_033, vec![]),
        (625_200..=625_209, vec![]),
        (800_000..=800_006, vec![]),
    ];
    let listed = ranges.into_iter().flat_map(|(range, gaps)| {
        range.filter(move |code| !gaps.contains(code)).map(|code| format!("-{code}"))
    });
    let single = [
        "-504000", "-505000", "-625110", "-625113", "-625114", "-625116", "-301020", "-621049",
        "-621999", "-623999", "0001", "0002", "0999", "1001", "1002", "1003", "1004", "1999",
        "2001", "2002", "2999", "3001", "3002", "3003", "3999", "1200", "1301", "1311", "1313",
        "1320", "1322", "1327", "1332", "1371", "13035", "13127", "130126", "1800", "2300", "2600",
        "CEB900", "1", "2", "3", "4", "100", "120", "300", "399", "500", "501", "502", "503",
        "505", "599", "600", "700", "800", "899",
    ];
    for code in listed.chain(single.map(str::to_owned)) {
        let remedy = remedies.lookup(&code, "");
        assert!(remedy.known, "{code}");
        assert!(!remedy.remedy.zh.is_empty() && !remedy.remedy.en.is_empty(), "{code}");
    }
}

#[test]
fn a_code_of_two_meanings_is_told_by_its_text() {
    let remedies = Remedies::builtin();
    let lines = remedies.lookup("-621027", "商品序号重复");
    let saving = remedies.lookup("-621027", "保存失败，请刷新");
    assert_eq!((lines.fixer, saving.fixer), (Fixer::Integrator, Fixer::Customs));
    assert!(!lines.retryable && saving.retryable);
    let state = remedies.lookup("-625022", "当前状态不允许变更");
    assert_ne!(state.meaning, remedies.lookup("-625022", "已申报").meaning);
}

#[test]
fn a_bare_rejection_is_told_by_its_text() {
    let remedies = Remedies::builtin();
    assert_eq!(remedies.lookup("100", "收件地址不详，退单").fixer, Fixer::Buyer);
    assert_eq!(remedies.lookup("100", "其他原因").origin, Origin::Status);
    assert_eq!(remedies.lookup("1313", "[Code:1313;Desc:超过年度限额]").fixer, Fixer::Buyer);
    assert_eq!(remedies.lookup_from(Origin::Exchange, "3003", "").fixer, Fixer::Platform);
    assert!(!remedies.lookup_from(Origin::Customs, "3003", "").known);
}

#[test]
fn an_unknown_code_gets_a_general_answer() {
    let remedies = Remedies::builtin();
    let remedy = remedies.lookup("-999999", "某种错误");
    assert!(!remedy.known && !remedy.remedy.en.is_empty());
}

#[test]
fn a_directory_replaces_and_adds() {
    let dir = tempfile::tempdir().unwrap();
    let text = "origin,code,pattern,zh,en,fixer,remedy_zh,remedy_en,retryable,sure\n\
                customs,1371,,甲,first,firm,乙,second,true,seen\n\
                customs,4242,,丙,third,nobody,丁,fourth,false,seen\n";
    fs::write(dir.path().join("mine.csv"), text).unwrap();
    let remedies = Remedies::load(dir.path()).unwrap();
    assert_eq!(remedies.lookup("1371", "").meaning.en, "first");
    assert!(remedies.lookup("1371", "").retryable && remedies.lookup("4242", "").known);
    assert_eq!(remedies.all().len(), Remedies::builtin().all().len() + 1);
    fs::write(dir.path().join("mine.csv"), text.replace("nobody", "somebody")).unwrap();
    let findings = Remedies::load(dir.path()).unwrap_err();
    assert_eq!((findings.len(), findings[0].line), (1, Some(3)));
}
