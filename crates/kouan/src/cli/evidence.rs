//! `kouan evidence verify`, `check`, `export`, `accept`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use db::{OriginalId, Tx};
use kernel::Clock;
use web::evidence::{EvidenceProof, NotProven, prove, prove_consistency, prove_range};

use super::Installation;
use super::installation::config;
use super::output::{self, Verdict};
use crate::Failure;
use crate::clock::SystemClock;
use crate::evidence::note::PublicKey;
use crate::evidence::verify::{self, Options, Report};
use crate::evidence::{Publisher, check};
use crate::platform::{self, Lock, Opening};

/// The evidence log.
#[derive(Subcommand)]
pub(super) enum Evidence {
    /// Verifies proofs, checkpoints and consistency proofs, offline
    Verify(Verify),
    /// Walks the database: every record is in the log at its place, roots are those published
    Check(Check),
    /// Writes a proof that can be verified offline
    Export(Export),
    /// Says that it is known why the log is not what was published of it, after a restore
    Accept(Accept),
}

/// What `evidence verify` needs.
#[derive(Args)]
pub(super) struct Verify {
    /// One JSON object a document
    #[arg(long)]
    json: bool,
    /// The original that the record stands for
    #[arg(long)]
    original: Option<PathBuf>,
    /// The platform's public keys, had from a source you trust: the answer of
    /// /api/v1/evidence/keys, or verifier keys, one a line
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Proofs, ranges, consistency proofs, checkpoints
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What `evidence check` needs.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    installation: Installation,
    /// Open and hash every original as well
    #[arg(long)]
    contents: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `evidence export` needs.
#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    installation: Installation,
    /// Records from this place on instead of one record
    #[arg(long, conflicts_with = "record")]
    from: Option<u64>,
    /// Up to and without this place; the end of the checkpoint when absent
    #[arg(long, requires = "from")]
    to: Option<u64>,
    /// A proof that the checkpoint of this size was only added to
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["record", "from"])]
    consistency: Option<u64>,
    /// Size of the checkpoint to prove by; the newest when absent
    #[arg(long, value_name = "SIZE")]
    checkpoint: Option<u64>,
    /// Id of the record: `org_…` or `dec_…`; the newest checkpoint when nothing is asked for
    record: Option<String>,
}

/// What `evidence accept` needs.
#[derive(Args)]
pub(super) struct Accept {
    #[command(flatten)]
    installation: Installation,
    /// Why the log is shorter or other than what was published; kept in the log and the audit
    #[arg(long)]
    reason: String,
}

pub(super) fn run(command: &Evidence) -> Result<Verdict, Failure> {
    match command {
        Evidence::Verify(args) => verify_files(args),
        Evidence::Check(args) => check_database(args),
        Evidence::Export(args) => export(args),
        Evidence::Accept(args) => accept(args),
    }
}

fn verify_files(args: &Verify) -> Result<Verdict, Failure> {
    let mut options = Options::default();
    for path in &args.key {
        let found: Option<Vec<PublicKey>> = verify::keys(&output::read(path)?);
        let wrong = || Failure::new(format!("{}: holds no key of a log", path.display()));
        options.keys.extend(found.ok_or_else(wrong)?);
    }
    options.original = args.original.as_deref().map(output::read).transpose()?;
    let mut files = Vec::new();
    let mut verdict = Verdict::Clean;
    for path in &args.files {
        let file = path.display().to_string();
        match output::read(path) {
            Ok(bytes) => files.push((file, bytes)),
            Err(_) => {
                let report = serde_json::to_value(Report::default())?;
                verdict = verdict.and(output::unreadable(&file, args.json, report)?);
            }
        }
    }
    for report in verify::files(&files, &options) {
        verdict = verdict.and(match (report.kind, report.verified) {
            (None, _) => Verdict::Unreadable,
            (_, true) => Verdict::Clean,
            (_, false) => Verdict::Findings,
        });
        if args.json { output::json(&report)? } else { show(&report) }
    }
    Ok(verdict)
}

fn show(report: &Report) {
    let file = report.file.clone().unwrap_or_default();
    let word =
        if report.verified { "verified 核验通过" } else { "NOT verified 核验不通过" };
    let kind = report.kind.unwrap_or("no evidence");
    let record = report.record.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let place = report.index.map(|at| format!(" at {at}")).unwrap_or_default();
    let log = match (&report.origin, report.size, &report.time) {
        (Some(origin), Some(size), Some(time)) => format!(", {origin} of {size} records at {time}"),
        (Some(origin), Some(size), None) => format!(", {origin} of {size} records"),
        _ => String::new(),
    };
    output::line(format!("{file}: {word}: {kind}{record}{place}{log}"));
    report.findings.iter().for_each(|finding| output::finding(&file, finding));
}

fn check_database(args: &Check) -> Result<Verdict, Failure> {
    let config = config(&args.installation)?;
    let db = platform::open_database(&config, Opening::Existing)?;
    let bar = output::bar("walking the log");
    let audit = check::walk(&db, args.contents, |done, of| output::advance(&bar, done, of))?;
    bar.finish_and_clear();
    let clean = audit.findings.is_empty();
    if args.json {
        output::json(&audit)?;
    } else {
        let check::Outcome { size, originals, decisions, checkpoints, .. } = &audit;
        output::line(format!(
            "{size} records ({originals} originals, {decisions} decisions and notices), \
             {checkpoints} checkpoints: {}",
            if clean { "all as published 一致" } else { "NOT as published 不一致" }
        ));
        audit.findings.iter().for_each(|finding| output::finding("database", finding));
    }
    Ok(if clean { Verdict::Clean } else { Verdict::Findings })
}

fn export(args: &Export) -> Result<Verdict, Failure> {
    let config = config(&args.installation)?;
    let db = platform::open_database(&config, Opening::Existing)?;
    let wanted = args.checkpoint;
    if let Some(id) = &args.record {
        let proof = db.read(|tx| of_record(tx, id, wanted))?;
        let proof = proof.ok_or_else(|| Failure::new(format!("{id} is not in the log")))?;
        output::line(serde_json::to_string_pretty(&proof)?);
    } else if let Some(from) = args.from {
        let to = |tx: &mut Tx| -> Result<u64, NotProven> {
            let newest = tx.latest_checkpoint()?.map_or(0, |newest| newest.size);
            Ok(args.to.or(wanted).unwrap_or(newest))
        };
        let range = db.read(|tx| {
            let to = to(tx)?;
            prove_range(tx, (from, to), wanted)
        })?;
        output::line(serde_json::to_string_pretty(&range)?);
    } else if let Some(from) = args.consistency {
        let proof = db.read(|tx| prove_consistency(tx, from, wanted))?;
        output::line(serde_json::to_string_pretty(&proof)?);
    } else {
        let newest = db.read(|tx| match wanted {
            Some(size) => tx.checkpoint(size),
            None => tx.latest_checkpoint(),
        })?;
        let none = || Failure::new("no such checkpoint was published");
        output::line(newest.ok_or_else(none)?.note);
    }
    Ok(Verdict::Clean)
}

fn of_record(
    tx: &mut Tx,
    id: &str,
    checkpoint: Option<u64>,
) -> Result<Option<EvidenceProof>, NotProven> {
    let digits = id.split_once('_').map_or("", |(_, digits)| digits);
    let Ok(number) = format!("org_{digits}").parse::<OriginalId>() else { return Ok(None) };
    let Some(entry) = tx.evidence_of(number.to_i64())? else { return Ok(None) };
    prove(tx, &entry, checkpoint).map(Some)
}

fn accept(args: &Accept) -> Result<Verdict, Failure> {
    let config = config(&args.installation)?;
    let _lock = Lock::of(&config)?;
    let db = platform::open_database(&config, Opening::Existing)?;
    let ctx = platform::prepare(&db, &config)?;
    let zone = platform::load_zone(&config.zone)?;
    let publisher = Publisher::open(&config, &db, &ctx, &zone.id)?;
    if publisher.accept_loss(&db, &ctx, &args.reason)? {
        publisher.publish(&db, SystemClock.now())?;
        output::line("the loss is a record of the log now; checkpoints go on");
    } else {
        output::line("nothing was lost: the log is what was published of it");
    }
    Ok(Verdict::Clean)
}
