//! An installation of its own, and a real server on it: a child process that can be killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use db::test::Schema;
use kernel::{Clock, Date, Time};
use kouan::clock::SystemClock;
use kouan::config::Config;
use kouan::demo::traffic::Day;
use kouan::platform::Platform;
use register::party::{self, Purpose};
use serde_json::Value;
use tempfile::TempDir;
use web::Role;
use web::keys::{self, NewKey};

/// Where a house keeps its data.
pub(crate) enum Engine {
    /// A file.
    Sqlite,
    /// A schema on the server of the tests.
    Postgres(Schema),
    /// A server of its own.
    Server(String),
}

/// A configured installation with firms that may send.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) config: Config,
    /// Keys to the HTTP door, by code of the firm.
    pub(crate) keys: BTreeMap<String, String>,
    /// The operator's.
    pub(crate) operator: String,
    _schema: Option<Schema>,
}

impl House {
    /// Prepares the database: tables, the firms of the day, keys. `more` goes into the
    /// configuration file.
    pub(crate) fn new(engine: Engine, day: &Day, more: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let (database, schema) = match engine {
            Engine::Sqlite => (folder.path().join("kouan.db").display().to_string(), None),
            Engine::Postgres(schema) => (schema.url(), Some(schema)),
            Engine::Server(url) => (url, None),
        };
        let key_file = folder.path().join("kouan.master.key");
        let text = format!(
            "database = {database:?}\nmaster_key_file = {key_file:?}\nlisten = \"127.0.0.1:0\"\n\
             webhooks_to_private_addresses = true\n{more}\n"
        );
        let file = folder.path().join("kouan.toml");
        std::fs::write(&file, text).unwrap();
        let config = Config::load(&file).unwrap();
        let mut house = House {
            folder,
            config,
            keys: BTreeMap::new(),
            operator: String::new(),
            _schema: schema,
        };
        let platform = house.open(Arc::new(SystemClock));
        house.introduce(&platform, day);
        platform.intake.stop();
        house
    }

    /// Opens the installation in this process, with a clock of the caller's.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>) -> Arc<Platform> {
        Arc::new(Platform::open(self.config.clone(), clock).unwrap_or_else(|e| panic!("{e}")))
    }

    fn introduce(&mut self, platform: &Platform, day: &Day) {
        let ctx = platform.app.ctx_as("test".into());
        let db = &platform.app.db;
        for (code, certificate) in day.certificates() {
            let der = certificate.der();
            let register = |tx: &mut db::Tx| {
                party::flow::register_certificate(tx, &ctx, code, der, Purpose::Messages)
            };
            // One firm of the day is registered nowhere, on purpose.
            let known = db.write(register).is_ok();
            let party = known.then(|| code.to_owned());
            let new = NewKey::of_role(Role::Firm, code, party);
            let made = db.write(|tx| keys::create(tx, &ctx, &new)).unwrap();
            self.keys.insert(code.to_owned(), made.secret.reveal().to_owned());
        }
        let new = NewKey::of_role(Role::Operator, "operator", None);
        let made = db.write(|tx| keys::create(tx, &ctx, &new)).unwrap();
        self.operator = made.secret.reveal().to_owned();
        platform.reference.directory.refresh_from(db).unwrap();
    }

    /// The command of a program of this installation.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        // A file-size limit is then an error of the write and not the end of the program.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(binary()).args(args);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KOUAN_")) {
            command.env_remove(name);
        }
        command.env("KOUAN_CONFIG", self.folder.path().join("kouan.toml")).env("NO_COLOR", "1");
        command
    }

    /// Starts a server and gives it back when it says that it listens.
    pub(crate) fn serve(&self) -> Server {
        self.spawn().listening()
    }

    /// Starts a server and waits for nothing.
    pub(crate) fn spawn(&self) -> Starting {
        let mut command = self.command(&["serve"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (tell, hear) = mpsc::channel();
        let (stderr, log) = (child.stderr.take().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let address = line.split_once(" at http://").map(|(_, rest)| rest);
                if let Some(address) = address.and_then(|rest| rest.split(',').next()) {
                    // Nobody listens any more when the server was killed at once.
                    let _ = tell.send(format!("http://{address}"));
                }
                log.lock().unwrap().push(line);
            }
        });
        Starting { child, hear, said }
    }
}

/// The program under test: the one of this build, or the one the environment names.
fn binary() -> PathBuf {
    let named = std::env::var_os("KOUAN_CRASH_BINARY").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_kouan")))
}

/// A server that was just started.
pub(crate) struct Starting {
    child: Child,
    hear: mpsc::Receiver<String>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Starting {
    /// Waits until it listens.
    pub(crate) fn listening(self) -> Server {
        let Ok(address) = self.hear.recv() else {
            panic!("the server ended: {}", self.said.lock().unwrap().join("\n"));
        };
        Server { child: self.child, address, agent: agent(), said: self.said }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    agent: ureq::Agent,
    said: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    /// `/health/ready`: status and body.
    pub(crate) fn ready(&self) -> (u16, Value) {
        let mut answer = self.agent.get(format!("{}/health/ready", self.address)).call().unwrap();
        let body = answer.body_mut().read_to_vec().unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&body).unwrap())
    }

    /// Waits until it has logged something.
    pub(crate) fn until_said(&self, text: &str) {
        while !self.log().contains(text) {
            std::thread::yield_now();
        }
    }

    /// Waits until it is ready.
    pub(crate) fn until_ready(&self) {
        while self.ready().0 != 200 {
            std::thread::yield_now();
        }
    }

    /// A request with a key; status, `Retry-After`, body.
    pub(crate) fn post(
        &self,
        path: &str,
        key: &str,
        kind: &str,
        body: &[u8],
    ) -> (u16, Option<String>, Value) {
        let mut answer = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", kind)
            .send(body)
            .unwrap_or_else(|e| panic!("{e}\n{}", self.log()));
        let retry = answer.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
        let body = answer.body_mut().read_to_vec().unwrap();
        (answer.status().as_u16(), retry, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already when it was killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP client that takes every answer as an answer.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(60))).build().into()
}

/// A clock that is moved by hand, also back.
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    /// Stands at the present.
    pub(crate) fn now() -> Arc<HandClock> {
        Arc::new(HandClock(AtomicI64::new(SystemClock.now().to_millis())))
    }

    pub(crate) fn set(&self, time: Time) {
        self.0.store(time.to_millis(), Ordering::Relaxed);
    }

    pub(crate) fn advance_to(&self, time: Time) {
        self.0.fetch_max(time.to_millis(), Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A day of traffic that is past, so many days ago: whatever it says of its hours is past.
pub(crate) fn day_before(days: i64, seed: u64, parcels: usize) -> Day {
    let zone = kouan::platform::load_zone("zibo").unwrap();
    let on: Date = SystemClock.now().plus_millis(-days * 86_400_000).date();
    Day::plan(seed, parcels, &zone, on).unwrap()
}

/// Yesterday's traffic.
pub(crate) fn day(seed: u64, parcels: usize) -> Day {
    day_before(1, seed, parcels)
}
