//! A small simulated day through the real doors: nothing lost, nothing doubled, the ledger
//! balances, and the same seed gives the same counts.

use std::process::Command;

use serde_json::Value;

const PARCELS: usize = 400;

fn day(extra: &[&str], seed: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("day").display().to_string();
    let parcels = PARCELS.to_string();
    let mut args = vec!["demo", "--exit", "--json", "--declarations", &parcels, "--seed", seed];
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

/// Where the plan says the inventories end up, in the words of their states.
fn expected(seed: u64) -> std::collections::BTreeMap<&'static str, u64> {
    use kouan::demo::traffic::{Day, Outcome};
    let zone = kouan::platform::load_zone("zibo").unwrap();
    let day = Day::plan(seed, PARCELS, &zone, kouan::demo::DAY).unwrap();
    let mut states = std::collections::BTreeMap::new();
    for (outcome, count) in &day.expected().by_outcome {
        let state = match outcome {
            Outcome::Closed => "closed",
            Outcome::Rejected => "rejected",
            Outcome::RefusedByEport => "failed",
            Outcome::InReview => "review",
            Outcome::Detained => "detained",
            Outcome::Suspended => "suspended",
            Outcome::ReturnedAbroad => "returned_abroad",
            Outcome::Unanswered => "sent",
            Outcome::Cancelled => "cancelled",
            Outcome::Waiting => "waiting",
            Outcome::Mismatched | Outcome::Stopped => "held",
            Outcome::RefusedAtDoor => continue,
        };
        *states.entry(state).or_default() += *count as u64;
    }
    states
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
    let states: std::collections::BTreeMap<&str, u64> = first["by_state"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(state, count)| (state.as_str(), count.as_u64().unwrap()))
        .collect();
    assert_eq!(states, expected(7), "what happened is what the senders planned");
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
