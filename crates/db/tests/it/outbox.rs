//! Events: order, exactly once, bad events set aside.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use db::test::{both, ctx};
use db::{Ctx, Db, DbError, EVENT_FAILURES_MAX, Event, StoredEvent, Tx};
use kernel::Time;
use serde_json::json;

const NOW: Time = Time::from_millis(1_794_326_400_000);

fn event(number: i64) -> Event {
    Event {
        kind: "shop.sold",
        subject: format!("goods_{number}"),
        body: json!({ "n": number }).into(),
    }
}

fn emit(db: &Db, ctx: &Ctx, numbers: impl IntoIterator<Item = i64>) {
    db.write(|tx| tx.emit_many(ctx, numbers.into_iter().map(event))).unwrap();
}

fn number(event: &StoredEvent) -> i64 {
    event.body["n"].as_i64().unwrap()
}

/// Consumes until nothing is left; gives the numbers in the order in which they were handled.
fn drain(db: &Db, consumer: &str, max: usize) -> Vec<i64> {
    let seen = RefCell::new(Vec::new());
    let take = |_: &mut Tx, events: &[StoredEvent]| -> Result<(), DbError> {
        seen.borrow_mut().extend(events.iter().map(number));
        Ok(())
    };
    while db.consume(consumer, max, take).unwrap() > 0 {}
    seen.into_inner()
}

#[test]
fn every_consumer_gets_every_event_once_in_order() {
    both(|db| {
        let ctx = ctx(NOW);
        assert!(drain(db, "early", 10).is_empty());
        emit(db, &ctx, 0..2_500);
        emit(db, &ctx, 2_500..2_510);
        let all: Vec<i64> = (0..2_510).collect();
        assert_eq!(drain(db, "by sevens", 7), all);
        assert_eq!(drain(db, "by thousands", 1_000), all);
        assert!(drain(db, "by thousands", 1_000).is_empty());
        emit(db, &ctx, [9_999]);
        assert_eq!(drain(db, "by thousands", 1_000), [9_999]);
        let first = db.read(|tx| tx.events(2_508, 1)).unwrap().remove(0);
        assert_eq!((first.seq, first.kind.as_str()), (2_509, "shop.sold"));
        assert_eq!((first.subject.as_str(), first.at), ("goods_2508", NOW));
    });
}

#[test]
fn what_is_undone_is_not_announced() {
    both(|db| {
        let ctx = ctx(NOW);
        let failed: Result<(), DbError> = db.write(|tx| {
            tx.emit(&ctx, event(1))?;
            Err(DbError::Other("no".to_owned()))
        });
        assert!(failed.is_err());
        db.write(|tx| {
            tx.emit(&ctx, event(2))?;
            let attempt: Result<(), DbError> = tx.attempt(|tx| {
                tx.emit(&ctx, event(3))?;
                Err(DbError::Other("no".to_owned()))
            });
            assert!(attempt.is_err());
            tx.emit(&ctx, event(4))
        })
        .unwrap();
        assert_eq!(drain(db, "c", 10), [2, 4]);
        let reading = db.read(|tx| tx.emit(&ctx, event(5)));
        assert!(matches!(reading, Err(DbError::ReadOnly)));
    });
}

#[test]
fn nothing_is_lost_or_doubled_while_many_write_and_two_consume() {
    both(|db| {
        const WRITERS: i64 = 6;
        const EACH: i64 = 40;
        let ctx = ctx(NOW);
        db.write(|tx| {
            tx.execute(
                "CREATE TABLE seen (place BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
                &[],
            )
        })
        .unwrap();
        let writing = AtomicUsize::new(WRITERS as usize);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (writing, ctx) = (&writing, &ctx);
                scope.spawn(move || {
                    for i in 0..EACH {
                        let numbers = [writer * 1_000 + 2 * i, writer * 1_000 + 2 * i + 1];
                        let act = |tx: &mut Tx| tx.emit_many(ctx, numbers.map(event));
                        while let Err(error) = db.write(act) {
                            assert!(error.is_outage(), "{error:?}");
                        }
                    }
                    writing.fetch_sub(1, Ordering::SeqCst);
                });
            }
            for _ in 0..2 {
                let writing = &writing;
                scope.spawn(move || {
                    let note = |tx: &mut Tx, events: &[StoredEvent]| -> Result<(), DbError> {
                        for event in events {
                            let sql = "INSERT INTO seen VALUES ($1, $2)";
                            tx.execute(sql, db::params![event.seq, number(event)])?;
                        }
                        Ok(())
                    };
                    loop {
                        let last_look = writing.load(Ordering::SeqCst) == 0;
                        let count = db.consume("both", 16, note).unwrap_or(1);
                        if last_look && count == 0 {
                            break;
                        }
                    }
                });
            }
        });
        let rows = db.read(|tx| tx.query("SELECT place, n FROM seen ORDER BY place", &[])).unwrap();
        let places: Vec<i64> = rows.iter().map(|row| row.i64(0).unwrap()).collect();
        assert_eq!(places, (1..=WRITERS * EACH * 2).collect::<Vec<_>>(), "no gap, no double");
        for writer in 0..WRITERS {
            let numbers = rows.iter().map(|row| row.i64(1).unwrap());
            let own: Vec<i64> = numbers.filter(|n| n / 1_000 == writer).collect();
            assert!(own.is_sorted(), "writer {writer}: {own:?}");
        }
    });
}

#[test]
fn a_bad_event_is_set_aside_and_can_be_replayed() {
    both(|db| {
        emit(db, &ctx(NOW), 0..20);
        let handled = RefCell::new(Vec::new());
        let healed = Cell::new(false);
        let strict = |_: &mut Tx, events: &[StoredEvent]| {
            if events.iter().any(|event| number(event) == 13) && !healed.get() {
                return Err(DbError::Other("thirteen is unlucky".to_owned()));
            }
            handled.borrow_mut().extend(events.iter().map(number));
            Ok(())
        };
        let mut failures = 0;
        loop {
            match db.consume("strict", 8, strict) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => failures += 1,
            }
            assert!(failures < 50, "the bad event blocks the rest");
        }
        let others: Vec<i64> = (0..20).filter(|n| *n != 13).collect();
        assert_eq!(*handled.borrow(), others);

        let dead = db.read(|tx| tx.dead_events("strict", 0, 10)).unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!((number(&dead[0].event), dead[0].failures), (13, EVENT_FAILURES_MAX));
        assert!(dead[0].error.contains("unlucky"));

        let replay = |seq| db.write(|tx| tx.replay("strict", seq)).unwrap();
        assert!(!replay(999));
        assert!(replay(dead[0].event.seq));
        assert!(db.consume("strict", 8, strict).is_err());
        let again = db.read(|tx| tx.dead_events("strict", 0, 10)).unwrap();
        assert_eq!((again[0].failures, again[0].replay), (EVENT_FAILURES_MAX + 1, false));

        healed.set(true);
        assert!(replay(dead[0].event.seq));
        assert_eq!(db.consume("strict", 8, strict).unwrap(), 1);
        assert_eq!(handled.borrow().last(), Some(&13));
        assert!(db.read(|tx| tx.dead_events("strict", 0, 10)).unwrap().is_empty());
    });
}

#[test]
fn a_panicking_handler_undoes_its_work_and_counts_as_failed() {
    both(|db| {
        emit(db, &ctx(NOW), [1]);
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            db.consume("c", 8, |tx, _| -> Result<(), DbError> {
                tx.set_setting("touched", "yes")?;
                panic!("a bug");
            })
        }));
        assert!(panics.is_err());
        let sql = "SELECT failures, error FROM db_cursor WHERE consumer = 'c'";
        let row = db.read(|tx| tx.query_one(sql, &[])).unwrap();
        assert_eq!(row.i64(0).unwrap(), 1);
        assert_eq!(db.read(|tx| tx.setting("touched")).unwrap(), None);
        assert_eq!(drain(db, "c", 8), [1]);
    });
}

#[test]
fn old_events_go_only_when_everybody_has_had_them() {
    both(|db| {
        emit(db, &ctx(NOW), [1]);
        emit(db, &ctx(NOW.plus_millis(10)), [2]);
        drain(db, "fast", 8);
        db.consume("slow", 1, |_, _| Ok::<(), DbError>(())).unwrap();
        let prune = |at: Time| db.write(|tx| tx.prune_events(at)).unwrap();
        assert_eq!(prune(NOW), 0, "none is old enough");
        assert_eq!(prune(NOW.plus_millis(99)), 1, "the slow one has not had the second");
        assert_eq!(drain(db, "slow", 8), [2]);
        assert_eq!(prune(NOW.plus_millis(99)), 1);
    });
}

#[test]
fn listeners_hear_of_news_after_the_commit() {
    both(|db| {
        static HEARD: AtomicBool = AtomicBool::new(false);
        HEARD.store(false, Ordering::SeqCst);
        db.on_news(|| HEARD.store(true, Ordering::SeqCst));
        db.write(|tx| tx.set_setting("a", "b")).unwrap();
        assert!(!HEARD.load(Ordering::SeqCst));
        emit(db, &ctx(NOW), [1]);
        assert!(HEARD.load(Ordering::SeqCst));
    });
}
