//! How fast parcels go in. Run with
//! `cargo test --release -p clearance --test it measure -- --ignored --nocapture`.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "measures and tells")]

use std::time::Instant;

use clearance::document::{Door, Kind};
use clearance::intake::{Body, OutcomeStatus, Submission};
use serde_json::Value as Json;

use super::support::*;

const PARCELS: u32 = 4_000;
const BATCH: usize = 100;

fn xml(kind: Kind, sender: &str, dxp_id: &str, documents: &[Json]) -> Vec<u8> {
    let definition = ceb::message_type(kind.code()).expect("a type");
    let mut message = ceb::Message::new(definition, "4CDE1CFD-EDED-46B1-946C-B8022E42FC94");
    for document in documents {
        message.documents.extend(ceb::document_from_json(definition, document).0);
    }
    let mut transfer = ceb::Record::new(definition.transfer().expect("a block"));
    for (name, value) in
        [("copCode", sender), ("copName", "企业"), ("dxpMode", "DXP"), ("dxpId", dxp_id)]
    {
        transfer.set(name, value);
    }
    message.transfer = Some(transfer);
    ceb::write(&message).expect("written")
}

#[test]
#[ignore = "a measurement, not a check"]
fn parcels_per_second_by_batches() {
    let folder = db::test::Folder::new();
    let path = folder.path().join("measure.db");
    let settings = db::Settings::new(path.display().to_string(), db::test::master_key());
    let house = House::over(&db::Db::open(&settings).expect("opened"));
    let parcels: Vec<Parcel> =
        (1..=PARCELS).map(|n| Parcel { buyer: identity_number(n), ..Parcel::new(n) }).collect();
    for (kind, sender, dxp_id, document) in [
        (Kind::Order, PLATFORM, "DXPENT3703000001", Parcel::order as fn(&Parcel) -> Json),
        (Kind::Payment, PAYMENT, "DXPENT3703000009", Parcel::payment),
        (Kind::Waybill, CARRIER, "DXPENT3703000012", Parcel::waybill),
    ] {
        let messages: Vec<Vec<u8>> = parcels
            .chunks(BATCH)
            .map(|some| xml(kind, sender, dxp_id, &some.iter().map(document).collect::<Vec<_>>()))
            .collect();
        run(&house, kind.word(), messages.into_iter().map(Body::Message).collect());
    }
    let inventories: Vec<Body> = parcels
        .chunks(BATCH)
        .map(|some| Body::Json(Kind::Inventory, some.iter().map(Parcel::inventory).collect()))
        .collect();
    run(&house, "inventory (JSON)", inventories);
    let start = Instant::now();
    let sent = house.send().len();
    println!("{sent} messages claimed and reported in {:?}", start.elapsed());
    let letters: Vec<String> = parcels.iter().map(|p| p.inventory_receipt(800, 60)).collect();
    let start = Instant::now();
    for some in letters.chunks(200) {
        let ctx = house.ctx();
        let archiver = house.db.archiver();
        let letters: Vec<_> = some
            .iter()
            .map(|xml| {
                clearance::receipt::Letter::read(&archiver, &ctx, xml.as_bytes()).expect("read")
            })
            .collect();
        house
            .db
            .write(|tx| clearance::flow::take_receipts(tx, &ctx, &house.reference, &letters))
            .expect("taken");
    }
    println!("{PARCELS} releases in {:?}", start.elapsed());
    house.db.checkpoint().expect("checkpointed");
    let bytes = std::fs::metadata(&path).expect("a file").len();
    println!("{} bytes a parcel", bytes / u64::from(PARCELS));
    let released = "SELECT COUNT(*) FROM clearance_inventory WHERE state = 800";
    println!("{} released", house.count(released));
}

fn run(house: &House, name: &str, bodies: Vec<Body>) {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut waiting = Vec::new();
        for body in bodies {
            let intake = house.intake.clone();
            let submission =
                Submission { door: Door::Folder, sender: None, actor: "measure".into(), body };
            waiting.push(tokio::spawn(async move { intake.submit(submission).await }));
        }
        for one in waiting {
            let outcome = one.await.expect("joined").expect("taken");
            assert_eq!(outcome.status, OutcomeStatus::Accepted, "{outcome:?}");
        }
    });
    let elapsed = start.elapsed();
    let per_second = u128::from(PARCELS) * 1_000_000 / elapsed.as_micros().max(1);
    println!("{name}: {elapsed:?}, {per_second}/s");
}
