//! Faults of the platform itself: one message's trouble is not everybody's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clearance::document::{Door, Kind};
use clearance::intake::{Body, Intake, NotTaken, Outcome, Settings, Setup, Submission};
use db::DbError;
use db::test::both;
use kernel::{Clock, Time};

use super::support::*;

/// A clock that breaks when it is read for the so-manieth time.
struct Broken {
    inner: Arc<dyn Clock>,
    left: AtomicU32,
}

impl Clock for Broken {
    fn now(&self) -> Time {
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| Some(n.saturating_sub(1)));
        assert_ne!(left, Ok(1), "the clock is broken");
        self.inner.now()
    }
}

fn submit(intake: &Intake, n: u32) -> Result<Outcome, NotTaken> {
    intake.submit_blocking(Submission {
        door: Door::Json,
        sender: None,
        actor: "test".into(),
        body: Body::Json(Kind::Order, vec![Parcel::new(n).order()]),
    })
}

#[test]
fn a_panic_over_one_message_stops_no_other() {
    both(|db| {
        let house = House::over(db);
        // The first reading is the checker's, the second the writer's.
        for reading in [1, 2] {
            let clock = Broken { inner: house.clock.clone(), left: AtomicU32::new(reading) };
            let settings = Settings { workers: 1, ..Settings::default() };
            let intake = Intake::start(Setup {
                db: house.db.clone(),
                clock: Arc::new(clock),
                ids: house.ids.clone(),
                reference: house.reference.clone(),
                settings,
            })
            .expect("started");
            let first = submit(&intake, reading);
            assert!(matches!(first, Err(NotTaken::Unavailable { .. })), "{first:?}");
            assert_eq!(intake.fill().0, 0, "its room is free again");
            let second = submit(&intake, reading).expect("taken");
            assert_eq!(second.http_status(), 202, "{second:?}");
        }
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            house.db.write(|tx| -> Result<(), DbError> {
                tx.execute("DELETE FROM clearance_document", &[])?;
                panic!("within a transaction")
            })
        }));
        assert!(broken.is_err());
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_document"), 2, "taken back");
        assert_eq!(house.one(Kind::Order, Parcel::new(3).order())["status"], "accepted");
    });
}
