//! Audit, settings, numbers, answers already given.

use db::test::{both, ctx};
use db::{DbError, Recall, Request};
use kernel::Time;

const NOW: Time = Time::from_millis(1_794_326_400_000);

#[test]
fn the_audit_is_saved_with_the_act_or_not_at_all() {
    both(|db| {
        let ctx = ctx(NOW);
        let undone: Result<(), DbError> = db.write(|tx| {
            tx.audit(&ctx, "party.suspend", "pty_1", "never happened")?;
            Err(DbError::Other("no".to_owned()))
        });
        assert!(undone.is_err());
        db.write(|tx| {
            tx.audit(&ctx, "party.suspend", "pty_1", "fraud")?;
            tx.audit(&ctx, "party.activate", "pty_1", "mistake")?;
            tx.audit(&ctx, "party.suspend", "pty_2", "fraud")
        })
        .unwrap();
        let found = db.read(|tx| tx.audited("pty_1", None, 10)).unwrap();
        let acts: Vec<_> = found.iter().map(|entry| entry.act.as_str()).collect();
        assert_eq!(acts, ["party.suspend", "party.activate"]);
        assert_eq!((found[0].actor.as_str(), found[0].at), ("test", NOW));
        let rest = db.read(|tx| tx.audited("pty_1", Some(found[0].id), 10)).unwrap();
        assert_eq!(rest, found[1..]);
    });
}

#[test]
fn settings_keep_the_last_value() {
    both(|db| {
        assert_eq!(db.read(|tx| tx.setting("zone")).unwrap(), None);
        db.write(|tx| tx.set_setting("zone", "淄博")).unwrap();
        db.write(|tx| tx.set_setting("zone", "日照")).unwrap();
        assert_eq!(db.read(|tx| tx.setting("zone")).unwrap().as_deref(), Some("日照"));
    });
}

#[test]
fn numbers_have_no_gaps_even_after_a_rollback() {
    both(|db| {
        let next = || db.write(|tx| tx.next_number("bill")).unwrap();
        assert_eq!((next(), next()), (1, 2));
        let undone: Result<i64, DbError> = db.write(|tx| {
            tx.next_number("bill")?;
            Err(DbError::Other("no".to_owned()))
        });
        assert!(undone.is_err());
        assert_eq!(next(), 3);
        assert_eq!(db.write(|tx| tx.next_numbers("bill", 10)).unwrap(), 4);
        assert_eq!(next(), 14);
        assert_eq!(db.write(|tx| tx.next_number("other")).unwrap(), 1);
    });
}

#[test]
fn a_repeated_request_is_answered_as_before() {
    both(|db| {
        let ctx = ctx(NOW);
        let request = Request { caller: "key_1", key: "abc", hash: b"hash" };
        let recall =
            |caller: &str, hash: &[u8]| db.read(|tx| tx.recall(caller, "abc", hash)).unwrap();
        assert_eq!(recall("key_1", b"hash"), Recall::New);
        db.write(|tx| tx.remember(&ctx, request, 201, "{\"ok\":1}")).unwrap();
        let same = Recall::Same { status: 201, body: "{\"ok\":1}".to_owned() };
        assert_eq!(recall("key_1", b"hash"), same);
        assert_eq!(recall("key_1", b"else"), Recall::Different);
        assert_eq!(recall("key_2", b"hash"), Recall::New);
        let twice = db.write(|tx| tx.remember(&ctx, request, 201, "{}"));
        assert!(twice.is_err_and(|e| e.is_unique("db_request", &["caller", "key"])));
        assert_eq!(db.write(|tx| tx.forget_requests(NOW.plus_millis(1))).unwrap(), 1);
        assert_eq!(recall("key_1", b"hash"), Recall::New);
    });
}
