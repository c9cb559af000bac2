//! One running platform: the database opened and migrated, reference data read, the zone loaded,
//! intake started, the way to customs chosen. What doors and workers stand on.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clearance::intake::{self, Intake};
use clearance::reference::Reference;
use db::{Ctx, Db, MasterKey, Migration};
use gateway::standin::{self, StandIn};
use gateway::{Addresses, Customs, DxpClient};
use kernel::{Clock, Finding, Id, IdSource};
use register::codes::Codes;
use register::party::{LiveDirectory, Zone};
use register::remedies::Remedies;
use register::rules::Rules;
use register::tariff::Tariff;
use web::notices::TargetPolicy;
use web::{App, Module};

use crate::Failure;
use crate::clock::{BRIDGED_MS, SystemClock};
use crate::config::Config;
use crate::evidence::Publisher;
use crate::judgement::StandInLaw;
use crate::signing::PlatformKey;
use crate::worker::upkeep;

/// The rooms with a door, in the order of their tables.
pub fn modules() -> Vec<Module> {
    vec![
        register::module(),
        bonded::module(),
        tax::module(),
        clearance::module(),
        originals::module(),
        web::evidence::module(),
    ]
}

/// Every table of the platform, in order.
pub fn migrations() -> Vec<Migration> {
    web::migrations(&modules()).into_iter().chain(ledger::MIGRATIONS.iter().cloned()).collect()
}

/// Every table of one database: on a server the stand-in's lie beside the platform's, because
/// there is only one place; the embedded database has a file of its own for them.
pub fn migrations_of(config: &Config) -> Vec<Migration> {
    let mut all = migrations();
    if config.is_server_database() {
        all.extend(standin::MIGRATIONS.iter().cloned());
    }
    all
}

/// A platform that can serve.
pub struct Platform {
    /// What handlers are given.
    pub app: App,
    /// How it is set up.
    pub config: Config,
    /// The zone it serves.
    pub zone: Zone,
    /// Law, tariff, lists, parties.
    pub reference: Arc<Reference>,
    /// The way in.
    pub intake: Arc<Intake>,
    /// The way to customs.
    pub customs: Arc<dyn Customs>,
    /// The stand-in, when it plays customs.
    pub standin: Option<Arc<StandIn>>,
    /// The addresses envelopes carry.
    pub addresses: Addresses,
    /// Signs what is packed anew.
    pub key: Arc<PlatformKey>,
    /// Publishes checkpoints of the evidence log.
    pub evidence: Arc<Publisher>,
    _lock: Option<Lock>,
}

/// Keeps a second program off an embedded database; two writers would make the same ids.
pub struct Lock(#[expect(dead_code, reason = "held, not read")] std::fs::File);

impl Lock {
    /// Takes the lock of an embedded database; a server database needs none.
    ///
    /// # Errors
    /// When another program holds it.
    pub fn of(config: &Config) -> Result<Option<Lock>, Failure> {
        if config.is_server_database() {
            return Ok(None);
        }
        let path = PathBuf::from(&config.database).with_extension("lock");
        let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", path.display()));
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path).map_err(wrong)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(std::fs::TryLockError::WouldBlock) => Err(Failure::new(format!(
                "{} is in use by another kouan; stop it first",
                config.database
            ))),
            Err(std::fs::TryLockError::Error(error)) => Err(wrong(error)),
        }
    }
}

/// Loads law, tariff and lists, with the directory of firms.
pub type MakeReference<'w> = &'w dyn Fn(&Config, Arc<LiveDirectory>) -> Result<Reference, Failure>;

/// Opens the way to customs.
pub type MakeWayOut<'w> =
    &'w dyn Fn(&Config, &Db, &Arc<Reference>, &PlatformKey) -> Result<WayOut, Failure>;

/// How the parts of a platform are put together that a simulation plays itself.
pub struct Wiring<'w> {
    /// Law, tariff and lists, with the directory of firms.
    pub reference: MakeReference<'w>,
    /// The way to customs.
    pub customs: MakeWayOut<'w>,
    /// The way in.
    pub intake: &'w dyn Fn(intake::Setup) -> Result<Intake, Failure>,
}

impl Platform {
    /// Opens, migrates, loads and starts. Workers and doors are started by the caller.
    ///
    /// # Errors
    /// When the database, the law, the zone or the keys cannot be used.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Platform, Failure> {
        let lock = Lock::of(&config)?;
        let db = open_database(&config, Opening::OrMake)?;
        let wiring = Wiring {
            reference: &reference,
            customs: &customs,
            intake: &|setup| Ok(Intake::start(setup)?),
        };
        let newest = db.newest_id().unwrap_or_default();
        let platform = Platform::over(db, config, clock, &wiring)?;
        platform.take_up(lock.is_some(), newest)?;
        Ok(Platform { _lock: lock, ..platform })
    }

    /// Goes on where the last process stopped. What it had claimed is due at once when nobody else
    /// can have it, as on an embedded database; elsewhere it is when the leases end. `newest_id` is
    /// the newest of all ids that were there when the database was opened.
    ///
    /// # Errors
    /// When the database fails.
    pub fn take_up(&self, alone: bool, newest_id: i64) -> Result<(), Failure> {
        let ctx = self.app.ctx_as("kouan".into());
        if alone {
            let released = self.app.db.write(|tx| {
                let sending = clearance::flow::release_dispatches(tx, &ctx)?;
                Ok::<_, db::DbError>(sending + web::notices::release(tx, &ctx)?)
            })?;
            if released > 0 {
                tracing::info!(released, "took up what was being sent when the last run ended");
            }
        }
        let newest = Id::<db::AuditKind>::from_i64(newest_id).time();
        let back_ms = newest.to_millis() - ctx.now.to_millis();
        if back_ms > BRIDGED_MS {
            tracing::error!(back_ms, "the system clock is behind the newest record");
            upkeep::bring_forward(self, back_ms)?;
        }
        Ok(())
    }

    /// [`Platform::open`] over a database that is open already and that nobody else uses.
    ///
    /// # Errors
    /// As [`Platform::open`].
    pub fn over(
        db: Db,
        config: Config,
        clock: Arc<dyn Clock>,
        wiring: &Wiring<'_>,
    ) -> Result<Platform, Failure> {
        db.migrate(&migrations_of(&config))?;
        let zone = load_zone(&config.zone)?;
        // A clock that went back since must not make the same ids again.
        let newest = Id::<db::AuditKind>::from_i64(db.newest_id()?);
        let ids = Arc::new(IdSource::new(config.node).after(newest));
        let directory = Arc::new(LiveDirectory::new());
        let reference = Arc::new((wiring.reference)(&config, Arc::clone(&directory))?);
        let settings = web::Settings {
            targets: TargetPolicy { allow_private: config.webhooks_to_private_addresses },
            ..web::Settings::default()
        };
        let app = App::new(db.clone(), Arc::clone(&clock), Arc::clone(&ids), settings);
        let ctx = app.ctx_as("kouan".into());
        db.write(|tx| register::party::flow::load_zone(tx, &ctx, &zone))?;
        db.open_archive(&ctx, crate::skeleton::of_all_messages)?;
        let key = Arc::new(PlatformKey::open(&config, &db, &ctx)?);
        let evidence = Arc::new(Publisher::open(&config, &db, &ctx, &zone.id)?);
        app.share(Arc::clone(evidence.standing()));
        directory.refresh_from(&db)?;
        let (customs, standin) = (wiring.customs)(&config, &db, &reference, &key)?;
        let intake = Arc::new((wiring.intake)(intake::Setup {
            db,
            clock,
            ids,
            reference: Arc::clone(&reference),
            settings: intake_settings(&config),
        })?);
        app.share(Arc::clone(&intake));
        app.share(Arc::clone(&reference));
        // The law alone, for rooms that know nothing of clearance.
        app.share(Arc::new(reference.rules.clone()));
        let addresses = Addresses {
            import_receiver: config.customs.receiver_id.clone(),
            ..Addresses::of(config.customs.sender_id.clone())
        };
        Ok(Platform {
            app,
            config,
            zone,
            reference,
            intake,
            customs,
            standin,
            addresses,
            key,
            evidence,
            _lock: None,
        })
    }
}

fn intake_settings(config: &Config) -> intake::Settings {
    intake::Settings {
        workers: config.intake.workers,
        waiting_max: config.intake.queue_messages_max,
        batch_messages_max: config.intake.batch_messages_max,
        ..intake::Settings::default()
    }
}

/// Whether a database and a master key that are not there are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// They must be there: a mistyped name is an error, not a new, empty database.
    Existing,
    /// The database may be new, the master key must be there.
    ExistingKey,
    /// They are made at first start.
    OrMake,
}

/// Opens the configured database with its master key.
///
/// # Errors
/// When the database cannot be opened, is not there and should be, or the key does not fit.
pub fn open_database(config: &Config, opening: Opening) -> Result<Db, Failure> {
    let file = Path::new(&config.database);
    if opening == Opening::Existing && !config.is_server_database() && !file.exists() {
        return Err(Failure::new(format!("there is no database {}", file.display())));
    }
    // A database that is there was sealed with a key that must be there as well.
    let sealed = !config.is_server_database() && file.exists();
    let opening = if sealed { Opening::ExistingKey } else { opening };
    let master_key = master_key(&config.master_key_path(), opening)?;
    Ok(Db::open(&db::Settings::new(config.database.clone(), master_key))?)
}

/// Brings a database to this program's version and registers the zone's firms.
///
/// # Errors
/// When the database is from a newer program, or the zone has findings.
pub fn prepare(db: &Db, config: &Config) -> Result<Ctx, Failure> {
    db.migrate(&migrations_of(config))?;
    let zone = load_zone(&config.zone)?;
    let newest = Id::<db::AuditKind>::from_i64(db.newest_id()?);
    let ids = Arc::new(IdSource::new(COMMAND_NODE).after(newest));
    let ctx = Ctx { now: SystemClock.now(), ids, actor: "command line".into() };
    db.write(|tx| register::party::flow::load_zone(tx, &ctx, &zone))?;
    Ok(ctx)
}

/// Node of ids made by the command line beside a running server.
const COMMAND_NODE: u8 = 62;

/// Reads the master key, or makes one in a file that only its owner can read. Whoever loses the
/// file loses the sealed originals.
fn master_key(path: &Path, opening: Opening) -> Result<MasterKey, Failure> {
    if path.exists() {
        return Ok(MasterKey::from_file(path)?);
    }
    if opening != Opening::OrMake {
        return Err(Failure::new(format!(
            "the master key {} is not there; bring it back first, without it nothing can be read",
            path.display()
        )));
    }
    let key = MasterKey::generate()?;
    let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(wrong)?;
    file.write_all(key.to_text().as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)?;
    tracing::info!(path = %path.display(), "made a master key; keep a copy in a safe place");
    Ok(key)
}

/// A built-in zone by name, or a zone file.
///
/// # Errors
/// When there is no such zone or its file has findings.
pub fn load_zone(name: &str) -> Result<Zone, Failure> {
    let zone = match Zone::builtin(name) {
        Some(zone) => zone,
        None if Path::new(name).exists() => Zone::load(Path::new(name)),
        None => {
            let known: Vec<&str> = Zone::builtin_ids().collect();
            return Err(Failure::new(format!("no zone `{name}`; built in: {}", known.join(", "))));
        }
    };
    zone.map_err(|findings| faults(name, &findings))
}

/// Several findings as one reason not to start.
pub(crate) fn faults(what: &str, findings: &[Finding]) -> Failure {
    let list: Vec<String> = findings
        .iter()
        .map(|f| {
            format!("{}: {} (found `{}`, expected {})", f.path, f.message.en, f.found, f.expected)
        })
        .collect();
    Failure::new(format!("{what}: {}", list.join("\n")))
}

/// The law and its companions: what is built in, or a folder's laid over it.
///
/// # Errors
/// When a file of the folder has findings.
pub fn reference(config: &Config, directory: Arc<LiveDirectory>) -> Result<Reference, Failure> {
    let Some(folder) = config.rules.as_deref() else { return Ok(Reference::builtin(directory)) };
    must_be_folder(folder)?;
    let faulty = |findings: Vec<Finding>| faults(&folder.display().to_string(), &findings);
    Ok(Reference::new(
        Rules::load(folder).map_err(faulty)?,
        Tariff::load(&folder.join("tariff")).map_err(faulty)?,
        Codes::load(&folder.join("codes")).map_err(faulty)?,
        Remedies::load(&folder.join("remedies")).map_err(faulty)?,
        directory,
    ))
}

/// A rules folder that is not there would silently be the built-in law.
///
/// # Errors
/// When it is not a folder.
pub(crate) fn must_be_folder(folder: &Path) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::new(format!("there is no rules folder {}", folder.display())))
}

/// Customs, and the stand-in when it plays customs.
pub type WayOut = (Arc<dyn Customs>, Option<Arc<StandIn>>);

fn customs(
    config: &Config,
    db: &Db,
    reference: &Arc<Reference>,
    key: &PlatformKey,
) -> Result<WayOut, Failure> {
    if let Some(address) = &config.customs.address {
        let receipts = config.customs.receipts_address.clone();
        let client = DxpClient::new(gateway::client::DxpSettings {
            submit_url: address.clone(),
            receipts_url: receipts.unwrap_or_else(|| address.clone()),
            dxp_id: config.customs.sender_id.clone(),
            timeout_ms: CUSTOMS_TIMEOUT_MS,
            authorities: None,
            authorization: None,
        })?;
        return Ok((Arc::new(client), None));
    }
    let memory = standin_database(config, db)?;
    let law =
        Arc::new(StandInLaw::new(Arc::clone(reference), key.certificate().fingerprint.clone()));
    let settings = standin::Settings {
        step_ms: i64::from(config.standin.step_ms.max(1)),
        verify_signatures: config.standin.verify_signatures,
        node: config.node,
        ..standin::Settings::default()
    };
    let standin = Arc::new(StandIn::new(memory, law, settings));
    Ok((Arc::clone(&standin) as Arc<dyn Customs>, Some(standin)))
}

const CUSTOMS_TIMEOUT_MS: u64 = 30_000;

/// The stand-in is another house: beside the embedded database it has a file of its own; on a
/// server it has tables of its own.
fn standin_database(config: &Config, db: &Db) -> Result<Db, Failure> {
    let Some(file) = db.file() else { return Ok(db.clone()) };
    let path: PathBuf = file.with_extension("standin.db");
    let key = master_key(&config.master_key_path(), Opening::Existing)?;
    // It must outlive a kill, not a power cut: nobody's evidence lies here.
    let settings =
        db::Settings { durable: false, ..db::Settings::new(path.display().to_string(), key) };
    let memory = Db::open(&settings)?;
    memory.migrate(standin::MIGRATIONS)?;
    Ok(memory)
}
