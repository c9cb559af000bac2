//! A platform with two books of two zone firms, and what tests say to it.

use std::future::Future;
use std::sync::Arc;

use axum::http::Method;
use bonded::{Draw, DrawLine, Settled, Settlement};
use db::Db;
use kernel::{Date, Decimal, Finding, Time};
use register::party::{Zone, flow};
use register::rules::Rules;
use serde_json::{Value, json};
use web::Role;
use web::keys::Secret;
use web::test::{Answer, Site};

/// The book of the first firm.
pub(crate) const BOOK: &str = "T4253W000001";
/// The book of the second firm.
pub(crate) const OTHER: &str = "T4253W000002";
/// The customs code of the first firm.
pub(crate) const AREA: &str = "371166R017";
const FIRM_A: &str = "91371102XAR171534P";
const FIRM_B: &str = "91371102XAR181628G";
/// The operator of the supervised place.
pub(crate) const PLACE: &str = "91371102XAR1917117";

/// Everything a test needs.
pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) operator: Secret,
    pub(crate) a: Secret,
    pub(crate) b: Secret,
    pub(crate) place: Secret,
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Runs a test on a fresh platform, once on each engine.
pub(crate) fn play<F, T>(test: F)
where
    F: Fn(Stage) -> T,
    T: Future<Output = ()>,
{
    db::test::both_with(ledger::MIGRATIONS, |db: &Db| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // The database is migrated on this thread, before the runtime has it.
        let site = web::test::site(db, &[register::module(), bonded::module()]).unwrap();
        runtime.block_on(async { test(Stage::on(site).await).await });
    });
}

impl Stage {
    async fn on(site: Site) -> Stage {
        let rules = Arc::new(Rules::builtin());
        site.app.share(Arc::clone(&rules));
        let zone = Zone::builtin("rizhao").unwrap().unwrap();
        let loading = zone.clone();
        site.write(move |tx, ctx| flow::load_zone(tx, ctx, &loading)).await.unwrap();
        site.write(move |tx, ctx| bonded::load_zone(tx, ctx, &rules, &zone)).await.unwrap();
        Stage {
            operator: site.key(Role::Operator, None).await.unwrap(),
            a: site.key(Role::Firm, Some(FIRM_A)).await.unwrap(),
            b: site.key(Role::Firm, Some(FIRM_B)).await.unwrap(),
            place: site.key(Role::Firm, Some(PLACE)).await.unwrap(),
            site,
        }
    }

    /// Moves the clock to the morning of a day.
    pub(crate) fn on_day(&self, text: &str) {
        self.site.clock.set(Time::of(day(text).at(9, 0, 0, 0)).unwrap());
    }

    pub(crate) async fn get(&self, key: &Secret, path: &str) -> Answer {
        self.site.get(key, &format!("/api/v1/bonded/{path}")).await
    }

    pub(crate) async fn post(&self, key: &Secret, path: &str, body: Value) -> Answer {
        self.site.post(key, &format!("/api/v1/bonded/{path}"), &body).await
    }

    /// What must succeed, as JSON.
    pub(crate) async fn done(&self, key: &Secret, path: &str, body: Value) -> Value {
        let answer = self.post(key, path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        answer.json()
    }

    pub(crate) async fn csv(&self, key: &Secret, path: &str, text: &str) -> Answer {
        let kind = [("content-type", "text/csv")];
        let path = format!("/api/v1/bonded/{path}");
        self.site.request(Method::POST, &path, Some(key), &kind, text.to_owned()).await
    }

    /// Files records counted in pieces, each with a stock taken over.
    pub(crate) async fn shelve(&self, key: &Secret, book: &str, records: &[(&str, &str)]) {
        let record = |(item, opening): &(&str, &str)| {
            json!({
                "item_record_no": item, "hs_code": "3304990039", "name": "面膜 mask",
                "unit": "011", "opening": opening,
            })
        };
        let records: Vec<Value> = records.iter().map(record).collect();
        self.done(key, &format!("books/{book}/records"), json!({ "records": records })).await;
    }

    /// Where a record stands: the named figures.
    pub(crate) async fn figures(&self, book: &str, item: &str, names: &[&str]) -> Vec<String> {
        let path = format!("stock?book={book}&item_record_no={item}");
        let json = self.get(&self.operator, &path).await.json();
        let text = |name: &&str| json["items"][0][*name].as_str().unwrap_or("?").to_owned();
        names.iter().map(text).collect()
    }

    /// The causes and quantities of a record's movements, latest first.
    pub(crate) async fn movements(&self, book: &str, item: &str) -> Vec<String> {
        let path = format!("books/{book}/records/{item}/movements");
        let json = self.get(&self.operator, &path).await.json();
        let show = |m: &Value| {
            format!("{} {}", m["cause"].as_str().unwrap(), m["quantity"].as_str().unwrap())
        };
        json["items"].as_array().unwrap().iter().map(show).collect()
    }

    /// Draws as clearance does; the codes of the findings of each.
    pub(crate) async fn draw(&self, draws: Vec<Draw<'static>>) -> Vec<Vec<Finding>> {
        self.site.write(move |tx, ctx| bonded::draw(tx, ctx, &draws)).await.unwrap()
    }

    pub(crate) async fn settle(&self, key: u8, settlement: Settlement) -> Settled {
        let settlements = [([key; 16], settlement)];
        let settled = self.site.write(move |tx, ctx| bonded::settle(tx, ctx, &settlements));
        settled.await.unwrap().pop().unwrap()
    }

    /// Nothing disagrees: the equation of every record, ledger against movements, debits against
    /// credits.
    pub(crate) async fn verify(&self) {
        let wrong = self.site.app.read(bonded::verify).await.unwrap();
        assert_eq!(wrong, []);
        assert!(self.site.app.read(ledger::verify).await.unwrap().balanced());
    }
}

/// A draw of an inventory on the first book.
pub(crate) fn draw(key: u8, lines: &[(u32, &'static str, &str)]) -> Draw<'static> {
    let line = |(gnum, item, quantity): &(u32, &'static str, &str)| DrawLine {
        gnum: *gnum,
        item_record_no: item,
        quantity: decimal(quantity),
        unit: "011",
    };
    Draw {
        key: [key; 16],
        book: BOOK,
        holder: AREA,
        trade_mode: "1210",
        lines: lines.iter().map(line).collect(),
    }
}

/// The codes of findings.
pub(crate) fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Field and code of each error of an answer.
pub(crate) fn faults(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let errors = json["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    errors.iter().map(|e| format!("{} {}", text(e, "field"), text(e, "code"))).collect()
}
