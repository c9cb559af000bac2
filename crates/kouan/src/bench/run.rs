//! The course of a run: set the stage, warm up, sign, send, wait until all is done, count.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use kernel::Clock;

use super::cost::{Cost, Meters};
use super::count;
use super::counters::Counters;
use super::figures::Figures;
use super::home::Home;
use super::load::{self, Notes, Orders, Pace};
use super::meter;
use super::stage::{Server, Stage};
use super::supply::Supply;
use super::watch::{self, At, Follower};
use super::yardstick::{self, Ours};
use crate::Failure;
use crate::cli::{BenchIntake, BenchProfile, BenchSignature, progress_bar};
use crate::clock::{Stopwatch, SystemClock};
use crate::demo::traffic::{Cards, Course, Day, Fault, Outcome};
use crate::platform;

const SEED: u64 = 20_261_111;
const DAY_MS: i64 = 86_400_000;
/// How much more is signed than the warm-up's speed asks for, per cent: a warm server is faster.
const SPARE_PERCENT: u64 = 150;
/// Messages and parcels sent before the clock starts, at most: they fill caches and tell how much
/// to sign.
const WARM_UP_MESSAGES: usize = 8_000;
const WARM_UP_PARCELS: usize = 8_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// When nothing comes to its end for so long, nothing more will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures once.
pub(super) fn run(args: &BenchIntake) -> Result<Figures, Failure> {
    let home = Home::of(args)?;
    let mut day = plan(args)?;
    let stage = Stage::set(home.path(), home.database(), &day)?;
    let senders: Vec<String> = stage.keys.keys().cloned().collect();
    let mut supply = Supply::new(&home.path().join("messages"), senders)?;
    let counters = counters(&home, &stage);
    let server = stage.serve(counters.as_ref().ok())?;
    eprintln!("kouan: server process {}, data {}", server.pid(), home.path().display());
    let meters = Meters::of(&stage, &server, counters.as_ref().ok());
    let trial = Trial { args, stage: &stage, server: &server, meters };
    let warm_up = trial.warm_up(&mut day, &mut supply)?;
    let measured = trial.measure(&day, &supply, &warm_up)?;
    let sent = day.parcels_before(measured.notes.end);
    trial.until_all_rest(&day)?;
    let found = watch::look_over(&stage.db, &day, sent)?;
    let peak_memory_kib = meter::peak_memory_kib(&server.pid().to_string());
    server.stop()?;
    let ran_out = args.rate.is_none() && measured.notes.end >= supply.shots.len();
    let parcels = (sent - day.parcels_before(warm_up.end)) as u64;
    let outcome = count::Outcome { parcels, warm_up, measured, found, ran_out, peak_memory_kib };
    let mut figures = count::figures(args, &stage, outcome)?;
    if let (Err(failure), false) = (&counters, stage.db.is_server()) {
        figures.left_out.push(format!("count_writes: {failure}"));
    }
    if !args.skip_yardsticks {
        let ours = Ours {
            parcels_tenths: figures.parcels_per_s.thousandths() / 100,
            parcels: (sent as u64).max(1),
            contents: stage.db.contents(STANDIN_TABLES)?,
            bare_url: home.bare_url(),
        };
        let comparisons = yardstick::compare(home.path(), &supply, &ours)?;
        figures.ratios = comparisons.ratios();
        figures.yardsticks = comparisons.all;
        figures.left_out.extend(comparisons.left_out);
    }
    Ok(figures)
}

/// On a server the stand-in's tables lie beside the platform's.
const STANDIN_TABLES: &str = "standin_";

/// The embedded database writes in the server's process, where it can be counted; a database
/// server counts for itself.
fn counters(home: &Home, stage: &Stage) -> Result<Counters, Failure> {
    match stage.db.is_server() {
        true => Err(Failure::new("the database server counts for itself")),
        false => Counters::new(home.path(), &home.data()),
    }
}

/// The messages are of yesterday, so that no order of a whole day lies in the future.
fn plan(args: &BenchIntake) -> Result<Day, Failure> {
    let zone = platform::load_zone("zibo")?;
    let on = SystemClock.now().plus_millis(-DAY_MS).date();
    let documents = args.documents.unwrap_or(match args.profile {
        BenchProfile::Batch => 100,
        BenchProfile::Single => 1,
    });
    let course = match args.rate {
        Some(_) => Course::Ordinary,
        None => Course::Even { documents: usize::from(documents.clamp(1, 100)) },
    };
    let cards = match (args.signature, args.rate) {
        (Some(BenchSignature::Rsa), _) => Cards::Rsa,
        (Some(BenchSignature::Sm2), _) | (None, None) => Cards::Sm2,
        (None, Some(_)) => Cards::Mixed,
    };
    Ok(Day::prepare(SEED, &zone, on, course, cards)?)
}

/// What was measured.
pub(super) struct Measured {
    pub(super) notes: Notes,
    /// From the first message until the last parcel was at its end.
    pub(super) whole: Duration,
    /// What it cost.
    pub(super) cost: Cost,
    /// Most memory of this process while measuring, KiB.
    pub(super) generator_memory_kib: u64,
}

/// A server under load.
struct Trial<'a> {
    args: &'a BenchIntake,
    stage: &'a Stage,
    server: &'a Server,
    meters: Meters<'a>,
}

/// Connections to the server: enough for a commit to serve many, and for the next to be checked
/// while it is written.
const fn connections(profile: BenchProfile) -> u16 {
    match profile {
        BenchProfile::Batch => 96,
        BenchProfile::Single => 384,
    }
}

impl Trial<'_> {
    /// Sends some messages that are not measured, and signs the rest: as many as their speed asks
    /// for. At a steady rate there is no warm-up, and all that will be sent is known.
    fn warm_up(&self, day: &mut Day, supply: &mut Supply) -> Result<Notes, Failure> {
        let seconds = u64::from(self.args.seconds.max(1));
        if let Some(rate) = self.args.rate {
            day.fill(usize::try_from(u64::from(rate) * seconds)?)?;
            self.sign(day, supply, 0..day.len())?;
            return Ok(Notes::default());
        }
        day.fill(1)?;
        let (group, parcels) = (day.group_len().max(1), day.parcels());
        let groups = (WARM_UP_MESSAGES / group)
            .min(WARM_UP_PARCELS / parcels.max(1))
            .min(usize::try_from(seconds)?)
            .max(1);
        day.fill(groups * parcels)?;
        self.sign(day, supply, 0..day.len())?;
        let window = Duration::from_secs(u64::MAX / 4);
        let watch = Stopwatch::start();
        let notes = self.send(supply, 0..day.len(), Pace::Closed { window, group }, &watch)?;
        self.until_at_end(day, &watch, &mut Follower::new(&self.stage.db, day), day.parcels())?;
        let ms = u64::try_from(notes.window.as_millis())?.max(1);
        let wanted = (day.parcels() as u64) * 10 * seconds * SPARE_PERCENT / ms;
        let groups_wanted = usize::try_from(wanted)?.div_ceil(parcels).max(1);
        day.fill((groups + groups_wanted) * parcels)?;
        self.sign(day, supply, groups * group..day.len())?;
        Ok(notes)
    }

    fn sign(&self, day: &Day, supply: &mut Supply, places: Range<usize>) -> Result<(), Failure> {
        let bar = if self.args.json { ProgressBar::hidden() } else { progress_bar("signing") };
        bar.set_length(places.len() as u64);
        supply.sign(day, places, |count| bar.inc(count))?;
        bar.finish_and_clear();
        Ok(())
    }

    fn send(
        &self,
        supply: &Supply,
        places: Range<usize>,
        pace: Pace,
        watch: &Stopwatch,
    ) -> Result<Notes, Failure> {
        let keys: Vec<String> = self.stage.keys.values().cloned().collect();
        let orders = Orders {
            server: self.server.address,
            supply,
            keys: &keys,
            places,
            pace,
            connections: usize::from(
                self.args.connections.unwrap_or(connections(self.args.profile)),
            ),
        };
        load::send(&orders, watch)
    }

    fn measure(&self, day: &Day, supply: &Supply, warm_up: &Notes) -> Result<Measured, Failure> {
        let window = Duration::from_secs(u64::from(self.args.seconds.max(1)));
        let (places, pace) = match self.args.rate {
            Some(_) => (0..day.len_unordered(), Pace::Open { window }),
            None => {
                let group = day.group_len().max(1);
                (warm_up.end..supply.shots.len(), Pace::Closed { window, group })
            }
        };
        let mut running = self.meters.begin()?;
        let watch = Stopwatch::start();
        let sending = AtomicBool::new(true);
        let mut follower = Follower::new(&self.stage.db, day);
        let notes = std::thread::scope(|scope| {
            let sampling = scope.spawn(|| {
                while sending.load(Ordering::Relaxed) {
                    std::thread::park_timeout(LOOK_EVERY);
                    running.sample();
                    follower.advance()?;
                }
                Ok::<(), Failure>(())
            });
            let notes = self.send(supply, places, pace, &watch);
            sending.store(false, Ordering::Relaxed);
            sampling.thread().unpark();
            sampling.join().map_err(|_| Failure::new("the sampling ended in a panic"))??;
            notes
        });
        let mut notes = notes?;
        if notes.end == day.len_unordered() && notes.end < day.len() {
            let pace = Pace::Closed { window: PATIENCE, group: usize::MAX };
            let last = self.send(supply, notes.end..day.len(), pace, &watch)?;
            notes.follow(last);
        }
        self.until_at_end(day, &watch, &mut follower, day.parcels_before(notes.end))?;
        let whole = watch.elapsed();
        let generator_memory_kib = meter::peak_memory_kib("self");
        Ok(Measured { notes, whole, cost: running.end()?, generator_memory_kib })
    }

    /// Waits until every inventory of the first `parcels` is at its end, those customs takes
    /// minutes over left out.
    fn until_at_end(
        &self,
        day: &Day,
        watch: &Stopwatch,
        follower: &mut Follower<'_>,
        parcels: usize,
    ) -> Result<(), Failure> {
        let wanted = (0..parcels).filter(|parcel| has_inventory(day.fault(*parcel))).count();
        let (mut passed, mut since) = (follower.passed, watch.elapsed());
        loop {
            follower.advance()?;
            if follower.passed >= wanted as u64 {
                return Ok(());
            }
            if follower.passed != passed {
                (passed, since) = (follower.passed, watch.elapsed());
            } else if watch.elapsed().saturating_sub(since) > PATIENCE {
                eprintln!("kouan: {passed} of {wanted} inventories came to their end");
                return Ok(());
            }
            std::thread::park_timeout(LOOK_EVERY / 4);
        }
    }

    /// Waits for those customs takes minutes over, and for the last receipts of the other documents.
    fn until_all_rest(&self, day: &Day) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        let patience = if self.args.rate.is_some() { 3 * PATIENCE } else { PATIENCE / 4 };
        let mut after = At::START;
        while watch.elapsed() < patience {
            match watch::first_unfinished(&self.stage.db, day, after)? {
                Some(before) => after = before,
                None => return Ok(()),
            }
            std::thread::park_timeout(LOOK_EVERY * 5);
        }
        Ok(())
    }
}

fn has_inventory(fault: Option<Fault>) -> bool {
    fault.is_none_or(|fault| fault.row().outcome != Outcome::RefusedAtDoor)
}
