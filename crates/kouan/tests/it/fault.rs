//! Faults from outside: what the sender hears, what the operator sees, and that everything goes on
//! without hands when they are over.

use std::process::Command;

use db::{Db, DbError, MasterKey, Settings};
use kouan::demo::traffic::{Day, Submission};

use crate::house::{Engine, House, Server, day};
use crate::own_postgres::OwnServer;

/// Messages that are taken when all is well, one a call.
struct Orders {
    all: Vec<Submission>,
    next: usize,
}

impl Orders {
    fn of(day: &Day) -> Orders {
        let all = day.submissions(0..day.len()).map(Result::unwrap);
        let all = all.filter(|one| one.kind == "CEB311" && one.fault.is_none() && !one.repeated);
        Orders { all: all.collect(), next: 0 }
    }

    fn next(&mut self) -> Submission {
        self.next += 1;
        self.all[self.next - 1].clone()
    }
}

fn send(server: &Server, house: &House, one: &Submission) -> (u16, Option<String>) {
    let key = &house.keys[&one.sender];
    let (status, retry, _) = server.post("/api/v1/messages", key, "application/xml", &one.bytes);
    (status, retry)
}

/// Sends until it is taken: what a sender does that was told to come back.
fn insist(server: &Server, house: &House, one: &Submission) -> u16 {
    loop {
        match send(server, house, one) {
            (503, retry) => assert!(retry.is_some(), "told when to come back"),
            (status, _) => return status,
        }
    }
}

fn failing(server: &Server) -> Vec<String> {
    let (_, ready) = server.ready();
    let checks = ready["checks"].as_array().unwrap().iter();
    let failing = checks.filter(|check| check["ok"] == false);
    failing.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

/// No file may grow beyond so many bytes: what a full disk does to whoever writes.
fn limit(server: &Server, bytes: &str) -> bool {
    let pid = server.pid().to_string();
    let mut limited = Command::new("prlimit");
    limited
        .args(["--pid", &pid, &format!("--fsize={bytes}")])
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn a_disk_that_takes_nothing_more_turns_senders_away_until_it_does() {
    let day = day(5, 60);
    let house = House::new(Engine::Sqlite, &day, "");
    let mut orders = Orders::of(&day);
    let server = house.serve();
    assert_eq!(insist(&server, &house, &orders.next()), 202);
    if !limit(&server, "1:unlimited") {
        eprintln!("skipped: no prlimit");
        return;
    }
    let refused = orders.next();
    let (status, retry) = send(&server, &house, &refused);
    assert_eq!((status, retry.as_deref()), (503, Some("5")));
    assert_eq!(server.ready().0, 503);
    assert!(failing(&server).contains(&"writing".to_owned()), "{:?}", failing(&server));
    server.until_said("the database cannot be written");

    assert!(limit(&server, "unlimited:unlimited"));
    // Nobody sends: it finds out by itself.
    server.until_ready();
    server.until_said("the database can be written again");
    assert_eq!(insist(&server, &house, &refused), 202, "nothing of it was kept");
    assert_eq!(send(&server, &house, &refused).0, 200, "now it is there");
}

#[test]
fn a_file_held_by_another_program_turns_senders_away_until_it_is_free() {
    let day = day(6, 60);
    let house = House::new(Engine::Sqlite, &day, "");
    let mut orders = Orders::of(&day);
    let server = house.serve();
    assert_eq!(insist(&server, &house, &orders.next()), 202);
    let key = MasterKey::from_file(&house.config.master_key_path()).unwrap();
    let other = Db::open(&Settings::new(house.config.database.clone(), key)).unwrap();
    let waiting = orders.next();
    other
        .write(|tx| {
            tx.set_setting("test.held", "yes")?;
            let (status, retry) = send(&server, &house, &waiting);
            assert_eq!((status, retry.as_deref()), (503, Some("5")));
            assert_eq!(failing(&server), ["writing"], "reading goes on");
            Ok::<_, DbError>(())
        })
        .unwrap();
    assert_eq!(insist(&server, &house, &waiting), 202);
    server.until_ready();
}

#[test]
fn a_database_server_may_go_and_come_back() {
    let Some(postgres) = OwnServer::start() else {
        eprintln!("skipped: no PostgreSQL server programs");
        return;
    };
    let day = day(7, 60);
    let house = House::new(Engine::Server(postgres.url()), &day, "");
    let mut orders = Orders::of(&day);
    let server = house.serve();
    assert_eq!(insist(&server, &house, &orders.next()), 202);

    // Every connection is cut: the next ones are new.
    let key = MasterKey::from_file(&house.config.master_key_path()).unwrap();
    let other = Db::open(&Settings::new(postgres.url(), key)).unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE pid <> pg_backend_pid() AND application_name = 'kouan'";
    let count = other.read(|tx| tx.query_one(cut, &[])?.i64(0)).unwrap();
    assert!(count > 0);
    assert_eq!(insist(&server, &house, &orders.next()), 202);

    postgres.down();
    let waiting = orders.next();
    let (status, retry) = send(&server, &house, &waiting);
    assert_eq!((status, retry.is_some()), (503, true));
    assert_eq!(server.ready().0, 503);
    assert!(failing(&server).contains(&"database".to_owned()));
    postgres.up();
    server.until_ready();
    let status = insist(&server, &house, &waiting);
    assert!(status == 202 || status == 200, "{status}");
    assert_eq!(send(&server, &house, &waiting).0, 200);
}
