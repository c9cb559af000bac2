//! A platform under test with the Zibo zone, a key, and customs that asks.

use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};

use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use db::Db;
use gateway::standin::asks::{Asker, Verdict};
use kernel::{Clock, Time};
use originals::{Office, Reply, Report, Settings, SoftKey, Upload, answer_due};
use rand::SeedableRng;
use register::party::{Zone, flow};
use register::rules::Rules;
use serde_json::{Value, json};
use web::Role;
use web::keys::Secret;
use web::test::{Answer, Site};

/// A platform of the zone by either of its codes, and another.
pub(super) const PLATFORM: &str = "91370303XAK010092A";
pub(super) const PLATFORM_CUSTOMS: &str = "370366K001";
pub(super) const OTHER: &str = "91370303XAK0201863";

/// Time to answer in tests.
pub(super) const ANSWER_MS: i64 = 30_000;

pub(super) fn key(kind: KeyKind, serial: &str, from: &str, to: &str) -> SigningKey {
    let request = CertificateRequest {
        subject: "CN=淄博云陶示例电子商务平台有限公司,C=CN".to_owned(),
        serial: serial.to_owned(),
        not_before: Time::parse_compact(&format!("{from}000000")).unwrap(),
        not_after: Time::parse_compact(&format!("{to}000000")).unwrap(),
        authority: false,
    };
    let mut rng = rand::rngs::StdRng::seed_from_u64(179);
    SigningKey::generate(kind, &request, &mut rng).unwrap()
}

pub(super) static SM2: LazyLock<SigningKey> =
    LazyLock::new(|| key(KeyKind::Sm2, "03000000000cde6f", "20260101", "20281231"));
pub(super) static RSA: LazyLock<SigningKey> =
    LazyLock::new(|| key(KeyKind::Rsa1024, "0100ab", "20200101", "20281231"));

/// Customs as records reach it: takes them, or fails as often as a test wants.
pub(super) struct Customs {
    pub(super) asker: Asker,
    pub(super) failures: Mutex<Vec<&'static str>>,
    pub(super) verdicts: Mutex<Vec<Verdict>>,
    now: Mutex<Time>,
}

impl Customs {
    fn new(key: &SigningKey) -> Customs {
        Customs {
            asker: Asker::new(vec![Arc::clone(key.certificate())], ANSWER_MS),
            failures: Mutex::default(),
            verdicts: Mutex::default(),
            now: Mutex::default(),
        }
    }
}

impl Upload for Customs {
    fn upload(&self, pay_ex_info_str: &str) -> Result<Reply, String> {
        if let Some(why) = self.failures.lock().unwrap().pop() {
            return Err(why.to_owned());
        }
        let verdict = self.asker.take(pay_ex_info_str, *self.now.lock().unwrap());
        let reply = Reply { code: verdict.code.to_owned(), message: verdict.faults.join("; ") };
        self.verdicts.lock().unwrap().push(verdict);
        Ok(reply)
    }
}

/// The whole of a test.
pub(super) struct Stage {
    pub(super) site: Site,
    pub(super) office: Arc<Office>,
    pub(super) sign: SoftKey,
    pub(super) customs: Customs,
    pub(super) firm: Secret,
}

impl Stage {
    /// The worker's round.
    pub(super) fn work(&self) -> Report {
        let ctx = self.site.app.ctx_as("originals".into());
        *self.customs.now.lock().unwrap() = ctx.now;
        self.work_with(&self.customs, &ctx)
    }

    pub(super) fn work_with(&self, customs: &dyn Upload, ctx: &db::Ctx) -> Report {
        let db = &self.site.app.db;
        off_the_runtime(|| answer_due(db, ctx, &self.office, &self.sign, customs, 50).unwrap())
    }

    /// Customs asks the platform with this code for an order.
    pub(super) async fn asked(&self, code: &str, order_no: &str) -> Answer {
        let request = self.customs.asker.ask(order_no, self.site.clock.now());
        self.form(code, &[("openReq", &request)]).await
    }

    pub(super) async fn form(&self, code: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = String::new();
        for (name, text) in fields {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            form.push_str(&format!("{name}={encoded}&"));
        }
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let path = format!("/customs/payment-originals/{code}");
        self.site.request(axum::http::Method::POST, &path, None, &kind, form).await
    }

    pub(super) async fn submit(&self, originals: &[Value]) -> Answer {
        let body = json!({ "originals": originals });
        self.site.post(&self.firm, "/api/v1/payment-originals", &body).await
    }

    pub(super) async fn asks(&self, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/payment-original-asks{query}");
        let answer = self.site.get(&self.firm, &path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["items"].as_array().cloned().unwrap()
    }
}

/// Does blocking work as a worker does: on a thread of its own.
pub(super) fn off_the_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// Runs a test on each engine, with the key given.
pub(super) fn check_with<F, T>(key: &'static SigningKey, test: F)
where
    F: Fn(Stage) -> T,
    T: Future<Output = ()>,
{
    db::test::both(|db: &Db| {
        let site = web::test::site(db, &[register::module(), originals::module()]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let zone = Zone::builtin("zibo").unwrap().unwrap();
            site.write(move |tx, ctx| flow::load_zone(tx, ctx, &zone)).await.unwrap();
            let settings = Settings { answer_ms: Some(ANSWER_MS), ..Settings::default() };
            let office = Arc::new(Office::new(settings, Rules::builtin()));
            site.app.share(Arc::clone(&office));
            let firm = site.key(Role::Firm, Some(PLATFORM)).await.unwrap();
            let (sign, customs) = (SoftKey(key.clone()), Customs::new(key));
            test(Stage { site, office, sign, customs, firm }).await;
        });
    });
}

pub(super) fn check<F, T>(test: F)
where
    F: Fn(Stage) -> T,
    T: Future<Output = ()>,
{
    check_with(&SM2, test);
}

/// A record as a platform hands it over.
pub(super) fn original(order_no: &str) -> Value {
    json!({
        "payExchangeInfoHead": {
            "initalRequest": "https://pay.example/pay?out_trade_no=\"1\"&body=茶\\具\n",
            "initalResponse": "{\"code\":\"OK\",\"buyer\":\"李示例\"}",
            "ebpCode": PLATFORM,
            "payCode": "370366Z001",
            "payTransactionId": format!("T-{order_no}"),
            "totalAmount": "284.39",
            "currency": "142",
            "verDept": "3",
            "payType": "1",
            "tradingTime": "20261123093000",
        },
        "payExchangeInfoLists": [{
            "orderNo": order_no,
            "goodsInfo": [{"gname": "玻璃茶具", "itemLink": "https://shop.example/1;http://m.example/1"}],
            "recpAccount": "370000000000000001",
            "recpName": "李示例商行",
        }],
    })
}
