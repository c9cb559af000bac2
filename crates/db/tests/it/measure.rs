//! Rows per second of the bulk door, printed, not judged:
//! `.ci/with-postgres cargo test --release -p db measure -- --ignored --nocapture`

use std::time::Instant;

use db::test::{Folder, ctx, master_key};
use db::{Db, Event, Keys, Migration, OnConflict, Original, Rows, Settings, Type, values};
use kernel::Time;

const NOW: Time = Time::from_millis(1_794_326_400_000);
const BATCH: i64 = 1_000;
const BATCHES: i64 = 100;
const SHOP: &[Migration] = &[Migration {
    room: "shop",
    number: 1,
    name: "order",
    sql: "CREATE TABLE shop_order (
              id BIGINT NOT NULL PRIMARY KEY,
              shop TEXT NOT NULL,
              number TEXT NOT NULL,
              buyer BLOB NOT NULL,
              amount TEXT NOT NULL,
              state BIGINT NOT NULL,
              at BIGINT NOT NULL,
              version BIGINT NOT NULL,
              original BIGINT NOT NULL,
              CONSTRAINT shop_order_number UNIQUE (shop, number)
          );",
}];
const COLUMNS: [&str; 9] =
    ["id", "shop", "number", "buyer", "amount", "state", "at", "version", "original"];

/// Order numbers as they come: not in the order of the index.
fn number(i: i64) -> String {
    format!("ZB2026{:011}", (i * 7_919_999) % 100_000_000_003)
}

#[expect(clippy::disallowed_methods, reason = "this is where durations are measured")]
fn rate(what: &str, count: i64, act: impl FnOnce()) {
    let start = Instant::now();
    act();
    let micros = start.elapsed().as_micros().max(1);
    println!("  {what:<44} {:>9}/s", i128::from(count) * 1_000_000 / micros.cast_signed());
}

fn insert(db: &Db, from: i64, on_conflict: OnConflict) {
    let numbers: Vec<String> = (from..from + BATCH).map(number).collect();
    let mut rows = Rows::with_capacity(numbers.len(), COLUMNS.len());
    for (i, number) in (from..).zip(&numbers) {
        let buyer = [i.to_le_bytes()[0]; 16];
        rows.push(values![i, "3703960123", number, buyer, "199.00", 1, NOW, 1, i]);
    }
    db.write(|tx| tx.insert_many("shop_order", &COLUMNS, &rows, on_conflict)).unwrap();
}

fn measure(name: &str, db: &Db) {
    println!("{name}");
    db.migrate(SHOP).unwrap();
    let total = BATCH * BATCHES;
    rate("insert_many, 1,000 a transaction", total, || {
        (0..BATCHES).for_each(|b| insert(db, b * BATCH, OnConflict::Fail));
    });
    rate("insert_many Ignore, new rows", total, || {
        (BATCHES..2 * BATCHES).for_each(|b| insert(db, b * BATCH, OnConflict::Ignore));
    });
    let numbers: Vec<String> = (0..BATCH).map(|i| number(i * 199)).collect();
    let mut keys = Keys::new(&[Type::Text, Type::Text]);
    numbers.iter().for_each(|number| keys.push(values!["3703960123", number]));
    let sql = "SELECT k.n, o.id, o.state FROM keys k
               JOIN shop_order o ON o.shop = k.a AND o.number = k.b";
    rate("query_keys, 1,000 keys", BATCH * 50, || {
        for _ in 0..50 {
            assert_eq!(db.read(|tx| tx.query_keys(sql, &keys)).unwrap().len(), keys.len());
        }
    });
    let mut ids = Keys::new(&[Type::Int]);
    (0..BATCH).for_each(|i| ids.push(values![i * 199]));
    let sql = "UPDATE shop_order SET state = 2, version = version + 1 FROM keys k
               WHERE shop_order.id = k.a AND shop_order.version < 1000";
    rate("update_many, 1,000 keys a transaction", BATCH * 20, || {
        for _ in 0..20 {
            assert_eq!(db.write(|tx| tx.update_many(sql, &ids)).unwrap(), BATCH as u64);
        }
    });
    documents_and_events(db);
    db.checkpoint().unwrap();
    println!("  {:<44} {:>9}", "bytes on disk", db.size_on_disk().unwrap());
}

fn documents_and_events(db: &Db) {
    let ctx = ctx(NOW);
    let body = |i: i64| {
        let line =
            |n: i64| format!("<ceb:itemNo>{}</ceb:itemNo><ceb:qty>{n}</ceb:qty>", i * 37 + n);
        (0..60).map(line).collect::<String>().into_bytes()
    };
    let documents: Vec<Vec<u8>> = (0..BATCH).map(body).collect();
    let originals: Vec<Original<'_>> = documents
        .iter()
        .map(|bytes| Original { kind: "CEB311", door: "http", sender: "3703960123", bytes })
        .collect();
    println!("  (an original of {} bytes)", documents[0].len());
    let mut packed = Vec::new();
    rate("pack originals, one core", BATCH, || {
        packed = db.archiver().pack(&ctx, &originals).unwrap();
    });
    let stored: usize = packed.iter().map(db::Packed::stored_bytes).sum();
    println!("  (stored in {} bytes)", stored / packed.len());
    rate("archive packed originals", BATCH, || db.write(|tx| tx.archive_packed(&packed)).unwrap());
    let event = |i: i64| Event {
        kind: "clearance.inventory_released",
        subject: format!("inv_{i:013}"),
        body: serde_json::json!({ "version": 1, "invt_no": number(i), "at": NOW, "tax_fen": i })
            .into(),
    };
    rate("emit, 1,000 a transaction", BATCH * 20, || {
        for _ in 0..20 {
            db.write(|tx| tx.emit_many(&ctx, (0..BATCH).map(event))).unwrap();
        }
    });
    rate("consume, 1,000 a transaction", BATCH * 20, || {
        let take = |_: &mut db::Tx, _: &[db::StoredEvent]| Ok::<(), db::DbError>(());
        while db.consume("measure", 1_000, take).unwrap() > 0 {}
    });
    rate("keyed_hash of an identity number", 100_000, || {
        for i in 0..100_000 {
            std::hint::black_box(db.sealer().keyed_hash("buyer", if i > 0 { "3703" } else { "" }));
        }
    });
}

/// Nanoseconds this thread has been on a processor: other programs do not disturb it.
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn cpu(what: &str, count: usize, mut act: impl FnMut()) {
    act();
    let before = cpu_ns();
    let rounds = (50_000 / count).clamp(3, 500);
    (0..rounds).for_each(|_| act());
    let each = (cpu_ns() - before) / (rounds * count) as u64;
    println!("  {what:<44} {each:>7} ns a row, {count} at once");
}

fn cpu_of(name: &str, db: &Db) {
    println!("{name}: processor time of the calling thread");
    db.migrate(SHOP).unwrap();
    (0..BATCHES).for_each(|b| insert(db, b * BATCH, OnConflict::Fail));
    let mut from = BATCHES * BATCH;
    cpu("insert_many", BATCH as usize, || {
        insert(db, from, OnConflict::Fail);
        from += BATCH;
    });
    for count in [1, 10, 100, 400, 2_000_usize] {
        let numbers: Vec<String> = (0..count as i64).map(|i| number(i * 49)).collect();
        let mut keys = Keys::new(&[Type::Text, Type::Text]);
        numbers.iter().for_each(|number| keys.push(values!["3703960123", number]));
        let sql = "SELECT k.n, o.id, o.buyer, o.amount, o.state, o.version FROM keys k
                   JOIN shop_order o ON o.shop = k.a AND o.number = k.b";
        db.read(|tx| {
            cpu("query_keys", count, || {
                assert_eq!(tx.query_keys(sql, &keys).unwrap().len(), count);
            });
            Ok::<(), db::DbError>(())
        })
        .unwrap();
        let mut ids = Keys::new(&[Type::Int, Type::Int]);
        (0..count as i64).for_each(|i| ids.push(values![i * 49, 2]));
        let sql = "UPDATE shop_order SET state = k.b, version = version + 1 FROM keys k
                   WHERE shop_order.id = k.a AND shop_order.version > 0";
        db.write(|tx| {
            cpu("update_many", count, || {
                assert_eq!(tx.update_many(sql, &ids).unwrap(), count as u64);
            });
            let gone = "DELETE FROM shop_order WHERE id IN (SELECT k.a FROM keys k)";
            let mut none = Keys::new(&[Type::Int]);
            (0..count as i64).for_each(|i| none.push(values![-1 - i]));
            cpu("delete of nothing", count, || {
                assert_eq!(tx.update_many(gone, &none).unwrap(), 0);
            });
            Ok::<(), db::DbError>(())
        })
        .unwrap();
    }
}

#[test]
#[ignore = "prints figures; run it by name"]
fn measure_processor_time() {
    let folder = Folder::new();
    let path = folder.path().join("measure.db");
    let open = |url: &str| Db::open(&Settings::new(url, master_key())).unwrap();
    cpu_of("SQLite file", &open(path.to_str().unwrap()));
    if let Ok(url) = std::env::var("KOUAN_TEST_DATABASE_URL") {
        let db = open(&url);
        db.write(|tx| tx.execute("CREATE SCHEMA measure_cpu", &[])).unwrap();
        let own = format!("{url}&options=-c%20search_path%3Dmeasure_cpu");
        cpu_of("PostgreSQL", &open(&own));
        db.write(|tx| tx.execute("DROP SCHEMA measure_cpu CASCADE", &[])).unwrap();
    }
}

#[test]
#[ignore = "prints figures; run it by name"]
fn measure_the_bulk_door() {
    let folder = Folder::new();
    let path = folder.path().join("measure.db");
    let open = |url: &str| Db::open(&Settings::new(url, master_key())).unwrap();
    measure("SQLite file, synchronous=FULL", &open(path.to_str().unwrap()));
    if let Ok(url) = std::env::var("KOUAN_TEST_DATABASE_URL") {
        let db = open(&url);
        db.write(|tx| tx.execute("CREATE SCHEMA measure", &[])).unwrap();
        let own = format!("{url}&options=-c%20search_path%3Dmeasure");
        measure("PostgreSQL", &open(&own));
        db.write(|tx| tx.execute("DROP SCHEMA measure CASCADE", &[])).unwrap();
    }
}
