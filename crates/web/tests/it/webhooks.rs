//! Pushing: signed, retried on schedule, replayed, and never into our own network.

use std::sync::Mutex;

use serde_json::{Value, json};
use web::Role;
use web::keys::Secret;
use web::notices::{Outcome, Outgoing, Post, Report, SCHEDULE_MS, WebhookSecret, deliver_due};
use web::test::Site;

use crate::check;
use crate::notices::{FIRM, OTHER, notice, post};

/// A receiver that answers as told and keeps what it was sent.
struct Receiver {
    answer: Mutex<Outcome>,
    got: Mutex<Vec<Outgoing>>,
}

impl Receiver {
    fn answering(status: u16) -> Receiver {
        Receiver { answer: Mutex::new(Outcome::Answered(status)), got: Mutex::default() }
    }

    fn now_answers(&self, outcome: Outcome) {
        *self.answer.lock().unwrap() = outcome;
    }

    fn got(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }
}

impl Post for Receiver {
    fn post(&self, outgoing: &Outgoing) -> Outcome {
        self.got.lock().unwrap().push(outgoing.clone());
        self.answer.lock().unwrap().clone()
    }
}

async fn deliver(site: &Site, receiver: &Receiver) -> Report {
    let (db, ctx) = (site.app.db.clone(), site.app.ctx_as("deliverer".into()));
    // A thread of its own, as the engine asks; scoped, because the receiver is borrowed.
    std::thread::scope(|scope| {
        scope.spawn(|| deliver_due(&db, &ctx, receiver, 100)).join().unwrap().unwrap()
    })
}

async fn add(site: &Site, key: &Secret, kinds: &[&str]) -> (String, WebhookSecret) {
    let body = json!({"url": "https://erp.example.com/kouan", "kinds": kinds});
    let added = site.post(key, "/api/v1/webhooks", &body).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let secret = added.json()["secret"].as_str().unwrap().to_owned();
    let id = added.json()["webhook"]["id"].as_str().unwrap().to_owned();
    (id, WebhookSecret::parse(&secret).unwrap())
}

fn header<'a>(outgoing: &'a Outgoing, name: &str) -> &'a str {
    outgoing.headers.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
}

async fn states(site: &Site, key: &Secret, query: &str) -> Vec<Value> {
    let list = site.get(key, &format!("/api/v1/deliveries{query}")).await.json();
    list["items"].as_array().unwrap().iter().map(|item| item["state"].clone()).collect()
}

#[test]
fn what_is_wanted_is_sent_once_in_order_and_signed() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let (_, secret) = add(&site, &firm, &["clearance.*"]).await;
        let receiver = Receiver::answering(204);
        post(
            &site,
            vec![
                notice(FIRM, "clearance.released", 1),
                notice(FIRM, "tax.paid", 2),
                notice(OTHER, "clearance.released", 3),
                notice(FIRM, "clearance.rejected", 4),
            ],
        )
        .await;

        let report = deliver(&site, &receiver).await;
        assert_eq!(report, Report { claimed: 2, delivered: 2, ..Report::default() });
        let got = receiver.got();
        let bodies: Vec<Value> =
            got.iter().map(|o| serde_json::from_slice(&o.body).unwrap()).collect();
        assert_eq!(bodies[0]["type"], "clearance.released");
        assert_eq!(bodies[0]["timestamp"], "2026-11-23T10:00:00.000+08:00");
        assert_eq!(bodies[0]["data"], json!({"seq": 1, "subject": "inv_1", "body": {"n": 1}}));
        assert_eq!(bodies[1]["data"]["seq"], 3);
        for outgoing in &got {
            let id = header(outgoing, "webhook-id");
            let timestamp = header(outgoing, "webhook-timestamp").parse().unwrap();
            let signature = header(outgoing, "webhook-signature");
            assert!(secret.verify(id, timestamp, &outgoing.body, signature));
            assert_eq!(timestamp, 1_795_399_200);
        }
        assert_eq!(deliver(&site, &receiver).await, Report::default(), "nothing is due any more");
        assert_eq!(states(&site, &firm, "").await, ["delivered", "delivered"]);
        // The pull queue numbers and the push agree on what a notice is called.
        let queue = site.get(&firm, "/api/v1/notices").await.json();
        assert_eq!(queue["items"][0]["id"], header(&got[0], "webhook-id"));
    });
}

#[test]
fn a_failing_receiver_is_tried_on_schedule_with_the_same_id_then_given_up() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        add(&site, &firm, &[]).await;
        let receiver = Receiver::answering(500);
        post(&site, vec![notice(FIRM, "tax.paid", 1)]).await;
        let mut ids = Vec::new();
        for (n, wait) in SCHEDULE_MS.into_iter().enumerate() {
            if wait > 0 {
                site.clock.advance(wait - 1);
                assert_eq!(deliver(&site, &receiver).await.claimed, 0, "too early for try {n}");
                site.clock.advance(1);
            }
            let report = deliver(&site, &receiver).await;
            let last = n + 1 == SCHEDULE_MS.len();
            assert_eq!((report.failed, report.dead), if last { (0, 1) } else { (1, 0) });
            ids.extend(receiver.got().iter().map(|o| header(o, "webhook-id").to_owned()));
        }
        assert_eq!(ids.len(), 7);
        assert!(ids.iter().all(|id| *id == ids[0]));
        assert_eq!(states(&site, &firm, "?state=dead").await, ["dead"]);

        receiver.now_answers(Outcome::Answered(200));
        site.clock.advance(86_400_000);
        assert_eq!(deliver(&site, &receiver).await.claimed, 0, "dead letters rest");
        let dead = site.get(&firm, "/api/v1/deliveries?state=dead").await.json();
        let item = &dead["items"][0];
        assert_eq!((&item["attempts"], &item["last_status"]), (&json!(7), &json!(500)));
        let path = format!("/api/v1/deliveries/{}/replay", item["id"].as_str().unwrap());
        let replayed = site.post(&firm, &path, &json!({})).await;
        assert_eq!((replayed.status, &replayed.json()["state"]), (202, &json!("due")));
        assert_eq!(deliver(&site, &receiver).await.delivered, 1);
        assert_eq!(header(&receiver.got()[0], "webhook-id"), ids[0], "a replay keeps the id");
    });
}

#[test]
fn after_a_failure_the_receivers_other_deliveries_wait_and_others_do_not() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        add(&site, &firm, &[]).await;
        let receiver = Receiver::answering(200);
        receiver.now_answers(Outcome::Failed("connection refused".into()));
        post(&site, (1..=3).map(|n| notice(FIRM, "tax.paid", n)).collect()).await;
        let report = deliver(&site, &receiver).await;
        assert_eq!(report, Report { claimed: 3, failed: 1, postponed: 2, ..Report::default() });
        let list = site.get(&firm, "/api/v1/deliveries").await.json();
        let attempts: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|i| i["attempts"].clone()).collect();
        assert_eq!(attempts, [0, 0, 1], "waiting is not an attempt");
        assert_eq!(list["items"][2]["last_error"], "connection refused");

        receiver.now_answers(Outcome::Answered(200));
        receiver.got();
        site.clock.advance(30_000);
        assert_eq!(deliver(&site, &receiver).await.delivered, 3);
        let order: Vec<Value> = receiver
            .got()
            .iter()
            .map(|o| serde_json::from_slice::<Value>(&o.body).unwrap()["data"]["seq"].clone())
            .collect();
        assert_eq!(order, [1, 2, 3]);
    });
}

#[test]
fn gone_means_never_again_and_paused_means_later() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let (id, _) = add(&site, &firm, &[]).await;
        let path = format!("/api/v1/webhooks/{id}");
        let receiver = Receiver::answering(410);
        let pause = |state: &str| json!({ "state": state });
        assert_eq!(site.patch(&firm, &path, &pause("paused")).await.json()["state"], "paused");
        post(&site, vec![notice(FIRM, "tax.paid", 1)]).await;
        assert_eq!(deliver(&site, &receiver).await.claimed, 0);
        assert_eq!(site.patch(&firm, &path, &pause("active")).await.json()["state"], "active");
        assert_eq!(deliver(&site, &receiver).await.failed, 1);
        assert_eq!(site.get(&firm, &path).await.json()["state"], "gone");
        post(&site, vec![notice(FIRM, "tax.paid", 2)]).await;
        site.clock.advance(86_400_000);
        assert_eq!(deliver(&site, &receiver).await.claimed, 0);
        assert_eq!(site.patch(&firm, &path, &pause("gone")).await.code(), "webhook.state");
        assert_eq!(site.delete(&firm, &path).await.status, 204);
        assert_eq!(site.get(&firm, &path).await.status, 404);
        assert!(states(&site, &firm, "").await.is_empty());
    });
}

#[test]
fn a_test_goes_to_that_webhook_alone_and_can_be_checked() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let (id, secret) = add(&site, &firm, &["tax.*"]).await;
        add(&site, &firm, &[]).await;
        let receiver = Receiver::answering(200);
        let tested = site.post(&firm, &format!("/api/v1/webhooks/{id}/test"), &json!({})).await;
        assert_eq!(tested.status, 202, "{}", tested.text);
        assert_eq!(deliver(&site, &receiver).await.delivered, 1);
        let got = receiver.got();
        let body = String::from_utf8(got[0].body.clone()).unwrap();
        assert!(body.starts_with("{\"type\":\"web.ping\""), "{body}");

        let ask = json!({"webhook_id": "ntc_1", "webhook_timestamp": 5, "body": "{}"});
        let path = format!("/api/v1/webhooks/{id}/signature");
        let signed = site.post(&firm, &path, &ask).await.json();
        let signature = signed["webhook_signature"].as_str().unwrap();
        assert!(secret.verify("ntc_1", 5, b"{}", signature));
    });
}

#[test]
fn everything_after_a_number_can_be_sent_again() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        // Posted before there was a webhook: never pushed so far.
        post(&site, (1..=2).map(|n| notice(FIRM, "tax.paid", n)).collect()).await;
        let (id, _) = add(&site, &firm, &["tax.*"]).await;
        post(&site, vec![notice(FIRM, "tax.paid", 3), notice(FIRM, "clearance.released", 4)]).await;
        let receiver = Receiver::answering(200);
        assert_eq!(deliver(&site, &receiver).await.delivered, 1);
        let path = format!("/api/v1/webhooks/{id}/replay");
        let replayed = site.post(&firm, &path, &json!({"after": 1})).await;
        assert_eq!(replayed.json(), json!({"replayed": 2, "next": 4}));
        receiver.got();
        assert_eq!(deliver(&site, &receiver).await.delivered, 2);
        assert_eq!(states(&site, &firm, "").await.len(), 2, "one delivery a notice");
    });
}

#[test]
fn another_firms_webhooks_and_deliveries_are_out_of_reach() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let other = site.key(Role::Firm, Some(OTHER)).await.unwrap();
        let (id, _) = add(&site, &firm, &[]).await;
        post(&site, vec![notice(FIRM, "tax.paid", 1)]).await;
        let listed = site.get(&firm, "/api/v1/deliveries").await.json();
        let delivery = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/webhooks/{id}");
        assert!(site.is_hidden(&other, &path).await);
        assert_eq!(site.delete(&other, &path).await.status, 404);
        assert_eq!(site.patch(&other, &path, &json!({"state": "paused"})).await.status, 404);
        let body = json!({"webhook_id": "x", "webhook_timestamp": 1, "body": ""});
        for (act, body) in
            [("test", json!({})), ("signature", body), ("replay", json!({"after": 0}))]
        {
            let answer = site.post(&other, &format!("{path}/{act}"), &body).await;
            assert_eq!(answer.status, 404, "{act}");
        }
        let replay = format!("/api/v1/deliveries/{delivery}/replay");
        assert_eq!(site.post(&other, &replay, &json!({})).await.status, 404);
        assert!(states(&site, &other, "").await.is_empty());
        assert_eq!(states(&site, &firm, &format!("?webhook={id}")).await, ["due"]);
        let theirs = site.get(&other, "/api/v1/webhooks").await.json();
        assert_eq!(theirs, json!({"items": []}));
        let operator = site.key(Role::Operator, None).await.unwrap();
        assert_eq!(site.get(&operator, &path).await.status, 200);
    });
}

#[test]
fn a_webhook_with_faults_is_refused_with_every_fault() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let body = json!({"url": "http://169.254.169.254/", "kinds": ["Tax", "tax.*", "*"]});
        let refused = site.post(&firm, "/api/v1/webhooks", &body).await;
        let json = refused.json();
        let told: Vec<_> =
            json["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!(
            (refused.status, told),
            (422, vec![json!("url"), json!("kinds[0]"), json!("kinds[2]")])
        );
        for _ in 0..10 {
            add(&site, &firm, &[]).await;
        }
        let many =
            site.post(&firm, "/api/v1/webhooks", &json!({"url": "https://a.example/"})).await;
        assert_eq!((many.status, many.code().as_str()), (409, "webhook.too_many"));
    });
}

#[test]
fn two_workers_never_send_the_same_delivery() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        add(&site, &firm, &[]).await;
        post(&site, (1..=60).map(|n| notice(FIRM, "tax.paid", n)).collect()).await;
        let receiver = Receiver::answering(200);
        let (db, ctx) = (site.app.db.clone(), site.app.ctx_as("deliverer".into()));
        let work = || loop {
            // Two workers may get in one another's way; then the round is simply done again.
            match deliver_due(&db, &ctx, &receiver, 7) {
                Ok(report) if report.claimed == 0 => return,
                Ok(_) => {}
                Err(error) => assert!(error.is_outage(), "{error}"),
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            scope.spawn(work);
        });
        deliver(&site, &receiver).await;
        let mut ids: Vec<_> =
            receiver.got().iter().map(|o| header(o, "webhook-id").to_owned()).collect();
        ids.sort();
        let sent = ids.len();
        ids.dedup();
        assert_eq!((sent, ids.len()), (60, 60));
    });
}
