//! The archive of originals.

use db::test::{Folder, both, ctx, master_key};
use db::{Ctx, Db, DbError, MasterKey, Original, OriginalId, Overwrite, Settings, params};
use kernel::Time;

const NOW: Time = Time::from_millis(1_794_326_400_000);

fn document(n: usize) -> Vec<u8> {
    let order = format!("<ceb:orderNo>ZB{n:08}</ceb:orderNo><ceb:buyerName>李小宝</ceb:buyerName>");
    format!("<ceb:CEB311Message>{}</ceb:CEB311Message>", order.repeat(20)).into_bytes()
}

fn original(bytes: &[u8]) -> Original<'_> {
    Original { kind: "CEB311", door: "http", sender: "3703960123", bytes }
}

#[test]
fn originals_come_back_as_they_were_and_opening_is_audited() {
    both(|db| {
        let ctx = ctx(NOW);
        let documents = [document(1), document(2), Vec::new(), vec![0; 3 << 20]];
        let originals: Vec<Original<'_>> = documents.iter().map(|d| original(d)).collect();
        let ids = db.write(|tx| tx.archive(&ctx, &originals)).unwrap();
        for (id, document) in ids.iter().zip(&documents) {
            let opened = db.write(|tx| tx.open_original(&ctx, *id, "customs asked")).unwrap();
            let opened = opened.unwrap();
            assert_eq!(opened.bytes.expose(), document);
            assert_eq!((opened.kind.as_str(), opened.door.as_str()), ("CEB311", "http"));
            let audit = db.read(|tx| tx.audited(&id.to_string(), None, 10)).unwrap();
            assert_eq!(audit[0].act, "original.open");
            assert_eq!(audit[0].detail, "customs asked");
            assert!(!format!("{opened:?}").contains("60, 99"), "bytes are not printed");
        }
        let absent = db.write(|tx| tx.open_original(&ctx, OriginalId::from_i64(7), "x")).unwrap();
        assert!(absent.is_none());
    });
}

#[test]
fn nothing_personal_is_stored_in_clear() {
    both(|db| {
        let ctx = ctx(NOW);
        let bytes = document(1);
        db.write(|tx| tx.archive(&ctx, &[original(&bytes)])).unwrap();
        let row = db.read(|tx| tx.query_one("SELECT body FROM db_original", &[])).unwrap();
        let stored = row.bytes(0).unwrap();
        assert!(stored.len() < bytes.len() / 5, "{} of {}", stored.len(), bytes.len());
        assert!(!stored.windows(9).any(|part| part == "李小宝".as_bytes()));
    });
}

#[test]
fn a_changed_original_is_noticed() {
    both(|db| {
        let ctx = ctx(NOW);
        let documents = [document(1), document(2)];
        let originals: Vec<Original<'_>> = documents.iter().map(|d| original(d)).collect();
        let ids = db.write(|tx| tx.archive(&ctx, &originals)).unwrap();
        let open = |id| db.read(|tx| tx.original(id));
        assert!(open(ids[0]).is_ok());
        // The other's body, in every way sealed by us, but not of this row.
        db.write(|tx| {
            let sql = "UPDATE db_original SET body = (SELECT body FROM db_original WHERE id = $2)
                       WHERE id = $1";
            tx.execute(sql, params![ids[0], ids[1]])
        })
        .unwrap();
        assert!(matches!(open(ids[0]), Err(DbError::Damaged(_))));
        // The hash that proves what was received.
        db.write(|tx| {
            let sql = "UPDATE db_original SET hash = $2 WHERE id = $1";
            tx.execute(sql, params![ids[1], vec![0_u8; 32]])
        })
        .unwrap();
        assert!(matches!(open(ids[1]), Err(DbError::Damaged(_))));
    });
}

#[test]
fn a_dictionary_makes_small_documents_smaller_and_old_ones_stay_readable() {
    both(|db| {
        let ctx = ctx(NOW);
        let before = document(1);
        let old = db.write(|tx| tx.archive(&ctx, &[original(&before)])).unwrap()[0];
        assert_eq!(db.read(|tx| tx.load_dictionaries()).unwrap(), 0);
        // Any bytes serve as a dictionary; training one is not this crate's concern.
        let version = db.write(|tx| tx.add_dictionary(&ctx, &document(0))).unwrap();
        assert_eq!(db.read(|tx| tx.load_dictionaries()).unwrap(), version);
        let after = document(2);
        let packed = db.archiver().pack(&ctx, &[original(&after)]).unwrap();
        db.write(|tx| tx.archive_packed(&packed)).unwrap();
        let size = |id: OriginalId| {
            let sql = "SELECT dictionary, body FROM db_original WHERE id = $1";
            let row = db.read(|tx| tx.query_one(sql, params![id])).unwrap();
            (row.i64(0).unwrap(), row.bytes(1).unwrap().len())
        };
        let (new, old_size) = (size(packed[0].id()), size(old));
        assert_eq!((new.0, old_size.0), (version, 0));
        assert!(new.1 < old_size.1, "{} against {}", new.1, old_size.1);
        for (id, bytes) in [(old, &before), (packed[0].id(), &after)] {
            let opened = db.read(|tx| tx.original(id)).unwrap().unwrap();
            assert_eq!(opened.bytes.expose(), bytes);
        }
    });
}

fn dictionary_of(db: &Db, id: OriginalId) -> i64 {
    let sql = "SELECT dictionary FROM db_original WHERE id = $1";
    db.read(|tx| tx.query_one(sql, params![id])?.i64(0)).unwrap()
}

fn archive(db: &Db, ctx: &Ctx, bytes: &[u8]) -> OriginalId {
    db.write(|tx| tx.archive(ctx, &[original(bytes)])).unwrap()[0]
}

fn reads(db: &Db, id: OriginalId, bytes: &[u8]) {
    let opened = db.read(|tx| tx.original(id)).unwrap().unwrap();
    assert_eq!(opened.bytes.expose(), bytes);
}

#[test]
fn a_new_database_begins_with_the_text_it_is_given_and_keeps_it() {
    both(|db| {
        assert_eq!(db.open_archive(&ctx(NOW), || document(0)).unwrap(), 1);
        let small = document(5);
        let id = archive(db, &ctx(NOW), &small);
        assert_eq!(dictionary_of(db, id), 1);
        reads(db, id, &small);
        let again = db.open_archive(&ctx(NOW), || panic!("there is a dictionary already"));
        assert_eq!(again.unwrap(), 1);
        let stored = db.read(|tx| tx.query_one("SELECT body FROM db_dictionary", &[])).unwrap();
        let clear = "李小宝".as_bytes();
        assert!(!stored.bytes(0).unwrap().windows(clear.len()).any(|part| part == clear));
    });
}

/// A document with the field names that all have, which are like nothing else in it, and values
/// of its own.
fn unlike(n: u32) -> Vec<u8> {
    let drawn = |seed: u32, first: u8, of: u8, count: usize| {
        let mut x = seed.wrapping_mul(2_654_435_761);
        let next = move |_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(first + (x >> 24) as u8 % of)
        };
        (0..count).map(next).collect::<String>()
    };
    let field = |i: u32| {
        let (name, value) = (drawn(i + 1, b'a', 26, 16), drawn(n * 40 + i + 100, b'0', 10, 5));
        format!("<{name}>{value}</{name}>")
    };
    (0..30).map(field).collect::<String>().into_bytes()
}

#[test]
fn a_dictionary_is_trained_once_there_is_enough_to_learn_from() {
    both(|db| {
        let ctx = ctx(NOW);
        assert_eq!(db.open_archive(&ctx, || b"<ceb:CEB311Message>".to_vec()).unwrap(), 1);
        let before = archive(db, &ctx, &unlike(0));
        assert_eq!(db.tend_archive(&ctx).unwrap(), None, "one original teaches nothing");
        let documents: Vec<Vec<u8>> = (1..1_100).map(unlike).collect();
        let originals: Vec<Original<'_>> = documents.iter().map(|d| original(d)).collect();
        db.write(|tx| tx.archive(&ctx, &originals)).unwrap();
        assert_eq!(db.tend_archive(&ctx).unwrap(), Some(2));
        let after = archive(db, &ctx, &unlike(2_000));
        assert_eq!((dictionary_of(db, before), dictionary_of(db, after)), (1, 2));
        let size = |id: OriginalId| {
            let sql = "SELECT body FROM db_original WHERE id = $1";
            db.read(|tx| Ok::<_, DbError>(tx.query_one(sql, params![id])?.bytes(0)?.len())).unwrap()
        };
        assert!(size(after) * 4 < size(before) * 3, "{} of {}", size(after), size(before));
        reads(db, before, &unlike(0));
        reads(db, after, &unlike(2_000));
        assert_eq!(db.tend_archive(&ctx).unwrap(), None, "it has just been trained");
    });
}

#[test]
fn dictionaries_come_back_with_a_backup() {
    both(|db| {
        let folder = Folder::new();
        let file = folder.path().join("backup");
        db.open_archive(&ctx(NOW), || document(0)).unwrap();
        let id = archive(db, &ctx(NOW), &document(5));
        db.backup(&file, |_| {}).unwrap();
        // The same version now means another text, which the backup must not be read with.
        db.write(|tx| tx.execute("DELETE FROM db_dictionary", &[])).unwrap();
        db.restore(&file, &[], Overwrite::Replace, |_| {}).unwrap();
        db.migrate(&[]).unwrap();
        reads(db, id, &document(5));
        assert_eq!(db.open_archive(&ctx(NOW), Vec::new).unwrap(), 1);
    });
}

#[test]
fn a_dictionary_that_does_not_open_is_named_and_spoils_nothing_else() {
    let (folder, ctx) = (Folder::new(), ctx(NOW));
    let path = folder.path().join("archive.db");
    let open = |key: MasterKey| Db::open(&Settings::new(path.to_str().unwrap(), key)).unwrap();
    let ids = {
        let db = open(master_key());
        db.migrate(&[]).unwrap();
        db.open_archive(&ctx, || document(0)).unwrap();
        let first = archive(&db, &ctx, &document(1));
        db.write(|tx| tx.add_dictionary(&ctx, &document(3))).unwrap();
        db.open_archive(&ctx, Vec::new).unwrap();
        let second = archive(&db, &ctx, &document(2));
        // Sealed by us, but not as this version.
        let sql = "UPDATE db_dictionary SET body =
                   (SELECT d.body FROM db_dictionary d WHERE d.version = 1) WHERE version = 2";
        db.write(|tx| tx.execute(sql, &[])).unwrap();
        (first, second)
    };
    let db = open(master_key());
    db.migrate(&[]).unwrap();
    assert_eq!(db.open_archive(&ctx, Vec::new).unwrap(), 1, "the newest that is whole");
    reads(&db, ids.0, &document(1));
    let refused = db.read(|tx| tx.original(ids.1)).unwrap_err();
    assert!(refused.to_string().contains("dictionary 2 of the archive"), "{refused}");
    reads(&db, archive(&db, &ctx, &document(4)), &document(4));
    drop(db);
    let refused = open(MasterKey::generate().unwrap()).migrate(&[]);
    assert!(matches!(refused, Err(DbError::Key(_))), "{refused:?}");
}
