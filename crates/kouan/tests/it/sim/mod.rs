//! The seeded simulation of the whole zone: the platform in one process, on one thread, over a disk
//! that fails, with firms, customs and receivers that do what such parties do. One seed is one story;
//! the same seed tells the same story. See `docs/simulation.md`.
//!
//! ```text
//! KOUAN_SIM_SEED=17 make sim      one story, line by line
//! KOUAN_SIM_SEEDS=1000 make sim   a thousand of them
//! ```
#![expect(clippy::expect_used, reason = "a story that cannot be told has failed")]

mod chance;
mod check;
mod disk;
mod house;
mod letter;
mod model;
mod observe;
mod outside;
mod parcel;
mod plan;
mod rest;
mod senders;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chance::{Chance, Digest};
use world::{Broken, World};

/// How a story ended.
struct Ended {
    digest: Digest,
    story: Vec<String>,
    crashes: usize,
}

/// Tells the story of a seed. `Err` says what broke, where.
fn tell(seed: u64, place: db::test::Disk, aloud: bool) -> Result<Ended, Broken> {
    let mut chance = Chance::of(seed);
    let plan = plan::plan(&mut chance);
    let steps = 150 + chance.below(450);
    let mut world = World::new(plan, place, chance, aloud);
    let rough = world.rough;
    world.say(format!("seed {seed}: {} parcels, {rough:?}", world.parcels.len()));
    world.start();
    world.rage(steps)?;
    world.calm_down()?;
    world.at_rest()?;
    let dump = observe::dump(world.house().db());
    for line in dump.map_err(|error| world.broken(error.to_string()))? {
        world.digest.feed(&line);
    }
    Ok(Ended { digest: world.digest, story: world.story, crashes: world.crashes })
}

/// Tells a story and says how to hear it again when it breaks.
fn must_hold(seed: u64, place: db::test::Disk, aloud: bool) -> Result<Ended, String> {
    let again = format!("hear it: KOUAN_SIM_SEED={seed} make sim");
    match catch_unwind(AssertUnwindSafe(|| tell(seed, place, aloud))) {
        Ok(Ok(ended)) => Ok(ended),
        Ok(Err(Broken { step, what })) => {
            Err(format!("seed {seed} broke at step {step}: {what}\n  {again}"))
        }
        Err(_) => Err(format!("seed {seed} ended in a panic\n  {again}")),
    }
}

fn in_memory(seed: u64) -> Ended {
    must_hold(seed, db::test::Disk::memory(), false).unwrap_or_else(|broken| panic!("{broken}"))
}

#[test]
fn a_few_stories_hold() {
    for seed in 1..=4 {
        in_memory(seed);
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let (first, again) = (in_memory(5), in_memory(5));
    assert_eq!(first.story, again.story);
    assert_eq!(first.digest, again.digest);
    assert_ne!(first.digest, in_memory(6).digest);
}

#[test]
fn a_story_holds_on_a_server() {
    let Some(schema) = db::test::Schema::new() else {
        eprintln!("skipped: KOUAN_TEST_DATABASE_URL names no PostgreSQL");
        return;
    };
    let place = db::test::Disk::server(&schema);
    must_hold(5, place, false).unwrap_or_else(|broken| panic!("{broken}"));
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[ignore = "hundreds of stories; run by `make sim`"]
fn many_stories_hold() {
    if let Some(seed) = number("KOUAN_SIM_SEED") {
        let place = db::test::Disk::memory();
        let ended = must_hold(seed, place, true).unwrap_or_else(|broken| panic!("{broken}"));
        return eprintln!("seed {seed} holds, digest {}", ended.digest);
    }
    let seeds = number("KOUAN_SIM_SEEDS").unwrap_or(200);
    let next = AtomicU64::new(number("KOUAN_SIM_FROM").unwrap_or(1));
    let end = next.load(Ordering::Relaxed) + seeds;
    let broken = Mutex::new(Vec::new());
    let crashes = AtomicU64::new(0);
    // Each story is told by one thread; several are told side by side.
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    match must_hold(seed, db::test::Disk::memory(), false) {
                        Ok(ended) => {
                            crashes.fetch_add(ended.crashes as u64, Ordering::Relaxed);
                        }
                        Err(what) => {
                            eprintln!("{what}");
                            broken.lock().expect("no panic holds it").push(seed);
                        }
                    }
                }
            });
        }
    });
    let crashes = crashes.load(Ordering::Relaxed);
    let broken = broken.into_inner().expect("no panic holds it");
    eprintln!("{seeds} stories, {crashes} crashes, {} broken", broken.len());
    assert!(broken.is_empty(), "broken stories: {broken:?}");
}
