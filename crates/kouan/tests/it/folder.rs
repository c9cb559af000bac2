//! The folder door: what is put in is handed in, answered, and put away; receipts come by type.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use kernel::Time;
use kouan::clock::DayClock;
use kouan::config::{Config, Folder};
use kouan::demo::DAY;
use kouan::demo::traffic::{Day, Submission};
use kouan::folder::FolderDoor;
use kouan::platform::Platform;
use kouan::worker::{Round, customs};
use register::party::{self, Purpose};

/// A platform with the firms of the day registered, and a folder door of the operator's own.
fn platform(root: &Path) -> (Arc<Platform>, Day, Arc<DayClock>) {
    let clock = Arc::new(DayClock::at(Time::of(DAY.at(23, 0, 0, 0)).unwrap()));
    let config = Config {
        database: root.join("kouan.db").display().to_string(),
        folders: vec![Folder { path: root.join("door"), party: None }],
        ..Config::default()
    };
    let platform = Arc::new(Platform::open(config, Arc::clone(&clock) as _).unwrap());
    let day = Day::plan(3, 20, &platform.zone, DAY).unwrap();
    let ctx = platform.app.ctx_as("test".into());
    for (code, certificate) in day.certificates() {
        let register = |tx: &mut db::Tx| {
            let der = certificate.der();
            party::flow::register_certificate(tx, &ctx, code, der, Purpose::Messages)
        };
        // One firm of the day is registered nowhere, on purpose.
        let _ = platform.app.db.write(register);
    }
    platform.reference.directory.refresh_from(&platform.app.db).unwrap();
    (platform, day, clock)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn good_order(day: &Day) -> Submission {
    let mut all = day.submissions(0..day.len()).map(Result::unwrap);
    all.find(|one| one.kind == "CEB311" && one.fault.is_none()).unwrap()
}

#[test]
fn a_file_is_handed_in_answered_and_put_away() {
    let home = tempfile::tempdir().unwrap();
    let (platform, day, _) = platform(home.path());
    let root = home.path().join("door");
    let door = FolderDoor::open(&platform.config.folders[0], Arc::clone(&platform)).unwrap();
    std::fs::write(root.join("in/order.xml"), good_order(&day).bytes).unwrap();
    std::fs::write(root.join("in/noise.xml"), "no message").unwrap();
    std::fs::write(root.join("in/growing.xml.part"), "half").unwrap();

    while door.round().unwrap() == Round::Busy {}

    assert_eq!(names(&root.join("in")), BTreeSet::from(["growing.xml.part".to_owned()]));
    assert!(names(&root.join("working")).is_empty());
    let done = BTreeSet::from(["order.xml".to_owned(), "order.xml.answer.json".to_owned()]);
    assert_eq!(names(&root.join("done")), done);
    let answer = std::fs::read(root.join("failed/noise.xml.answer.json")).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["status"], "refused");
    assert!(answer["findings"][0]["remedy"].is_string());
    platform.intake.stop();
}

#[test]
fn what_a_crash_left_in_working_is_handed_in_again() {
    let home = tempfile::tempdir().unwrap();
    let (platform, day, _) = platform(home.path());
    let root = home.path().join("door");
    std::fs::create_dir_all(root.join("working")).unwrap();
    std::fs::write(root.join("working/order.xml"), good_order(&day).bytes).unwrap();

    let door = FolderDoor::open(&platform.config.folders[0], Arc::clone(&platform)).unwrap();
    while door.round().unwrap() == Round::Busy {}

    assert!(names(&root.join("done")).contains("order.xml"));
    platform.intake.stop();
}

#[test]
fn receipts_come_by_type() {
    let home = tempfile::tempdir().unwrap();
    let (platform, day, clock) = platform(home.path());
    let root = home.path().join("door");
    let door = FolderDoor::open(&platform.config.folders[0], Arc::clone(&platform)).unwrap();
    std::fs::write(root.join("in/order.xml"), good_order(&day).bytes).unwrap();
    while door.round().unwrap() == Round::Busy {}
    while customs::forward_round(&platform).unwrap() == Round::Busy {}
    clock.advance_to(Time::of(DAY.at(23, 30, 0, 0)).unwrap());
    while customs::collect_round(&platform).unwrap() == Round::Busy {}

    let receipts = root.join("receipts/CEB312");
    let first = names(&receipts).into_iter().next().expect("a receipt of the order");
    let text = std::fs::read_to_string(receipts.join(first)).unwrap();
    assert!(text.contains("OrderReturn"), "{text}");
    platform.intake.stop();
}

#[test]
fn what_could_not_be_written_is_put_there_later_once() {
    let home = tempfile::tempdir().unwrap();
    let (platform, day, clock) = platform(home.path());
    let root = home.path().join("door");
    let door = FolderDoor::open(&platform.config.folders[0], Arc::clone(&platform)).unwrap();
    // A file where a folder must be: nothing can be put there, whoever the user is.
    std::fs::remove_dir(root.join("receipts")).unwrap();
    std::fs::write(root.join("receipts"), "in the way").unwrap();
    std::fs::remove_dir(root.join("done")).unwrap();
    std::fs::write(root.join("done"), "in the way").unwrap();
    std::fs::write(root.join("in/order.xml"), good_order(&day).bytes).unwrap();
    door.round().expect_err("its answer cannot be written");
    while customs::forward_round(&platform).unwrap() == Round::Busy {}
    clock.advance_to(Time::of(DAY.at(23, 30, 0, 0)).unwrap());
    while customs::collect_round(&platform).unwrap() == Round::Busy {}
    assert_eq!(kouan::folder::settle_round(&platform).unwrap(), Round::Idle, "not at once");
    let after = |minutes: i8| clock.advance_to(Time::of(DAY.at(23, 30 + minutes, 0, 0)).unwrap());
    after(1);
    assert_eq!(kouan::folder::settle_round(&platform).unwrap(), Round::Idle, "still in the way");

    std::fs::remove_file(root.join("receipts")).unwrap();
    std::fs::remove_file(root.join("done")).unwrap();
    std::fs::create_dir(root.join("done")).unwrap();
    after(3);
    while kouan::folder::settle_round(&platform).unwrap() == Round::Busy {}
    while door.round().unwrap() == Round::Busy {}
    assert!(!names(&root.join("receipts/CEB312")).is_empty());
    let done = BTreeSet::from(["order.xml".to_owned(), "order.xml.answer.json".to_owned()]);
    assert_eq!(names(&root.join("done")), done);
    let owed = "SELECT COUNT(*) FROM db_job";
    let owed = platform.app.db.read(|tx| tx.query_one(owed, &[])?.i64(0)).unwrap();
    assert_eq!(owed, 0, "nothing is owed any more");
    platform.intake.stop();
}

#[test]
fn two_programs_do_not_share_an_embedded_database() {
    let home = tempfile::tempdir().unwrap();
    let (first, _, clock) = platform(home.path());
    let config = first.config.clone();
    let second = Platform::open(config, clock as _).err().expect("the second is refused");
    assert!(second.to_string().contains("in use"), "{second}");
    first.intake.stop();
}
