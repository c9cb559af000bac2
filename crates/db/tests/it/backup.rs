//! Backup, restore, size.

use std::sync::atomic::{AtomicBool, Ordering};

use db::test::{Folder, both_with, ctx, master_key};
use db::{Db, DbError, MasterKey, Migration, Original, Overwrite, Progress, Settings, params};
use kernel::Time;

const NOW: Time = Time::from_millis(1_794_326_400_000);
const SHOP: &[Migration] = &[Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);",
}];

fn sell(db: &Db, id: i64) {
    db.write(|tx| {
        let sql = "INSERT INTO shop_goods (id, name) VALUES ($1, 'tea\twith\nbreaks \\N')";
        tx.execute(sql, params![id])
    })
    .unwrap();
}

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.query_one("SELECT COUNT(*) FROM shop_goods", &[])?.i64(0)).unwrap()
}

#[test]
fn a_backup_brings_back_what_was_there() {
    both_with(SHOP, |db| {
        let folder = Folder::new();
        let file = folder.path().join("backup");
        let ctx = ctx(NOW);
        sell(db, 1);
        let bytes = b"<secret/>";
        let original = Original { kind: "k", door: "d", sender: "s", bytes };
        let id = db.write(|tx| tx.archive(&ctx, &[original])).unwrap()[0];
        let mut reports = Vec::new();
        db.backup(&file, |progress| reports.push(progress)).unwrap();
        let Some(Progress { done, total }) = reports.pop() else { panic!("no progress") };
        assert_eq!(done, total);
        assert!(db.backup(&file, |_| {}).is_err(), "a backup is never overwritten");

        sell(db, 2);
        let refused = db.restore(&file, SHOP, Overwrite::Refuse, |_| {});
        assert!(refused.unwrap_err().to_string().contains("not empty"));
        assert_eq!(count(db), 2);

        db.restore(&file, SHOP, Overwrite::Replace, |_| {}).unwrap();
        db.migrate(SHOP).unwrap();
        assert_eq!(count(db), 1);
        assert_eq!(db.check().unwrap(), [""; 0]);
        let opened = db.read(|tx| tx.original(id)).unwrap().unwrap();
        assert_eq!(opened.bytes.expose(), b"<secret/>");
        sell(db, 3);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing but the backup is left behind");
    });
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    both_with(SHOP, |db| {
        let folder = Folder::new();
        let file = folder.path().join("backup");
        sell(db, 1);
        db.backup(&file, |_| {}).unwrap();
        let restore = |path: &std::path::Path, known: &[Migration]| {
            db.restore(path, known, Overwrite::Replace, |_| {})
        };
        assert!(matches!(restore(&file, &[]), Err(DbError::Schema(_))), "from a newer program");
        let junk = folder.path().join("junk");
        std::fs::write(&junk, "not a database at all, but long enough to look like one").unwrap();
        assert!(restore(&junk, SHOP).is_err());
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.truncate(bytes.len() / 2);
        std::fs::write(&junk, bytes).unwrap();
        assert!(restore(&junk, SHOP).is_err());
        assert_eq!(count(db), 1);
    });
}

#[test]
fn a_backup_under_another_master_key_is_refused() {
    let folder = Folder::new();
    let file = folder.path().join("backup");
    let open = |name: &str, key: MasterKey| {
        let path = folder.path().join(name);
        Db::open(&Settings::new(path.to_str().unwrap(), key)).unwrap()
    };
    let ours = open("ours.db", master_key());
    ours.migrate(SHOP).unwrap();
    ours.backup(&file, |_| {}).unwrap();
    let other = open("other.db", MasterKey::generate().unwrap());
    let refused = other.restore(&file, SHOP, Overwrite::Refuse, |_| {});
    assert!(matches!(refused, Err(DbError::Key(_))), "{refused:?}");
    let empty = open("empty.db", master_key());
    empty.restore(&file, SHOP, Overwrite::Refuse, |_| {}).unwrap();
    empty.migrate(SHOP).unwrap();
    assert_eq!(count(&empty), 0);
}

#[test]
fn a_backup_is_of_one_instant_while_others_write() {
    both_with(SHOP, |db| {
        let folder = Folder::new();
        let file = folder.path().join("backup");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Pairs: an instant never shows half of one.
                for id in (0..).step_by(2) {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    let sql = "INSERT INTO shop_goods VALUES ($1, 'a'), ($1 + 1, 'b')";
                    db.write(|tx| tx.execute(sql, params![id])).unwrap();
                }
            });
            let backup = db.backup(&file, |_| {});
            done.store(true, Ordering::SeqCst);
            backup.unwrap();
        });
        db.restore(&file, SHOP, Overwrite::Replace, |_| {}).unwrap();
        assert_eq!(count(db) % 2, 0);
    });
}

#[test]
fn the_size_grows_with_the_data() {
    both_with(SHOP, |db| {
        db.checkpoint().unwrap();
        let before = db.size_on_disk().unwrap();
        assert!(before > 0);
        db.write(|tx| tx.set_setting("large", &"x7 ".repeat(500_000))).unwrap();
        db.checkpoint().unwrap();
        assert!(db.size_on_disk().unwrap() > before);
    });
}
