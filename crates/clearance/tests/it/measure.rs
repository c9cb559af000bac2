//! What a parcel costs on its way through clearance, step by step. Run with
//! `cargo test --release -p clearance --test it measure -- --ignored --nocapture`.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "measures and tells")]

use std::collections::BTreeMap;
use std::time::Instant;

use clearance::document::{Door, Kind};
use clearance::intake::{Body, OutcomeStatus, Submission};
use clearance::receipt::Letter;
use serde_json::Value as Json;

use super::support::*;

/// Parcels, documents a message and threads, unless `PARCELS` says otherwise.
fn parcels_wanted() -> u32 {
    std::env::var("PARCELS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

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

/// CPU ticks (a hundredth of a second) of every thread of this process, by name.
fn ticks() -> BTreeMap<String, u64> {
    let mut out = BTreeMap::new();
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    for task in tasks.flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        let Some((head, rest)) = stat.rsplit_once(')') else { continue };
        let name = head.split_once('(').map_or("", |(_, name)| name).to_owned();
        let fields: Vec<u64> =
            rest.split_whitespace().skip(11).take(2).filter_map(|f| f.parse().ok()).collect();
        *out.entry(name).or_default() += fields.iter().sum::<u64>();
    }
    out
}

/// Runs a step and tells what it cost: wall time, and CPU by thread, in microseconds a parcel.
fn step(name: &str, run: impl FnOnce()) {
    let (before, start) = (ticks(), Instant::now());
    run();
    let (elapsed, after) = (start.elapsed(), ticks());
    let each = |micros: u128| micros / u128::from(parcels_wanted());
    let mut cpu = String::new();
    for (thread, ticks) in &after {
        let spent = ticks.saturating_sub(before.get(thread).copied().unwrap_or_default());
        if spent > 1 {
            cpu.push_str(&format!(" {thread} {}", each(u128::from(spent) * 10_000)));
        }
    }
    println!("{name:<20} wall {:>5} µs; CPU µs:{cpu}", each(elapsed.as_micros()));
}

/// A message of receipts of one kind.
fn receipts(code: &str, element: &str, all: &[String]) -> Vec<u8> {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><CEB{code}Message guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\" \
         version=\"1.0\" xmlns=\"http://www.chinaport.gov.cn/ceb\">"
    );
    for one in all {
        out.push_str(&format!("<{element}>{one}</{element}>"));
    }
    out.push_str(&format!("</CEB{code}Message>"));
    out.into_bytes()
}

fn answer(parcel: &Parcel, kind: Kind, status: i64, second: u32) -> String {
    let n = parcel.n;
    let keys = match kind {
        Kind::Order => format!(
            "<ebpCode>{PLATFORM}</ebpCode><ebcCode>{SELLER}</ebcCode><orderNo>{}</orderNo>",
            parcel.order_no()
        ),
        Kind::Payment => format!(
            "<payCode>{PAYMENT}</payCode><payTransactionId>{}</payTransactionId>",
            parcel.transaction()
        ),
        Kind::Waybill => format!(
            "<logisticsCode>{CARRIER}</logisticsCode><logisticsNo>{}</logisticsNo>",
            parcel.logistics_no()
        ),
        _ => format!(
            "<customsCode>4251</customsCode><ebpCode>{PLATFORM}</ebpCode><ebcCode>{SELLER}</ebcCode>\
             <agentCode>{BROKER}</agentCode><copNo>{}</copNo><preNo>B20261123{n:09}</preNo>\
             <invtNo>{}</invtNo>",
            parcel.cop_no(),
            parcel.invt_no()
        ),
    };
    format!(
        "<guid>4CDE1CFD-EDED-46B1-946C-{n:012X}</guid>{keys}<returnStatus>{status}</returnStatus>\
         <returnTime>20261123100{second:03}000</returnTime><returnInfo>[Code:{status};Desc:处理成功]</returnInfo>"
    )
}

#[test]
#[ignore = "a measurement, not a check"]
fn a_parcel_step_by_step() {
    let folder = db::test::Folder::new();
    let path = folder.path().join("measure.db");
    let settings = db::Settings::new(path.display().to_string(), db::test::master_key());
    let house = House::over(&db::Db::open(&settings).expect("opened"));
    let parcels: Vec<Parcel> = (1..=parcels_wanted())
        .map(|n| Parcel { buyer: identity_number(n), ..Parcel::new(n) })
        .collect();
    for (kind, sender, dxp_id, document) in [
        (Kind::Order, PLATFORM, "DXPENT3703000001", Parcel::order as fn(&Parcel) -> Json),
        (Kind::Payment, PAYMENT, "DXPENT3703000009", Parcel::payment),
        (Kind::Waybill, CARRIER, "DXPENT3703000012", Parcel::waybill),
    ] {
        let messages: Vec<Vec<u8>> = parcels
            .chunks(BATCH)
            .map(|some| xml(kind, sender, dxp_id, &some.iter().map(document).collect::<Vec<_>>()))
            .collect();
        step(kind.word(), || run(&house, messages.into_iter().map(Body::Message).collect()));
    }
    // An inventory must be signed when it comes as a message.
    let inventories: Vec<Body> = parcels
        .chunks(BATCH)
        .map(|some| Body::Json(Kind::Inventory, some.iter().map(Parcel::inventory).collect()))
        .collect();
    step("inventory (JSON)", || run(&house, inventories));
    step("claim and report", || while !house.send().is_empty() {});
    for (kind, code, element, statuses) in [
        (Kind::Order, "312", "OrderReturn", &[2, 120][..]),
        (Kind::Payment, "412", "PaymentReturn", &[2, 120]),
        (Kind::Waybill, "512", "LogisticsReturn", &[2, 120]),
        (Kind::Inventory, "622", "InventoryReturn", &[2, 120, 800, 899]),
    ] {
        for (status, second) in statuses.iter().zip(10..) {
            let letters: Vec<Vec<u8>> = parcels
                .chunks(BATCH)
                .map(|some| {
                    let all: Vec<String> =
                        some.iter().map(|p| answer(p, kind, *status, second)).collect();
                    receipts(code, element, &all)
                })
                .collect();
            step(&format!("receipts {code} {status}"), || take_in(&house, &letters));
        }
    }
    house.db.checkpoint().expect("checkpointed");
    let bytes = std::fs::metadata(&path).expect("a file").len();
    println!("{} bytes a parcel", bytes / u64::from(parcels_wanted()));
    let ended = "SELECT COUNT(*) FROM clearance_inventory_course WHERE state = 899";
    println!("{} closed", house.count(ended));
}

fn take_in(house: &House, letters: &[Vec<u8>]) {
    for some in letters.chunks(10) {
        house.clock.advance(1_000);
        let ctx = house.ctx();
        let archiver = house.db.archiver();
        let letters: Vec<_> =
            some.iter().map(|xml| Letter::read(&archiver, &ctx, xml).expect("read")).collect();
        house
            .db
            .write(|tx| clearance::flow::take_receipts(tx, &ctx, &house.reference, &letters))
            .expect("taken");
    }
}

fn run(house: &House, bodies: Vec<Body>) {
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
}
