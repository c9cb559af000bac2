//! A short benchmark run: its figures are complete, and nothing is lost or doubled.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const KEYS: [&str; 20] = [
    "engine",
    "profile",
    "signature",
    "seconds",
    "parcels",
    "parcels_per_s",
    "ack_p50_ms",
    "ack_p99_ms",
    "ack_max_ms",
    "bytes_written_per_parcel",
    "database_bytes_per_parcel",
    "fsyncs_per_parcel",
    "cpu_us_per_parcel",
    "cpu_us_by_stage",
    "peak_memory_mb",
    "generator_memory_mb",
    "lost",
    "duplicated",
    "incomplete",
    "ratios",
];

/// Small messages, so that a build without optimization has some to send.
fn measured(extra: &[&str], out: &Path) -> Value {
    let out = out.display().to_string();
    let mut args = vec!["bench", "intake", "--json", "--seconds", "1", "--out", &out];
    args.extend(extra);
    let output = Command::new(env!("CARGO_BIN_EXE_kouan")).args(&args).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stdout));
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in KEYS {
        assert!(!figures[key].is_null(), "{key} in {figures}");
    }
    assert!(figures["parcels"].as_u64().unwrap() > 0, "{figures}");
    for none in ["lost", "duplicated", "incomplete", "unexpected"] {
        assert_eq!(figures[none], 0, "{none}: {figures}");
    }
    figures
}

#[test]
fn a_run_loses_nothing_and_tells_all_figures() {
    let folder = tempfile::tempdir().unwrap();
    let batch = measured(&["--documents", "5"], folder.path());
    assert_eq!((&batch["engine"], &batch["profile"]), (&"sqlite".into(), &"batch".into()));
    let ratio = &batch["ratios"]["bare_engine"];
    assert!(ratio.is_number(), "{batch}");
    // A steady rate of messages of every size, direct mail and repeats among them.
    let mix = measured(&["--rate", "12", "--skip-yardsticks"], folder.path());
    assert_eq!((&mix["profile"], &mix["rate"]), (&"mix".into(), &12.into()));

    let page = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
    for run in ["| sqlite batch sm2 |", "| sqlite mix mixed, 12/s |"] {
        assert!(page.contains(run), "{run} in {page}");
    }
    let plot = std::fs::read_to_string(folder.path().join("intake.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.contains("p99"));
}

#[test]
fn a_run_on_a_server_loses_nothing() {
    if std::env::var_os("KOUAN_TEST_DATABASE_URL").is_none() {
        eprintln!("PostgreSQL skipped: KOUAN_TEST_DATABASE_URL names none");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let single = measured(
        &["--engine", "postgres", "--profile", "single", "--skip-yardsticks"],
        folder.path(),
    );
    assert_eq!((&single["engine"], &single["profile"]), (&"postgres".into(), &"single".into()));
}
