//! What only a database server can do: be started on by several programs, and go away.

use db::test::{both, master_key};
use db::{Db, DbError, Migration, Settings, params};

const ONE: Migration = Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY);",
};

/// Another program on the same database; `None` on SQLite.
fn another(db: &Db) -> Option<Db> {
    let url = std::env::var("KOUAN_TEST_DATABASE_URL").ok().filter(|_| db.is_server())?;
    let sql = "SELECT CAST(current_schema() AS TEXT)";
    let schema =
        db.read(|tx| Ok::<_, DbError>(tx.query_one(sql, &[])?.text(0)?.to_owned())).unwrap();
    let url = format!("{url}&options=-c%20search_path%3D{schema}");
    Some(Db::open(&Settings { readers: 1, ..Settings::new(url, master_key()) }).unwrap())
}

#[test]
fn programs_that_start_together_migrate_once() {
    both(|db| {
        if !db.is_server() {
            return;
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| another(db).unwrap().migrate(&[ONE]).unwrap());
            }
        });
        assert_eq!(db.migrations().unwrap().len(), 2);
    });
}

#[test]
fn a_lost_connection_is_an_outage_and_the_next_call_has_a_new_one() {
    both(|db| {
        let Some(other) = another(db) else { return };
        let sql = "SELECT CAST(pg_backend_pid() AS BIGINT)";
        let pid = || other.read(|tx| tx.query_one(sql, &[])?.i64(0));
        let first = pid().unwrap();
        let end = "SELECT pg_terminate_backend(CAST($1 AS INTEGER))";
        let lost = other.write(|tx| tx.query_one(end, params![first]).map(drop));
        assert!(matches!(lost, Err(DbError::Unavailable(_))), "{lost:?}");
        let second = pid().unwrap();
        assert_ne!(second, first);
        // Now it dies while it lies idle: nobody notices.
        assert!(db.read(|tx| tx.query_one(end, params![second])?.bool(0)).unwrap());
        assert_ne!(pid().unwrap(), second);
    });
}

#[test]
fn a_lock_held_elsewhere_is_waited_for() {
    both(|db| {
        let Some(other) = another(db) else { return };
        db.write(|tx| tx.set_setting("a", "0")).unwrap();
        let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted
                       AND relation IS NULL AND locktype = 'transactionid'";
        std::thread::scope(|scope| {
            db.write(|tx| -> Result<(), DbError> {
                tx.set_setting("a", "1")?;
                scope.spawn(|| {
                    let add = "UPDATE db_setting SET value = value || '2' WHERE name = 'a'";
                    other.write(|tx| tx.execute(add, &[])).unwrap();
                });
                while tx.query_one(waiting, &[])?.i64(0)? == 0 {
                    std::thread::yield_now();
                }
                Ok(())
            })
            .unwrap();
        });
        assert_eq!(db.read(|tx| tx.setting("a")).unwrap().as_deref(), Some("12"));
    });
}
