//! The evidence log: complete, in the order of commits, provable, and watchful.

use db::evidence::{Checkpoint, Fault, Hash, NotKept, Record, Tree, merkle, value};
use db::test::{both, ctx};
use db::{Ctx, Db, DbError, Original, OriginalId, params};
use kernel::{Id, Time, id::Kind};
use proptest::prelude::*;

mod measure;

const NOW: Time = Time::from_millis(1_794_326_400_000);

enum DecisionKind {}
impl Kind for DecisionKind {
    const PREFIX: &'static str = "dec";
}

fn decision(ctx: &Ctx, subject: &str) -> Record {
    let mut record = Record::new("decision", ctx.id::<DecisionKind>(), ctx.now);
    record.line("inventory", subject);
    record
}

fn archive(db: &Db, ctx: &Ctx, count: usize) -> Vec<OriginalId> {
    let texts: Vec<String> = (0..count).map(|n| format!("<m>{n} {:?}</m>", ctx.now)).collect();
    let original =
        |text| Original { kind: "CEB311", door: "http", sender: "3703960123", bytes: text };
    let originals: Vec<Original<'_>> = texts.iter().map(|t| original(t.as_bytes())).collect();
    db.write(|tx| tx.archive(ctx, &originals)).unwrap()
}

fn publish(db: &Db) -> Checkpoint {
    let sign = |size: u64, root: &Hash| Ok(format!("{size} {root:?}"));
    db.write(|tx| tx.keep_checkpoint(NOW, sign)).unwrap().unwrap()
}

fn faults(db: &Db) -> Vec<Fault> {
    db.audit_evidence(true, |_, _| {}).unwrap().faults
}

#[test]
fn every_record_of_a_transaction_has_its_leaf_and_none_that_was_undone() {
    both(|db| {
        let ctx = ctx(NOW);
        let first = archive(db, &ctx, 3);
        let undone: Result<(), DbError> = db.write(|tx| {
            tx.archive(&ctx, &[Original { kind: "x", door: "http", sender: "", bytes: b"gone" }])?;
            Err(DbError::Busy("on purpose".to_owned()))
        });
        undone.unwrap_err();
        let records = db
            .write(|tx| {
                let kept = decision(&ctx, "inv_1");
                tx.witness([&kept])?;
                let lost: Result<(), DbError> = tx.attempt(|tx| {
                    tx.witness([&decision(&ctx, "inv_2")])?;
                    Err(DbError::Busy("on purpose".to_owned()))
                });
                lost.unwrap_err();
                Ok::<_, DbError>(vec![kept])
            })
            .unwrap();
        assert_eq!(db.read(|tx| tx.evidence_size()).unwrap(), 4);
        let entries = db.read(|tx| tx.evidence_entries(0, 100)).unwrap();
        let ids: Vec<i64> = first.iter().map(|id| id.to_i64()).chain([records[0].id()]).collect();
        assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids);
        for (n, id) in ids.iter().enumerate() {
            let entry = db.read(|tx| tx.evidence_of(*id)).unwrap().unwrap();
            assert_eq!(entry, entries[n]);
            let record = db.read(|tx| tx.evidence_record(&entry)).unwrap().unwrap();
            assert!(entry.is_of(&record), "{record}");
        }
        assert_eq!(entries[3].text.as_deref(), Some(records[0].text()));
        let record = db.read(|tx| tx.evidence_record(&entries[1])).unwrap().unwrap();
        assert_eq!(value(&record, "original").unwrap(), first[1].to_string());
        assert_eq!(db.read(|tx| tx.evidence_of(7)).unwrap(), None);
        assert_eq!(faults(db), []);
    });
}

#[test]
fn proofs_of_a_log_that_grows_are_those_of_the_whole_tree() {
    both(|db| {
        let mut now = NOW;
        let mut published: Vec<Checkpoint> = Vec::new();
        // Across the borders of groups of 256 and of stored rows.
        for count in [1, 2, 250, 3, 256, 1_300, 1, 511, 300] {
            now = now.plus_millis(1_000);
            archive(db, &ctx(now), count);
            published.push(publish(db));
        }
        let size = db.read(|tx| tx.evidence_size()).unwrap();
        let entries = db.read(|tx| tx.evidence_entries(0, size)).unwrap();
        let leaves: Vec<Hash> = entries.iter().map(|entry| entry.hash).collect();
        for checkpoint in &published {
            let root = merkle::root(&leaves[..checkpoint.size as usize]);
            assert_eq!(checkpoint.root, root, "{}", checkpoint.size);
        }
        db.read(|tx| {
            let mut tree = Tree::of(tx, size)?;
            let root = tree.root()?;
            for index in [0, 1, 2, 252, 253, 255, 256, 511, 512, 1_811, 2_000, size - 1] {
                let way = tree.inclusion(index)?;
                let led = merkle::root_of_inclusion(index, size, &leaves[index as usize], &way);
                assert_eq!(led, Some(root), "{index}");
            }
            for old in &published {
                let proof = tree.consistency(old.size)?;
                let led = merkle::roots_of_consistency(old.size, size, &old.root, &proof);
                assert_eq!(led, Some((old.root, root)));
            }
            for (from, to) in [(0, size), (0, 1), (200, 900), (size - 1, size)] {
                let beside = tree.surroundings(from, to)?;
                let part = &leaves[from as usize..to as usize];
                assert_eq!(merkle::root_of_range(from, part, size, &beside), Some(root));
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
        assert_eq!(faults(db), []);
        assert_eq!(db.audit_evidence(false, |_, _| {}).unwrap().checkpoints, 9);
    });
}

#[test]
fn a_checkpoint_that_does_not_extend_the_last_is_not_published() {
    both(|db| {
        archive(db, &ctx(NOW), 5);
        assert_eq!(publish(db).size, 5);
        assert_eq!(publish(db).size, 5, "nothing new is no new checkpoint");
        archive(db, &ctx(NOW.plus_millis(1)), 1);
        let sign = |_: u64, _: &Hash| Ok(String::new());
        let row = db.read(|tx| tx.query_one("SELECT hashes FROM db_leaf WHERE first = 0", &[]));
        let mut hashes = row.unwrap().bytes(0).unwrap().to_vec();
        hashes[0] ^= 1;
        let sql = "UPDATE db_leaf SET hashes = $1 WHERE first = 0";
        db.write(|tx| tx.execute(sql, params![hashes])).unwrap();
        let refused = db.write(|tx| tx.keep_checkpoint(NOW, sign)).unwrap_err();
        assert!(matches!(refused, NotKept::Rewritten(5)), "{refused}");
        db.write(|tx| tx.execute("UPDATE db_number SET value = 4 WHERE name = 'db.evidence'", &[]))
            .unwrap();
        let refused = db.write(|tx| tx.keep_checkpoint(NOW, sign)).unwrap_err();
        assert!(matches!(refused, NotKept::Shorter { size: 4, published: 5 }), "{refused}");
        assert_eq!(db.read(|tx| tx.latest_checkpoint()).unwrap().unwrap().size, 5);
    });
}

/// What a tamperer does, and what the walk must say.
#[test]
fn the_walk_names_what_was_changed_removed_reordered_or_added() {
    let fresh = || {
        let db = db::test::memory(&[]);
        let ctx = ctx(NOW);
        let ids = archive(&db, &ctx, 300);
        db.write(|tx| tx.witness([&decision(&ctx, "inv_1")])).unwrap();
        publish(&db);
        assert_eq!(faults(&db), []);
        (db, ids)
    };
    let tamper = |sql: &str, id: OriginalId| {
        let (db, ids) = fresh();
        let id = if id.to_i64() == 0 { ids[7] } else { id };
        let with = if sql.contains("$1") { params![id].to_vec() } else { Vec::new() };
        db.write(|tx| tx.execute(sql, &with)).unwrap();
        (faults(&db), ids)
    };
    let seventh = OriginalId::from_i64(0);

    for column in ["sender = 'x'", "at = at + 1", "kind = 'CEB411'", "length = length + 1"] {
        let (found, ids) =
            tamper(&format!("UPDATE db_original SET {column} WHERE id = $1"), seventh);
        let changed = Fault::Changed { index: 7, id: ids[7].to_i64(), original: true };
        assert!(found.contains(&changed), "{column}: {found:?}");
    }
    let (found, ids) = tamper("DELETE FROM db_original WHERE id = $1", seventh);
    assert_eq!(found, [Fault::Missing { index: 7, id: ids[7] }]);

    let another = "INSERT INTO db_original (id, kind, door, sender, at, length, hash, dictionary,
                   body) SELECT 5, kind, door, sender, at, length, hash, dictionary, body
                   FROM db_original WHERE id = $1";
    let (db, ids) = fresh();
    db.write(|tx| tx.execute(another, params![ids[7]])).unwrap();
    let found = db.audit_evidence(false, |_, _| {}).unwrap().faults;
    assert_eq!(found, [Fault::Unlogged(OriginalId::from_i64(5))]);

    let (db, ids) = fresh();
    db.write(|tx| {
        let hash = |tx: &mut db::Tx, id: OriginalId| -> Result<Vec<u8>, DbError> {
            let sql = "SELECT body FROM db_original WHERE id = $1";
            Ok(tx.query_one(sql, params![id])?.bytes(0)?.to_vec())
        };
        let (one, two) = (hash(tx, ids[3])?, hash(tx, ids[9])?);
        let sql = "UPDATE db_original SET body = $2 WHERE id = $1";
        tx.execute(sql, params![ids[3], two])?;
        tx.execute(sql, params![ids[9], one])
    })
    .unwrap();
    assert_eq!(faults(&db), [Fault::Content(ids[3]), Fault::Content(ids[9])]);

    let (found, _) = tamper("DELETE FROM db_leaf", seventh);
    assert_eq!(found[0], Fault::Gap { from: 0, to: 301 });
    let (found, _) = tamper("UPDATE db_leaf SET texts = hashes WHERE first = 300", seventh);
    assert_eq!(found, [Fault::Unreadable(300)]);
    let (found, _) = tamper("UPDATE db_checkpoint SET root = zeroblob(32)", seventh);
    assert_eq!(found, [Fault::Checkpoint(301)]);
    let (found, _) = tamper("UPDATE db_node SET hash = zeroblob(32)", seventh);
    assert_eq!(found, [Fault::Node { from: 0, to: 256 }]);
}

#[test]
fn records_that_changed_places_are_told_from_records_that_were_changed() {
    let db = db::test::memory(&[]);
    let ids = archive(&db, &ctx(NOW), 10);
    publish(&db);
    let (two, five) = (ids[2].to_i64(), ids[5].to_i64());
    // The leaves change places, the ids do not: each record now stands at the other's place.
    let row = db.read(|tx| tx.query_one("SELECT hashes FROM db_leaf", &[])).unwrap();
    let mut hashes: Vec<[u8; 32]> =
        row.bytes(0).unwrap().chunks(32).map(|hash| hash.try_into().unwrap()).collect();
    hashes.swap(2, 5);
    let hashes = hashes.concat();
    db.write(|tx| tx.execute("UPDATE db_leaf SET hashes = $1", params![hashes])).unwrap();
    let found = faults(&db);
    assert!(found.contains(&Fault::Checkpoint(10)));
    assert!(found.contains(&Fault::Moved { index: 2, belongs: 5, id: two }), "{found:?}");
    assert!(found.contains(&Fault::Moved { index: 5, belongs: 2, id: five }), "{found:?}");
}

#[test]
fn several_writers_at_once_leave_no_gap() {
    both(|db| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for n in 0..5 {
                        let at = NOW.plus_millis(n);
                        let ids = std::sync::Arc::new(kernel::IdSource::new(thread));
                        let ctx = Ctx { now: at, ids, actor: "test".into() };
                        archive(db, &ctx, 3 + n as usize);
                    }
                });
            }
        });
        let entries = db.read(|tx| tx.evidence_entries(0, 1_000)).unwrap();
        let places: Vec<u64> = entries.iter().map(|entry| entry.index).collect();
        assert_eq!(places, (0..100).collect::<Vec<u64>>());
        for entry in &entries {
            let found = db.read(|tx| tx.evidence_of(entry.id)).unwrap().unwrap();
            assert_eq!(found.index, entry.index);
        }
        publish(db);
        assert_eq!(faults(db), []);
    });
}

fn leaf(n: u64) -> Hash {
    merkle::leaf_hash(&n.to_le_bytes())
}

fn under(leaves: &[Hash]) -> impl FnMut(u64, u64) -> Result<Hash, DbError> + '_ {
    |low, high| Ok(merkle::root(&leaves[low as usize..high as usize]))
}

proptest! {
    #[test]
    fn one_flipped_bit_anywhere_is_noticed(
        size in 1_u64..600, at in any::<prop::sample::Index>(), bit in 0_usize..256,
        which in any::<prop::sample::Index>(),
    ) {
        let leaves: Vec<Hash> = (0..size).map(leaf).collect();
        let index = at.index(size as usize) as u64;
        let root = merkle::root(&leaves);
        let way = merkle::inclusion(index, size, &mut under(&leaves)).unwrap();
        let own = leaves[index as usize];
        prop_assert_eq!(merkle::root_of_inclusion(index, size, &own, &way), Some(root));
        let flip = |hash: &mut Hash| hash[bit / 8] ^= 1 << (bit % 8);
        let mut other = own;
        flip(&mut other);
        prop_assert_ne!(merkle::root_of_inclusion(index, size, &other, &way), Some(root));
        if !way.is_empty() {
            let mut wrong = way.clone();
            flip(&mut wrong[which.index(way.len())]);
            prop_assert_ne!(merkle::root_of_inclusion(index, size, &own, &wrong), Some(root));
        }
    }

    #[test]
    fn a_record_removed_or_two_swapped_change_every_later_root(
        size in 2_u64..600, from in any::<prop::sample::Index>(),
        with in any::<prop::sample::Index>(),
    ) {
        let leaves: Vec<Hash> = (0..size).map(leaf).collect();
        let old = 1 + from.index(size as usize) as u64;
        let proof = merkle::consistency(old, size, &mut under(&leaves)).unwrap();
        let (before, after) = (merkle::root(&leaves[..old as usize]), merkle::root(&leaves));
        prop_assert_eq!(
            merkle::roots_of_consistency(old, size, &before, &proof),
            Some((before, after))
        );
        let gone = with.index(old as usize);
        let mut fewer = leaves.clone();
        fewer.remove(gone);
        fewer.push(leaf(size));
        let proof = merkle::consistency(old, size, &mut under(&fewer)).unwrap();
        let led = merkle::roots_of_consistency(old, size, &before, &proof);
        prop_assert_ne!(led, Some((before, merkle::root(&fewer))));
    }
}

#[test]
fn ids_of_other_kinds_do_not_pass_for_originals() {
    let db = db::test::memory(&[]);
    let ctx = ctx(NOW);
    let record = decision(&ctx, "inv_1");
    let id: Id<DecisionKind> = Id::from_i64(record.id());
    db.write(|tx| tx.witness([&record])).unwrap();
    let entry = db.read(|tx| tx.evidence_of(id.to_i64())).unwrap().unwrap();
    assert_eq!(value(entry.text.as_deref().unwrap(), "decision").unwrap(), id.to_string());
}
