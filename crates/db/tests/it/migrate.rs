//! Migrations.

use db::test::{Folder, both, both_with, master_key};
use db::{Db, DbError, MasterKey, Migration, Settings, schema_text};

const ONE: Migration = Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY, picture BLOB);
          -- why there is an index; and a semicolon
          CREATE INDEX shop_goods_picture ON shop_goods (picture);",
};
const TWO: Migration = Migration {
    room: "shop",
    number: 2,
    name: "sold",
    sql: "ALTER TABLE shop_goods ADD COLUMN sold BOOLEAN NOT NULL DEFAULT FALSE;
          CREATE TABLE shop_code (code TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;",
};

fn refused(outcome: Result<(), DbError>) -> String {
    match outcome {
        Err(DbError::Schema(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn applies_what_is_missing_once() {
    both(|db| {
        db.migrate(&[ONE]).unwrap();
        db.write(|tx| tx.execute("INSERT INTO shop_goods (id) VALUES (1)", &[])).unwrap();
        db.migrate(&[ONE, TWO]).unwrap();
        db.migrate(&[ONE, TWO]).unwrap();
        let sql = "SELECT sold FROM shop_goods WHERE id = 1";
        assert!(!db.read(|tx| tx.query_one(sql, &[])?.bool(0)).unwrap());
        let names: Vec<String> = db
            .migrations()
            .unwrap()
            .into_iter()
            .map(|m| format!("{}/{} {}", m.0, m.1, m.2))
            .collect();
        assert_eq!(names, ["db/1 db", "shop/1 goods", "shop/2 sold"]);
        assert_eq!(db.check().unwrap(), [""; 0]);
    });
}

#[test]
fn a_faulty_migration_changes_nothing() {
    both(|db| {
        let faulty = Migration { sql: "CREATE TABLE a (b TEXT); CREATE TABLE a (b TEXT);", ..TWO };
        assert!(refused(db.migrate(&[ONE, faulty])).contains("shop/2"));
        assert_eq!(db.migrations().unwrap().len(), 1, "only this crate's own");
        db.migrate(&[ONE, TWO]).unwrap();
    });
}

#[test]
fn the_schema_is_checked_against_the_migrations() {
    both_with(&[ONE], |db| {
        db.write(|tx| tx.execute("ALTER TABLE shop_goods ADD COLUMN by_hand TEXT", &[])).unwrap();
        assert_eq!(db.check().unwrap(), ["shop_goods.by_hand is unknown"]);
        db.write(|tx| tx.execute("DROP TABLE shop_goods", &[])).unwrap();
        assert_eq!(db.check().unwrap().len(), 2);
    });
}

#[test]
fn numbers_count_up_and_only_common_words_are_used() {
    both(|db| {
        assert!(refused(db.migrate(&[TWO])).contains("shop/2 follows shop/0"));
        let serial = Migration { sql: "CREATE TABLE a (b SERIAL);", ..ONE };
        assert!(refused(db.migrate(&[serial])).contains("SERIAL"));
    });
}

fn open(path: &std::path::Path, master_key: MasterKey) -> Db {
    let url = path.to_str().unwrap();
    Db::open(&Settings { url: url.to_owned(), master_key, readers: 2, durable: true }).unwrap()
}

#[test]
fn an_edited_migration_and_a_newer_database_are_refused() {
    let folder = Folder::new();
    let path = folder.path().join("kouan.db");
    open(&path, master_key()).migrate(&[ONE, TWO]).unwrap();
    let edited = Migration { sql: "CREATE TABLE shop_goods (id TEXT);", ..ONE };
    let text = refused(open(&path, master_key()).migrate(&[edited, TWO]));
    assert!(text.contains("shop/1 was changed after it was applied"), "{text}");
    let windows = ONE.sql.replace('\n', "\r\n").leak();
    open(&path, master_key()).migrate(&[Migration { sql: windows, ..ONE }, TWO]).unwrap();
    let text = refused(open(&path, master_key()).migrate(&[ONE]));
    assert!(text.contains("newer program (it has migration shop/2"), "{text}");
}

#[test]
fn another_master_key_is_refused_at_the_door() {
    let folder = Folder::new();
    let path = folder.path().join("kouan.db");
    open(&path, master_key()).migrate(&[]).unwrap();
    let other = open(&path, MasterKey::generate().unwrap()).migrate(&[]);
    assert!(matches!(other, Err(DbError::Key(_))), "{other:?}");
    open(&path, master_key().rotated().unwrap()).migrate(&[]).unwrap();
}

#[test]
fn programs_that_start_together_migrate_once() {
    let folder = Folder::new();
    let path = folder.path().join("kouan.db");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| open(&path, master_key()).migrate(&[ONE, TWO]).unwrap());
        }
    });
    assert_eq!(open(&path, master_key()).migrations().unwrap().len(), 3);
}

#[test]
fn the_schema_as_text_is_complete_and_sorted() {
    let text = schema_text(&[ONE, TWO]).unwrap();
    assert!(text.contains("CREATE TABLE shop_goods (id BIGINT NOT NULL PRIMARY KEY, picture BLOB"));
    assert!(text.contains("sold BOOLEAN NOT NULL DEFAULT FALSE"));
    let place = |part: &str| text.find(part).unwrap();
    assert!(place("CREATE TABLE shop_code") < place("CREATE TABLE shop_goods"));
    assert!(place("CREATE TABLE shop_goods") < place("CREATE INDEX shop_goods_picture"));
    assert!(place("CREATE TABLE db_event") < place("CREATE TABLE shop_code"));
}

#[test]
fn urls_that_mean_nothing_are_refused() {
    for url in ["", "sqlite:", "mysql://host/db", "postgres://host:port/x"] {
        let settings = Settings::new(url, master_key());
        let refused = Db::open(&settings);
        assert!(matches!(refused, Err(DbError::Settings(_))), "{url}: {refused:?}");
    }
    let secret = Settings::new("postgres://u:hunter2@127.0.0.1:1/x", master_key());
    let away = Db::open(&secret).unwrap_err();
    assert!(matches!(away, DbError::Unavailable(_)), "{away:?}");
    assert!(!away.to_string().contains("hunter2"));
}
