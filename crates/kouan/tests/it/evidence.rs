//! The evidence log from the door to the verdict: messages in, proofs out, verified offline; then
//! what a tamperer does to a proof or to the database, and what is said of it.

use std::path::{Path, PathBuf};
use std::process::Output;

use db::Db;
use db::evidence::merkle::leaf_hash;
use db::test::Schema;
use kouan::platform::{Opening, open_database};
use serde_json::{Value, json};

use crate::house::{Engine, House, agent, day};

/// Messages of the day that are left for later.
const LATER: usize = 4;

/// An installation that has taken a few parcels in, was stopped, and published what it has.
struct Site {
    house: House,
    /// The answers of the messages that were taken.
    accepted: Vec<Value>,
    originals: Vec<Vec<u8>>,
    senders: Vec<String>,
}

impl Site {
    fn new(engine: Engine) -> Site {
        let day = day(5, 40);
        let more = "[evidence]\norigin = \"kouan.example/zibo\"\n[standin]\nstep_ms = 1";
        let house = House::new(engine, &day, more);
        let server = house.serve();
        server.until_ready();
        let mut site =
            Site { house, accepted: Vec::new(), originals: Vec::new(), senders: Vec::new() };
        for submission in day.submissions(0..day.len() - LATER).map(Result::unwrap) {
            let Some(key) = site.house.keys.get(&submission.sender) else { continue };
            let sent = server.post("/api/v1/messages", key, "application/xml", &submission.bytes);
            if sent.0 < 300 && sent.2["message_id"].is_string() {
                site.accepted.push(sent.2);
                site.originals.push(submission.bytes);
                site.senders.push(submission.sender);
            }
        }
        // Receipts come back by themselves.
        let receipts = || get(&server.address, Some(&site.house.operator), "/api/v1/receipts").1;
        while receipts()["items"].as_array().is_none_or(Vec::is_empty) {
            std::thread::yield_now();
        }
        server.stop();
        site
    }

    /// Starts the server and ends it as soon as it serves.
    fn run_once(&self) {
        let server = self.house.serve();
        server.until_ready();
        server.stop();
    }

    /// Runs the command offline on this installation.
    fn kouan(&self, args: &[&str]) -> Output {
        self.house.command(args).output().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.house.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &Value) -> String {
        let path = self.file(name);
        std::fs::write(&path, serde_json::to_vec_pretty(content).unwrap()).unwrap();
        path.display().to_string()
    }

    /// `evidence export` with these arguments.
    fn export(&self, args: &[&str]) -> Value {
        let output = self.kouan(&[&["evidence", "export"], args].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// `evidence verify --json` of these; exit code and the reports.
    fn verify(&self, args: &[&str]) -> (i32, Vec<Value>) {
        let output = self.kouan(&[&["evidence", "verify", "--json"], args].concat());
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let reports = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code().unwrap(), reports)
    }

    /// The code of the first error of a changed document, and the exit code.
    fn verdict(&self, document: &Value) -> (i32, String) {
        let file = self.write("changed.json", document);
        let (code, reports) = self.verify(&[&file]);
        let findings = reports[0]["findings"].as_array().unwrap();
        let first = findings.iter().find(|found| found["level"] == "error");
        (code, first.map_or(String::new(), |found| found["code"].as_str().unwrap().to_owned()))
    }

    fn check(&self) -> (i32, Value) {
        let output = self.kouan(&["evidence", "check", "--json", "--contents"]);
        let outcome = serde_json::from_slice(&output.stdout);
        (output.status.code().unwrap(), outcome.unwrap_or_else(|e| panic!("{e}: {output:?}")))
    }

    fn db(&self) -> Db {
        open_database(&self.house.config, Opening::Existing).unwrap_or_else(|e| panic!("{e}"))
    }

    fn tamper(&self, sql: &str) {
        let changed = self.db().write(|tx| tx.execute(sql, &[])).unwrap();
        assert!(changed > 0, "{sql}");
    }
}

fn get(address: &str, key: Option<&str>, path: &str) -> (u16, Value) {
    let mut request = agent().get(format!("{address}{path}"));
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut answer = request.call().unwrap();
    let body = answer.body_mut().read_to_vec().unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&body).unwrap_or_default())
}

fn codes(outcome: &Value) -> Vec<&str> {
    let findings = outcome["findings"].as_array().unwrap();
    findings.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    match Schema::new() {
        Some(schema) => engines.push(Engine::Postgres(schema)),
        None => eprintln!("PostgreSQL skipped: KOUAN_TEST_DATABASE_URL names none"),
    }
    engines
}

#[test]
fn a_firm_proves_what_it_sent_and_what_was_decided_without_the_platform() {
    for engine in engines() {
        let site = Site::new(engine);
        let server = site.house.serve();
        let address = server.address.clone();
        let (first, key) = (&site.accepted[0], &site.house.keys[&site.senders[0]]);
        let message = first["message_id"].as_str().unwrap();
        let of_message = format!("/api/v1/messages/{message}/evidence");

        // Everybody may have the keys and the checkpoints, without a key of their own.
        let (status, keys) = get(&address, None, "/api/v1/evidence/keys");
        assert_eq!((status, keys["origin"].as_str()), (200, Some("kouan.example/zibo")));
        let (status, latest) = get(&address, None, "/api/v1/evidence/checkpoints/latest");
        assert_eq!(status, 200);
        assert!(latest["note"].as_str().unwrap().starts_with("kouan.example/zibo\n"));
        let (_, list) = get(&address, None, "/api/v1/evidence/checkpoints");
        let oldest = list["items"][0]["size"].as_u64().unwrap();
        let path = format!("/api/v1/evidence/consistency?from={oldest}");
        let (status, consistency) = get(&address, None, &path);
        assert_eq!(status, 200, "{consistency}");

        // A proof only its firm: nobody without a key, nobody else's, the operator any.
        assert_eq!(get(&address, None, &of_message).0, 401);
        let other = site.house.keys.iter().find(|(code, _)| **code != site.senders[0]).unwrap();
        assert_eq!(get(&address, Some(other.1), &of_message).0, 404);
        let (status, proof) = get(&address, Some(key), &of_message);
        assert_eq!(status, 200, "{proof}");
        let record = proof["record"].as_str().unwrap();
        let original = record.lines().nth(1).unwrap().strip_prefix("original ").unwrap();
        let by_id = format!("/api/v1/evidence/records/{original}");
        assert_eq!(get(&address, Some(key), &by_id).0, 404);
        assert_eq!(get(&address, Some(&site.house.operator), &by_id), (200, proof.clone()));

        let operator = Some(site.house.operator.as_str());
        let (_, receipts) = get(&address, operator, "/api/v1/receipts");
        let receipt = receipts["items"][0]["id"].as_str().unwrap();
        let path = format!("/api/v1/receipts/{receipt}/evidence");
        let (status, receipt) = get(&address, operator, &path);
        assert_eq!(status, 200, "{receipt}");
        assert!(receipt["record"].as_str().unwrap().contains("\ndoor customs\n"), "{receipt}");

        let (status, listed) =
            get(&address, Some(&site.house.operator), "/api/v1/inventories?limit=500");
        assert_eq!(status, 200);
        let mut states = std::collections::BTreeSet::new();
        let mut decisions = json!({});
        for inventory in listed["items"].as_array().unwrap() {
            let id = inventory["id"].as_str().unwrap();
            let path = format!("/api/v1/inventories/{id}/evidence");
            let (status, proofs) = get(&address, Some(&site.house.operator), &path);
            assert_eq!(status, 200, "{proofs}");
            let newest = proofs["items"][0]["record"].as_str().unwrap();
            assert!(newest.contains(&format!("\ninventory {id}\n")), "{newest}");
            let state = newest.lines().find(|line| line.starts_with("state ")).unwrap();
            states.insert(state.to_owned());
            decisions = proofs;
        }
        assert!(states.contains("state ready"), "{states:?}");
        drop(server);

        // From here on offline, with files alone.
        let keys = site.write("keys.json", &keys);
        let proof_file = site.write("proof.json", &proof);
        let sent = site.file("sent.xml");
        std::fs::write(&sent, &site.originals[0]).unwrap();
        let sent = sent.display().to_string();
        let (code, reports) = site.verify(&["--key", &keys, "--original", &sent, &proof_file]);
        assert_eq!((code, &reports[0]["findings"]), (0, &json!([])), "{reports:?}");
        assert_eq!(
            (&reports[0]["verified"], &reports[0]["record"]),
            (&json!(true), &json!(original))
        );
        let note = site.write("latest.json", &latest);
        let consistency = site.write("consistency.json", &consistency);
        let decisions = site.write("decisions.json", &decisions);
        let receipt = site.write("receipt.json", &receipt);
        let all = [proof_file.as_str(), &note, &consistency, &decisions, &receipt];
        let (code, reports) = site.verify(&[&["--key", &keys], &all[..]].concat());
        assert_eq!(code, 0, "{reports:?}");
        // Without keys from elsewhere it is said where those used came from; that is no error.
        let (code, reports) = site.verify(&[&proof_file]);
        assert_eq!(code, 0);
        assert_eq!(reports[0]["findings"][0]["code"], "evidence.keys_of_the_document");

        let (code, outcome) = site.check();
        assert_eq!((code, &outcome["findings"]), (0, &json!([])), "{outcome}");
        assert!(outcome["originals"].as_u64().unwrap() > site.accepted.len() as u64, "{outcome}");
        assert!(outcome["checkpoints"].as_u64().unwrap() > 0);
    }
}

#[test]
fn a_changed_moved_or_forged_proof_is_refused_and_it_is_said_why() {
    let site = Site::new(Engine::Sqlite);
    let range = site.export(&["--from", "0", "--to", "9"]);
    // What came first is a message.
    let record = range["records"][0]["record"].as_str().unwrap().to_owned();
    let name = record.lines().nth(1).unwrap().split_once(' ').unwrap().1;
    let proof = site.export(&[name]);
    assert_eq!((site.verdict(&proof).0, site.verdict(&range).0), (0, 0));

    let with = |document: &Value, change: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        change(&mut changed);
        site.verdict(&changed)
    };
    let said = |code: &str| (1, code.to_owned());
    let antedate = |text: &Value| json!(text.as_str().unwrap().replace("\nat ", "\nat 1"));
    let changed = with(&proof, &|d| d["record"] = antedate(&d["record"]));
    assert_eq!(changed, said("evidence.record_changed"));
    assert_eq!(with(&proof, &|d| d["index"] = json!(1)), said("evidence.reordered"));
    let other = &range["records"][5];
    let replaced = with(&proof, &|d| {
        d["record"] = other["record"].clone();
        d["leaf"] = other["leaf"].clone();
    });
    assert_eq!(replaced, said("evidence.not_in_log"));
    let resized = with(&proof, &|d| {
        let note = d["checkpoint"].as_str().unwrap();
        let mut lines: Vec<&str> = note.split('\n').collect();
        lines[1] = "999999";
        d["checkpoint"] = json!(lines.join("\n"));
    });
    assert_eq!(resized, said("evidence.checkpoint_forged"));
    let one_signature = with(&proof, &|d| {
        let note = d["checkpoint"].as_str().unwrap().trim_end();
        d["checkpoint"] = json!(format!("{}\n", note.rsplit_once('\n').unwrap().0));
    });
    assert_eq!(one_signature, said("evidence.signature_missing"));
    assert_eq!(with(&proof, &|d| d["path"][0] = json!("00")), said("evidence.unreadable"));
    assert_eq!(site.verdict(&json!({"format": "something else"})).0, 2);
    assert_eq!(site.verify(&[&site.file("nobody.json").display().to_string()]).0, 2);

    // Consecutive records: one changed, one missing, two exchanged, openly or by stealth.
    let changed =
        with(&range, &|d| d["records"][2]["record"] = antedate(&d["records"][2]["record"]));
    assert_eq!(changed, said("evidence.record_changed"));
    let missing = with(&range, &|d| {
        d["records"].as_array_mut().unwrap().remove(4);
    });
    assert_eq!(missing, said("evidence.record_missing"));
    let moved = with(&range, &|d| d["records"].as_array_mut().unwrap().swap(1, 6));
    assert_eq!(moved, said("evidence.reordered"));
    let by_stealth = with(&range, &|d| {
        d["records"].as_array_mut().unwrap().swap(1, 6);
        (d["records"][1]["index"], d["records"][6]["index"]) = (json!(1), json!(6));
    });
    assert_eq!(by_stealth, said("evidence.reordered"));
    let invented = with(&range, &|d| {
        let (record, leaf) = (proof["record"].clone(), proof["leaf"].clone());
        (d["records"][7]["record"], d["records"][7]["leaf"]) = (record, leaf);
    });
    assert_eq!(invented, said("evidence.range_not_in_log"));

    // The file that is said to be the original.
    let proof_file = site.write("proof.json", &proof);
    let (code, reports) = site.verify(&["--original", &proof_file, &proof_file]);
    assert_eq!(code, 1);
    assert!(codes(&reports[0]).contains(&"evidence.original_changed"), "{reports:?}");
}

#[test]
fn a_log_that_was_written_anew_with_the_same_keys_contradicts_what_was_kept() {
    let site = Site::new(Engine::Sqlite);
    let before = site.export(&["--from", "0", "--to", "3"]);
    let old = site.write("before.json", &before);
    // The owner of the keys rewrites the past: record, leaf, kept hashes, checkpoint and all.
    let db = site.db();
    db.write(|tx| {
        tx.execute("DELETE FROM db_checkpoint", &[])?;
        tx.execute("DELETE FROM db_node", &[])?;
        let entry = tx.evidence_entries(0, 1)?.remove(0);
        let sql = "UPDATE db_original SET sender = 'another' WHERE id = $1";
        assert_eq!(tx.execute(sql, db::params![entry.id])?, 1);
        let record = tx.evidence_record(&entry)?.unwrap();
        let hashes = tx.query_one("SELECT hashes FROM db_leaf WHERE first = 0", &[])?;
        let mut hashes = hashes.bytes(0)?.to_vec();
        hashes[..32].copy_from_slice(&leaf_hash(record.as_bytes()));
        tx.execute("UPDATE db_leaf SET hashes = $1 WHERE first = 0", db::params![hashes])
    })
    .unwrap();
    drop(db);
    std::fs::remove_file(site.file("kouan.checkpoint")).unwrap();
    site.run_once();
    assert_eq!(site.check().0, 0, "nothing in the database tells");
    let after = site.write("after.json", &site.export(&["--from", "0", "--to", "3"]));
    assert_eq!(site.verify(&[&after]).0, 0, "nor does a proof made since");
    let (code, reports) = site.verify(&[&old, &after]);
    assert_eq!((code, &reports[0]["verified"]), (1, &json!(true)));
    assert!(codes(&reports[1]).contains(&"evidence.two_records"), "{reports:?}");
}

#[test]
fn what_was_tampered_with_in_the_database_is_named() {
    let site = Site::new(Engine::Sqlite);
    let kept = site.file("kept.db").display().to_string();
    assert!(site.kouan(&["backup", &kept]).status.success());
    let tampered = |sql: &str| {
        site.tamper(sql);
        let (code, outcome) = site.check();
        assert!(site.kouan(&["restore", "--overwrite", &kept]).status.success());
        assert_eq!(code, 1, "{sql}: {outcome}");
        codes(&outcome).into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    let first = "(SELECT MIN(id) FROM db_original)";
    let sender = format!("UPDATE db_original SET sender = 'another' WHERE id = {first}");
    assert_eq!(tampered(&sender), ["evidence.record_changed"]);
    let content = format!(
        "UPDATE db_original SET body = (SELECT body FROM db_original WHERE id > {first} LIMIT 1)
         WHERE id = {first}"
    );
    assert_eq!(tampered(&content), ["evidence.original_changed"]);
    let gone = format!("DELETE FROM db_original WHERE id = {first}");
    let found = tampered(&gone);
    assert!(found.iter().all(|code| code == "evidence.record_missing"), "{found:?}");
    let found = tampered("DELETE FROM db_leaf WHERE first = (SELECT MAX(first) FROM db_leaf)");
    assert!(found.contains(&"evidence.log_gap".to_owned()), "{found:?}");
    let tax = "UPDATE clearance_inventory_course SET tax = tax + 1 WHERE tax IS NOT NULL";
    assert!(tampered(tax).iter().all(|code| code == "evidence.decision_changed"));
    let root = "UPDATE db_checkpoint SET root = zeroblob(32)";
    assert!(tampered(root).iter().all(|code| code == "evidence.rewritten"));
    assert_eq!(site.check().0, 0, "as it was before");
}

#[test]
fn an_older_backup_is_noticed_and_goes_on_once_the_loss_is_accepted() {
    let site = Site::new(Engine::Sqlite);
    let old = site.file("old.db").display().to_string();
    let backup = site.kouan(&["backup", &old]);
    assert!(backup.status.success(), "{backup:?}");
    let doctor = String::from_utf8(site.kouan(&["doctor"]).stdout).unwrap();
    assert!(doctor.contains("ok    evidence: kouan.example/zibo, "), "{doctor}");
    let before = site.check().1["size"].as_u64().unwrap();
    let server = site.house.serve();
    server.until_ready();
    let day = day(5, 40);
    for submission in day.submissions(day.len() - LATER..day.len()).map(Result::unwrap) {
        if let Some(key) = site.house.keys.get(&submission.sender) {
            server.post("/api/v1/messages", key, "application/xml", &submission.bytes);
        }
    }
    server.stop();
    assert!(site.check().1["size"].as_u64().unwrap() > before);
    let published = site.export(&["--from", "0"]);
    let restored = site.kouan(&["restore", "--overwrite", &old]);
    assert!(restored.status.success(), "{restored:?}");

    let server = site.house.serve();
    let evidence = |ready: &Value| {
        let checks = ready["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "evidence").unwrap()
    };
    let (status, ready) = loop {
        let answer = server.ready();
        if evidence(&answer.1)["ok"] == false {
            break answer;
        }
        std::thread::yield_now();
    };
    assert_eq!(status, 503);
    assert!(evidence(&ready)["en"].as_str().unwrap().contains("older backup"), "{ready}");
    server.stop();
    let doctor = String::from_utf8(site.kouan(&["doctor"]).stdout).unwrap();
    assert!(
        doctor.contains("ill   evidence: the evidence log is not what was published"),
        "{doctor}"
    );

    let accepted = site.kouan(&["evidence", "accept", "--reason", "disk lost on 11 November"]);
    assert!(accepted.status.success(), "{accepted:?}");
    site.run_once();
    assert_eq!(site.check().0, 0);
    // It can be explained, not hidden: who kept the lost checkpoint sees both.
    let size = published["first"].as_u64().unwrap();
    let now = site.export(&["--from", &size.to_string()]);
    let loss =
        now["records"].as_array().unwrap().iter().find(|one| {
            one["record"].as_str().unwrap().contains("reason disk lost on 11 November")
        });
    assert!(loss.is_some(), "{now}");
}

#[test]
fn a_proof_can_be_verified_by_hand() {
    // Only what every machine has: a shell, sha256sum, and openssl where it is there.
    let site = Site::new(Engine::Sqlite);
    let proof = site.export(&[&{
        let range = site.export(&["--from", "0", "--to", "1"]);
        let record = range["records"][0]["record"].as_str().unwrap().to_owned();
        record.lines().nth(1).unwrap().split_once(' ').unwrap().1.to_owned()
    }]);
    let record = site.file("record.txt");
    std::fs::write(&record, proof["record"].as_str().unwrap()).unwrap();
    let shell = format!("{{ printf '\\0'; cat '{}'; }} | sha256sum", record.display());
    let output = std::process::Command::new("sh").args(["-c", &shell]).output().unwrap();
    let hash = String::from_utf8(output.stdout).unwrap();
    assert_eq!(hash.split(' ').next(), proof["leaf"].as_str());
    openssl(&site, &proof);
}

/// Verifies both signatures of the checkpoint with another library.
fn openssl(site: &Site, proof: &Value) {
    use base64::Engine;
    let note = proof["checkpoint"].as_str().unwrap();
    let (text, signatures) = note.rsplit_once("\n\n").unwrap();
    let text_file = site.file("note.txt");
    std::fs::write(&text_file, format!("{text}\n")).unwrap();
    for (key, line) in proof["keys"].as_array().unwrap().iter().zip(signatures.lines()) {
        let blob = line.rsplit_once(' ').unwrap().1;
        let blob = base64::engine::general_purpose::STANDARD.decode(blob).unwrap();
        let (signature, public) = (site.file("signature.bin"), site.file("key.pem"));
        std::fs::write(&signature, &blob[4..]).unwrap();
        std::fs::write(&public, key["pem"].as_str().unwrap()).unwrap();
        let sm2 = key["algorithm"] == "sm2";
        let more: &[&str] = match sm2 {
            true => &["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"],
            false => &[],
        };
        let files =
            ["-inkey", path(&public), "-sigfile", path(&signature), "-in", path(&text_file)];
        let command = std::process::Command::new("openssl")
            .args(["pkeyutl", "-verify", "-pubin", "-rawin"])
            .args(more)
            .args(files)
            .output();
        let Ok(output) = command else {
            eprintln!("openssl is not installed; its verdict is skipped");
            return;
        };
        assert!(output.status.success(), "{}: {output:?}", key["algorithm"]);
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
