//! What guarantors lodge: when it counts, what may be taken away, what happens at its end.

use kernel::Fen;
use tax::guarantee::flow::{self, Failure};
use tax::guarantee::{
    Change, GuarantorDraft, Instrument, InstrumentDraft, InstrumentForm, InstrumentState, Role,
    Swept, TaxRefusal,
};

use crate::site::*;

fn lodge(books: &Books<'_>, draft: &InstrumentDraft<'_>) -> Instrument {
    books.write(|tx, ctx| flow::lodge(tx, ctx, PLATFORM, draft))
}

fn change(books: &Books<'_>, one: &Instrument, change: Change) -> Result<Instrument, Failure> {
    books.try_write(|tx, ctx| flow::change(tx, ctx, PLATFORM, one.id, change))
}

fn sweep(books: &Books<'_>) -> Swept {
    books.law(|law| books.write(|tx, ctx| flow::sweep(tx, ctx, law, 100)))
}

fn states(books: &Books<'_>) -> Vec<(InstrumentState, i64)> {
    books
        .db
        .read(|tx| {
            let guarantor = flow::find(tx, PLATFORM)?;
            Ok::<_, Failure>(flow::instruments(tx, guarantor.id)?)
        })
        .unwrap()
        .iter()
        .map(|one| (one.state, one.counted.0))
        .collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> TaxRefusal {
    match result.unwrap_err() {
        Failure::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn several_instruments_add_up_and_the_same_one_is_lodged_once() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let cash =
            InstrumentDraft { form: InstrumentForm::Cash, ..letter("C1", 50, day("2026-03-01")) };
        let first = lodge(books, &cash);
        assert_eq!(lodge(books, &cash), first);
        assert_eq!(books.sums(PLATFORM).granted, Fen(15_000));
        let other = InstrumentDraft { amount: Fen(1), ..cash };
        let again = books.try_write(|tx, ctx| flow::lodge(tx, ctx, PLATFORM, &other));
        assert_eq!(refusal(again), TaxRefusal::InstrumentTaken);
        let nobody = books.try_write(|tx, ctx| flow::lodge(tx, ctx, OTHER, &cash));
        assert_eq!(refusal(nobody), TaxRefusal::GuarantorNotFound);
        books.balanced();
    });
}

#[test]
fn wrong_particulars_are_all_named() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let wrong = InstrumentDraft {
            number: " ",
            issuer: "",
            amount: Fen(0),
            valid_until: Some(day("2026-02-01")),
            ..letter("", 1, day("2026-03-01"))
        };
        let result = books.try_write(|tx, ctx| flow::lodge(tx, ctx, PLATFORM, &wrong));
        let Err(Failure::Findings(findings)) = result else { panic!("{result:?}") };
        let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["amount", "number", "issuer", "valid_until"]);
        let broker = GuarantorDraft { code: BROKER, role: Role::Broker, bill_by: None };
        let result = books.try_write(|tx, ctx| flow::register(tx, ctx, &broker));
        assert!(matches!(result, Err(Failure::Findings(_))), "{result:?}");
    });
}

#[test]
fn only_what_is_free_can_be_taken_away() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        books.hold(&[charge(1, 6_000)]);
        let one = lodge(books, &letter("L1", 100, day("2026-03-01")));
        let too_much = change(books, &one, Change::Reduce(Fen(4_001)));
        assert_eq!(refusal(too_much), TaxRefusal::WouldUncover { available: Fen(4_000) });
        let less = change(books, &one, Change::Reduce(Fen(4_000))).unwrap();
        assert_eq!((less.amount, less.counted), (Fen(6_000), Fen(6_000)));
        assert_eq!(codes(&books.hold(&[charge(2, 1)])), ["guarantee.short"]);
        change(books, &one, Change::TopUp(Fen(1))).unwrap();
        assert_eq!(codes(&books.hold(&[charge(2, 1)])), [""]);
        books.give_back(&[1, 2]);
        let ended = change(books, &one, Change::Reduce(Fen(6_001))).unwrap();
        assert_eq!(ended.state, InstrumentState::Ended);
        let refused = change(books, &one, Change::TopUp(Fen(1)));
        assert_eq!(refusal(refused), TaxRefusal::InstrumentEnded);
        assert_eq!(books.sums(PLATFORM).granted, Fen(0));
        books.balanced();
    });
}

#[test]
fn an_instrument_counts_from_its_first_to_its_last_day() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 10);
        let later = InstrumentDraft {
            valid_until: Some(day("2026-03-20")),
            ..letter("L2", 90, day("2026-03-10"))
        };
        lodge(books, &later);
        assert_eq!(codes(&books.hold(&[charge(1, 1_001)])), ["guarantee.short"]);
        // The first declaration of the day finds it, before anybody swept.
        books.on("2026-03-10");
        assert_eq!(codes(&books.hold(&[charge(1, 1_001)])), [""]);
        books.give_back(&[1]);
        books.on("2026-03-20");
        assert_eq!(sweep(books), Swept::default());
        books.on("2026-03-21");
        assert_eq!(codes(&books.hold(&[charge(2, 1_001)])), ["guarantee.short"]);
        let wanted = [(InstrumentState::Active, 1_000), (InstrumentState::Ended, 0)];
        assert_eq!(states(books), wanted);
        books.balanced();
    });
}

#[test]
fn what_covers_tax_does_not_lapse_before_the_tax_is_gone() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 10);
        let letter = InstrumentDraft {
            valid_until: Some(day("2026-03-05")),
            ..letter("L2", 90, day("2026-03-01"))
        };
        let short = lodge(books, &letter);
        books.hold(&[charge(1, 4_000), charge(2, 3_000)]);
        books.on("2026-03-06");
        assert_eq!(sweep(books).lapsing, 1);
        // 30 were free; 70 are covered by 10 and what stays of it.
        assert_eq!(books.sums(PLATFORM).granted, Fen(7_000));
        assert_eq!(states(books)[1], (InstrumentState::Lapsing, 6_000));
        assert!(books.events().contains(&"tax.guarantee_lapsing".to_owned()));
        assert_eq!(codes(&books.hold(&[charge(3, 1)])), ["guarantee.short"]);
        // What comes free goes with it: nothing new is held on it.
        books.give_back(&[1]);
        assert_eq!(codes(&books.hold(&[charge(3, 1)])), ["guarantee.short"]);
        assert_eq!(states(books)[1], (InstrumentState::Lapsing, 2_000));
        // Extended, it is whole again.
        let extended = change(books, &short, Change::Extend(day("2026-12-31"))).unwrap();
        assert_eq!((extended.state, extended.counted), (InstrumentState::Active, Fen(9_000)));
        assert_eq!(books.sums(PLATFORM).granted, Fen(10_000));
        books.on("2027-01-01").give_back(&[2]);
        assert_eq!(sweep(books).ended, 1);
        assert_eq!(books.sums(PLATFORM).granted, Fen(1_000));
        books.balanced();
    });
}

#[test]
fn the_guarantor_is_reminded_before_the_end() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 10);
        let letter = InstrumentDraft {
            valid_until: Some(day("2026-06-30")),
            ..letter("L2", 90, day("2026-03-01"))
        };
        lodge(books, &letter);
        let mut told = Vec::new();
        for on in ["2026-05-30", "2026-05-31", "2026-06-01", "2026-06-23", "2026-06-29"] {
            sweep(books.on(on));
            let events = books.events();
            told.push(events.iter().filter(|kind| *kind == "tax.guarantee_ends_soon").count());
        }
        assert_eq!(told, [0, 1, 1, 2, 2]);
    });
}
