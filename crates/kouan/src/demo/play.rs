//! The course of the day: set the stage, let the firms send, let customs answer, follow up, count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use clearance::census;
use indicatif::ProgressBar;
use kernel::{Clock, Date, Time};
use tokio::runtime::Runtime;
use web::Role;
use web::keys::{self, NewKey};

use super::Stand;
use super::introduction::introduce;
use super::report::Report;
use super::sender::{self, Notes, Sender};
use super::traffic::{Accepted, Day, Submission};
use crate::Failure;
use crate::cli::{Demo, progress_bar};
use crate::clock::{DayClock, Stopwatch};
use crate::config::Config;
use crate::platform::Platform;
use crate::serve::{self, Crew};
use crate::worker::{Bell, Round, Worker, customs};

/// The simulated day: Singles' Day, the busiest of the year.
pub const DAY: Date = jiff::civil::date(2026, 11, 11);
/// Messages a sending thread takes up at a time.
const CHUNK: usize = 16;
const SENDERS: usize = 16;
const LOOK_EVERY: Duration = Duration::from_millis(50);
const DAY_MS: i64 = 86_400_000;

/// Everything the day is played on.
pub(super) struct Stage {
    pub(super) platform: Stand,
    pub(super) address: String,
    pub(super) operator_key: String,
    clock: Arc<DayClock>,
    day: Day,
    keys: BTreeMap<String, String>,
    server: Option<Server>,
    temporary: Option<PathBuf>,
}

struct Server {
    stop: tokio::sync::oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Stage {
    /// Opens the platform on a simulated clock, registers the firms' keys, and serves.
    pub(super) fn set(args: &Demo, runtime: &Runtime) -> Result<Stage, Failure> {
        let start = Time::of(DAY.at(0, 0, 0, 0)).unwrap_or_default();
        let clock = Arc::new(DayClock::at(start));
        let (folder, temporary) = data_folder(args)?;
        let database = args.database.clone();
        let config = Config {
            database: database.unwrap_or_else(|| folder.join("kouan.db").display().to_string()),
            master_key_file: args.database.is_some().then(|| folder.join("kouan.master.key")),
            listen: args.listen,
            zone: args.zone.clone(),
            webhooks_to_private_addresses: true,
            ..Config::default()
        };
        let platform = Arc::new(Platform::open(config, Arc::clone(&clock) as Arc<dyn Clock>)?);
        let parcels = usize::try_from(args.declarations)?;
        let day = Day::plan(args.seed, parcels, &platform.zone, DAY)?;
        let keys = introduce(&platform.app.db, &platform.app.ctx_as("demo".into()), &day)?;
        platform.reference.directory.refresh_from(&platform.app.db)?;
        let operator_key = operator_key(&platform)?;
        let listener = runtime.block_on(serve::listen(args.listen))?;
        let address = format!("http://{}", listener.local_addr()?);
        let server = Some(serve_beside(&platform, listener, runtime)?);
        Ok(Stage { platform, address, operator_key, clock, day, keys, server, temporary })
    }

    /// Stays up with all workers until asked to stop; the clock runs on from the end of the day.
    pub(super) fn stay(self, runtime: &Runtime) -> Result<(), Failure> {
        self.clock.let_go();
        let crew = Crew::start(&self.platform)?;
        runtime.block_on(async { serve::asked_to_stop().await });
        drop(crew);
        Ok(())
    }

    fn now(&self) -> Time {
        self.platform.app.clock.now()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            // The server has gone already when nobody listens.
            let _ = server.stop.send(());
            if server.thread.join().is_err() {
                tracing::error!("the server ended in a panic");
            }
        }
        self.platform.intake.stop();
        if let Some(folder) = &self.temporary
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            tracing::warn!(folder = %folder.display(), %error, "could not remove the demo's data");
        }
    }
}

fn data_folder(args: &Demo) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    let (folder, temporary) = match &args.data {
        Some(folder) => (folder.clone(), None),
        None => {
            let name = format!("kouan-demo-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            (folder.clone(), Some(folder))
        }
    };
    if args.database.is_none() && folder.join("kouan.db").exists() {
        return Err(Failure::new(format!(
            "{} holds a day already; name an empty folder, or open it with \
             `kouan serve --database {}`",
            folder.display(),
            folder.join("kouan.db").display()
        )));
    }
    std::fs::create_dir_all(&folder)
        .map_err(|e| Failure::new(format!("{}: {e}", folder.display())))?;
    Ok((folder, temporary))
}

fn operator_key(platform: &Platform) -> Result<String, Failure> {
    let ctx = platform.app.ctx_as("demo".into());
    let new = NewKey::of_role(Role::Operator, "demo operator", None);
    let created = platform.app.db.write(|tx| keys::create(tx, &ctx, &new))?;
    Ok(created.secret.reveal().to_owned())
}

fn serve_beside(
    platform: &Stand,
    listener: tokio::net::TcpListener,
    runtime: &Runtime,
) -> Result<Server, Failure> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (app, handle) = (platform.app.clone(), runtime.handle().clone());
    let serving = move || {
        let shutdown = async {
            // Asked to stop, or the stage is gone: the same.
            let _ = stopped.await;
        };
        let rooms = crate::platform::modules();
        if let Err(error) = handle.block_on(web::serve(app, &rooms, listener, shutdown)) {
            tracing::error!(%error, "the server ended");
        }
    };
    let thread = std::thread::Builder::new().name("serve".to_owned()).spawn(serving)?;
    Ok(Server { stop, thread })
}

/// Plays the whole day.
pub(super) fn day(stage: &Stage, args: &Demo) -> Result<Report, Failure> {
    if !args.json {
        eprintln!("kouan: {} · {DAY} · seed {}", stage.platform.zone.about.en, args.seed);
        eprintln!("kouan: API {}/api/docs · operator key {}", stage.address, stage.operator_key);
    }
    let bar = if args.json { ProgressBar::hidden() } else { progress_bar("messages") };
    bar.set_length(stage.day.len() as u64);
    let watch = Stopwatch::start();
    let bell = Bell::default();
    let couriers = couriers(stage, &bell)?;
    let first = stage.day.len_unordered();
    let mut notes = send_range(stage, 0..first, &bar)?;
    notes.merge(send_range(stage, first..stage.day.len(), &bar)?);
    bell.stop();
    for courier in couriers {
        courier.join().map_err(|_| Failure::new("a courier ended in a panic"))?;
    }
    settle(stage)?;
    let elapsed = watch.elapsed();
    follow_up(stage, &mut notes)?;
    settle(stage)?;
    bar.finish_and_clear();
    Report::count(&stage.platform, &stage.day, notes, elapsed)
}

/// Forwarding and collecting, beside the senders.
fn couriers(stage: &Stage, bell: &Bell) -> Result<Vec<JoinHandle<()>>, Failure> {
    let news = bell.clone();
    stage.platform.app.db.on_news(move || news.ring());
    let mut threads = Vec::new();
    for worker in [
        customs::forward(Arc::clone(&stage.platform)),
        customs::collect(Arc::clone(&stage.platform)),
    ] {
        threads.push(Worker { every: LOOK_EVERY, ..worker }.start(bell)?);
    }
    Ok(threads)
}

fn send_range(
    stage: &Stage,
    range: std::ops::Range<usize>,
    bar: &ProgressBar,
) -> Result<Notes, Failure> {
    let next = AtomicUsize::new(range.start);
    sender::on_threads(SENDERS, &stage.address, &stage.keys, |sender| {
        loop {
            let from = next.fetch_add(CHUNK, Ordering::Relaxed);
            if from >= range.end {
                return Ok(());
            }
            for submission in stage.day.submissions(from..range.end.min(from + CHUNK)) {
                send(stage, sender, &submission?)?;
                bar.inc(1);
            }
        }
    })
}

fn send(stage: &Stage, sender: &mut Sender<'_>, submission: &Submission) -> Result<(), Failure> {
    stage.clock.advance_to(submission.at);
    sender.send(submission)
}

/// Lets everything come to rest: forwards and collects until nothing is due, moving the clock to
/// whatever falls due next.
fn settle(stage: &Stage) -> Result<(), Failure> {
    let platform = &stage.platform;
    loop {
        let mut busy = false;
        while customs::forward_round(platform)? == Round::Busy {
            busy = true;
        }
        while customs::collect_round(platform)? == Round::Busy {
            busy = true;
        }
        if busy {
            continue;
        }
        let Some(standin) = &platform.standin else { return Ok(()) };
        match standin.next_due()? {
            Some(due) if due > stage.now() => stage.clock.advance_to(due),
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

/// What follows release and acceptance: parcels are signed for, some inventories are cancelled.
fn follow_up(stage: &Stage, notes: &mut Notes) -> Result<(), Failure> {
    let numbered = stage.platform.app.db.read(census::numbered)?;
    let evening = stage.now().plus_millis(DAY_MS / 24);
    let mut accepted = Vec::new();
    let mut released = Vec::new();
    for one in &numbered {
        let Some(parcel) = stage.day.parcel_of(&one.order_no) else { continue };
        if one.released {
            released.push(parcel);
        } else if stage.day.wants_cancel(parcel) {
            accepted.push(Accepted { parcel, pre_no: &one.pre_no, invt_no: &one.invt_no });
        }
    }
    let mut submissions = stage.day.cancellations(&accepted, evening)?;
    submissions.extend(stage.day.signed_for(&released, evening)?);
    let next = AtomicUsize::new(0);
    let more = sender::on_threads(SENDERS, &stage.address, &stage.keys, |sender| {
        while let Some(submission) = submissions.get(next.fetch_add(1, Ordering::Relaxed)) {
            send(stage, sender, submission)?;
        }
        Ok(())
    })?;
    notes.merge(more);
    Ok(())
}

/// Where the data lie, for the report.
pub(super) fn folder_of(platform: &Platform) -> Option<&Path> {
    platform.app.db.file()
}
