//! What a leaf of the evidence log costs, printed, not judged:
//! `cargo test --release -p db what_a_leaf -- --ignored --nocapture`

use std::time::{Duration, Instant};

use super::*;

/// What a leaf adds: run with `--ignored --nocapture`, in release.
#[test]
#[ignore = "prints what a leaf costs and asserts nothing about it"]
#[expect(clippy::disallowed_methods, reason = "this is where durations are measured")]
fn what_a_leaf_costs() {
    const ROUNDS: u32 = 50;
    let folder = db::test::Folder::new();
    let url = folder.path().join("cost.db").display().to_string();
    let db = Db::open(&db::Settings::new(url, db::test::master_key())).unwrap();
    db.migrate(&[]).unwrap();
    let ctx = ctx(NOW);
    let rulings = "tax.duty@2019-01-01 tax.vat@2019-04-01 limit.single@2019-01-01 ".repeat(4);
    let judged = |n: i64| {
        let mut record = decision(&ctx, &format!("doc_{n:013}"));
        for (name, value) in [("message", n), ("position", n % 100), ("amount", n), ("tax", n)] {
            record.line(name, value);
        }
        record.line("state", "ready");
        record.line("rulings", &rulings);
        record
    };
    for (what, count) in [("originals", 0_i64), ("decisions", 1_000)] {
        let before = db.read(|tx| tx.evidence_size()).unwrap();
        let (mut made, mut written) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let records: Vec<Record> = (0..count).map(judged).collect();
            let leaves: Vec<Hash> = records.iter().map(Record::leaf).collect();
            made = made.min(start.elapsed());
            assert_eq!(leaves.len() as i64, count);
            let start = Instant::now();
            if count == 0 {
                archive(&db, &ctx, 1_000);
            } else {
                db.write(|tx| tx.witness(&records)).unwrap();
            }
            written = written.min(start.elapsed());
        }
        let leaves = db.read(|tx| tx.evidence_size()).unwrap() - before;
        let sql = "SELECT CAST(SUM(LENGTH(ids)) AS BIGINT), CAST(SUM(LENGTH(hashes)) AS BIGINT),
                   CAST(COALESCE(SUM(LENGTH(texts)), 0) AS BIGINT)
                   FROM db_leaf WHERE first >= $1";
        let row = db.read(|tx| tx.query_one(sql, params![before as i64])).unwrap();
        let bytes = [0, 1, 2].map(|column| row.i64(column).unwrap() * 10 / leaves as i64);
        println!("{what}: made {made:?} and written {written:?} a thousand, bytes {bytes:?} / 10");
    }
    let hashes: Vec<Hash> = (0..65_536).map(leaf).collect();
    let start = Instant::now();
    let whole = merkle::root(&hashes);
    println!("root over 65,536: {:?} ({})", start.elapsed(), whole[0]);
    let start = Instant::now();
    while db.write(|tx| tx.grow_evidence()).unwrap() {}
    let checkpoint = publish(&db);
    println!("nodes and checkpoint of {} leaves: {:?}", checkpoint.size, start.elapsed());
    let start = Instant::now();
    db.read(|tx| Tree::of(tx, checkpoint.size)?.inclusion(12_345)).unwrap();
    println!("one proof: {:?}", start.elapsed());
}
