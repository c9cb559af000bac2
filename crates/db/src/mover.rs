//! Moves SQLite's log into the file on a thread of its own, so that no commit waits for it.
//!
//! A round has two steps. First the bulk is moved while writers go on appending; that syncs the
//! file, which takes long. Then the little that came meanwhile is moved in the writer's turn, so
//! that the log is empty at one instant and begins anew at its beginning: under steady load it
//! would otherwise grow for ever. The longer the log may grow, the fewer times a page that changes
//! over and over is written to the file.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::database::WeakDb;
use crate::seam::Conn;
use crate::{Db, DbError};

/// After a round that failed, or left something because a reader still looks at it.
const REST: Duration = Duration::from_millis(200);

/// Asks the thread to move, and ends it when dropped.
#[derive(Default)]
pub(crate) struct Mover(Arc<Signal>);

#[derive(Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    started: bool,
    wanted: bool,
    stopping: bool,
}

impl Signal {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until asked. `false` when it is time to end.
    fn wait(&self) -> bool {
        let idle = |state: &mut State| !state.wanted && !state.stopping;
        let mut state =
            self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        state.wanted = false;
        !state.stopping
    }

    fn rest(&self) {
        let resting = |state: &mut State| !state.stopping;
        let waited = self.changed.wait_timeout_while(self.lock(), REST, resting);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Mover {
    /// Asks for a round; starts the thread when there is none yet. `false` when none can be had.
    pub(crate) fn ask(&self, db: &Db) -> bool {
        let mut state = self.0.lock();
        state.wanted = true;
        if !state.started {
            let (signal, weak) = (Arc::clone(&self.0), db.weak());
            let thread = std::thread::Builder::new().name("db-log".to_owned());
            state.started = thread.spawn(move || run(&signal, &weak)).is_ok();
        }
        self.0.changed.notify_one();
        state.started
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.0.lock().stopping = true;
        self.0.changed.notify_one();
    }
}

fn run(signal: &Signal, db: &WeakDb) {
    let mut own = None;
    while signal.wait() {
        // Held for a round only, so that this thread does not keep the database open.
        let Some(db) = db.upgrade() else { return };
        match round(&db, &mut own) {
            Ok(true) => {}
            Ok(false) => signal.rest(),
            Err(error) => {
                // What was committed is safe in the log; the next commit asks again.
                tracing::warn!(%error, "the log could not be moved into the file");
                own = None;
                signal.rest();
            }
        }
    }
}

/// Gives whether the whole log was moved.
fn round(db: &Db, own: &mut Option<Conn>) -> Result<bool, DbError> {
    let conn = match own {
        Some(conn) => conn,
        None => own.insert(db.place().connect(true)?),
    };
    moved(db, conn)?;
    let mut lent = db.lend(true)?;
    moved(db, lent.conn()?)
}

pub(crate) fn moved(db: &Db, conn: &mut Conn) -> Result<bool, DbError> {
    let Conn::Sqlite(conn) = conn else { return Ok(true) };
    let all = conn.checkpoint()?;
    db.counters().checkpointed();
    Ok(all)
}
