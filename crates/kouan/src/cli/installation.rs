//! `kouan serve`, `migrate`, `backup`, `restore`, `doctor`, `key create`, and what is generated:
//! `openapi`, `permissions`, `schema`.

use std::path::Path;
use std::sync::Arc;

use db::Overwrite;
use kernel::Clock;
use web::Role;
use web::keys::{self, NewKey};

use super::output::{self, Verdict};
use super::{Backup, Installation, KeyCreate, Restore};
use crate::Failure;
use crate::clock::{BRIDGED_MS, SteadyClock, SystemClock};
use crate::config::{Config, Folder};
use crate::evidence::Publisher;
use crate::platform::{self, Lock, Opening, Platform, modules};
use crate::serve::{self, Crew};
use crate::signing::PlatformKey;

/// Defaults, then the file, then environment and flags.
pub(super) fn config(args: &Installation) -> Result<Config, Failure> {
    let mut config = match &args.config {
        Some(file) => Config::load(file)?,
        None => Config::default(),
    };
    if let Some(database) = &args.database {
        config.database.clone_from(database);
    }
    config.master_key_file = args.master_key_file.clone().or(config.master_key_file);
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(zone) = &args.zone {
        config.zone.clone_from(zone);
    }
    config.rules = args.rules.clone().or(config.rules);
    if let Some(path) = &args.folder {
        config.folders.push(Folder { path: path.clone(), party: None });
    }
    config.customs.address = args.customs.clone().or(config.customs.address);
    Ok(config)
}

pub(super) fn serve(args: &Installation) -> Result<Verdict, Failure> {
    super::log_to_stderr("warn,kouan=info");
    let config = config(args)?;
    let address = config.listen;
    let platform = Arc::new(Platform::open(config, Arc::new(SteadyClock::new()))?);
    let crew = Crew::start(&platform)?;
    serve::runtime()?.block_on(async {
        let stop = serve::asked_to_stop();
        let listener = serve::listen(address).await?;
        let address = listener.local_addr()?;
        eprintln!(
            "kouan: {} at http://{address}, API at http://{address}/api/docs",
            platform.zone.about.en
        );
        serve::serve(platform, crew, listener, stop).await
    })?;
    Ok(Verdict::Clean)
}

pub(super) fn migrate(args: &Installation) -> Result<Verdict, Failure> {
    let config = config(args)?;
    let db = platform::open_database(&config, Opening::OrMake)?;
    platform::prepare(&db, &config)?;
    for (room, number, name, _) in db.migrations()? {
        output::line(format!("{room} {number:04} {name}"));
    }
    Ok(Verdict::Clean)
}

pub(super) fn create_key(args: &KeyCreate) -> Result<Verdict, Failure> {
    let config = config(&args.installation)?;
    let db = platform::open_database(&config, Opening::OrMake)?;
    let ctx = platform::prepare(&db, &config)?;
    let role = if args.party.is_some() { Role::Firm } else { Role::Operator };
    let created = db.write(|tx| {
        // Whichever of its codes is given, the key is for the code the firm is known by.
        let known = |code: &String| register::party::flow::find(tx, code);
        let party = args.party.as_ref().map(known).transpose()?;
        let party = party.map(|registered| registered.party.code().to_owned());
        let new = NewKey::of_role(role, args.label.clone(), party);
        keys::create(tx, &ctx, &new)
    })?;
    output::line(created.secret.reveal());
    Ok(Verdict::Clean)
}

pub(super) fn openapi() -> Result<Verdict, Failure> {
    output::line(web::openapi(&modules()).to_pretty_json()?);
    Ok(Verdict::Clean)
}

pub(super) fn permissions() -> Result<Verdict, Failure> {
    output::line(web::permissions(&modules()));
    Ok(Verdict::Clean)
}

pub(super) fn schema() -> Result<Verdict, Failure> {
    output::line(db::schema_text(&platform::migrations())?);
    Ok(Verdict::Clean)
}

pub(super) fn backup(args: &Backup) -> Result<Verdict, Failure> {
    let config = config(&args.installation)?;
    let db = platform::open_database(&config, Opening::Existing)?;
    let bar = output::bar("backing up");
    db.backup(&args.out, |progress| output::advance(&bar, progress.done, progress.total))?;
    bar.finish_and_clear();
    output::line(format!(
        "{}: written. The master key is not in it: keep {} as well",
        args.out.display(),
        config.master_key_path().display()
    ));
    Ok(Verdict::Clean)
}

pub(super) fn restore(args: &Restore) -> Result<Verdict, Failure> {
    let config = config(&args.installation)?;
    let _lock = Lock::of(&config)?;
    let db = platform::open_database(&config, Opening::ExistingKey)?;
    let overwrite = if args.overwrite { Overwrite::Replace } else { Overwrite::Refuse };
    let migrations = platform::migrations_of(&config);
    let bar = output::bar("restoring");
    db.restore(&args.from, &migrations, overwrite, |progress| {
        output::advance(&bar, progress.done, progress.total);
    })?;
    db.migrate(&migrations)?;
    bar.finish_and_clear();
    output::line(format!("{}: restored", args.from.display()));
    Ok(Verdict::Clean)
}

/// Opens everything an installation needs and reports each part; exit code 1 when one is ill.
pub(super) fn doctor(args: &Installation) -> Result<Verdict, Failure> {
    let config = config(args)?;
    let mut verdict = Verdict::Clean;
    let mut report = |part: &str, outcome: Result<String, Failure>| match outcome {
        Ok(text) => output::line(format!("ok    {part}: {text}")),
        Err(failure) => {
            verdict = Verdict::Findings;
            output::line(format!("ill   {part}: {failure}"));
        }
    };
    report("zone", platform::load_zone(&config.zone).map(|zone| zone.about.en));
    let directory = Arc::new(register::party::LiveDirectory::new());
    let law = platform::reference(&config, Arc::clone(&directory)).map(|reference| {
        format!("{} rules, {} tariff lines", reference.rules.len(), reference.tariff.len())
    });
    report("law", law);
    for folder in &config.folders {
        report("folder", writable(&folder.path));
    }
    if let Some(room) = room(&config) {
        report("disk", room);
    }
    match platform::open_database(&config, Opening::Existing) {
        Err(failure) => report("database", Err(failure)),
        Ok(db) => {
            report("database", healthy(&db));
            report("clock", in_step(&db));
            report("signing key", signing_key(&config, &db));
            report("evidence", Publisher::look(&config, &db));
        }
    }
    report("address", address(&config));
    Ok(verdict)
}

fn healthy(db: &db::Db) -> Result<String, Failure> {
    let faults = db.check()?;
    if !faults.is_empty() {
        return Err(Failure::new(faults.join("; ")));
    }
    Ok(format!("{} bytes", db.size_on_disk()?))
}

/// Less room than this, in bytes, is for the operator to see to: an hour or more of a busy day.
const ROOM_MIN: u64 = 1 << 30;

/// How much room the disk of an embedded database has; a server's is its own matter.
fn room(config: &Config) -> Option<Result<String, Failure>> {
    let file = (!config.is_server_database()).then(|| Path::new(&config.database))?;
    let free = db::free_bytes(file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Err(failure) = trial(folder.unwrap_or(Path::new("."))) {
        return Some(Err(failure));
    }
    let text = format!("{} MiB free for {}", free >> 20, file.display());
    Some(if free < ROOM_MIN { Err(Failure::new(format!("only {text}"))) } else { Ok(text) })
}

/// Writes a file into each part of a folder door and takes it away again: mode bits do not tell.
fn writable(folder: &Path) -> Result<String, Failure> {
    for part in ["", "in", "working", "done", "failed", "receipts"] {
        let part = folder.join(part);
        // The server makes what is not there below a folder that it can write.
        if part != folder && !part.exists() {
            continue;
        }
        trial(&part)?;
    }
    Ok(folder.display().to_string())
}

fn trial(folder: &Path) -> Result<(), Failure> {
    let file = folder.join(format!(".kouan-doctor-{}.tmp", std::process::id()));
    let tried = std::fs::write(&file, b"").and_then(|()| std::fs::remove_file(&file));
    tried.map_err(|e| Failure::new(format!("{} cannot be written: {e}", folder.display())))
}

/// A clock behind what the database has seen went back, or was ahead before.
fn in_step(db: &db::Db) -> Result<String, Failure> {
    let newest = kernel::Id::<db::AuditKind>::from_i64(db.newest_id()?).time();
    let now = SystemClock.now();
    let ahead_ms = newest.to_millis() - now.to_millis();
    if ahead_ms > BRIDGED_MS {
        return Err(Failure::new(format!(
            "{} is {} s behind the newest record, of {}",
            now.to_rfc3339(),
            ahead_ms / 1_000,
            newest.to_rfc3339()
        )));
    }
    Ok(now.to_rfc3339())
}

/// Opening the sealed key shows that the master key is the right one.
fn signing_key(config: &Config, db: &db::Db) -> Result<String, Failure> {
    let certificate = PlatformKey::kept(config, db)?.certificate().clone();
    let (serial, end) = (&certificate.serial, certificate.not_after);
    if end < SystemClock.now() {
        return Err(Failure::new(format!("certificate {serial} ended {}", end.to_rfc3339())));
    }
    Ok(format!("certificate {serial}, until {}", end.to_rfc3339()))
}

/// Free, or taken by a platform that is serving.
fn address(config: &Config) -> Result<String, Failure> {
    let address = config.listen;
    if std::net::TcpListener::bind(address).is_ok() {
        return Ok(format!("{address} is free"));
    }
    let ready = ureq::get(format!("http://{address}/health/ready"));
    let mut answer = ready.config().http_status_as_error(false).build().call()?;
    let body = answer.body_mut().read_to_string()?;
    match answer.status().is_success() {
        true => Ok(format!("{address} is served: {body}")),
        false => Err(Failure::new(format!("{address} is served and not ready: {body}"))),
    }
}
