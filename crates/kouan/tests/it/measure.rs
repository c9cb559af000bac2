//! What a parcel costs on its way to customs and back, in CPU time of the one thread that does it
//! and in bytes written. Run with
//! `cargo test --release -p kouan --test it measure -- --ignored --nocapture --test-threads=1`.
#![expect(clippy::print_stdout, reason = "measures and tells")]

use std::sync::{Arc, Mutex};

use clearance::document::Door;
use clearance::intake::{Body, Submission};
use gateway::envelope::{Addresses, Outgoing};
use gateway::standin::StandIn;
use gateway::{Accepted, Customs, Delivery, TransportFailure};
use kernel::Time;
use kouan::clock::DayClock;
use kouan::config::Config;
use kouan::demo::DAY;
use kouan::demo::traffic::{Cards, Course, Day};
use kouan::platform::Platform;
use kouan::worker::{Round, customs};
use register::party::{Purpose, flow};

const PARCELS: usize = 2_000;

/// CPU time in nanoseconds and bytes written.
type Cost = (u64, u64);

/// CPU time of this thread and bytes written by this process, so far.
fn spent() -> Cost {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let written = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
    (schedule.split(' ').next().unwrap().parse().unwrap(), written.parse().unwrap())
}

fn timed<T>(sum: &Mutex<Cost>, step: impl FnOnce() -> T) -> T {
    let before = spent();
    let value = step();
    let after = spent();
    let mut sum = sum.lock().unwrap();
    *sum = (sum.0 + after.0 - before.0, sum.1 + after.1 - before.1);
    value
}

/// The stand-in with a watch.
struct Watched {
    standin: Arc<StandIn>,
    send: Mutex<Cost>,
    collect: Mutex<Cost>,
    delivered: Mutex<Cost>,
}

impl Customs for Watched {
    fn send(
        &self,
        addresses: &Addresses,
        messages: &[Outgoing<'_>],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        timed(&self.send, || self.standin.send(addresses, messages, now))
    }

    fn collect(&self, now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure> {
        timed(&self.collect, || self.standin.collect(now, max))
    }

    fn delivered(&self, receipt_ids: &[&str], now: Time) -> Result<(), TransportFailure> {
        timed(&self.delivered, || self.standin.delivered(receipt_ids, now))
    }
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
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        database: folder.path().join("kouan.db").display().to_string(),
        ..Config::default()
    };
    config.standin.verify_signatures = false;
    let start = Time::of(DAY.at(23, 0, 0, 0)).unwrap();
    let clock = Arc::new(DayClock::at(start));
    let mut platform = Platform::open(config, Arc::clone(&clock) as _).unwrap();
    let mut day =
        Day::prepare(1, &platform.zone, DAY, Course::Even { documents }, Cards::Sm2).unwrap();
    day.fill(PARCELS).unwrap();
    let ctx = platform.app.ctx_as("test".into());
    for (code, certificate) in day.certificates() {
        let register = |tx: &mut db::Tx| {
            flow::register_certificate(tx, &ctx, code, certificate.der(), Purpose::Messages)
        };
        platform.app.db.write(register).unwrap();
    }
    platform.reference.directory.refresh_from(&platform.app.db).unwrap();
    let watched = Arc::new(Watched {
        standin: platform.standin.clone().unwrap(),
        send: Mutex::default(),
        collect: Mutex::default(),
        delivered: Mutex::default(),
    });
    platform.customs = Arc::clone(&watched) as _;
    let parcels = day.parcels() as u64;
    hand_in(&platform, &day);

    let (forward, collect) = (Mutex::default(), Mutex::default());
    while timed(&forward, || customs::forward_round(&platform)).unwrap() == Round::Busy {}
    clock.advance_to(start.plus_millis(60_000));
    while timed(&collect, || customs::collect_round(&platform)).unwrap() == Round::Busy {}
    platform.intake.stop();

    println!("{documents} documents a message, {parcels} parcels");
    let tell = |name: &str, cost: Cost| {
        println!("{name:<30}{:>9} ns{:>9} bytes a parcel", cost.0 / parcels, cost.1 / parcels);
    };
    let of = |sum: &Mutex<Cost>| *sum.lock().unwrap();
    let without = |a: Cost, b: Cost| (a.0 - b.0, a.1 - b.1);
    let told = [of(&watched.send), of(&watched.collect), of(&watched.delivered)];
    tell("claim, open, report", without(of(&forward), told[0]));
    tell("stand-in: submit", told[0]);
    tell("stand-in: collect", told[1]);
    tell("stand-in: delivered", told[2]);
    tell("receipts in", without(without(of(&collect), told[1]), told[2]));
}

/// Hands every message in, several at a time, kind after kind.
fn hand_in(platform: &Platform, day: &Day) {
    let mut by_kind: Vec<Vec<Vec<u8>>> = vec![Vec::new(), Vec::new()];
    for submission in day.submissions(0..day.len()) {
        let submission = submission.unwrap();
        by_kind[usize::from(submission.kind == "CEB621")].push(submission.bytes);
    }
    for bodies in by_kind {
        let next = Mutex::new(bodies.into_iter());
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    while let Some(bytes) = { next.lock().unwrap().next() } {
                        let outcome = platform.intake.submit_blocking(Submission {
                            door: Door::Folder,
                            sender: None,
                            actor: "measure".into(),
                            body: Body::Message(bytes),
                        });
                        assert_eq!(outcome.unwrap().http_status(), 202);
                    }
                });
            }
        });
    }
}
