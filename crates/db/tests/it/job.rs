//! Jobs: one worker at a time, in order within a key, again when they fail.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use db::test::{both, ctx};
use db::{ClaimedJob, Db, DbError, Job};
use kernel::Time;
use serde_json::json;

const NOW: Time = Time::from_millis(1_794_326_400_000);
const LEASE: i64 = 60_000;

fn job(key: &str, n: i64) -> Job {
    Job::new("send", key, NOW, json!({ "n": n }))
}

fn enqueue(db: &Db, jobs: &[Job]) {
    let ctx = ctx(NOW);
    db.write(|tx| tx.enqueue_many(&ctx, jobs)).unwrap();
}

fn claim(db: &Db, at: i64) -> Vec<ClaimedJob> {
    db.claim("send", NOW.plus_millis(at), 10, LEASE).unwrap()
}

#[test]
fn eight_threads_do_every_job_once_and_in_order_within_a_key() {
    both(|db| {
        const JOBS: i64 = 120;
        let jobs: Vec<Job> = (0..JOBS).map(|n| job(&format!("key {}", n % 17), n)).collect();
        enqueue(db, &jobs);
        let done = Mutex::new(Vec::new());
        let left = AtomicUsize::new(JOBS as usize);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while left.load(Ordering::SeqCst) > 0 {
                        let jobs = match db.claim("send", NOW, 3, LEASE) {
                            Ok(jobs) => jobs,
                            Err(error) if error.is_outage() => continue,
                            Err(error) => panic!("{error}"),
                        };
                        for job in jobs {
                            done.lock().unwrap().push((job.key.clone(), job.body["n"].as_i64()));
                            while db.write(|tx| tx.finish(&job)).is_err_and(|e| e.is_outage()) {}
                            left.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        let done = done.into_inner().unwrap();
        assert_eq!(done.len(), JOBS as usize);
        let mut by_key: HashMap<String, Vec<Option<i64>>> = HashMap::new();
        done.into_iter().for_each(|(key, n)| by_key.entry(key).or_default().push(n));
        assert!(by_key.values().all(|numbers| numbers.is_sorted()), "{by_key:?}");
        assert!(claim(db, 0).is_empty());
    });
}

#[test]
fn a_lost_worker_loses_the_job_and_may_not_save() {
    both(|db| {
        enqueue(db, &[job("k", 1)]);
        let first = claim(db, 0).remove(0);
        assert!(claim(db, LEASE - 1).is_empty());
        let second = claim(db, LEASE).remove(0);
        assert_eq!((second.attempts, &second.body), (2, &first.body));
        let late = db.write(|tx| {
            tx.set_setting("work", "done twice")?;
            tx.finish(&first)
        });
        assert!(matches!(late, Err(DbError::LeaseLost)));
        assert_eq!(db.read(|tx| tx.setting("work")).unwrap(), None);
        db.write(|tx| tx.extend(&second, NOW.plus_millis(10 * LEASE))).unwrap();
        assert!(claim(db, 3 * LEASE).is_empty());
        db.write(|tx| tx.finish(&second)).unwrap();
        assert!(claim(db, 100 * LEASE).is_empty());
    });
}

#[test]
fn jobs_wait_for_their_time_and_for_those_before_them() {
    both(|db| {
        let later = Job { due: NOW.plus_millis(1_000), ..job("other", 3) };
        enqueue(db, &[job("k", 1), job("k", 2), later]);
        assert_eq!(db.read(|tx| tx.next_due("send")).unwrap(), Some(NOW));
        let now = claim(db, 0);
        assert_eq!(now.len(), 1, "the second of the key waits for the first");
        db.write(|tx| tx.retry(&now[0], NOW.plus_millis(500), "no answer")).unwrap();
        assert!(claim(db, 100).is_empty(), "the first still comes first");
        let again = claim(db, 500);
        assert_eq!((again.len(), again[0].attempts), (1, 2));
        db.write(|tx| tx.finish(&again[0])).unwrap();
        let rest = claim(db, 1_000);
        let numbers: Vec<_> = rest.iter().map(|job| job.body["n"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [2, 3]);
    });
}

#[test]
fn a_job_dies_after_its_attempts_is_seen_and_can_be_revived() {
    both(|db| {
        enqueue(db, &[Job { attempts_max: 2, ..job("k", 1) }, job("k", 2)]);
        for _ in 0..2 {
            let job = claim(db, 0).remove(0);
            db.write(|tx| tx.retry(&job, NOW, "refused")).unwrap();
        }
        assert_eq!(claim(db, 0)[0].body["n"], 2, "a dead job does not hold up its key");
        let dead = db.read(|tx| tx.dead_jobs("send", None, 10)).unwrap();
        assert_eq!((dead.len(), dead[0].attempts, dead[0].error.as_str()), (1, 2, "refused"));
        assert!(db.write(|tx| tx.revive(dead[0].id, NOW)).unwrap());
        assert!(!db.write(|tx| tx.revive(dead[0].id, NOW)).unwrap());
        assert_eq!(claim(db, 0)[0].body["n"], 1);
    });
}

#[test]
fn a_worker_that_vanishes_on_the_last_attempt_leaves_a_dead_job() {
    both(|db| {
        enqueue(db, &[Job { attempts_max: 1, ..job("k", 1) }]);
        assert_eq!(claim(db, 0).len(), 1);
        assert!(claim(db, LEASE).is_empty());
        let dead = db.read(|tx| tx.dead_jobs("send", None, 10)).unwrap();
        assert_eq!(dead[0].error, "worker lost");
    });
}

#[test]
fn a_job_asked_for_twice_is_there_once() {
    both(|db| {
        let ctx = ctx(NOW);
        let once = || db.write(|tx| tx.enqueue_once(&ctx, &job("daily", 1))).unwrap();
        assert!(once());
        assert!(!once());
        let jobs = claim(db, 0);
        assert_eq!(jobs.len(), 1);
        db.write(|tx| tx.finish(&jobs[0])).unwrap();
        assert!(once(), "finished, so it may be asked for again");
    });
}

#[test]
fn many_jobs_are_finished_at_once_or_not_at_all() {
    both(|db| {
        let jobs: Vec<Job> = (0..5).map(|n| job(&n.to_string(), n)).collect();
        enqueue(db, &jobs);
        let old = claim(db, 0);
        let mut held = claim(db, LEASE);
        assert_eq!(held.len(), 5);
        held[2] = old[2].clone();
        let lost = db.write(|tx| tx.finish_many(&held));
        assert!(matches!(lost, Err(DbError::LeaseLost)));
        let held = claim(db, 2 * LEASE);
        db.write(|tx| tx.finish_many(&held)).unwrap();
        assert_eq!(db.read(|tx| tx.next_due("send")).unwrap(), None);
    });
}
