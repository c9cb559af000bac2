//! What every message costs, one core, on the messages of the simulated day. Beside each stand
//! plain yardsticks on the same bytes: the bare XML tokenizer, and a hash of the text.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]

use std::sync::LazyLock;

use ceb::ReadOptions;
use ceb::c14n::{Part, canonicalize};
use ceb::signature::{Algorithm, Verifier};
use clearance::document::read::{self, Veil};
use clearance::document::{Facts, Kind};
use clearance::matching::{Outcome, Parcel, Ruleset, compare};
use divan::{Bencher, black_box, counter::BytesCount};
use kouan::demo::DAY;
use kouan::demo::traffic::{Cards, Course, Day, Submission};
use register::codes::Codes;
use register::rules::Rules;
use register::tariff::Tariff;
use sm3::{Digest, Sm3};

fn main() {
    divan::main();
}

/// One signed inventory message of the day.
static INVENTORY: LazyLock<Submission> = LazyLock::new(|| {
    let zone = kouan::platform::load_zone("zibo").unwrap();
    let day = Day::plan(1, 200, &zone, DAY).unwrap();
    let all = day.submissions(0..day.len()).map(Result::unwrap);
    let good = all.filter(|one| one.kind == "CEB621" && one.fault.is_none());
    good.min_by_key(|one| one.bytes.len()).unwrap()
});

/// The four messages of a parcel, each with one document, signed with RSA-2048.
static PARCEL: LazyLock<Vec<Submission>> = LazyLock::new(|| {
    let zone = kouan::platform::load_zone("zibo").unwrap();
    let course = Course::Even { documents: 1 };
    let mut day = Day::prepare(1, &zone, DAY, course, Cards::Rsa).unwrap();
    day.fill(1).unwrap();
    let all = day.submissions(0..day.len()).map(Result::unwrap);
    all.filter(|one| one.parcels.start == 0).collect()
});

fn bytes() -> &'static [u8] {
    &INVENTORY.bytes
}

#[divan::bench]
fn read_message(bencher: Bencher<'_, '_>) {
    let size = BytesCount::of_slice(bytes());
    bencher.counter(size).bench(|| ceb::read(black_box(bytes()), &ReadOptions::default()));
}

#[divan::bench]
fn check(bencher: Bencher<'_, '_>) {
    let codes = Codes::builtin();
    let message = ceb::read(bytes(), &ReadOptions::default()).message.unwrap();
    bencher.bench(|| ceb::check(black_box(&message), &codes));
}

#[divan::bench]
fn verify_signature_of_a_known_sender(bencher: Bencher<'_, '_>) {
    let verifier = Verifier::new(16);
    assert!(verifier.verify(bytes()).is_good());
    bencher.bench(|| verifier.verify(black_box(bytes())));
}

#[divan::bench]
fn verify_rsa_signature_of_a_known_sender(bencher: Bencher<'_, '_>) {
    let verifier = Verifier::new(16);
    let message = &PARCEL[0].bytes;
    assert_eq!(verifier.verify(message).algorithm, Some(Algorithm::RsaSha256));
    bencher.bench(|| verifier.verify(black_box(message)));
}

#[divan::bench]
fn canonicalize_without_signature(bencher: Bencher<'_, '_>) {
    let size = BytesCount::of_slice(bytes());
    bencher.counter(size).bench(|| canonicalize(black_box(bytes()), Part::WithoutSignature));
}

#[divan::bench]
fn match_four_documents(bencher: Bencher<'_, '_>) {
    let veil = Veil(&|_, _| [0; 16]);
    let document = |kind: &str| {
        let message = PARCEL.iter().find(|one| one.kind == kind).unwrap();
        let read = ceb::read(&message.bytes, &ReadOptions::default()).message.unwrap();
        read.documents.into_iter().next().unwrap()
    };
    let paper = |kind: Kind| read::facts(kind, &document(kind.code()), &veil).unwrap();
    let (order, payment, waybill) =
        (paper(Kind::Order), paper(Kind::Payment), paper(Kind::Waybill));
    let inventory = read::inventory(Kind::Inventory, &document("CEB621"), &veil);
    let (Facts::Order(order), Facts::Payment(payment), Facts::Waybill(waybill)) =
        (&order, &payment, &waybill)
    else {
        panic!("a document of another kind")
    };
    let parcel = Parcel {
        order: Some(order),
        payment: Some(payment),
        waybill: Some(waybill),
        inventory: Some(&inventory),
    };
    let (needed, ruleset) = ([Kind::Order, Kind::Payment, Kind::Waybill], Ruleset::default());
    assert!(matches!(compare(&parcel, &needed, &ruleset), Outcome::Matched(_)));
    bencher.bench(|| compare(black_box(&parcel), &needed, &ruleset));
}

#[divan::bench]
fn quote_tax_of_two_lines(bencher: Bencher<'_, '_>) {
    let (rules, tariff) = (Rules::builtin(), Tariff::builtin());
    let request = tax::Request::from_json(
        r#"{"on":"2026-11-11","mode":"1210","items":[
            {"hs_code":"2204210000","quantity":"1","total_price":"300"},
            {"hs_code":"1901101000","quantity":"2","total_price":"279"}]}"#,
    )
    .unwrap();
    bencher.bench(|| tax::quote(black_box(&request), &rules, &tariff));
}

#[divan::bench]
fn yardstick_bare_xml_tokens(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(bytes())).bench(|| {
        let mut reader = quick_xml::Reader::from_reader(black_box(bytes()));
        let mut tokens = 0;
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {
            tokens += 1;
        }
        tokens
    });
}

#[divan::bench]
fn yardstick_sm3_of_the_text(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(bytes())).bench(|| Sm3::digest(black_box(bytes())));
}
