//! The index of random values.

use db::DbError;
use db::test::both;

const GUID: &str = "test.guid";

fn value(n: i64) -> i64 {
    n.wrapping_mul(-7_046_029_254_386_353_131)
}

#[test]
fn what_was_noted_is_found_before_and_after_merging() {
    both(|db| {
        for batch in 0..40 {
            db.write(|tx| {
                for n in batch * 100..(batch + 1) * 100 {
                    tx.note(GUID, value(n), n)?;
                }
                assert_eq!(tx.noted(GUID, value(batch * 100))?, [batch * 100], "not yet written");
                Ok::<(), DbError>(())
            })
            .unwrap();
        }
        let check = |wanted: &dyn Fn(i64) -> Vec<i64>| {
            db.read(|tx| {
                for n in (0..4_000).step_by(37) {
                    assert_eq!(tx.noted(GUID, value(n))?, wanted(n));
                }
                assert!(tx.noted(GUID, value(5_000))?.is_empty());
                assert!(tx.noted("another", value(1))?.is_empty());
                Ok::<(), DbError>(())
            })
            .unwrap();
        };
        check(&|n| vec![n]);
        assert_eq!(db.merge_notes().unwrap(), 16);
        assert_eq!(db.merge_notes().unwrap(), 16);
        assert_eq!(db.merge_notes().unwrap(), 0, "eight are too few");
        check(&|n| vec![n]);
        // The same values again, for other things: the newer comes first.
        db.write(|tx| (0..4_000).try_for_each(|n| tx.note(GUID, value(n), n + 10_000))).unwrap();
        check(&|n| vec![n + 10_000, n]);
    });
}

#[test]
fn many_of_one_value_are_all_found_and_what_is_undone_was_never_noted() {
    both(|db| {
        db.write(|tx| (0..9_000).try_for_each(|id| tx.note(GUID, value(7), id))).unwrap();
        assert_eq!(db.read(|tx| tx.noted(GUID, value(7))).unwrap().len(), 9_000);
        db.write(|tx| {
            let undone = tx.attempt(|tx| {
                tx.note(GUID, value(8), 1)?;
                Err::<(), DbError>(DbError::LeaseLost)
            });
            assert!(undone.is_err());
            Ok::<(), DbError>(())
        })
        .unwrap();
        assert!(db.read(|tx| tx.noted(GUID, value(8))).unwrap().is_empty());
        assert!(matches!(db.read(|tx| tx.note(GUID, 1, 1)), Err(DbError::ReadOnly)));
    });
}
