//! An SQLite file survives the sudden death of its program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use db::test::{Folder, ctx, master_key};
use db::{Db, Event, Migration, Settings, params};
use kernel::Time;

const NOW: Time = Time::from_millis(1_794_326_400_000);
const FILE: &str = "KOUAN_TEST_KILL_FILE";
const SHOP: &[Migration] = &[Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);",
}];

fn open(path: &Path) -> Db {
    let db = Db::open(&Settings::new(path.to_str().unwrap(), master_key())).unwrap();
    db.migrate(SHOP).unwrap();
    db
}

/// Runs only as the child of the test below: writes until it is killed, and says what is saved.
#[test]
fn child_that_writes_until_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let db = open(Path::new(&path));
    let ctx = ctx(NOW);
    let last = "SELECT COALESCE(MAX(id), 0) FROM shop_goods";
    let start = db.read(|tx| tx.query_one(last, &[])?.i64(0)).unwrap();
    for id in start + 1.. {
        db.write(|tx| {
            tx.execute("INSERT INTO shop_goods VALUES ($1, 'tea')", params![id])?;
            tx.emit(
                &ctx,
                Event { kind: "shop.sold", subject: id.to_string(), body: db::Snapshot::of(&id) },
            )
        })
        .unwrap();
        println!("saved {id}");
    }
}

#[test]
fn what_was_acknowledged_is_there_once_after_a_kill() {
    let folder = Folder::new();
    let path = folder.path().join("kouan.db");
    let mut acknowledged = 0;
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "it::kill::child_that_writes_until_killed", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut saved = 0;
        for line in lines {
            let line = line.unwrap();
            if let Some((_, id)) = line.split_once("saved ") {
                acknowledged = id.parse().unwrap();
                saved += 1;
            }
            if saved == 7 * (round + 1) {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let db = open(&path);
        let sql = "SELECT COUNT(*), MAX(id) FROM shop_goods";
        let row = db.read(|tx| tx.query_one(sql, &[])).unwrap();
        let (count, last) = (row.i64(0).unwrap(), row.i64(1).unwrap());
        assert!(last >= acknowledged, "{last} of {acknowledged}");
        assert_eq!(count, last, "no gap");
        assert_eq!(db.read(|tx| tx.last_event()).unwrap(), last, "an event with every row");
        assert_eq!(db.check().unwrap(), [""; 0]);
    }
}
