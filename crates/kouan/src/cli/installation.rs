//! `kouan serve`, `migrate`, `backup`, `restore`, `doctor`, `key create`, and what is generated:
//! `openapi`, `permissions`, `schema`.

use std::sync::Arc;

use db::Overwrite;
use kernel::{Clock, IdSource};
use web::Role;
use web::keys::{self, NewKey};

use super::output::{self, Verdict};
use super::{Backup, Installation, KeyCreate, Restore};
use crate::Failure;
use crate::clock::SystemClock;
use crate::config::{Config, Folder};
use crate::platform::{self, Platform, modules};
use crate::serve::{self, Crew};

/// Defaults, then the file, then environment and flags.
pub(super) fn config(args: &Installation) -> Result<Config, Failure> {
    let mut config = match &args.config {
        Some(file) => Config::load(file)?,
        None => Config::default(),
    };
    if let Some(database) = &args.database {
        config.database.clone_from(database);
    }
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
    let platform = Arc::new(Platform::open(config, Arc::new(SystemClock))?);
    let crew = Crew::start(&platform)?;
    serve::runtime()?.block_on(async {
        let listener = serve::listen(address).await?;
        eprintln!(
            "kouan: {} at http://{address}, API at http://{address}/api/docs",
            platform.zone.about.en
        );
        serve::serve(platform, crew, listener, serve::asked_to_stop()).await
    })?;
    Ok(Verdict::Clean)
}

pub(super) fn migrate(args: &Installation) -> Result<Verdict, Failure> {
    let db = platform::open_database(&config(args)?)?;
    db.migrate(&platform::migrations())?;
    for (room, number, name, _) in db.migrations()? {
        output::line(format!("{room} {number:04} {name}"));
    }
    Ok(Verdict::Clean)
}

pub(super) fn create_key(args: &KeyCreate) -> Result<Verdict, Failure> {
    let db = platform::open_database(&config(&args.installation)?)?;
    db.migrate(&platform::migrations())?;
    let ctx = db::Ctx {
        now: SystemClock.now(),
        ids: Arc::new(IdSource::new(62)),
        actor: "command line".into(),
    };
    let role = if args.party.is_some() { Role::Firm } else { Role::Operator };
    let new = NewKey::of_role(role, args.label.clone(), args.party.clone());
    let created = db.write(|tx| {
        if let Some(code) = &args.party {
            register::party::flow::find(tx, code)?;
        }
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
    let db = platform::open_database(&config(&args.installation)?)?;
    let bar = output::bar("backing up");
    db.backup(&args.out, |progress| output::advance(&bar, progress.done, progress.total))?;
    bar.finish_and_clear();
    output::line(format!(
        "{}: written. The master key is not in it: keep {} as well",
        args.out.display(),
        config(&args.installation)?.master_key_path().display()
    ));
    Ok(Verdict::Clean)
}

pub(super) fn restore(args: &Restore) -> Result<Verdict, Failure> {
    let db = platform::open_database(&config(&args.installation)?)?;
    let overwrite = if args.overwrite { Overwrite::Replace } else { Overwrite::Refuse };
    let migrations = platform::migrations();
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
    let key = config.master_key_path();
    let kept = if key.exists() {
        Ok(key.display().to_string())
    } else {
        Err(Failure::new(format!("{} is not there; made at first start", key.display())))
    };
    let has_key = kept.is_ok();
    report("master key", kept);
    if has_key {
        let database = platform::open_database(&config).and_then(|db| {
            let faults = db.check()?;
            if faults.is_empty() {
                Ok(format!("{} bytes", db.size_on_disk()?))
            } else {
                Err(Failure::new(faults.join("; ")))
            }
        });
        report("database", database);
    }
    let port = std::net::TcpListener::bind(config.listen);
    report("address", port.map(|_| config.listen.to_string()).map_err(Failure::from));
    Ok(verdict)
}
