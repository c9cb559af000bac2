//! A disk that fails on purpose: what the simulation of the whole platform stands on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use db::fate::{Fate, Fates, Moment};
use db::test::{Disk, Schema};
use db::{Db, DbError, Migration, params};

/// Lets the n-th moment of writing transactions fail, and what comes at a commit be lost.
#[derive(Default)]
struct Script {
    statements_left: AtomicI64,
    lose_answer: AtomicI64,
}

impl Fates for Script {
    fn decide(&self, moment: Moment) -> Fate {
        match moment {
            Moment::Statement { write: true }
                if self.statements_left.fetch_sub(1, Ordering::Relaxed) == 1 =>
            {
                Fate::Fail
            }
            Moment::Commit { write: true }
                if self.lose_answer.fetch_sub(1, Ordering::Relaxed) == 1 =>
            {
                Fate::FailAfter
            }
            _ => Fate::Go,
        }
    }
}

const GOODS: &[Migration] = &[Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY);",
}];

fn put(db: &Db, ids: [i64; 2]) -> Result<(), DbError> {
    db.write(|tx| {
        for id in ids {
            tx.execute("INSERT INTO shop_goods VALUES ($1)", params![id])?;
        }
        Ok(())
    })
}

fn count(db: &Db) -> i64 {
    let row = db.read(|tx| tx.query_one("SELECT COUNT(*) FROM shop_goods", params![]));
    row.unwrap().i64(0).unwrap()
}

fn a_disk_keeps_what_was_committed(disk: &Disk) {
    let script = Arc::new(Script::default());
    let db = disk.open(script.clone());
    db.migrate(GOODS).unwrap();

    script.statements_left.store(2, Ordering::Relaxed);
    assert!(matches!(put(&db, [1, 2]), Err(DbError::Unavailable(_))));
    assert_eq!(count(&db), 0, "the first row went with the second");

    script.lose_answer.store(1, Ordering::Relaxed);
    assert!(matches!(put(&db, [1, 2]), Err(DbError::Unavailable(_))));
    assert_eq!(count(&db), 2, "committed, although the answer was lost");
    drop(db);

    let db = disk.open(Arc::new(Script::default()));
    db.migrate(GOODS).unwrap();
    assert_eq!(count(&db), 2);
    put(&db, [3, 4]).unwrap();
    assert_eq!(count(&db), 4);
}

#[test]
fn a_disk_in_memory_fails_when_told_and_outlives_its_process() {
    a_disk_keeps_what_was_committed(&Disk::memory());
}

#[test]
fn a_server_fails_when_told_and_outlives_its_clients() {
    let Some(schema) = Schema::new() else {
        eprintln!("skipped: KOUAN_TEST_DATABASE_URL names no PostgreSQL");
        return;
    };
    a_disk_keeps_what_was_committed(&Disk::server(&schema));
}
