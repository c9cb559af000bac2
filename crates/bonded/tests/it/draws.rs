//! What clearance asks: hold, release, give back, return.

use std::sync::{Arc, Barrier};

use bonded::{Return, ReturnLine, Settled, Settlement};
use db::DbError;
use kernel::IdSource;

use crate::stage::*;

const FIGURES: [&str; 5] = ["on_hand", "free", "held", "exited", "returned"];

fn back(key: u8, of: u8, lines: &[(u32, &'static str, &str)]) -> Return<'static> {
    let line = |(gnum, item, quantity): &(u32, &'static str, &str)| ReturnLine {
        gnum: *gnum,
        item_record_no: item,
        quantity: decimal(quantity),
    };
    Return { key: [key; 16], of: [of; 16], lines: lines.iter().map(line).collect() }
}

#[test]
fn a_declaration_holds_a_release_takes_out_and_both_happen_once() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10"), ("B", "5.5")]).await;
        for _ in 0..2 {
            let found = stage.draw(vec![draw(1, &[(1, "A", "4"), (2, "B", "0.5")])]).await;
            assert_eq!(found, [vec![]]);
        }
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "6", "4", "0", "0"]);
        assert_eq!(stage.settle(1, Settlement::Released).await, Settled::Done);
        assert_eq!(stage.settle(1, Settlement::Released).await, Settled::Already);
        assert_eq!(stage.settle(9, Settlement::Released).await, Settled::Nothing);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["6", "6", "0", "4", "0"]);
        assert_eq!(stage.figures(BOOK, "B", &FIGURES).await, ["5", "5", "0", "0.5", "0"]);
        assert_eq!(stage.movements(BOOK, "A").await, ["exited -4", "opening 10"]);
        let changed = stage.draw(vec![draw(1, &[(1, "A", "5")])]).await;
        assert_eq!(codes(&changed[0]), ["bonded.released"]);
        stage.verify().await;
    });
}

#[test]
fn an_overdrawn_book_refuses_and_says_of_what_how_much_is_free() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10"), ("B", "3")]).await;
        let batch = vec![
            draw(1, &[(1, "A", "7")]),
            draw(2, &[(1, "A", "2"), (2, "A", "2"), (3, "B", "3.00001")]),
            draw(3, &[(1, "A", "3")]),
        ];
        let found = stage.draw(batch).await;
        assert_eq!((codes(&found[0]), codes(&found[2])), (vec![], vec![]));
        assert_eq!(codes(&found[1]), ["bonded.short", "bonded.short"]);
        let short = &found[1][0];
        assert_eq!((short.found.as_str(), short.expected.as_str()), ("4", "<= 3"));
        assert!(
            short.message.zh.contains("料号 A") && short.message.en.contains("4 asked, 3 free")
        );
        assert!(!short.remedy.zh.is_empty() && !short.remedy.en.is_empty());
        assert_eq!(found[1][1].path, "InventoryList[3]/qty");
        // Nothing of the refused one is held, not even what there was of it.
        assert_eq!(stage.figures(BOOK, "B", &FIGURES).await, ["3", "3", "0", "0", "0"]);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "0", "10", "0", "0"]);
        stage.verify().await;
    });
}

#[test]
fn everything_wrong_with_a_declaration_is_found_at_once() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let mut wrong = draw(1, &[(1, "A", "0"), (1, "X", "1"), (3, "A", "1.000001")]);
        (wrong.holder, wrong.trade_mode) = ("371166R018", "1239");
        wrong.lines[2].unit = "035";
        let unknown = bonded::Draw { book: "T0", ..draw(2, &[(1, "A", "1")]) };
        let empty = draw(3, &[]);
        let found = stage.draw(vec![wrong, unknown, empty]).await;
        let expected = [
            "bonded.book.other_holder",
            "bonded.mode",
            "bonded.quantity",
            "bonded.line_number",
            "bonded.record.unknown",
            "bonded.quantity",
            "bonded.unit",
        ];
        assert_eq!(codes(&found[0]), expected);
        assert_eq!(found[0][1].expected, "1210", "leaves under the mode it entered with");
        assert_eq!(codes(&found[1]), ["bonded.book.unknown"]);
        assert_eq!(codes(&found[2]), ["bonded.no_lines"]);
        assert_eq!(stage.figures(BOOK, "A", &["free"]).await, ["10"]);
    });
}

#[test]
fn an_amended_declaration_takes_the_place_of_the_one_held() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10"), ("B", "5")]).await;
        stage.draw(vec![draw(1, &[(1, "A", "8")])]).await;
        // Only possible because the eight held come free for it.
        let found = stage.draw(vec![draw(1, &[(1, "A", "9"), (2, "B", "1")])]).await;
        assert_eq!(found, [vec![]]);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "1", "9", "0", "0"]);
        let found = stage.draw(vec![draw(1, &[(1, "A", "11")])]).await;
        assert_eq!(codes(&found[0]), ["bonded.short"]);
        assert_eq!(stage.figures(BOOK, "A", &["held"]).await, ["9"], "it keeps what it held");
        assert_eq!(stage.settle(1, Settlement::Released).await, Settled::Done);
        assert_eq!(stage.figures(BOOK, "B", &FIGURES).await, ["4", "4", "0", "1", "0"]);
        stage.verify().await;
    });
}

#[test]
fn rejected_then_declared_anew_then_cancelled_after_release() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        stage.draw(vec![draw(1, &[(1, "A", "6")])]).await;
        assert_eq!(stage.settle(1, Settlement::GivenBack).await, Settled::Done);
        assert_eq!(stage.settle(1, Settlement::GivenBack).await, Settled::Already);
        assert_eq!(stage.figures(BOOK, "A", &["free"]).await, ["10"]);
        assert_eq!(stage.draw(vec![draw(1, &[(1, "A", "10")])]).await, [vec![]]);
        assert_eq!(stage.settle(1, Settlement::Released).await, Settled::Done);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["0", "0", "0", "10", "0"]);
        assert_eq!(stage.settle(1, Settlement::GivenBack).await, Settled::Done);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "10", "0", "10", "10"]);
        let movements = stage.movements(BOOK, "A").await;
        assert_eq!(movements, ["cancelled 10", "exited -10", "opening 10"]);
        stage.verify().await;
    });
}

#[test]
fn a_release_that_comes_after_the_hold_was_given_back_still_takes_out_if_it_can() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        stage.draw(vec![draw(1, &[(1, "A", "6")]), draw(2, &[(1, "A", "4")])]).await;
        for key in [1, 2] {
            stage.settle(key, Settlement::GivenBack).await;
        }
        assert_eq!(stage.settle(1, Settlement::Released).await, Settled::Done);
        assert_eq!(stage.settle(1, Settlement::Released).await, Settled::Already);
        stage.draw(vec![draw(3, &[(1, "A", "1")])]).await;
        let Settled::Short(findings) = stage.settle(2, Settlement::Released).await else {
            panic!("three are free, four were released");
        };
        assert_eq!((findings[0].code, findings[0].expected.as_str()), ("bonded.short", "<= 3"));
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["4", "3", "1", "6", "0"]);
        stage.verify().await;
    });
}

#[test]
fn returns_come_home_line_by_line_and_never_more_than_left() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10"), ("B", "5")]).await;
        stage.draw(vec![draw(1, &[(1, "A", "6"), (2, "B", "2")])]).await;
        let put = |returns: Vec<Return<'static>>| {
            stage.site.write(move |tx, ctx| bonded::put_back(tx, ctx, &returns))
        };
        let early = put(vec![back(9, 1, &[(1, "A", "1")])]).await.unwrap();
        assert_eq!(codes(&early[0]), ["bonded.return.not_released"]);
        stage.settle(1, Settlement::Released).await;
        let found = put(vec![
            back(2, 1, &[(1, "A", "4")]),
            back(3, 1, &[(1, "A", "3"), (2, "A", "1"), (3, "B", "1")]),
            back(4, 1, &[(2, "B", "2")]),
            back(2, 1, &[(1, "A", "4")]),
            back(2, 1, &[(1, "A", "2")]),
            back(5, 77, &[(1, "A", "1")]),
            back(6, 1, &[(1, "A", "-1"), (1, "A", "1")]),
        ]);
        let found = found.await.unwrap();
        let found: Vec<_> = found.iter().map(|findings| codes(findings)).collect();
        let too_much = vec!["bonded.return.too_much", "bonded.return.line", "bonded.return.line"];
        let expected = [
            vec![],
            too_much,
            vec![],
            vec![],
            vec!["bonded.return.changed"],
            vec!["bonded.return.unknown"],
            vec!["bonded.quantity"],
        ];
        assert_eq!(found, expected);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["8", "8", "0", "6", "4"]);
        // What is left of the line comes back when the release is cancelled.
        stage.settle(1, Settlement::GivenBack).await;
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "10", "0", "6", "6"]);
        stage.verify().await;
    });
}

#[test]
fn a_large_batch_costs_as_many_statements_as_a_small_one() {
    play(|stage| async move {
        let items: Vec<&'static str> = vec!["A", "B", "C", "D"];
        let filed: Vec<(&str, &str)> = items.iter().map(|item| (*item, "1000")).collect();
        stage.shelve(&stage.a, BOOK, &filed).await;
        let batch = |from: u8, count: u8| {
            let one = |key: u8| {
                let item = items[usize::from(key) % items.len()];
                draw(key, &[(1, item, "1"), (2, "A", "2")])
            };
            (from..from + count).map(one).collect::<Vec<_>>()
        };
        let db = stage.site.app.db.clone();
        let ids = Arc::new(IdSource::new(2));
        let now = stage.site.app.clock.now();
        let ctx = db::Ctx { now, ids, actor: "test".into() };
        // Not on the thread of the runtime, which a database on a server may not block.
        let counted = |act: &(dyn Fn(&mut db::Tx) -> Result<(), DbError> + Sync)| {
            let before = db.stats().statements;
            std::thread::scope(|scope| scope.spawn(|| db.write(act)).join().unwrap()).unwrap();
            db.stats().statements - before
        };
        let mut costs = Vec::new();
        for (from, count) in [(0, 1), (10, 60)] {
            let draws = batch(from, count);
            let drew = counted(&|tx| {
                let found = bonded::draw(tx, &ctx, &draws)?;
                assert!(found.iter().all(Vec::is_empty));
                Ok(())
            });
            let keys = draws.iter().map(|draw| (draw.key, Settlement::Released));
            let keys: Vec<_> = keys.collect();
            let settled = counted(&|tx| bonded::settle(tx, &ctx, &keys).map(drop));
            let returns = (from..from + count).map(|key| back(key, key, &[(2, "A", "1")]));
            let returns: Vec<_> = returns.collect();
            let returned = counted(&|tx| bonded::put_back(tx, &ctx, &returns).map(drop));
            costs.push((drew, settled, returned));
        }
        assert_eq!(costs[0], costs[1], "draw, settle, put back");
        stage.verify().await;
    });
}

#[test]
fn writers_that_meet_never_draw_more_than_there_is() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "20")]).await;
        let db = stage.site.app.db.clone();
        let ids = Arc::new(IdSource::new(2));
        let now = stage.site.app.clock.now();
        let start = Barrier::new(3);
        let held: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3_u8)
                .map(|writer| {
                    let (db, ids, start) = (&db, &ids, &start);
                    scope.spawn(move || {
                        let ctx = db::Ctx { now, ids: Arc::clone(ids), actor: "test".into() };
                        start.wait();
                        let mut held = 0;
                        for n in 0..12 {
                            let one = [draw(1 + writer * 20 + n, &[(1, "A", "1")])];
                            let found = loop {
                                match db.write(|tx| bonded::draw(tx, &ctx, &one)) {
                                    Ok(found) => break found,
                                    Err(DbError::Busy(_)) => {}
                                    Err(other) => panic!("{other}"),
                                }
                            };
                            held += usize::from(found[0].is_empty());
                        }
                        held
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        assert_eq!(held, 20, "no more and no fewer than there are");
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["20", "0", "20", "0", "0"]);
        stage.verify().await;
    });
}
