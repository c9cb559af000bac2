//! The command line on good and bad files.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn kouan(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kouan")).args(args).output().unwrap()
}

fn with_input(args: &[&str], input: &str) -> Output {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_kouan"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A receipt that says all it must.
const GOOD: &str = concat!(
    "<ceb:CEB312Message xmlns:ceb=\"http://www.chinaport.gov.cn/ceb\" ",
    "guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\" version=\"1.0\"><ceb:OrderReturn>",
    "<ceb:guid>4CDE1CFD-EDED-46B1-946C-B8022E42FC94</ceb:guid>",
    "<ceb:ebpCode>3703960001</ceb:ebpCode><ceb:ebcCode>3703960002</ceb:ebcCode>",
    "<ceb:orderNo>ORDER1</ceb:orderNo><ceb:returnStatus>2</ceb:returnStatus>",
    "<ceb:returnTime>20261111000000000</ceb:returnTime><ceb:returnInfo>新增申报成功</ceb:returnInfo>",
    "</ceb:OrderReturn></ceb:CEB312Message>"
);

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn check_says_clean_faulty_and_unreadable_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good.xml", GOOD);
    let no_order = GOOD.replace("<ceb:orderNo>ORDER1</ceb:orderNo>", "");
    let faulty = write(folder.path(), "faulty.xml", &no_order);

    let clean = kouan(&["check", "--json", &good]);
    assert_eq!(code(&clean), 0, "{clean:?}");
    let report = &json_lines(&clean)[0];
    assert_eq!(report["message_type"], "CEB312");
    assert_eq!(
        (report["documents"].as_u64(), report["structure_valid"].as_bool()),
        (Some(1), Some(true))
    );
    assert_eq!(report["findings"], serde_json::json!([]));

    let wrong = kouan(&["check", "--json", &good, &faulty]);
    assert_eq!(code(&wrong), 1);
    let reports = json_lines(&wrong);
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[1]["structure_valid"], false);
    let finding = &reports[1]["findings"][0];
    for key in ["level", "code", "path", "line", "found", "expected", "zh", "en", "remedy"] {
        assert!(!finding[key].is_null(), "{key} in {finding}");
    }

    let nobody = folder.path().join("nobody.xml").display().to_string();
    let unread = kouan(&["check", "--json", &nobody]);
    assert_eq!(code(&unread), 2);
    assert_eq!(json_lines(&unread)[0]["structure_valid"], false);
    let noise = write(folder.path(), "noise.bin", "\u{1}not a message");
    assert_eq!(code(&kouan(&["check", &noise])), 2);
}

#[test]
fn what_is_signed_verifies_until_a_byte_changes() {
    let folder = tempfile::tempdir().unwrap();
    let message = write(folder.path(), "message.xml", GOOD);
    for algorithm in ["sm2", "rsa"] {
        let prefix = folder.path().join(algorithm).display().to_string();
        let made = kouan(&["keygen", "--algorithm", algorithm, "--out", &prefix]);
        assert_eq!(code(&made), 0, "{made:?}");
        let (key, cert) = (format!("{prefix}.key.pem"), format!("{prefix}.cert.pem"));
        let signed = folder.path().join(format!("{algorithm}.xml")).display().to_string();
        let sign = ["sign", "--key", &key, "--cert", &cert, "--out", &signed, &message];
        assert_eq!(code(&kouan(&sign)), 0);

        let verified = kouan(&["verify", "--json", &signed]);
        assert_eq!(code(&verified), 0, "{verified:?}");
        let report = &json_lines(&verified)[0];
        assert_eq!(report["signed"], true);
        assert_eq!((&report["digest_ok"], &report["signature_ok"]), (&true.into(), &true.into()));
        assert!(report["certificate"]["serial"].is_string());

        let changed = std::fs::read_to_string(&signed).unwrap().replace("ORDER1", "ORDER2");
        let changed = write(folder.path(), "changed.xml", &changed);
        let refused = kouan(&["verify", "--json", &changed]);
        assert_eq!(code(&refused), 1);
        assert_eq!(json_lines(&refused)[0]["digest_ok"], false);
    }
    assert_eq!(json_lines(&kouan(&["verify", "--json", &message]))[0]["signed"], false);
}

#[test]
fn a_private_key_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("k").display().to_string();
    kouan(&["keygen", "--out", &prefix]);
    let mode = std::fs::metadata(format!("{prefix}.key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn tax_is_quoted_from_standard_input() {
    let request = r#"{"on":"2026-11-11","mode":"1210","buyer_used":"0","freight":"0",
        "insurance":"0","items":[{"hs_code":"1901101000","quantity":"3","total_price":"279.00",
        "net_content_g":"2400","pieces":null,
        "rates":{"duty":"0","vat":"0.13","consumption_tax":{"ad_valorem":"0","per_unit":"0",
        "unit_quantity":"0"}}}]}"#;
    let quoted = with_input(&["tax", "quote", "--json"], request);
    assert_eq!(code(&quoted), 0, "{quoted:?}");
    let quote = &json_lines(&quoted)[0];
    assert_eq!((&quote["verdict"], &quote["vat"]), (&"within_limit".into(), &"25.39".into()));
    assert!(quote["rules"].as_array().unwrap().iter().all(|rule| rule["source"].is_string()));

    let refused = with_input(&["tax", "quote", "--json"], "{\"on\":\"2026-11-11\"");
    assert_eq!(code(&refused), 1);
    assert!(json_lines(&refused)[0]["findings"][0]["remedy"].is_string());
}

#[test]
fn fields_prints_the_table_of_a_type() {
    let table = String::from_utf8(kouan(&["fields", "CEB621"]).stdout).unwrap();
    for word in ["buyerIdNumber", "订购人证件号码", "C1..60"] {
        assert!(table.contains(word), "{word} in {table}");
    }
    let unknown = kouan(&["fields", "CEB999"]);
    assert_eq!(code(&unknown), 2);
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("CEB311"));
}

fn installation(folder: &Path) -> String {
    folder.join("kouan.db").display().to_string()
}

#[test]
fn a_mistyped_database_is_an_error_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (nobody, out) = (installation(folder.path()), folder.path().join("out.db"));
    let backup = kouan(&["backup", "--database", &nobody, &out.display().to_string()]);
    assert_eq!(code(&backup), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{backup:?}");
    let doctor = kouan(&["doctor", "--database", &nobody]);
    assert_eq!(code(&doctor), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_rules_folder_that_is_not_there_is_not_the_built_in_law() {
    let shown = kouan(&["rules", "show", "--rules", "no/such/folder"]);
    assert_eq!(code(&shown), 2);
    assert!(String::from_utf8(shown.stderr).unwrap().contains("no/such/folder"));
}

#[test]
fn what_is_backed_up_can_be_brought_back_and_its_keys_still_open() {
    let folder = tempfile::tempdir().unwrap();
    let database = installation(folder.path());
    let made = kouan(&["key", "create", "--database", &database, "--party", "370366K004"]);
    assert_eq!(code(&made), 0, "{made:?}");
    assert!(String::from_utf8(made.stdout).unwrap().starts_with("kouan_"));
    let copy = folder.path().join("copy.db").display().to_string();
    assert_eq!(code(&kouan(&["backup", "--database", &database, &copy])), 0);

    let elsewhere = tempfile::tempdir().unwrap();
    let target = installation(elsewhere.path());
    let without_key = kouan(&["restore", "--database", &target, &copy]);
    assert_eq!(code(&without_key), 2, "{without_key:?}");
    let key = |folder: &Path| folder.join("kouan.master.key");
    std::fs::copy(key(folder.path()), key(elsewhere.path())).unwrap();
    let restored = kouan(&["restore", "--database", &target, &copy]);
    assert_eq!(code(&restored), 0, "{restored:?}");
    assert_eq!(code(&kouan(&["migrate", "--database", &target])), 0);
}

#[test]
fn a_database_without_its_master_key_gets_no_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let database = installation(folder.path());
    assert_eq!(code(&kouan(&["migrate", "--database", &database])), 0);
    let key = folder.path().join("kouan.master.key");
    std::fs::remove_file(&key).unwrap();
    let refused = kouan(&["migrate", "--database", &database]);
    assert_eq!(code(&refused), 2);
    assert!(!key.exists(), "{refused:?}");
}

#[test]
fn a_key_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("k").display().to_string();
    assert_eq!(code(&kouan(&["keygen", "--out", &prefix])), 0);
    let before = std::fs::read(format!("{prefix}.key.pem")).unwrap();
    assert_eq!(code(&kouan(&["keygen", "--out", &prefix])), 2);
    assert_eq!(std::fs::read(format!("{prefix}.key.pem")).unwrap(), before);
}
