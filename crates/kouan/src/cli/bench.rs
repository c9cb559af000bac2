//! What `kouan bench` is asked for.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(super) enum Bench {
    /// Sends signed messages to a server of its own over HTTP and follows them to their end
    Intake(BenchIntake),
}

/// Where the server keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchEngine {
    /// The embedded database, every commit on disk
    Sqlite,
    /// The PostgreSQL that `KOUAN_TEST_DATABASE_URL` names, in a schema of its own
    Postgres,
}

/// How documents travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchProfile {
    /// Each document its own signed message
    Single,
    /// 100 documents a message
    Batch,
}

/// What messages are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchSignature {
    /// SM2 with SM3
    Sm2,
    /// RSA-2048 with SHA-256
    Rsa,
}

/// What `bench intake` needs.
#[derive(Args, Clone, Debug)]
pub struct BenchIntake {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Database of the server
    #[arg(long, value_enum, default_value = "sqlite")]
    pub engine: BenchEngine,
    /// How documents travel
    #[arg(long, value_enum, default_value = "batch")]
    pub profile: BenchProfile,
    /// Seconds of sending
    #[arg(long, default_value_t = 60)]
    pub seconds: u32,
    /// Parcels a second of the demo's mix of message sizes and faults, at a steady pace; as fast as
    /// acknowledged when absent
    #[arg(long)]
    pub rate: Option<u32>,
    /// What messages are signed with: sm2, and for a steady rate the demo's mixture
    #[arg(long, value_enum)]
    pub signature: Option<BenchSignature>,
    /// Connections to the server
    #[arg(long)]
    pub connections: Option<u16>,
    /// Documents of a message, 1 to 100, instead of the profile's number
    #[arg(long)]
    pub documents: Option<u16>,
    /// Leave the yardsticks out
    #[arg(long)]
    pub skip_yardsticks: bool,
    /// Folder for the report: the figures are kept there, table and plot made anew from all kept
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Folder for the data, kept afterwards; a temporary one when absent
    #[arg(long)]
    pub data: Option<PathBuf>,
}
