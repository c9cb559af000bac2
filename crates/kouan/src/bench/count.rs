//! From what was measured to the figures.

use std::collections::HashSet;

use clearance::census;
use clearance::document::DocumentId;
use kernel::Clock;

use super::cost::Cost;
use super::figures::{Figures, Ratios};
use super::load::Notes;
use super::meter;
use super::run::Measured;
use super::stage::Stage;
use super::watch::Findings;
use crate::Failure;
use crate::cli::{BenchEngine, BenchIntake, BenchProfile, BenchSignature};
use crate::clock::SystemClock;
use crate::exact::{millis, per_second, percentile};

/// Everything a run left behind.
pub(super) struct Outcome {
    /// Parcels sent while measuring.
    pub(super) parcels: u64,
    pub(super) warm_up: Notes,
    pub(super) measured: Measured,
    pub(super) found: Findings,
    pub(super) ran_out: bool,
    pub(super) peak_memory_kib: u64,
}

const KIB_PER_MIB: u64 = 1024;
const NANOS_PER_MICRO: u64 = 1_000;

/// Counts. The server has ended.
pub(super) fn figures(
    args: &BenchIntake,
    stage: &Stage,
    outcome: Outcome,
) -> Result<Figures, Failure> {
    let Outcome { parcels, warm_up, measured, found, ran_out, peak_memory_kib } = outcome;
    let notes = &measured.notes;
    let acknowledged: HashSet<DocumentId> =
        warm_up.acknowledged.iter().chain(&notes.acknowledged).copied().collect();
    let ids: Vec<DocumentId> = acknowledged.iter().copied().collect();
    let stored = stage.db.read(|tx| census::stored(tx, &ids))?;
    stage.db.checkpoint()?;
    let all_parcels = (found.complete + found.incomplete).max(1);
    let complete = parcels.saturating_sub(found.incomplete);
    let each = parcels.max(1);
    let mut ack = notes.ack_micros.clone();
    ack.sort_unstable();
    let cost = &measured.cost;
    let writing = Writing::of(cost, each);
    let micros = |nanos: u64| nanos / NANOS_PER_MICRO / each;
    let drain = measured.whole.saturating_sub(notes.window);
    let in_millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or_default();
    Ok(Figures {
        engine: args.engine.word().to_owned(),
        profile: match (args.rate, args.profile) {
            (Some(_), _) => "mix",
            (None, BenchProfile::Batch) => "batch",
            (None, BenchProfile::Single) => "single",
        }
        .to_owned(),
        signature: match (args.signature, args.rate) {
            (Some(BenchSignature::Rsa), _) => "rsa",
            (None, Some(_)) => "mixed",
            _ => "sm2",
        }
        .to_owned(),
        rate: args.rate,
        seconds: millis(in_millis(notes.window)),
        drain_seconds: millis(in_millis(drain)),
        ran_out,
        parcels: complete,
        incomplete: found.incomplete,
        parcels_per_s: per_second(complete, measured.whole),
        acknowledged_parcels_per_s: per_second(parcels, notes.window),
        messages: notes.messages,
        retries: notes.retries,
        unexpected: warm_up.unexpected + notes.unexpected,
        ack_p50_ms: millis(percentile(&ack, 50)),
        ack_p99_ms: millis(percentile(&ack, 99)),
        ack_max_ms: millis(percentile(&ack, 100)),
        bytes_written_per_parcel: writing.bytes,
        bytes_written_by: writing.bytes_by.to_owned(),
        process_bytes_per_parcel: cost.process_bytes / each,
        standin_bytes_per_parcel: cost.written.map(|written| written.standin_bytes / each),
        database_bytes_per_parcel: stage.db.size_on_disk()? / all_parcels,
        fsyncs_per_parcel: millis(writing.syncs * 1_000 / each),
        fsyncs_by: writing.syncs_by.to_owned(),
        cpu_us_per_parcel: micros(cost.cpu.values().sum()),
        cpu_us_by_stage: cost.cpu.iter().map(|(stage, n)| (stage.clone(), micros(*n))).collect(),
        peak_memory_mb: peak_memory_kib / KIB_PER_MIB,
        generator_memory_mb: measured.generator_memory_kib / KIB_PER_MIB,
        lost: (acknowledged.len() as u64).saturating_sub(stored),
        duplicated: found.doubled.max(found.documents.saturating_sub(acknowledged.len() as u64)),
        examples: found.examples,
        ratios: Ratios::default(),
        yardsticks: Vec::new(),
        left_out: Vec::new(),
        machine: meter::machine(),
        on: SystemClock.now().date().to_string(),
    })
}

/// What was written, by the best count there is.
struct Writing {
    bytes: u64,
    bytes_by: &'static str,
    syncs: u64,
    syncs_by: &'static str,
}

impl Writing {
    fn of(cost: &Cost, each: u64) -> Writing {
        match (&cost.database, &cost.written) {
            (Some(database), _) if database.disk_bytes > 0 => Writing {
                bytes: database.disk_bytes / each,
                bytes_by: "/proc/PID/io of the database server, the stand-in's tables among them",
                syncs: database.log_syncs,
                syncs_by: "the server's statistics: forced writes of its log",
            },
            (Some(database), _) => Writing {
                bytes: database.log_bytes / each,
                bytes_by: "the server's statistics: its log alone",
                syncs: database.log_syncs,
                syncs_by: "the server's statistics: forced writes of its log",
            },
            (None, Some(written)) => Writing {
                bytes: written.own_bytes / each,
                bytes_by: "the server's write calls, the stand-in's file left out",
                syncs: written.own_syncs,
                syncs_by: "the server's fsync and fdatasync calls, the stand-in's file left out",
            },
            (None, None) => Writing {
                bytes: cost.process_bytes / each,
                bytes_by: "/proc/PID/io of the server, the stand-in's file among them",
                syncs: 0,
                syncs_by: "not counted",
            },
        }
    }
}

impl BenchEngine {
    fn word(self) -> &'static str {
        match self {
            BenchEngine::Sqlite => "sqlite",
            BenchEngine::Postgres => "postgres",
        }
    }
}
