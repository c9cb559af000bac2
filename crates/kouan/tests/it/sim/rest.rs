//! The end of a story: everybody calms down, every queue is worked off, and the clock is moved to
//! whatever falls due until nothing does.

use kernel::Time;

use super::house::CONSUMERS;
use super::observe;
use super::plan::Roughness;
use super::world::{Course, World};

/// More rounds than any story needs to come to rest.
const ROUNDS_MAX: usize = 3_000;

impl World {
    /// Brings everything to rest.
    pub(super) fn calm_down(&mut self) -> Course {
        self.say("everybody calms down");
        self.disk.disarm();
        self.rough = Roughness {
            disk: 0,
            crash: 0,
            customs: 0,
            lost_receipts: 0,
            lost_envelopes: 0,
            impatience: 0,
            consumers: 0,
        };
        self.outside.calm_down();
        for _ in 0..ROUNDS_MAX {
            self.step += 1;
            if self.round()? {
                continue;
            }
            let Some(next) = self.next_due()? else { return Ok(()) };
            let now = self.now();
            self.clock.set(next.max(now.plus_millis(1)));
        }
        let open: Vec<usize> = (0..self.letters.len()).filter(|n| self.letters[*n].open).collect();
        let next = self.next_due()?.map(Time::to_rfc3339);
        Err(self.broken(format!("never comes to rest: open {open:?}, next due {next:?}")))
    }

    /// Does everything there is to do at this moment. Whether there was anything.
    fn round(&mut self) -> Result<bool, super::world::Broken> {
        self.follow_up()?;
        let sendable = self.sendable();
        let mut busy = !sendable.is_empty() || self.waits_for_answers();
        for n in sendable {
            // Two letters about one document go one after another.
            if self.sendable().contains(&n) {
                self.hand_in(n)?;
            }
        }
        while self.house().hands.check_one() {}
        while self.house().hands.write_batch() {}
        self.after_calm_step()?;
        while self.forward() {
            busy = true;
            self.after_calm_step()?;
        }
        while self.collect() {
            busy = true;
            self.after_calm_step()?;
        }
        self.keep_up();
        self.publish();
        self.after_calm_step()?;
        while self.push(true) {
            busy = true;
        }
        for consumer in CONSUMERS {
            loop {
                let heard = self.house().consume(consumer, 100, false);
                match heard {
                    Ok(0) => break,
                    Ok(_) => busy = true,
                    Err(error) => return Err(self.broken(format!("{consumer}: {error}"))),
                }
            }
        }
        Ok(busy)
    }

    fn after_calm_step(&mut self) -> Course {
        for line in self.outside.take_log() {
            self.say(line);
        }
        self.hear_answers()?;
        self.left()?;
        self.observe()
    }

    /// When something falls due next; `None` when nothing does.
    fn next_due(&self) -> Result<Option<Time>, super::world::Broken> {
        let dispatch = "SELECT MIN(due_at) FROM clearance_dispatch";
        let delivery = "SELECT MIN(due) FROM web_delivery WHERE state = 'due'";
        let mut all: Vec<Time> = self.outside.next_due().into_iter().collect();
        for sql in [dispatch, delivery] {
            let found = self.house().db().read(|tx| tx.query_one(sql, &[])?.opt_time(0));
            all.extend(found.map_err(|error| self.broken(format!("{sql}: {error}")))?);
        }
        let now = self.now();
        let later = self.letters.iter().filter(|letter| letter.open && letter.not_before > now);
        all.extend(later.map(|letter| letter.not_before));
        Ok(all.into_iter().min())
    }

    /// Looks at the tables with no trouble on the way.
    pub(super) fn look<T>(
        &self,
        look: impl FnOnce(&mut db::Tx) -> Result<T, db::DbError>,
    ) -> Result<T, super::world::Broken> {
        let seen = self.disk.quietly(|| self.house().db().read(look));
        seen.map_err(|error| self.broken(format!("looking: {error}")))
    }

    /// Every document as it stands.
    pub(super) fn look_at_documents(&self) -> Result<observe::Rows, super::world::Broken> {
        let seen = self.disk.quietly(|| observe::rows(self.house().db()));
        seen.map_err(|error| self.broken(format!("looking: {error}")))
    }
}
