//! What a database counts of itself.

use db::test::{Folder, both_with, master_key};
use db::{Db, Migration, Rows, Settings, params, values};

const SHOP: &[Migration] = &[Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);",
}];

#[test]
fn transactions_and_statements_are_counted() {
    both_with(SHOP, |db| {
        let before = db.stats();
        db.write(|tx| {
            tx.execute("INSERT INTO shop_goods VALUES ($1, 'tea')", params![1])?;
            tx.execute("INSERT INTO shop_goods VALUES ($1, 'cups')", params![2])
        })
        .unwrap();
        db.read(|tx| tx.query("SELECT 1 FROM shop_goods", &[])).unwrap();
        let refused =
            db.write(|tx| tx.execute("INSERT INTO shop_goods VALUES ($1, 'x')", params![1]));
        assert!(refused.is_err());
        let after = db.stats();
        assert_eq!(after.commits - before.commits, 1, "what was undone is no commit");
        assert_eq!(after.reads - before.reads, 1);
        assert_eq!(after.statements - before.statements, 3);
        assert_eq!(db.is_server(), after.round_trips > 0);
    });
}

#[test]
fn a_long_log_is_moved_into_the_file() {
    let folder = Folder::new();
    let path = folder.path().join("log.db");
    let db = Db::open(&Settings::new(path.to_str().unwrap(), master_key())).unwrap();
    db.migrate(SHOP).unwrap();
    let name = "x".repeat(4_000);
    let before = db.stats();
    for batch in 0..40_i64 {
        let ids = batch * 500..(batch + 1) * 500;
        let rows: Rows<'_> = ids.map(|id| values![id, &name]).collect();
        let fail = db::OnConflict::Fail;
        db.write(|tx| tx.insert_many("shop_goods", &["id", "name"], &rows, fail)).unwrap();
    }
    let after = db.stats();
    assert!(after.bytes_logged - before.bytes_logged > 40 * 500 * 4_000);
    assert!(after.checkpoints > before.checkpoints);
    let checkpoints = after.checkpoints - before.checkpoints;
    assert_eq!(after.fsyncs - before.fsyncs, 40 + 2 * checkpoints);
    let log = std::fs::metadata(folder.path().join("log.db-wal")).unwrap().len();
    assert!(log < after.bytes_logged / 2, "the log is used again: {log}");
}
