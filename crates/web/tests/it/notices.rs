//! The pull queue.

use kernel::Time;
use serde_json::json;
use web::Role;
use web::notices::{self, Notice};
use web::test::Site;

use crate::check;

pub(crate) const FIRM: &str = "3703960ABC";
pub(crate) const OTHER: &str = "3703960XYZ";

pub(crate) fn notice(party: &str, kind: &'static str, n: u32) -> Notice {
    Notice { party: party.into(), kind, subject: format!("inv_{n}"), body: json!({"n": n}).into() }
}

pub(crate) async fn post(site: &Site, news: Vec<Notice>) {
    site.write(move |tx, ctx| notices::post(tx, ctx, &news)).await.unwrap();
}

#[test]
fn each_party_has_its_own_numbers_and_sees_only_its_own() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let other = site.key(Role::Firm, Some(OTHER)).await.unwrap();
        let kind = "clearance.receipt_arrived";
        post(&site, vec![notice(FIRM, kind, 1), notice(OTHER, kind, 2), notice(FIRM, kind, 3)])
            .await;
        post(&site, vec![notice(FIRM, kind, 4)]).await;
        post(&site, Vec::new()).await;

        let queue = site.get(&firm, "/api/v1/notices").await.json();
        let seen: Vec<_> = queue["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["seq"].as_i64().unwrap(), item["body"]["n"].as_i64().unwrap()))
            .collect();
        assert_eq!(seen, [(1, 1), (2, 3), (3, 4)]);
        assert_eq!(
            (&queue["next"], &queue["last"], &queue["acked"]),
            (&json!(3), &json!(3), &json!(0))
        );
        let theirs = site.get(&other, "/api/v1/notices").await.json();
        assert_eq!(theirs["items"].as_array().unwrap().len(), 1);
        assert_eq!(theirs["items"][0]["subject"], "inv_2");
    });
}

#[test]
fn what_is_not_acknowledged_comes_again_and_the_mark_never_goes_back() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        post(&site, (1..=3).map(|n| notice(FIRM, "tax.paid", n)).collect()).await;
        let first = async || {
            let queue = site.get(&firm, "/api/v1/notices?limit=1").await.json();
            queue["items"][0]["seq"].clone()
        };
        assert_eq!((first().await, first().await), (json!(1), json!(1)));
        let ack = async |up_to: i64| {
            site.post(&firm, "/api/v1/notices/ack", &json!({ "up_to": up_to })).await
        };
        assert_eq!(ack(2).await.json(), json!({"acked": 2, "last": 3, "waiting": 1}));
        assert_eq!(first().await, 3);
        assert_eq!(ack(1).await.json()["acked"], 2);
        for beyond in [4, 0, -1] {
            let refused = ack(beyond).await;
            assert_eq!((refused.status, refused.code().as_str()), (400, "request.out_of_range"));
        }
        let from_start = site.get(&firm, "/api/v1/notices?after=0").await.json();
        assert_eq!(from_start["items"].as_array().unwrap().len(), 3, "kept, and can be read again");
    });
}

#[test]
fn a_firm_without_news_has_an_empty_queue_and_an_officer_has_none() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let queue = site.get(&firm, "/api/v1/notices").await.json();
        assert_eq!(queue, json!({"items": [], "next": 0, "acked": 0, "last": 0}));
        let operator = site.key(Role::Operator, None).await.unwrap();
        assert_eq!(site.get(&operator, "/api/v1/notices").await.code(), "auth.not_a_firm");
        assert_eq!(site.get(&firm, "/api/v1/notices?limit=0").await.code(), "request.out_of_range");
    });
}

#[test]
fn only_what_is_old_and_done_with_is_pruned() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        post(&site, (1..=2).map(|n| notice(FIRM, "tax.paid", n)).collect()).await;
        site.post(&firm, "/api/v1/notices/ack", &json!({"up_to": 1})).await;
        let prune =
            async |before: Time| site.write(move |tx, _| notices::prune(tx, before)).await.unwrap();
        let now = site.app.clock.now();
        assert_eq!(prune(now).await, 0, "not old");
        assert_eq!(prune(now.plus_millis(1)).await, 1, "the acknowledged one");
        let left = site.get(&firm, "/api/v1/notices?after=0").await.json();
        assert_eq!(left["items"][0]["seq"], 2);
        post(&site, vec![notice(FIRM, "tax.paid", 3)]).await;
        let next = site.get(&firm, "/api/v1/notices").await.json();
        assert_eq!(next["last"], 3, "numbers go on after pruning");
    });
}

#[test]
fn many_at_once_come_page_by_page_with_their_own_content_and_go_for_good() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let news = (1..=600).flat_map(|n| [FIRM, OTHER].map(|party| notice(party, "tax.paid", n)));
        post(&site, news.collect()).await;
        let mut after = 0;
        while after < 600 {
            let page = format!("/api/v1/notices?after={after}&limit=77");
            let queue = site.get(&firm, &page).await.json();
            for item in queue["items"].as_array().unwrap() {
                after += 1;
                assert_eq!((&item["seq"], &item["body"]["n"]), (&json!(after), &json!(after)));
            }
        }
        let acknowledged = json!({"up_to": 600});
        site.post(&firm, "/api/v1/notices/ack", &acknowledged).await;
        let later = site.app.clock.now().plus_millis(1);
        let gone = site.write(move |tx, _| notices::prune(tx, later)).await.unwrap();
        assert_eq!(gone, 600);
        let left = "SELECT party, CAST(SUM(count) AS BIGINT) FROM web_notice_body GROUP BY party";
        let left = site.write(move |tx, _| tx.query(left, &[])).await.unwrap();
        let left: Vec<_> =
            left.iter().map(|row| (row.text(0).unwrap(), row.i64(1).unwrap())).collect();
        assert_eq!(left, [(OTHER, 600)], "the other has not seen them yet");
    });
}

#[test]
fn posters_at_the_same_time_leave_no_gap_and_no_double() {
    check(|site| async move {
        let firm = site.key(Role::Firm, Some(FIRM)).await.unwrap();
        let (db, ctx) = (site.app.db.clone(), site.app.ctx_as("test".into()));
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (db, ctx) = (&db, &ctx);
                scope.spawn(move || {
                    for n in 0..10 {
                        // In either order, so that careless locking would deadlock.
                        let mut news =
                            vec![notice(FIRM, "tax.paid", n), notice(OTHER, "tax.paid", n)];
                        if worker % 2 == 0 {
                            news.reverse();
                        }
                        db.write(|tx| notices::post(tx, ctx, &news)).unwrap();
                    }
                });
            }
        });
        let queue = site.get(&firm, "/api/v1/notices?limit=500").await.json();
        let items = queue["items"].as_array().unwrap();
        let numbers: Vec<_> = items.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
        assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    });
}
