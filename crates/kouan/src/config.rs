//! How one installation is set up: defaults, then one TOML file, then environment and flags.
//! Unknown keys are errors, secrets may stand in files of their own and are never printed.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Everything an installation chooses.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the data are: a file for the embedded database or `postgres://…`.
    pub database: String,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Which pilot zone: `zibo`, `rizhao`, or the path of a zone file.
    pub zone: String,
    /// A folder whose rules, tariff and code lists take the place of the built-in ones.
    pub rules: Option<PathBuf>,
    /// File with the master key that seals personal data; made at first start when absent.
    pub master_key_file: Option<PathBuf>,
    /// Folder doors.
    pub folders: Vec<Folder>,
    /// Who carries messages to customs.
    pub customs: Customs,
    /// How the built-in stand-in behaves when it plays customs.
    pub standin: StandIn,
    /// Bounds of the intake queue.
    pub intake: Intake,
    /// The evidence log.
    pub evidence: Evidence,
    /// Number of this node, 0 to 61; programs that share a server database must differ.
    pub node: u8,
    /// Webhooks to private addresses are refused unless this says otherwise.
    pub webhooks_to_private_addresses: bool,
}

/// A watched folder, with `in`, `working`, `done`, `failed` and `receipts` beneath it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Code of the firm it belongs to: only its messages are taken and only its receipts put
    /// there. Absent for the operator's own, which takes and gets everything.
    pub party: Option<String>,
}

/// The way to customs.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Customs {
    /// Address that takes DXP envelopes; none means the built-in stand-in.
    pub address: Option<String>,
    /// Address that hands out receipts, when it differs.
    pub receipts_address: Option<String>,
    /// Our own DXP id.
    pub sender_id: String,
    /// DXP id of the import side of the national platform.
    pub receiver_id: String,
    /// Private key (PEM) that signs messages re-packed by the platform.
    pub key_file: Option<PathBuf>,
    /// Certificate (PEM) of that key.
    pub certificate_file: Option<PathBuf>,
}

/// How the customs stand-in behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StandIn {
    /// Milliseconds between two receipts of one document, at least 1.
    pub step_ms: u32,
    /// Whether it verifies the signatures of what is forwarded, which the platform has done too.
    pub verify_signatures: bool,
}

/// How the evidence log is published.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// Name of the log, best an address of the operator without its scheme, such as
    /// `kouan.example/zibo`; `kouan/` and the zone when absent. Chosen once: it is part of the keys
    /// made at first start.
    pub origin: Option<String>,
    /// Seconds between two checkpoints of a log that grows.
    pub checkpoint_every_s: u32,
    /// File that holds the newest checkpoint outside the database, to notice that one was brought
    /// back from an older backup; beside the database when absent.
    pub checkpoint_file: Option<PathBuf>,
}

impl Default for Evidence {
    fn default() -> Evidence {
        Evidence { origin: None, checkpoint_every_s: 60, checkpoint_file: None }
    }
}

/// Bounds of the intake.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Messages that may wait; above it senders are told to come back.
    pub queue_messages_max: usize,
    /// Messages of one transaction.
    pub batch_messages_max: usize,
    /// Threads that read, check and verify.
    pub workers: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            database: "kouan.db".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            zone: "zibo".to_owned(),
            rules: None,
            master_key_file: None,
            folders: Vec::new(),
            customs: Customs::default(),
            standin: StandIn::default(),
            intake: Intake::default(),
            evidence: Evidence::default(),
            node: 0,
            webhooks_to_private_addresses: false,
        }
    }
}

impl Default for Customs {
    fn default() -> Customs {
        Customs {
            address: None,
            receipts_address: None,
            sender_id: "DXPENT0000037001".to_owned(),
            receiver_id: "DXPEDCCEB0000002".to_owned(),
            key_file: None,
            certificate_file: None,
        }
    }
}

impl Default for StandIn {
    fn default() -> StandIn {
        StandIn { step_ms: 1_000, verify_signatures: true }
    }
}

impl Default for Intake {
    fn default() -> Intake {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        Intake { queue_messages_max: 4_096, batch_messages_max: 1_000, workers }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {0}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is not the TOML we expect.
    #[error("{0} is not a configuration")]
    Malformed(PathBuf, #[source] toml::de::Error),
}

impl Config {
    /// Reads a configuration file over the defaults.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or has a key nobody knows.
    pub fn load(file: &Path) -> Result<Config, ConfigError> {
        let text =
            fs::read_to_string(file).map_err(|e| ConfigError::Unreadable(file.to_owned(), e))?;
        toml::from_str(&text).map_err(|e| ConfigError::Malformed(file.to_owned(), e))
    }

    /// Whether the data are in a PostgreSQL server.
    pub fn is_server_database(&self) -> bool {
        self.database.starts_with("postgres://") || self.database.starts_with("postgresql://")
    }

    /// Where the master key is kept: as configured, else beside the embedded database, else in the
    /// working folder.
    pub fn master_key_path(&self) -> PathBuf {
        let beside = || match self.is_server_database() {
            true => PathBuf::from("kouan.master.key"),
            false => PathBuf::from(&self.database).with_extension("master.key"),
        };
        self.master_key_file.clone().unwrap_or_else(beside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_nobody_knows_is_an_error_that_names_it() {
        let wrong = toml::from_str::<Config>("lissten = \"127.0.0.1:1\"").unwrap_err();
        assert!(wrong.to_string().contains("lissten"), "{wrong}");
    }

    #[test]
    fn a_file_changes_only_what_it_says() {
        let config: Config = toml::from_str("zone = \"rizhao\"\n[intake]\nworkers = 7").unwrap();
        assert_eq!((config.zone.as_str(), config.intake.workers), ("rizhao", 7));
        assert_eq!(config.customs.receiver_id, "DXPEDCCEB0000002");
    }

    #[test]
    fn the_master_key_lies_beside_the_embedded_database() {
        let config = Config { database: "data/kouan.db".to_owned(), ..Config::default() };
        assert_eq!(config.master_key_path(), PathBuf::from("data/kouan.master.key"));
    }
}
