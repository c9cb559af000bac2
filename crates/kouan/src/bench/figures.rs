//! What a run came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::yardstick::Comparison;
use crate::exact::Exact;

/// The result of a run, as printed with `--json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// `single` or `batch`, or `mix` for a steady rate.
    pub profile: String,
    /// `sm2`, `rsa`, or `mixed`.
    pub signature: String,
    /// Parcels a second that were offered; absent when sent as fast as acknowledged.
    pub rate: Option<u32>,
    /// Seconds from the first message to the last acknowledgement.
    pub seconds: Exact,
    /// Seconds from the last acknowledgement until the last parcel was at its end.
    pub drain_seconds: Exact,
    /// Whether the messages signed before were used up before the time was.
    pub ran_out: bool,
    /// Parcels that came to their planned end: all documents stored, receipts back.
    pub parcels: u64,
    /// Parcels sent that did not.
    pub incomplete: u64,
    /// Parcels over the time from the first message to the end of the last parcel.
    pub parcels_per_s: Exact,
    /// Parcels acknowledged a second while sending.
    pub acknowledged_parcels_per_s: Exact,
    /// Messages acknowledged.
    pub messages: u64,
    /// Messages sent again after 429 or 503.
    pub retries: u64,
    /// Messages that were not taken in whole though nothing was wrong with them.
    pub unexpected: u64,
    /// Half of the messages were acknowledged within this.
    pub ack_p50_ms: Exact,
    /// 99 of 100 messages were.
    pub ack_p99_ms: Exact,
    /// All were.
    pub ack_max_ms: Exact,
    /// Bytes written to the platform's own files for a parcel.
    pub bytes_written_per_parcel: u64,
    /// How they were counted.
    pub bytes_written_by: String,
    /// Bytes the server process caused to be written for a parcel, the stand-in's among them.
    pub process_bytes_per_parcel: u64,
    /// Bytes the stand-in wrote for a parcel; absent where it writes to the platform's database.
    pub standin_bytes_per_parcel: Option<u64>,
    /// Bytes of the finished database for a parcel.
    pub database_bytes_per_parcel: u64,
    /// Forced writes of the platform's own files for a parcel.
    pub fsyncs_per_parcel: Exact,
    /// How they were counted.
    pub fsyncs_by: String,
    /// CPU time of server, database and generator for a parcel, microseconds.
    pub cpu_us_per_parcel: u64,
    /// The same by thread of the server; `generator` and `postgres` are processes.
    pub cpu_us_by_stage: BTreeMap<String, u64>,
    /// Most memory the server held, MiB.
    pub peak_memory_mb: u64,
    /// Most memory the generator held, MiB.
    pub generator_memory_mb: u64,
    /// Documents acknowledged and not stored.
    pub lost: u64,
    /// Documents stored beyond those acknowledged.
    pub duplicated: u64,
    /// What is wrong, when something is: a few examples.
    pub examples: Vec<String>,
    /// Our speed over the yardstick's, on the same messages in the same run.
    pub ratios: Ratios,
    /// What the ratios were made from.
    pub yardsticks: Vec<Comparison>,
    /// Yardsticks that were left out, and why.
    pub left_out: Vec<String>,
    /// The machine.
    pub machine: String,
    /// The day of the run in Beijing.
    pub on: String,
}

/// Ours over theirs in speed; absent where a yardstick was left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ratios {
    /// The write path against the bare engine writing the same rows and bytes.
    pub bare_engine: Option<Exact>,
    /// Reading and checking against libxml2 parsing and checking the official schema.
    pub libxml2: Option<Exact>,
    /// Verifying SM2 against OpenSSL.
    pub openssl_sm2: Option<Exact>,
    /// Verifying RSA against OpenSSL.
    pub openssl_rsa: Option<Exact>,
}

impl Figures {
    /// Whether nothing was lost, doubled, refused without reason or left unfinished.
    pub fn is_sound(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.incomplete == 0 && self.unexpected == 0
    }

    /// The figures for people, one a line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{} {} {}: {} parcels in {} s + {} s: {} parcels/s, while sending {} parcels/s",
                self.engine,
                self.profile,
                self.signature,
                self.parcels,
                self.seconds,
                self.drain_seconds,
                self.parcels_per_s,
                self.acknowledged_parcels_per_s
            ),
            format!(
                "acknowledged p50 {} ms, p99 {} ms, max {} ms; {} messages, {} sent again",
                self.ack_p50_ms, self.ack_p99_ms, self.ack_max_ms, self.messages, self.retries
            ),
            format!(
                "a parcel: {} bytes written, {} in the database, {} fsyncs, {} CPU-µs",
                self.bytes_written_per_parcel,
                self.database_bytes_per_parcel,
                self.fsyncs_per_parcel,
                self.cpu_us_per_parcel
            ),
        ];
        for (stage, micros) in &self.cpu_us_by_stage {
            lines.push(format!("  {micros:>8}  CPU-µs {stage}"));
        }
        lines.push(format!(
            "memory: server {} MiB, generator {} MiB",
            self.peak_memory_mb, self.generator_memory_mb
        ));
        lines.push(format!(
            "lost {} · duplicated {} · incomplete {} · refused without reason {}",
            self.lost, self.duplicated, self.incomplete, self.unexpected
        ));
        lines.extend(self.examples.iter().map(|example| format!("  {example}")));
        for one in &self.yardsticks {
            lines.push(format!(
                "{}: ours {} {}, theirs {}: ratio {}",
                one.name, one.ours, one.unit, one.theirs, one.ratio
            ));
        }
        lines.extend(self.left_out.iter().map(|reason| format!("left out: {reason}")));
        lines
    }
}
