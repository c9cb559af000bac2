//! Jobs: work to be done at or after a time, by one worker at a time, again when it fails.
//!
//! A claim moves the job's due time to the end of the lease and counts the attempt; that count is
//! the claim's ticket. A worker that dies loses the lease by itself. Jobs of the same kind and key
//! run one after another in the order in which they were enqueued.

use kernel::{Id, Time, id::Kind};
use serde_json::Value as Json;

use crate::outbox::clip;
use crate::{Ctx, Db, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};

/// Attempts before a job is dead, when nothing else is asked for.
pub const JOB_ATTEMPTS_MAX: u32 = 10;

/// Names ids of jobs: `job_…`.
#[derive(Clone, Copy, Debug)]
pub enum JobKind {}
impl Kind for JobKind {
    const PREFIX: &'static str = "job";
}
/// The id of a job.
pub type JobId = Id<JobKind>;

/// Work to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// What kind of work: the name a worker claims by, such as `gateway.send`.
    pub kind: String,
    /// What it is about. Jobs of one kind and key run in order, one at a time.
    pub key: String,
    /// Not before this instant.
    pub due: Time,
    /// What the worker needs to know. No personal data.
    pub body: Json,
    /// Attempts before it is dead.
    pub attempts_max: u32,
}

impl Job {
    /// A job with the customary number of attempts.
    pub fn new(kind: impl Into<String>, key: impl Into<String>, due: Time, body: Json) -> Job {
        Job { kind: kind.into(), key: key.into(), due, body, attempts_max: JOB_ATTEMPTS_MAX }
    }
}

/// A job that this worker holds until its lease ends.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    /// Which.
    pub id: JobId,
    /// See [`Job::kind`].
    pub kind: String,
    /// See [`Job::key`].
    pub key: String,
    /// See [`Job::body`].
    pub body: Json,
    /// Attempts so far, this one included. Also the ticket that shows who holds the job.
    pub attempts: u32,
    /// See [`Job::attempts_max`].
    pub attempts_max: u32,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadJob {
    /// Which.
    pub id: JobId,
    /// See [`Job::kind`].
    pub kind: String,
    /// See [`Job::key`].
    pub key: String,
    /// See [`Job::body`].
    pub body: Json,
    /// Attempts made.
    pub attempts: u32,
    /// What the last attempt said.
    pub error: String,
}

const COLUMNS: [&str; 10] =
    ["id", "kind", "key", "once", "due", "attempts", "attempts_max", "dead", "body", "error"];

impl Tx {
    /// Adds a job.
    pub fn enqueue(&mut self, ctx: &Ctx, job: &Job) -> Result<(), DbError> {
        self.enqueue_many(ctx, std::slice::from_ref(job))
    }

    /// Adds many jobs, in this order.
    pub fn enqueue_many(&mut self, ctx: &Ctx, jobs: &[Job]) -> Result<(), DbError> {
        self.insert_jobs(ctx, jobs, false, OnConflict::Fail).map(drop)
    }

    /// Adds a job unless one of this kind and key was added by this method and is not finished.
    /// Gives whether it was added.
    pub fn enqueue_once(&mut self, ctx: &Ctx, job: &Job) -> Result<bool, DbError> {
        let added = self.insert_jobs(ctx, std::slice::from_ref(job), true, OnConflict::Ignore)?;
        Ok(added == 1)
    }

    fn insert_jobs(
        &mut self,
        ctx: &Ctx,
        jobs: &[Job],
        once: bool,
        on_conflict: OnConflict,
    ) -> Result<u64, DbError> {
        let mut rows = Rows::with_capacity(jobs.len(), COLUMNS.len());
        for Job { kind, key, due, body, attempts_max } in jobs {
            let id: JobId = ctx.id();
            let (body, error) = (body.to_string(), None::<&str>);
            rows.push(values![id, kind, key, once, *due, 0, *attempts_max, false, body, error]);
        }
        self.pending.jobs |= !jobs.is_empty();
        self.insert_many("db_job", &COLUMNS, &rows, on_conflict)
    }

    /// The job is done: deletes it, in the transaction that saves the work.
    /// [`DbError::LeaseLost`] when somebody else may hold it by now; then return the error, so
    /// that the work is not saved twice.
    pub fn finish(&mut self, job: &ClaimedJob) -> Result<(), DbError> {
        let sql = "DELETE FROM db_job WHERE id = $1 AND attempts = $2 AND NOT dead";
        held(self.execute(sql, params![job.id, job.attempts])?)
    }

    /// Many jobs are done; [`Tx::finish`] for each. With one [`DbError::LeaseLost`] for all.
    pub fn finish_many(&mut self, jobs: &[ClaimedJob]) -> Result<(), DbError> {
        let mut keys = Keys::new(&[Type::Int, Type::Int]);
        jobs.iter().for_each(|job| keys.push(values![job.id, job.attempts]));
        let sql = "DELETE FROM db_job WHERE id IN (SELECT k.a FROM keys k)
                   AND (id, attempts) IN (SELECT k.a, k.b FROM keys k) AND NOT dead";
        let finished = self.update_many(sql, &keys)?;
        if finished == jobs.len() as u64 { Ok(()) } else { Err(DbError::LeaseLost) }
    }

    /// The attempt failed: due again at `due`, or dead when it was the last.
    pub fn retry(&mut self, job: &ClaimedJob, due: Time, error: &str) -> Result<(), DbError> {
        let dead = job.attempts >= job.attempts_max;
        if dead {
            tracing::warn!(kind = job.kind, key = job.key, error, "gave a job up");
        }
        let sql = "UPDATE db_job SET due = $3, error = $4, dead = $5
                   WHERE id = $1 AND attempts = $2 AND NOT dead";
        let error = clip(error);
        held(self.execute(sql, params![job.id, job.attempts, due, error, dead])?)
    }

    /// The work takes longer: the lease now ends at `until`.
    pub fn extend(&mut self, job: &ClaimedJob, until: Time) -> Result<(), DbError> {
        let sql = "UPDATE db_job SET due = $3 WHERE id = $1 AND attempts = $2 AND NOT dead";
        held(self.execute(sql, params![job.id, job.attempts, until])?)
    }

    /// The clock went back by so many milliseconds: what waits waits no longer than it did. Gives
    /// how many jobs were brought forward.
    pub fn bring_jobs_forward(&mut self, now: Time, by_ms: i64) -> Result<u64, DbError> {
        let sql = "UPDATE db_job SET due = due - $2 WHERE due > $1 AND NOT dead";
        self.execute(sql, params![now, by_ms])
    }

    /// When the next job of a kind falls due; `None` when there is none.
    pub fn next_due(&mut self, kind: &str) -> Result<Option<Time>, DbError> {
        let sql = "SELECT MIN(due) FROM db_job WHERE kind = $1 AND NOT dead";
        self.query_one(sql, params![kind])?.opt_time(0)
    }

    /// Jobs of a kind that were given up, by id, from after the given one.
    pub fn dead_jobs(
        &mut self,
        kind: &str,
        after: Option<JobId>,
        max: u32,
    ) -> Result<Vec<DeadJob>, DbError> {
        let sql = "SELECT id, kind, key, body, attempts, error FROM db_job
                   WHERE kind = $1 AND dead AND id > $2 ORDER BY id LIMIT $3";
        let after = after.map_or(0, Id::to_i64);
        self.query(sql, params![kind, after, max])?
            .iter()
            .map(|row| {
                Ok(DeadJob {
                    id: row.id(0)?,
                    kind: row.text(1)?.to_owned(),
                    key: row.text(2)?.to_owned(),
                    body: json(row.text(3)?)?,
                    attempts: row.u32(4)?,
                    error: row.opt_text(5)?.unwrap_or_default().to_owned(),
                })
            })
            .collect()
    }

    /// Gives a dead job another full set of attempts. `false` when there is no such dead job.
    pub fn revive(&mut self, id: JobId, due: Time) -> Result<bool, DbError> {
        let sql = "UPDATE db_job SET dead = FALSE, attempts = 0, due = $2 WHERE id = $1 AND dead";
        self.pending.jobs = true;
        Ok(self.execute(sql, params![id, due])? == 1)
    }
}

impl Db {
    /// Takes up to `max` due jobs of a kind, each for `lease_ms` milliseconds: nobody else gets
    /// them until then. A job whose worker vanished on its last attempt is given up here.
    pub fn claim(
        &self,
        kind: &str,
        now: Time,
        max: u32,
        lease_ms: i64,
    ) -> Result<Vec<ClaimedJob>, DbError> {
        // A look without a writing transaction, so that asking in vain costs no disk write.
        if self.read(|tx| tx.next_due(kind))?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        self.write(|tx| {
            let give_up = "UPDATE db_job SET dead = TRUE, error = COALESCE(error, 'worker lost')
                           WHERE kind = $1 AND NOT dead AND due <= $2
                           AND attempts >= attempts_max";
            tx.execute(give_up, params![kind, now])?;
            let sql = tx.on(|conn| {
                Ok(format!(
                    "UPDATE db_job SET due = $4, attempts = attempts + 1 WHERE id IN (
                        SELECT j.id FROM db_job j
                        WHERE j.kind = $1 AND NOT j.dead AND j.due <= $2 AND NOT EXISTS (
                            SELECT 1 FROM db_job e WHERE e.kind = j.kind AND e.key = j.key
                            AND NOT e.dead AND e.id < j.id)
                        ORDER BY j.due, j.id LIMIT $3 {})
                     RETURNING id, kind, key, body, attempts, attempts_max",
                    conn.skip_locked()
                ))
            })?;
            let until = now.plus_millis(lease_ms);
            let rows = tx.query(&sql, params![kind, now, max, until])?;
            let mut jobs: Vec<ClaimedJob> = rows.iter().map(claimed).collect::<Result<_, _>>()?;
            jobs.sort_by_key(|job| job.id);
            Ok(jobs)
        })
    }
}

fn claimed(row: &Row) -> Result<ClaimedJob, DbError> {
    Ok(ClaimedJob {
        id: row.id(0)?,
        kind: row.text(1)?.to_owned(),
        key: row.text(2)?.to_owned(),
        body: json(row.text(3)?)?,
        attempts: row.u32(4)?,
        attempts_max: row.u32(5)?,
    })
}

fn json(text: &str) -> Result<Json, DbError> {
    serde_json::from_str(text).map_err(|e| DbError::Damaged(format!("a job's body: {e}")))
}

fn held(changed: u64) -> Result<(), DbError> {
    if changed == 1 { Ok(()) } else { Err(DbError::LeaseLost) }
}
