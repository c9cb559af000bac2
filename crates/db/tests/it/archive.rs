//! The archive of originals.

use db::test::{both, ctx};
use db::{DbError, Original, OriginalId, params};
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
