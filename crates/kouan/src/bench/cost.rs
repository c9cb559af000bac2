//! What a run costs: CPU, bytes and forced writes of server, database and generator, from its first
//! message to the end of its last parcel.

use db::Db;
use db::yardstick::ServerActs;

use super::counters::{Counters, Written};
use super::meter::{self, ByStage, CpuMeter, FamilyCost};
use super::stage::{Server, Stage};
use crate::Failure;

/// What a run cost.
#[derive(Default)]
pub(super) struct Cost {
    /// CPU nanoseconds by thread of the server, and of `generator` and `postgres`.
    pub(super) cpu: ByStage,
    /// Bytes the server process caused to be written to the disk.
    pub(super) process_bytes: u64,
    /// What the server wrote into its files, where that was counted.
    pub(super) written: Option<Written>,
    /// What the database server did, where there is one.
    pub(super) database: Option<DatabaseCost>,
}

/// What the database server did.
#[derive(Clone, Copy)]
pub(super) struct DatabaseCost {
    /// Bytes its processes caused to be written; 0 where that cannot be seen.
    pub(super) disk_bytes: u64,
    pub(super) log_bytes: u64,
    pub(super) log_syncs: u64,
}

/// Where all of it is read.
pub(super) struct Meters<'a> {
    db: &'a Db,
    process: String,
    counters: Option<&'a Counters>,
}

impl<'a> Meters<'a> {
    pub(super) fn of(
        stage: &'a Stage,
        server: &Server,
        counters: Option<&'a Counters>,
    ) -> Meters<'a> {
        Meters { db: &stage.db, process: server.pid().to_string(), counters }
    }

    /// Looks at everything; what follows is the run.
    pub(super) fn begin(&self) -> Result<Running<'_>, Failure> {
        let mut running = Running {
            meters: self,
            server: CpuMeter::of(&self.process),
            own: CpuMeter::of("self"),
            before: Look::default(),
        };
        running.before = running.look()?;
        Ok(running)
    }
}

/// Meters that run.
pub(super) struct Running<'a> {
    meters: &'a Meters<'a>,
    server: CpuMeter,
    own: CpuMeter,
    before: Look,
}

#[derive(Default)]
struct Look {
    server: ByStage,
    own: ByStage,
    process_bytes: u64,
    written: Option<Written>,
    acts: Option<ServerActs>,
    family: FamilyCost,
}

impl Running<'_> {
    /// Looks at the threads, so that those that end are not forgotten.
    pub(super) fn sample(&mut self) {
        self.server.sample();
        self.own.sample();
    }

    fn look(&mut self) -> Result<Look, Failure> {
        self.sample();
        let acts = self.meters.db.server_acts()?;
        // Connections are children of the database server's first process.
        let parent = acts.and_then(|acts| meter::parent_of(acts.process));
        Ok(Look {
            server: self.server.by_stage(),
            own: self.own.by_stage(),
            process_bytes: meter::disk_bytes(&self.meters.process),
            written: self.meters.counters.map(Counters::read).transpose()?,
            acts,
            family: parent.map(meter::family_cost).transpose()?.unwrap_or_default(),
        })
    }

    /// What it cost since the beginning.
    pub(super) fn end(mut self) -> Result<Cost, Failure> {
        let after = self.look()?;
        let before = self.before;
        let mut cpu = meter::difference(&after.server, &before.server);
        let own: u64 = meter::difference(&after.own, &before.own).values().sum();
        cpu.insert("generator".to_owned(), own);
        let database = after.acts.zip(before.acts).map(|(after_acts, before_acts)| {
            let nanos = after.family.nanos.saturating_sub(before.family.nanos);
            cpu.insert("postgres".to_owned(), nanos);
            DatabaseCost {
                disk_bytes: after.family.disk_bytes.saturating_sub(before.family.disk_bytes),
                log_bytes: after_acts.log_bytes.saturating_sub(before_acts.log_bytes),
                log_syncs: after_acts.log_syncs.saturating_sub(before_acts.log_syncs),
            }
        });
        Ok(Cost {
            cpu,
            process_bytes: after.process_bytes.saturating_sub(before.process_bytes),
            written: after.written.zip(before.written).map(|(after, before)| after.since(before)),
            database,
        })
    }
}
