//! A small simulated day through the real doors: nothing lost, nothing doubled, the ledger
//! balances, and the same seed gives the same counts.

use std::process::Command;

use serde_json::Value;

fn day(extra: &[&str], seed: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("day").display().to_string();
    let mut args = vec!["demo", "--exit", "--json", "--declarations", "400", "--seed", seed];
    args.extend(["--listen", "127.0.0.1:0", "--data", &data]);
    args.extend(extra);
    let output = Command::new(env!("CARGO_BIN_EXE_kouan"))
        .args(&args)
        .env_remove("KOUAN_DATABASE")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What must not depend on speed.
fn counts(report: &Value) -> Vec<&Value> {
    ["parcels", "by_state", "by_mode", "findings", "tax_total", "documents", "lost", "duplicated"]
        .iter()
        .map(|key| &report[*key])
        .collect()
}

fn is_sound(report: &Value) {
    assert_eq!(report["parcels"], 400);
    assert_eq!((&report["lost"], &report["duplicated"]), (&0.into(), &0.into()), "{report}");
    assert_eq!(report["ledger_balanced"], true);
    assert!(report["by_state"]["closed"].as_u64().unwrap() > 300, "{report}");
    assert!(report["by_mode"]["9610"].as_u64().unwrap() > 0);
    assert!(report["findings"].as_object().unwrap().len() > 5, "{report}");
}

#[test]
fn the_same_seed_gives_the_same_day() {
    let (first, again) = (day(&[], "7"), day(&[], "7"));
    is_sound(&first);
    assert_eq!(counts(&first), counts(&again));
}

#[test]
fn a_server_database_gives_the_same_day() {
    let Some(schema) = db::test::Schema::new() else {
        eprintln!("skipped: KOUAN_TEST_DATABASE_URL names no PostgreSQL");
        return;
    };
    let embedded = day(&[], "8");
    let served = day(&["--database", &schema.url()], "8");
    is_sound(&served);
    assert_eq!(counts(&embedded), counts(&served));
}
