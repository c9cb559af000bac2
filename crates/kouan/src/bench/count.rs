//! From what was measured to the figures.

use std::collections::{BTreeMap, HashSet};

use clearance::census;
use clearance::document::DocumentId;

use super::figures::{Figures, Ratios};
use super::load::Notes;
use super::meter;
use super::run::Measured;
use super::stage::Stage;
use super::watch::Findings;
use crate::Failure;
use crate::cli::{BenchEngine, BenchIntake, BenchProfile, BenchSignature};
use crate::exact::{millis, per_second, percentile, ratio};

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
    let mut by_stage: BTreeMap<String, u64> = measured.server.clone();
    by_stage.insert("generator".to_owned(), measured.generator);
    let micros = |nanos: u64| nanos / NANOS_PER_MICRO / each;
    let drain = measured.whole.saturating_sub(notes.window);
    let in_millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or_default();
    Ok(Figures {
        engine: args.engine.word(),
        profile: match (args.rate, args.profile) {
            (Some(_), _) => "mix",
            (None, BenchProfile::Batch) => "batch",
            (None, BenchProfile::Single) => "single",
        },
        signature: match (args.signature, args.rate) {
            (Some(BenchSignature::Rsa), _) => "rsa",
            (None, Some(_)) => "mixed",
            _ => "sm2",
        },
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
        bytes_written_per_parcel: measured.disk_bytes / each,
        bytes_written_by: "process",
        process_bytes_per_parcel: measured.disk_bytes / each,
        database_bytes_per_parcel: stage.db.size_on_disk()? / all_parcels,
        fsyncs_per_parcel: ratio(0, 1),
        fsyncs_by: "none",
        cpu_us_per_parcel: micros(by_stage.values().sum()),
        cpu_us_by_stage: by_stage.iter().map(|(stage, n)| (stage.clone(), micros(*n))).collect(),
        peak_memory_mb: peak_memory_kib / KIB_PER_MIB,
        generator_memory_mb: measured.generator_memory_kib / KIB_PER_MIB,
        lost: (acknowledged.len() as u64).saturating_sub(stored),
        duplicated: found.doubled.max(found.documents.saturating_sub(acknowledged.len() as u64)),
        examples: found.examples,
        ratios: Ratios::default(),
        machine: meter::machine(),
    })
}

impl BenchEngine {
    fn word(self) -> &'static str {
        match self {
            BenchEngine::Sqlite => "sqlite",
            BenchEngine::Postgres => "postgres",
        }
    }
}
