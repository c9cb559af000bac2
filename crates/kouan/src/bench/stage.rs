//! Sets a server up to be measured: a data folder with parties, certificates and keys, and `kouan
//! serve` as a process of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use db::Db;

use super::counters::Counters;
use super::wire::Connection;
use crate::Failure;
use crate::clock::Stopwatch;
use crate::config::Config;
use crate::demo::introduction::introduce;
use crate::demo::traffic::Day;
use crate::platform::{self, Opening};

/// Milliseconds between two receipts of one document: customs is not what is measured.
const STANDIN_STEP_MS: u32 = 100;
const READY_WITHIN: Duration = Duration::from_secs(120);
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A place to measure in.
pub(super) struct Stage {
    pub(super) db: Db,
    pub(super) folder: PathBuf,
    /// Keys to the door, by firm code.
    pub(super) keys: BTreeMap<String, String>,
    config: Config,
}

impl Stage {
    /// Makes the database and introduces the day's firms. `database` is a file or a server.
    pub(super) fn set(folder: &Path, database: String, day: &Day) -> Result<Stage, Failure> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let master_key = folder.join("kouan.master.key");
        let config = Config {
            database,
            master_key_file: Some(master_key),
            listen: address,
            ..Config::default()
        };
        let db = platform::open_database(&config, Opening::OrMake)?;
        let ctx = platform::prepare(&db, &config)?;
        let keys = introduce(&db, &ctx, day)?;
        Ok(Stage { db, folder: folder.to_owned(), keys, config })
    }

    /// Starts the server and waits until it is ready.
    pub(super) fn serve(&self, counters: Option<&Counters>) -> Result<Server, Failure> {
        let file = self.folder.join("kouan.toml");
        let config = toml::to_string(&self.settings())?;
        std::fs::write(&file, config)?;
        let log = self.folder.join("server.log");
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--config").arg(&file);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KOUAN_") {
                command.env_remove(name);
            }
        }
        if let Some(counters) = counters {
            command
                .env("LD_PRELOAD", &counters.library)
                .env("KOUAN_COUNTERS", &counters.shared)
                .env("KOUAN_COUNTED", &counters.counted);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let server = Server { child: command.spawn()?, address: self.config.listen, log };
        server.until_ready()?;
        Ok(server)
    }

    fn settings(&self) -> toml::Table {
        let text = |text: String| toml::Value::String(text);
        let mut standin = toml::Table::new();
        standin.insert("step_ms".to_owned(), i64::from(STANDIN_STEP_MS).into());
        standin.insert("verify_signatures".to_owned(), false.into());
        let mut table = toml::Table::new();
        table.insert("database".to_owned(), text(self.config.database.clone()));
        let key = self.config.master_key_path().display().to_string();
        table.insert("master_key_file".to_owned(), text(key));
        table.insert("listen".to_owned(), text(self.config.listen.to_string()));
        table.insert("standin".to_owned(), standin.into());
        table
    }
}

/// A server process; killed when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Number of the process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn until_ready(&self) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        let request = "GET /health/ready HTTP/1.1\r\nhost: bench\r\n\r\n";
        loop {
            let answered = Connection::open(self.address)
                .and_then(|mut connection| connection.ask(request.as_bytes()));
            if answered.is_ok_and(|status| status == 200) {
                return Ok(());
            }
            if watch.elapsed() > READY_WITHIN {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                return Err(Failure::new(format!("the server does not become ready:\n{log}")));
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    /// Asks the server to end, as an operator would, and waits.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        let pid = self.pid().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let watch = Stopwatch::start();
        while self.child.try_wait()?.is_none() {
            if watch.elapsed() > STOPPED_WITHIN {
                return Err(Failure::new("the server does not end"));
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
