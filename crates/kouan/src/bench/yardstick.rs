//! The yardsticks: what others need for the same messages, in the same run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ceb::ReadOptions;
use db::yardstick::{Bare, Contents};
use register::codes::Codes;
use serde::{Deserialize, Serialize};

use super::compiled::{Source, Timed, time};
use super::figures::Ratios;
use super::sample::{Sample, SignatureKind};
use super::supply::Supply;
use crate::Failure;
use crate::clock::Stopwatch;
use crate::exact::{Exact, ratio, tenths};

/// One comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The yardstick, such as `libxml2`.
    pub name: String,
    /// What is counted, such as `messages/s`.
    pub unit: String,
    /// Ours a second.
    pub ours: Exact,
    /// Theirs a second.
    pub theirs: Exact,
    /// Ours over theirs.
    pub ratio: Exact,
}

/// Everything that was compared, and why something was not.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparisons {
    pub(super) all: Vec<Comparison>,
    pub(super) left_out: Vec<String>,
}

impl Comparisons {
    fn note(&mut self, name: &str, outcome: Result<Comparison, Failure>) {
        match outcome {
            Ok(comparison) => self.all.push(comparison),
            Err(failure) => self.left_out.push(format!("{name}: {failure}")),
        }
    }

    /// The ratios of the report.
    pub(super) fn ratios(&self) -> Ratios {
        let of = |name: &str| {
            let found = self.all.iter().find(|comparison| comparison.name == name);
            found.map(|comparison| comparison.ratio.clone())
        };
        Ratios {
            bare_engine: of(BARE_ENGINE),
            libxml2: of(LIBXML2),
            openssl_sm2: of(OPENSSL_SM2),
            openssl_rsa: of(OPENSSL_RSA),
        }
    }
}

const BARE_ENGINE: &str = "bare_engine";
const LIBXML2: &str = "libxml2";
const OPENSSL_SM2: &str = "openssl_sm2";
const OPENSSL_RSA: &str = "openssl_rsa";

/// What our write path did, to be held against the bare engine.
pub(super) struct Ours {
    /// Parcels a second, complete, in tenths.
    pub(super) parcels_tenths: u64,
    /// Parcels that the contents are of.
    pub(super) parcels: u64,
    /// What the finished database holds of them.
    pub(super) contents: Contents,
    /// Where a bare table can be made.
    pub(super) bare_url: String,
}

/// CPU time of ours in one turn of a comparison, about.
const SPENT: Duration = Duration::from_millis(300);
const NANOS_PER_S: u128 = 1_000_000_000;

/// Compares everything that can be compared here.
pub(super) fn compare(folder: &Path, supply: &Supply, ours: &Ours) -> Result<Comparisons, Failure> {
    let mut comparisons = Comparisons::default();
    comparisons.note(BARE_ENGINE, bare_engine(ours));
    let sample = Sample::of(supply, &folder.join("sample"))?;
    comparisons.note(LIBXML2, libxml2(folder, &sample));
    let program = Source::Verify.compile(folder);
    for (name, kind) in [(OPENSSL_SM2, SignatureKind::Sm2), (OPENSSL_RSA, SignatureKind::Rsa)] {
        let outcome = match &program {
            Ok(program) => openssl(name, program, &sample, kind),
            Err(failure) => Err(Failure::new(failure.to_string())),
        };
        comparisons.note(name, outcome);
    }
    Ok(comparisons)
}

/// Rows of one transaction of the bare engine.
const ROWS: usize = 1_000;
/// How long the bare engine writes at most.
const BARE_FOR: Duration = Duration::from_secs(5);
const NOISE_BYTES: usize = 1 << 20;

/// The same number of rows and bytes for a parcel, into one table without index.
fn bare_engine(ours: &Ours) -> Result<Comparison, Failure> {
    let rows = ours.contents.rows.max(1);
    let bytes_per_row = usize::try_from(ours.contents.bytes / rows)?;
    let noise = noise();
    let mut bare = Bare::create(&ours.bare_url)?;
    let watch = Stopwatch::start();
    let mut written = 0;
    while written < rows && watch.elapsed() < BARE_FOR {
        let first = i64::try_from(written)?;
        bare.write(first, ROWS, bytes_per_row, &noise)?;
        written += ROWS as u64;
    }
    let elapsed = watch.elapsed().as_nanos().max(1);
    bare.remove()?;
    let rows_tenths = u128::from(written) * 10 * NANOS_PER_S / elapsed;
    let theirs = rows_tenths * u128::from(ours.parcels) / u128::from(rows);
    let mine = u128::from(ours.parcels_tenths);
    Ok(Comparison {
        name: BARE_ENGINE.to_owned(),
        unit: "parcels/s".to_owned(),
        ours: tenths(ours.parcels_tenths),
        theirs: tenths(u64::try_from(theirs)?),
        ratio: ratio(mine, theirs),
    })
}

/// Bytes that no engine can make smaller.
fn noise() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(NOISE_BYTES).collect()
}

/// The official schema of import messages.
fn official_schema() -> Result<PathBuf, Failure> {
    let folder = std::env::var_os("KOUAN_CEB_DIR");
    let folder = folder.map_or_else(|| PathBuf::from("../shared/ceb"), PathBuf::from);
    let schema = folder.join("xsd-202205/import.xsd");
    if schema.is_file() {
        return Ok(schema);
    }
    Err(Failure::new(format!("no official schema at {} (KOUAN_CEB_DIR)", schema.display())))
}

fn libxml2(folder: &Path, sample: &Sample) -> Result<Comparison, Failure> {
    let schema = official_schema()?;
    let program = Source::XmlSchema.compile(folder)?;
    let codes = Codes::builtin();
    let options = ReadOptions::strict();
    let ours = || {
        for message in &sample.messages {
            let reading = ceb::read(message, &options);
            let findings = reading.message.map(|message| ceb::check(&message, &codes));
            std::hint::black_box(findings);
        }
    };
    let (schema, list) = (schema.display().to_string(), sample.list.display().to_string());
    let theirs = |times: u64| {
        let timed = time(&program, &[&schema, &list, &times.to_string()])?;
        all_right(timed, "messages valid")
    };
    in_turn(LIBXML2, "messages/s", sample.messages.len(), ours, theirs)
}

fn openssl(
    name: &str,
    program: &Path,
    sample: &Sample,
    kind: SignatureKind,
) -> Result<Comparison, Failure> {
    let signatures = sample.signatures(kind)?;
    let verify_all = || {
        let good = |one: &&super::sample::Parts| {
            one.certificate.verifies(one.algorithm, &one.text, &one.value)
        };
        signatures.parts.iter().filter(good).count()
    };
    // Senders recur: what is kept for a key is there after its first messages.
    const TURNS_BEFORE: usize = 20;
    for _ in 0..TURNS_BEFORE {
        if verify_all() != signatures.parts.len() {
            return Err(Failure::new("our own verification fails"));
        }
    }
    let ours = || {
        std::hint::black_box(verify_all());
    };
    let list = signatures.list.display().to_string();
    let theirs = |times: u64| {
        let timed = time(program, &[&list, &times.to_string()])?;
        all_right(timed, "signatures good")
    };
    in_turn(name, "verifications/s", signatures.parts.len(), ours, theirs)
}

/// Nanoseconds of one pass, if the yardstick agrees with us on what it was given.
fn all_right(timed: Timed, what: &str) -> Result<u64, Failure> {
    let Timed { nanos, done, right } = timed;
    if right == done && done > 0 {
        return Ok(nanos);
    }
    Err(Failure::new(format!("it finds only {right} of {done} {what}")))
}

/// Times both sides in turn, each as often as fills the time with ours, and takes the best of each:
/// what else the machine does makes both slower, never faster.
fn in_turn(
    name: &str,
    unit: &str,
    count: usize,
    mut ours: impl FnMut(),
    theirs: impl Fn(u64) -> Result<u64, Failure>,
) -> Result<Comparison, Failure> {
    const TURNS: usize = 3;
    ours();
    let watch = Stopwatch::start();
    ours();
    let once = watch.elapsed().as_nanos().max(1);
    let times = u64::try_from(SPENT.as_nanos() / once).unwrap_or(u64::MAX).clamp(1, 10_000);
    let (mut best, mut best_of_theirs) = (u64::MAX, u64::MAX);
    for _ in 0..TURNS {
        let before = thread_nanos();
        for _ in 0..times {
            ours();
        }
        best = best.min(thread_nanos().saturating_sub(before));
        best_of_theirs = best_of_theirs.min(theirs(times)?);
    }
    Ok(compared(name, unit, count as u64 * times, best, best_of_theirs))
}

/// CPU time of this thread.
fn thread_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

fn compared(name: &str, unit: &str, done: u64, ours: u64, theirs: u64) -> Comparison {
    let a_second = |nanos: u64| {
        let tenths_of = u128::from(done) * 10 * NANOS_PER_S / u128::from(nanos.max(1));
        tenths(u64::try_from(tenths_of).unwrap_or(u64::MAX))
    };
    Comparison {
        name: name.to_owned(),
        unit: unit.to_owned(),
        ours: a_second(ours),
        theirs: a_second(theirs),
        ratio: ratio(u128::from(theirs), u128::from(ours)),
    }
}
