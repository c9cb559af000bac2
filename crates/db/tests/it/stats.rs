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
    let rows: Rows<'_> = (0..18_000).map(|id| values![id, &name]).collect();
    let fail = db::OnConflict::Fail;
    db.write(|tx| tx.insert_many("shop_goods", &["id", "name"], &rows, fail)).unwrap();
    let long = log_bytes(&folder);
    assert!(db.stats().bytes_logged - before.bytes_logged > 18_000 * 4_000);
    // It happens beside the writers: go on writing until it has.
    let mut commits: u32 = 1;
    while db.stats().checkpoints - before.checkpoints < 2 {
        let sql = "UPDATE shop_goods SET name = 'y' WHERE id = $1";
        db.write(|tx| tx.execute(sql, params![commits])).unwrap();
        commits += 1;
        std::thread::yield_now();
    }
    let after = db.stats();
    assert!(after.fsyncs - before.fsyncs >= u64::from(commits) + 4);
    // The log begins anew: what is written now is written over what was moved.
    let rows: Rows<'_> = (20_000..30_000).map(|id| values![id, &name]).collect();
    db.write(|tx| tx.insert_many("shop_goods", &["id", "name"], &rows, fail)).unwrap();
    assert!(log_bytes(&folder) < long + (16 << 20), "{} after {long}", log_bytes(&folder));
}

fn log_bytes(folder: &Folder) -> u64 {
    std::fs::metadata(folder.path().join("log.db-wal")).unwrap().len()
}
