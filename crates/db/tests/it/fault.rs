//! When the disk is full or can only be read, when another program holds the file, when the clock
//! of the last start was ahead: what the caller hears, and that it goes on by itself.

use std::path::Path;
use std::sync::Arc;

use db::test::{Folder, Schema, both, ctx, master_key};
use db::{Ctx, Db, DbError, Settings, params};
use kernel::{Id, IdSource, Time};

const NOW: Time = Time::from_millis(1_794_326_400_000);

fn open(path: &Path) -> Db {
    let db = Db::open(&Settings::new(path.to_str().unwrap(), master_key())).unwrap();
    db.migrate(&[]).unwrap();
    db
}

fn limit(db: &Db, pages: i64) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    db.write(|tx| tx.query(&sql, &[]).map(drop)).unwrap();
}

fn fill(db: &Db, name: &str) -> Result<(), DbError> {
    db.write(|tx| {
        tx.set_setting(&format!("{name}.small"), "half")?;
        tx.set_setting(name, &"x".repeat(1 << 20))
    })
}

#[test]
fn a_full_disk_is_an_outage_that_leaves_nothing_half_done_and_ends_by_itself() {
    let folder = Folder::new();
    let db = open(&folder.path().join("kouan.db"));
    assert_eq!(db.write_trouble(), None);
    limit(&db, 40);
    let full = fill(&db, "a");
    assert!(matches!(full, Err(DbError::Unavailable(_))), "{full:?}");
    assert!(db.write_trouble().unwrap().contains("full"));
    assert_eq!(db.read(|tx| tx.setting("a.small")).unwrap(), None, "nothing half done");
    assert!(matches!(db.try_writing(), Err(DbError::Unavailable(_))));
    limit(&db, 100_000);
    db.try_writing().unwrap();
    assert_eq!(db.write_trouble(), None);
    fill(&db, "a").unwrap();
    assert_eq!(db.check().unwrap(), [""; 0]);
    assert!(db.free_bytes().unwrap() > 0);
}

#[test]
fn a_file_held_by_another_program_is_an_outage_while_it_is_held() {
    let folder = Folder::new();
    let path = folder.path().join("kouan.db");
    let (db, other) = (open(&path), open(&path));
    other
        .write(|tx| {
            tx.set_setting("held", "yes")?;
            assert!(matches!(fill(&db, "a"), Err(DbError::Busy(_))));
            assert!(db.write_trouble().is_some());
            assert!(db.read(|tx| tx.setting("a")).unwrap().is_none(), "reading goes on");
            Ok::<_, DbError>(())
        })
        .unwrap();
    fill(&db, "a").unwrap();
    assert_eq!(db.write_trouble(), None);
}

#[test]
fn a_server_that_can_only_be_read_is_an_outage_until_it_can_be_written() {
    let Some(schema) = Schema::new() else { return };
    let open = |url: String| {
        Db::open(&Settings { readers: 1, ..Settings::new(url, master_key()) }).unwrap()
    };
    let db = open(schema.url());
    db.migrate(&[]).unwrap();
    let cut_off = |readable: &str| {
        // As after a switch to a standby: the session may only read, and stays so.
        db.read(|tx| tx.query(&format!("SET default_transaction_read_only = {readable}"), &[]))
    };
    cut_off("on").unwrap();
    let refused = fill(&db, "a");
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
    assert!(db.write_trouble().is_some());
    // The next one is on another session.
    fill(&db, "a").unwrap();
    assert_eq!(db.write_trouble(), None);
}

#[test]
fn a_start_knows_the_last_id_there_is() {
    both(|db| {
        assert_eq!(db.newest_id().unwrap(), 0);
        let acts = |ids: IdSource, at: Time| {
            let ctx = Ctx { ids: Arc::new(ids), ..ctx(at) };
            db.write(|tx| tx.audit(&ctx, "test.act", "subject", "")).unwrap();
        };
        acts(IdSource::new(5), NOW);
        let newest: Id<db::AuditKind> = Id::from_i64(db.newest_id().unwrap());
        assert_eq!(newest.time(), NOW);
        // A day earlier, and the same millisecond: what would have been the same id again.
        acts(IdSource::new(5).after(newest), NOW.plus_millis(-86_400_000));
        acts(IdSource::new(5).after(Id::<db::AuditKind>::from_i64(db.newest_id().unwrap())), NOW);
        let sql = "SELECT COUNT(*) FROM db_audit";
        assert_eq!(db.read(|tx| tx.query_one(sql, params![])?.i64(0)).unwrap(), 3);
    });
}
