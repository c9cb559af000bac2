//! Customs' side of payment originals: asks, and judges what is sent field by field.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use ceb::signature::sign_bytes;
use gateway::originals::{OriginalsReply, OriginalsSettings};
use gateway::standin::asks::{Asker, Verdict};
use gateway::{OriginalsClient, standin::asks};
use kernel::Time;
use rand::SeedableRng;

use super::client::{response, server};
use super::fixture::{KEY, start};

const SERIAL: &str = "03000000000cde6f";
const HEAD: &str = concat!(
    r#"{"guid":"9D55BA71-FFDE-41F4-8850-C36C83B1F0F4","#,
    r#""initalRequest":"https://pay.example?a=\"1\"","initalResponse":"ok","#,
    r#""ebpCode":"370366K001","payCode":"370366Z001","payTransactionId":"T-1","#,
    r#""totalAmount":284.39,"currency":"142","verDept":"3","payType":"1","#,
    r#""tradingTime":"20261123093000"}"#,
);
const LISTS: &str = concat!(
    r#"[{"orderNo":"O-1","goodsInfo":[{"gname":"茶具","itemLink":"https://shop.example/1"}],"#,
    r#""recpAccount":"0001","recpName":"示例商行"}]"#,
);

/// An old card's key.
static RSA: LazyLock<SigningKey> = LazyLock::new(|| {
    let request = CertificateRequest {
        subject: "CN=示例平台有限公司,C=CN".to_owned(),
        serial: "0100ab".to_owned(),
        not_before: Time::parse_compact("20200101000000").unwrap(),
        not_after: Time::parse_compact("20281231000000").unwrap(),
        authority: false,
    };
    let mut rng = rand::rngs::StdRng::seed_from_u64(9);
    SigningKey::generate(KeyKind::Rsa1024, &request, &mut rng).unwrap()
});

fn asker() -> Asker {
    let certificates = vec![Arc::clone(KEY.certificate()), Arc::clone(RSA.certificate())];
    Asker::new(certificates, 30_000)
}

/// The session that a request names.
fn session(request: &str) -> &str {
    request.split("\"sessionID\":\"").nth(1).unwrap().split('"').next().unwrap()
}

/// A record signed as the announcement says.
fn record(key: &SigningKey, session: &str, head: &str, lists: &str) -> String {
    let text = format!(
        "\"sessionID\":\"{session}\"||\"payExchangeInfoHead\":\"{head}\"||\
         \"payExchangeInfoLists\":\"{lists}\"||\"serviceTime\":\"1795399200000\""
    );
    let (_, value) = sign_bytes(text.as_bytes(), key).unwrap();
    format!(
        r#"{{"sessionID":"{session}","payExchangeInfoHead":{head},"payExchangeInfoLists":{lists},"serviceTime":"1795399200000","certNo":"{}","signValue":"{}"}}"#,
        key.certificate().serial,
        BASE64_STANDARD.encode(value)
    )
}

fn judged(change: impl Fn(String) -> String, head: &str, lists: &str) -> Verdict {
    let asker = asker();
    let request = asker.ask("O-1", start());
    asker.take(&change(record(&KEY, session(&request), head, lists)), start())
}

#[test]
fn a_right_record_is_taken_with_either_kind_of_card() {
    for key in [&*KEY, &*RSA] {
        let asker = asker();
        let request = asker.ask("O-1", start());
        assert!(request.contains(r#""orderNo":"O-1""#) && request.contains("\"serviceTime\":17"));
        let verdict = asker.take(&record(key, session(&request), HEAD, LISTS), start());
        assert_eq!((verdict.code, verdict.faults), (asks::TAKEN, vec![]));
        assert!(verdict.answer.starts_with(r#"{"code":"10000","message":"上传成功","total":0,"#));
        assert!(asker.has_taken("O-1") && !asker.has_taken("O-2"));
    }
    assert_eq!(KEY.certificate().serial, SERIAL);
}

#[test]
fn sessions_are_known_open_and_in_time() {
    let asker = asker();
    let request = asker.ask("O-1", start());
    let text = record(&KEY, session(&request), HEAD, LISTS);
    let late = asker.take(&text, start().plus_millis(30_001));
    assert_eq!((late.code, &*late.faults[0]), (asks::NO_SESSION, "sessionID : 会话已超时"));
    assert_eq!(asker.take(&text, start().plus_millis(30_000)).code, asks::TAKEN);
    let other = record(&KEY, "ANOTHER", HEAD, LISTS);
    assert_eq!(asker.take(&other, start()).code, asks::NO_SESSION);
    assert_ne!(request, asker.ask("O-1", start().plus_millis(1)), "another session");
}

#[test]
fn every_field_is_looked_at() {
    let rows = [
        ("284.39", "\"284.39\"", "payExchangeInfoHead.totalAmount"),
        ("284.39", "0.00", "payExchangeInfoHead.totalAmount"),
        ("284.39", "1.123456", "payExchangeInfoHead.totalAmount"),
        ("284.39", "2.8e2", "payExchangeInfoHead.totalAmount"),
        ("-41F4", "", "payExchangeInfoHead.guid"),
        ("\"142\"", "\"502\"", "payExchangeInfoHead.currency"),
        ("\"3\"", "\"4\"", "payExchangeInfoHead.verDept"),
        ("\"payType\":\"1\"", "\"payType\":\"5\"", "payExchangeInfoHead.payType"),
        ("20261123093000", "20261323093000", "payExchangeInfoHead.tradingTime"),
        ("\"payCode\"", "\"payCod\"", "payExchangeInfoHead.payCode"),
        ("\"payCode\"", "\"payCod\"", "payExchangeInfoHead.payCod"),
        ("\"T-1\"", "\"\"", "payExchangeInfoHead.payTransactionId"),
    ];
    for (from, to, field) in rows {
        let verdict = judged(|text| text, &HEAD.replace(from, to), LISTS);
        assert_eq!(verdict.code, asks::REFUSED);
        assert!(verdict.faults.iter().any(|f| f.starts_with(&format!("{field} :"))), "{verdict:?}");
        assert!(!verdict.faults.iter().any(|f| f.starts_with("signValue")), "{verdict:?}");
    }
    for (from, to, field) in [
        ("O-1", "O-2", "payExchangeInfoLists"),
        ("\"recpName\":\"示例商行\"", "\"recpName\":\"\"", "payExchangeInfoLists[0].recpName"),
        (
            "{\"gname\":\"茶具\",\"itemLink\":\"https://shop.example/1\"}",
            "",
            "payExchangeInfoLists[0].goodsInfo",
        ),
        ("\"itemLink\"", "\"link\"", "payExchangeInfoLists[0].goodsInfo[0].itemLink"),
    ] {
        let verdict = judged(|text| text, HEAD, &LISTS.replace(from, to));
        assert!(verdict.faults.iter().any(|f| f.starts_with(&format!("{field} :"))), "{verdict:?}");
    }
}

#[test]
fn signatures_cover_the_bytes_that_came() {
    type Change = fn(String) -> String;
    let rows: [(Change, &str); 6] = [
        (|text| text.replace("284.39", "284.390"), "signValue : 验签失败"),
        (
            |text| text.replace(r#""currency":"142","#, r#""currency": "142","#),
            "signValue : 验签失败",
        ),
        (|text| text.replace(SERIAL, "0100ab"), "signValue : 验签失败"),
        (|text| text.replace(SERIAL, "99"), "certNo : 证书未登记"),
        (|text| text.replace("\"signValue\":\"", "\"signValue\":\"!"), "signValue : 不是 Base64"),
        (|text| text.replace("\"signValue\":\"", "\"signValue\":\"AAAA"), "64字节"),
    ];
    for (change, fault) in rows {
        let verdict = judged(change, HEAD, LISTS);
        assert_eq!(verdict.code, asks::REFUSED);
        assert!(verdict.faults.iter().any(|f| f.contains(fault)), "{fault} {verdict:?}");
    }
    assert_eq!(judged(|_| "{".to_owned(), HEAD, LISTS).code, asks::REFUSED);
}

#[test]
fn certificates_must_be_valid_that_day() {
    let asker = asker();
    let day = Time::parse_compact("20290101000000").unwrap();
    let request = asker.ask("O-1", day);
    let verdict = asker.take(&record(&KEY, session(&request), HEAD, LISTS), day);
    assert!(verdict.faults.iter().any(|f| f.contains("证书不在有效期内")), "{verdict:?}");
}

#[test]
fn records_travel_as_forms() {
    let asker = asker();
    let request = asker.ask("O-1", start());
    let text = record(&KEY, session(&request), HEAD, LISTS);
    let answer = r#"{"code":"10000","message":"上传成功","total":0,"serviceTime":1}"#;
    let (address, seen) = server(vec![
        response("200 OK", "content-type: application/json\r\n", answer),
        response("200 OK", "", r#"{"code":"10000","message":"","serviceTime":1}"#),
        response("502 Bad Gateway", "", "<html>"),
    ]);
    let url = format!("{address}/ceb2grab/grab/realTimeDataUpload");
    let settings = OriginalsSettings { url, timeout_ms: 5_000, authorities: None };
    let client = OriginalsClient::new(&settings).unwrap();
    let taken = OriginalsReply { code: "10000".to_owned(), message: "上传成功".to_owned() };
    assert_eq!(client.upload(&text), Ok(taken));
    let sent = seen.recv().unwrap();
    assert_eq!(sent.line, "POST /ceb2grab/grab/realTimeDataUpload HTTP/1.1");
    assert!(sent.headers.to_lowercase().contains("application/x-www-form-urlencoded"));
    assert!(sent.body.starts_with(b"payExInfoStr=%7B%22sessionID"));
    assert_eq!(asker.take_form(&sent.body, start()).code, asks::TAKEN, "byte for byte");
    assert_eq!(asker.take_form(b"other=1", start()).code, asks::REFUSED);
    assert_eq!(client.ask(&request).unwrap().code, "10000");
    assert!(seen.recv().unwrap().body.starts_with(b"openReq=%7B%22orderNo"));
    assert_eq!(client.upload(&text), Err("HTTP 502".to_owned()));
}
