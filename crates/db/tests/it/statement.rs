//! Statements, results, errors, the bulk door.

use std::sync::atomic::{AtomicUsize, Ordering};

use db::test::both_with;
use db::{Db, DbError, Keys, Migration, OnConflict, Rows, Type, params, values};

const SHOP: &[Migration] = &[Migration {
    room: "shop",
    number: 1,
    name: "goods",
    sql: "CREATE TABLE shop_goods (
              id BIGINT NOT NULL PRIMARY KEY,
              maker TEXT NOT NULL,
              code TEXT NOT NULL,
              stock BIGINT NOT NULL CONSTRAINT shop_goods_stock CHECK (stock >= 0),
              sold BOOLEAN NOT NULL DEFAULT FALSE,
              picture BLOB,
              note TEXT,
              CONSTRAINT shop_goods_code UNIQUE (maker, code)
          );
          CREATE TABLE shop_sale (
              id BIGINT NOT NULL PRIMARY KEY,
              goods BIGINT NOT NULL REFERENCES shop_goods (id)
          );",
}];

const COLUMNS: [&str; 5] = ["id", "maker", "code", "stock", "picture"];

fn fill(db: &Db, count: i64) {
    let codes: Vec<String> = (0..count).map(|i| format!("c{i}")).collect();
    let mut rows = Rows::new();
    for (i, code) in (0..count).zip(&codes) {
        rows.push(values![i, "m", code, 10 * i, (i % 2 == 0).then_some(b"\x00\xff".as_slice())]);
    }
    let inserted =
        db.write(|tx| tx.insert_many("shop_goods", &COLUMNS, &rows, OnConflict::Fail)).unwrap();
    assert_eq!(inserted, count as u64);
}

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.query_one("SELECT COUNT(*) FROM shop_goods", &[])?.i64(0)).unwrap()
}

#[test]
fn every_type_comes_back_as_it_went_in() {
    both_with(SHOP, |db| {
        let insert = "INSERT INTO shop_goods (picture, sold, stock, code, maker, id, note)
                      VALUES ($6, $5, $4, $3, $2, $1, $7)";
        let picture = vec![0_u8, 255, 7];
        db.write(|tx| {
            let params = params![i64::MAX, "厂", "it's", 0, true, &picture, None::<String>];
            tx.execute(insert, params)
        })
        .unwrap();
        let select = "SELECT id, maker, code, stock, sold, picture, note, stock IS NULL
                      FROM shop_goods WHERE maker = $1 AND maker = $1";
        let row = db.read(|tx| tx.query_one(select, params!["厂"])).unwrap();
        assert_eq!(row.i64(0).unwrap(), i64::MAX);
        assert_eq!(row.text(1).unwrap(), "厂");
        assert_eq!(row.text(2).unwrap(), "it's");
        assert_eq!(row.u32(3).unwrap(), 0);
        assert!(row.bool(4).unwrap());
        assert_eq!(row.bytes(5).unwrap(), [0, 255, 7]);
        assert_eq!(row.opt_text(6).unwrap(), None);
        assert!(!row.bool(7).unwrap());
    });
}

#[test]
fn a_wrong_read_names_the_column() {
    both_with(SHOP, |db| {
        fill(db, 2);
        let row =
            db.read(|tx| tx.query_one("SELECT code FROM shop_goods WHERE id = 1", &[])).unwrap();
        let wrong = row.i64(0).unwrap_err().to_string();
        assert_eq!(wrong, "column 0 \"code\" of the result: wanted BIGINT, found TEXT");
        assert!(row.text(1).is_err());
    });
}

#[test]
fn one_row_means_one() {
    both_with(SHOP, |db| {
        fill(db, 2);
        let several = db.read(|tx| tx.query_one("SELECT id FROM shop_goods", &[]));
        assert!(matches!(several, Err(DbError::RowCount { found: "several" })));
        let none = db.read(|tx| tx.query_one("SELECT id FROM shop_goods WHERE id = 9", &[]));
        assert!(matches!(none, Err(DbError::RowCount { found: "none" })));
    });
}

#[test]
fn refusals_say_what_they_are_about() {
    both_with(SHOP, |db| {
        fill(db, 2);
        let write = |sql: &str| db.write(|tx| tx.execute(sql, &[])).unwrap_err();
        let insert = |row: &str| {
            write(&format!("INSERT INTO shop_goods (id, maker, code, stock) VALUES ({row})"))
        };
        let same_code = insert("7, 'm', 'c0', 0");
        assert!(same_code.is_unique("shop_goods", &["maker", "code"]), "{same_code:?}");
        let same_id = insert("0, 'm', 'new', 0");
        assert!(same_id.is_unique("shop_goods", &["id"]), "{same_id:?}");
        let negative = insert("7, 'm', 'new', -1");
        assert!(
            matches!(&negative, DbError::Check { constraint } if constraint == "shop_goods_stock"),
            "{negative:?}"
        );
        let no_code = insert("7, 'm', NULL, 0");
        assert!(
            matches!(&no_code, DbError::NotNull { table, column }
                if table == "shop_goods" && column == "code"),
            "{no_code:?}"
        );
        let no_goods = write("INSERT INTO shop_sale VALUES (1, 99)");
        assert!(matches!(no_goods, DbError::ForeignKey), "{no_goods:?}");
        assert!(!format!("{same_code}").contains("c0"), "errors hold no values");
        assert_eq!(count(db), 2);
    });
}

#[test]
fn a_wrong_number_or_type_of_parameters_is_refused() {
    both_with(SHOP, |db| {
        let nul = db.write(|tx| tx.set_setting("a", "b\0c"));
        assert!(matches!(nul, Err(DbError::Other(_))), "{nul:?}");
        let sql = "SELECT id FROM shop_goods WHERE id = $1 AND maker = $2";
        for params in [&values![1][..], &values![1, "m", 3]] {
            assert!(db.read(|tx| tx.query(sql, params)).is_err());
        }
        let text_in_number = db.write(|tx| {
            let sql = "INSERT INTO shop_goods (id, maker, code, stock) VALUES ($1, $2, $3, $4)";
            tx.execute(sql, params!["one", "m", "c", 0])
        });
        assert!(text_in_number.is_err());
    });
}

#[test]
fn an_error_undoes_everything() {
    both_with(SHOP, |db| {
        fill(db, 1);
        let outcome: Result<(), DbError> = db.write(|tx| {
            tx.execute("DELETE FROM shop_goods", &[])?;
            Err(DbError::Other("changed my mind".to_owned()))
        });
        assert!(outcome.is_err());
        assert_eq!(count(db), 1);
    });
}

#[test]
fn a_panic_undoes_everything_and_leaves_the_database_usable() {
    both_with(SHOP, |db| {
        fill(db, 1);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            db.write(|tx| -> Result<(), DbError> {
                tx.execute("DELETE FROM shop_goods", &[])?;
                panic!("a bug");
            })
        }));
        assert!(outcome.is_err());
        assert_eq!(count(db), 1);
        fill_more(db);
    });
}

fn fill_more(db: &Db) {
    let sql = "INSERT INTO shop_goods (id, maker, code, stock) VALUES (1000, 'n', 'x', 1)";
    assert_eq!(db.write(|tx| tx.execute(sql, &[])).unwrap(), 1);
}

#[test]
fn a_failed_statement_ends_the_transaction_on_both_engines() {
    both_with(SHOP, |db| {
        fill(db, 1);
        let outcome: Result<(), DbError> = db.write(|tx| {
            tx.execute("UPDATE shop_goods SET stock = 5", &[])?;
            tx.execute("INSERT INTO shop_goods (id) VALUES (0)", &[]).unwrap_err();
            assert!(matches!(tx.query("SELECT 1", &[]), Err(DbError::Aborted)));
            Ok(()) // swallowed, yet it must not commit
        });
        assert!(matches!(outcome, Err(DbError::Aborted)));
        let row = db.read(|tx| tx.query_one("SELECT stock FROM shop_goods", &[])).unwrap();
        assert_eq!(row.i64(0).unwrap(), 0);
    });
}

#[test]
fn an_attempt_may_fail_alone() {
    both_with(SHOP, |db| {
        fill(db, 1);
        db.write(|tx| {
            tx.execute("UPDATE shop_goods SET stock = 5", &[])?;
            let inner: Result<(), DbError> = tx.attempt(|tx| {
                tx.execute("UPDATE shop_goods SET stock = 6", &[])?;
                let deeper =
                    tx.attempt(|tx| tx.execute("INSERT INTO shop_sale VALUES (1, 9)", &[]));
                assert!(matches!(deeper, Err(DbError::ForeignKey)));
                tx.execute("INSERT INTO shop_goods (id) VALUES (0)", &[]).map(drop)
            });
            assert!(inner.is_err());
            tx.attempt(|tx| tx.execute("UPDATE shop_goods SET note = 'kept'", &[]))
        })
        .unwrap();
        let row = db.read(|tx| tx.query_one("SELECT stock, note FROM shop_goods", &[])).unwrap();
        assert_eq!((row.i64(0).unwrap(), row.text(1).unwrap()), (5, "kept"));
    });
}

#[test]
fn reading_cannot_write() {
    both_with(SHOP, |db| {
        fill(db, 1);
        let outcome = db.read(|tx| tx.execute("DELETE FROM shop_goods", &[]));
        assert!(matches!(outcome, Err(DbError::ReadOnly)), "{outcome:?}");
        assert_eq!(count(db), 1);
        fill_more(db);
    });
}

#[test]
fn many_rows_fail_or_are_skipped() {
    both_with(SHOP, |db| {
        fill(db, 300);
        let mut rows = Rows::new();
        for i in 0..400 {
            rows.push(values![i + 1_000, "m", format!("c{i}"), i, None::<Vec<u8>>]);
        }
        let fail = db.write(|tx| tx.insert_many("shop_goods", &COLUMNS, &rows, OnConflict::Fail));
        assert!(
            fail.as_ref().is_err_and(|e| e.is_unique("shop_goods", &["maker", "code"])),
            "{fail:?}"
        );
        assert_eq!(count(db), 300);
        let skip = db.write(|tx| tx.insert_many("shop_goods", &COLUMNS, &rows, OnConflict::Ignore));
        assert_eq!(skip.unwrap(), 100);
        assert_eq!(count(db), 400);
    });
}

#[test]
fn uneven_rows_and_odd_names_are_refused() {
    both_with(SHOP, |db| {
        let mut rows = Rows::new();
        rows.push(values![1, "m"]);
        rows.push(values![2, "m", "c"]);
        let uneven =
            db.write(|tx| tx.insert_many("shop_goods", &["id", "maker"], &rows, OnConflict::Fail));
        assert!(uneven.is_err());
        let rows: Rows<'_> = [values![1]].into_iter().collect();
        let odd = db.write(|tx| tx.insert_many("a; DROP", &["id"], &rows, OnConflict::Fail));
        assert!(odd.is_err());
    });
}

#[test]
fn keys_find_their_rows_in_order() {
    both_with(SHOP, |db| {
        fill(db, 500);
        let codes: Vec<String> = (0..500).rev().step_by(7).map(|i| format!("c{i}")).collect();
        let mut keys = Keys::new(&[Type::Text, Type::Text]);
        codes.iter().for_each(|code| keys.push(values!["m", code]));
        keys.push(values!["m", "absent"]);
        let sql = "SELECT k.n, g.code FROM keys k
                   JOIN shop_goods g ON g.maker = k.a AND g.code = k.b";
        let rows = db.read(|tx| tx.query_keys(sql, &keys)).unwrap();
        assert_eq!(rows.len(), codes.len());
        for (n, (row, code)) in rows.iter().zip(&codes).enumerate() {
            assert_eq!(row.i64(0).unwrap(), n as i64);
            assert_eq!(row.text(1).unwrap(), code);
        }
    });
}

#[test]
fn keys_may_carry_nulls_more_parameters_and_a_with_of_their_own() {
    both_with(SHOP, |db| {
        fill(db, 10);
        let mut keys = Keys::new(&[Type::Int, Type::Text, Type::Bytes, Type::Bool]);
        keys.push(values![3, None::<&str>, None::<Vec<u8>>, None::<bool>]);
        keys.push(values![4, None::<&str>, None::<Vec<u8>>, None::<bool>]);
        let sql = "WITH rich AS (SELECT id FROM shop_goods WHERE stock >= $1)
                   SELECT k.n, r.id, k.b, k.c, k.d, CAST($2 AS TEXT) FROM keys k
                   JOIN rich r ON r.id = k.a";
        let rows = db.read(|tx| tx.query_keys_with(sql, &keys, params![40, "x"])).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].i64(0).unwrap(), rows[0].i64(1).unwrap()), (1, 4));
        assert_eq!(rows[0].opt_text(2).unwrap(), None);
        assert_eq!(rows[0].text(5).unwrap(), "x");
    });
}

#[test]
fn keys_change_their_rows() {
    both_with(SHOP, |db| {
        fill(db, 300);
        let mut keys = Keys::new(&[Type::Int, Type::Int, Type::Text]);
        (0..200).for_each(|i| keys.push(values![i, i + 1, (i == 5).then_some("five")]));
        let sql = "UPDATE shop_goods SET stock = k.b, note = k.c FROM keys k
                   WHERE shop_goods.id = k.a AND shop_goods.stock >= $1";
        let changed = db.write(|tx| tx.update_many_with(sql, &keys, params![1_000])).unwrap();
        assert_eq!(changed, 100);
        let delete = "DELETE FROM shop_goods WHERE id IN (SELECT k.a FROM keys k)";
        assert_eq!(db.write(|tx| tx.update_many(delete, &keys)).unwrap(), 200);
        let insert = "INSERT INTO shop_sale (id, goods)
                      SELECT k.b, g.id FROM keys k JOIN shop_goods g ON g.id = k.a + 100";
        assert_eq!(db.write(|tx| tx.update_many(insert, &keys)).unwrap(), 100);
    });
}

#[test]
fn keys_of_the_wrong_type_are_refused() {
    both_with(SHOP, |db| {
        let mut keys = Keys::new(&[Type::Int]);
        keys.push(values!["one"]);
        let sql = "SELECT k.n FROM keys k";
        assert!(db.read(|tx| tx.query_keys(sql, &keys)).is_err());
    });
}

#[test]
fn writers_of_many_threads_lose_nothing() {
    both_with(SHOP, |db| {
        fill(db, 1);
        let retries = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let retries = &retries;
                scope.spawn(move || {
                    for i in 0..25 {
                        let id = 1_000 + thread * 100 + i;
                        let act = |tx: &mut db::Tx| {
                            tx.execute(
                                "UPDATE shop_goods SET stock = stock + 1 WHERE id = 0",
                                &[],
                            )?;
                            let sql = "INSERT INTO shop_goods (id, maker, code, stock)
                                       VALUES ($1, 'n', $2, 0)";
                            tx.execute(sql, params![id, id.to_string()])
                        };
                        while let Err(error) = db.write(act) {
                            assert!(error.is_outage(), "{error:?}");
                            retries.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let sql = "SELECT stock, (SELECT COUNT(*) FROM shop_goods) FROM shop_goods WHERE id = 0";
        let row = db.read(|tx| tx.query_one(sql, &[])).unwrap();
        assert_eq!((row.i64(0).unwrap(), row.i64(1).unwrap()), (200, 201));
    });
}

#[test]
fn a_reading_transaction_sees_one_instant() {
    // In memory there is one connection, so only engines with several can show the difference.
    both_with(SHOP, |db| {
        if db.file().is_none() && !db.is_server() {
            return;
        }
        fill(db, 1);
        db.read(|tx| -> Result<(), DbError> {
            let sql = "SELECT COUNT(*) FROM shop_goods";
            let before = tx.query_one(sql, &[])?.i64(0)?;
            fill_more(db);
            assert_eq!(tx.query_one(sql, &[])?.i64(0)?, before);
            Ok(())
        })
        .unwrap();
        assert_eq!(count(db), 2);
    });
}
