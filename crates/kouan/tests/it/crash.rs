//! Killed at any moment, the platform loses nothing and does nothing twice.
//!
//! A real server is killed with `kill -9` while firms send over several connections and the
//! stand-in answers. Chance from a seed decides after how many acknowledgements, and how long after
//! the last of them, it dies. `make crash` does it at least fifty times on each database.

use std::time::Duration;

use db::test::Schema;
use kouan::clock::Stopwatch;
use kouan::demo::traffic::Submission;

#[path = "crash_audit.rs"]
mod audit;
#[path = "crash_load.rs"]
mod load;
#[path = "crash_receiver.rs"]
mod receiver;

use crate::house::{Engine, House, Server, agent, day};
use audit::{audit, told_apart};
use load::Load;
use receiver::Receiver;

/// How a story of deaths is to go.
struct Plan {
    engine: &'static str,
    seed: u64,
    kills: usize,
    parcels: usize,
    /// Most acknowledgements between two deaths.
    apart: usize,
}

/// What happened.
struct Story {
    engine: &'static str,
    kills: usize,
    at_start: usize,
    messages: usize,
    repeats: usize,
    slowest: Duration,
    found: audit::Found,
}

/// SplitMix64: the same seed tells the same story, as far as the system's threads allow.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).unwrap()
    }

    /// Lets a little of the other threads' work pass, so that death comes at any point of it.
    fn moment(&mut self) {
        for _ in 0..self.below(400) {
            std::thread::yield_now();
        }
        for _ in 0..self.below(60_000) {
            std::hint::spin_loop();
        }
    }
}

/// Most messages repeated after each restart.
const REPEATED_MAX: usize = 24;

fn run(plan: &Plan, engine: Engine) -> Story {
    let day = day(plan.seed, plan.parcels);
    let submissions: Vec<Submission> = day.submissions(0..day.len()).map(Result::unwrap).collect();
    let house = House::new(engine, &day, "");
    let receiver = Receiver::start();
    let load = Load::new(&submissions, &house.keys);
    let mut story = Story {
        engine: plan.engine,
        kills: 0,
        at_start: 0,
        messages: 0,
        repeats: 0,
        slowest: Duration::ZERO,
        found: audit::Found::default(),
    };
    let server = house.serve();
    receiver.subscribe(&server, &house, &day);
    load.server_is(Some(&server.address));
    let server = load.send_while(day.len_unordered(), || {
        let mut server = server;
        let mut chance = Chance(plan.seed);
        let mut since = 0;
        while story.kills < plan.kills && load.until_answered(since + 1 + chance.below(plan.apart))
        {
            chance.moment();
            load.server_is(None);
            server = restarted(&mut story, &mut chance, &house, server);
            since = repeat_some(&load, &mut chance, &server, &mut story);
            load.server_is(Some(&server.address));
        }
        server
    });
    load.send_while(day.len(), || {});
    story.messages = load.answered().len();
    server.kill();
    story.kills += 1;
    story.found = audit(&house, &day, &load, &receiver);
    story
}

/// Kills the server, now and then once more while it starts, and starts it.
fn restarted(story: &mut Story, chance: &mut Chance, house: &House, server: Server) -> Server {
    server.kill();
    story.kills += 1;
    if chance.below(6) == 0 {
        let starting = house.spawn();
        (0..chance.below(40)).for_each(|_| chance.moment());
        starting.kill();
        story.kills += 1;
        story.at_start += 1;
    }
    let watch = Stopwatch::start();
    let server = house.serve();
    server.until_ready();
    story.slowest = story.slowest.max(watch.elapsed());
    server
}

/// Repeats the last acknowledged messages before the death and some earlier ones, with the same
/// bytes and the same key: each is answered as before. Gives how many were answered by then.
fn repeat_some(load: &Load<'_>, chance: &mut Chance, server: &Server, story: &mut Story) -> usize {
    let answered = load.answered();
    let mut places: Vec<usize> = answered.iter().rev().take(REPEATED_MAX / 2).copied().collect();
    places.extend((0..REPEATED_MAX / 2).map(|_| answered[chance.below(answered.len())]));
    let agent = agent();
    for place in places {
        let again = loop {
            let again = load.ask(&agent, &server.address, place).unwrap();
            if !matches!(again.status, 429 | 503) {
                break again;
            }
        };
        let first = load.answer(place);
        if let Some(difference) = told_apart(first, &again, Load::is_marked(place)) {
            let kind = load.submissions[place].kind;
            panic!("{kind} {place}: {difference}\n{:?}\n{:?}", first.json(), again.json());
        }
        story.repeats += 1;
    }
    answered.len()
}

#[expect(clippy::print_stdout, reason = "the table is what `make crash` is run for")]
fn print(story: &Story) {
    let found = &story.found;
    let rows = [
        ("engine", story.engine.to_owned()),
        ("kills", format!("{} ({} while starting)", story.kills, story.at_start)),
        ("messages acknowledged", story.messages.to_string()),
        ("documents acknowledged", found.acknowledged.to_string()),
        ("lost", found.lost.to_string()),
        ("duplicated", found.duplicated.to_string()),
        ("requests repeated", story.repeats.to_string()),
        ("receipts", found.receipts.to_string()),
        ("events, each once", found.events.to_string()),
        ("notices pushed", format!("{} ({} again)", found.pushed, found.pushed_again)),
        ("slowest restart", format!("{} ms", story.slowest.as_millis())),
    ];
    println!();
    for (name, value) in rows {
        println!("{name:<28}{value}");
    }
}

fn sound(story: &Story) {
    print(story);
    assert_eq!((story.found.lost, story.found.duplicated), (0, 0));
}

#[test]
fn a_server_killed_while_firms_send_loses_nothing() {
    let plan = Plan { engine: "sqlite", seed: 11, kills: 4, parcels: 300, apart: 8 };
    sound(&run(&plan, Engine::Sqlite));
}

#[test]
fn nor_on_a_server_database() {
    let Some(schema) = Schema::new() else {
        eprintln!("skipped: KOUAN_TEST_DATABASE_URL names no PostgreSQL");
        return;
    };
    let plan = Plan { engine: "postgresql", seed: 12, kills: 3, parcels: 300, apart: 8 };
    sound(&run(&plan, Engine::Postgres(schema)));
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// `make crash`: takes minutes, and minds how long a restart takes.
#[test]
#[ignore = "minutes long; run by make crash"]
fn fifty_deaths() {
    let kills = number("KOUAN_CRASH_KILLS", 60);
    let seed = number("KOUAN_CRASH_SEED", 20_261_111) as u64;
    println!("seed {seed}");
    let plan = |engine| Plan { engine, seed, kills, parcels: kills * 40, apart: 10 };
    let mut stories = vec![run(&plan("sqlite"), Engine::Sqlite)];
    match Schema::new() {
        Some(schema) => stories.push(run(&plan("postgresql"), Engine::Postgres(schema))),
        None => println!("PostgreSQL skipped: KOUAN_TEST_DATABASE_URL names none"),
    }
    stories.iter().for_each(sound);
    for story in &stories {
        assert!(story.kills >= kills, "{}: {} kills of {kills}", story.engine, story.kills);
        assert!(story.slowest < Duration::from_secs(2), "{}: {:?}", story.engine, story.slowest);
    }
}
