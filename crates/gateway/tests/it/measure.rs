//! What a parcel costs the stand-in. Run with
//! `cargo test --release -p gateway --test it measure -- --ignored --nocapture`.
#![expect(clippy::print_stdout, reason = "measures and tells")]

use std::sync::Arc;

use ceb::Document;
use gateway::envelope::{Addresses, Outgoing};
use gateway::standin::{MIGRATIONS, Settings, StandIn};
use gateway::{Customs, Delivery};
use kernel::Time;

use super::fixture::{DXP_ID, Law, Parcel, message, start};

const PARCELS: usize = 2_000;
/// Messages of one round of the forwarder.
const ROUND: usize = 50;

/// CPU time of this thread so far, in nanoseconds, and bytes this process has written.
fn spent() -> (u64, u64) {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let written = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
    (schedule.split(' ').next().unwrap().parse().unwrap(), written.parse().unwrap())
}

/// Runs a step, adds what it took to a sum, and gives its result.
fn timed<T>(sum: &mut (u64, u64), step: impl FnOnce() -> T) -> T {
    let before = spent();
    let value = step();
    let after = spent();
    *sum = (sum.0 + after.0 - before.0, sum.1 + after.1 - before.1);
    value
}

fn tell(name: &str, (nanos, bytes): (u64, u64)) {
    let parcels = PARCELS as u64;
    println!("{name:<12}{:>8} ns a parcel{:>8} bytes a parcel", nanos / parcels, bytes / parcels);
}

#[test]
#[ignore = "a measurement, not a check"]
fn parcels_in_messages_of_a_hundred() {
    play(100);
}

#[test]
#[ignore = "a measurement, not a check"]
fn parcels_in_messages_of_one() {
    play(1);
}

fn play(documents: usize) {
    let folder = db::test::Folder::new();
    let path = folder.path().join("standin.db");
    let settings = db::Settings::new(path.display().to_string(), db::test::master_key());
    let db = db::Db::open(&db::Settings { durable: false, ..settings }).unwrap();
    db.migrate(MIGRATIONS).unwrap();
    let settings = Settings { verify_signatures: false, ..Settings::default() };
    let standin = StandIn::new(db, Arc::new(Law), settings);
    let parcels: Vec<Parcel> = (0..PARCELS)
        .map(|n| Parcel { lines: 2, ..Parcel::of(&format!("2026112300{n:08}")) })
        .collect();
    let mut messages = Vec::new();
    for (n, some) in parcels.chunks(documents).enumerate() {
        for (code, make) in [
            ("CEB311", Parcel::order as fn(&Parcel) -> Document),
            ("CEB411", Parcel::payment),
            ("CEB511", Parcel::waybill),
            ("CEB621", Parcel::inventory),
        ] {
            let bytes = message(code, some.iter().map(make).collect());
            messages.push((format!("{code}-{n}"), format!("{code}Message"), bytes));
        }
    }
    let (mut submit, mut collect, mut delivered) = ((0, 0), (0, 0), (0, 0));
    let (mut letters, mut bytes) = (0, 0);
    let mut now = start();
    let mut drain = |now: Time| loop {
        let due: Vec<Delivery> = timed(&mut collect, || standin.collect(now, 200).unwrap());
        if due.is_empty() {
            break;
        }
        letters += due.len();
        bytes += due.iter().map(|one| one.bytes.len()).sum::<usize>();
        let ids: Vec<&str> = due.iter().map(|one| one.receipt_id.as_str()).collect();
        timed(&mut delivered, || standin.delivered(&ids, now).unwrap());
    };
    let addresses = Addresses::of(DXP_ID);
    for round in messages.chunks(ROUND) {
        let outgoing: Vec<Outgoing<'_>> = round
            .iter()
            .map(|(id, message_type, message)| Outgoing {
                message,
                message_type,
                transfer_id: Some(DXP_ID),
                cop_msg_id: id,
            })
            .collect();
        let taken = timed(&mut submit, || standin.send(&addresses, &outgoing, now).unwrap());
        assert!(taken.iter().all(Result::is_ok));
        now = now.plus_millis(500);
        drain(now);
    }
    drain(now.plus_millis(10_000));
    println!("{documents} a message: {letters} letters of {bytes} bytes");
    tell("submit", submit);
    tell("collect", collect);
    tell("delivered", delivered);
}
