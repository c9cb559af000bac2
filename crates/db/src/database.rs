//! The database: opening it, and transactions.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use crate::dictionary::{Dictionaries, Tally};
use crate::fate::{Fate, Fates, Moment};
use crate::migrate::Known;
use crate::mover::{self, Mover};
use crate::seam::pool::Pool;
use crate::seam::sqlite::Role;
use crate::seam::{Conn, postgres, sqlite};
use crate::stats::Counters;
use crate::trouble::Trouble;
use crate::{DbError, MasterKey, Sealer, Stats, Tx};

/// What is needed to open a database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:path`, a bare path, `sqlite::memory:`, or `postgres://user@host/database`.
    pub url: String,
    /// Seals personal data.
    pub master_key: MasterKey,
    /// SQLite: connections that read beside the one that writes. PostgreSQL: connections in all.
    /// At least 1.
    pub readers: usize,
    /// Whether a commit is on disk when it returns. Without, SQLite leaves it to the operating
    /// system when to write: a killed process loses nothing, a power cut may lose the last commits
    /// or the file. Only for what is worth no more, such as the memory of a test double.
    pub durable: bool,
}

/// Connections when nothing else is asked for.
const READERS: usize = 8;

impl Settings {
    /// Settings with the customary number of connections, durable.
    pub fn new(url: impl Into<String>, master_key: MasterKey) -> Settings {
        Settings { url: url.into(), master_key, readers: READERS, durable: true }
    }
}

/// A database on either engine. Cheap to clone; clones share the connections.
///
/// Calls block. From async code use a blocking thread (`spawn_blocking`): a PostgreSQL connection
/// must not be used on a thread that drives an async runtime.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    place: Place,
    writers: Pool<Option<Conn>>,
    /// `None`: the writers' pool serves readers too.
    readers: Option<Pool<Option<Conn>>>,
    sealer: Sealer,
    known: Mutex<Known>,
    dictionaries: RwLock<Dictionaries>,
    tally: Arc<Tally>,
    listeners: RwLock<Vec<Listener>>,
    /// Only tests have any.
    fates: Option<Arc<dyn Fates>>,
    counters: Counters,
    mover: Mover,
    trouble: Trouble,
}

type Listener = Box<dyn Fn() + Send + Sync>;

/// Where the data are.
#[derive(Clone)]
pub(crate) enum Place {
    /// In this process, gone with it.
    Memory,
    /// In a file; `hasty` leaves it to the operating system when to write it.
    File { path: PathBuf, hasty: bool },
    /// On a PostgreSQL server.
    Server(Box<::postgres::Config>),
}

impl Place {
    pub(crate) fn parse(url: &str) -> Result<Place, DbError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Place::Server(Box::new(postgres::config(url, None)?)));
        }
        let path = match url.split_once(':') {
            Some(("sqlite", ":memory:")) => return Ok(Place::Memory),
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            Some((scheme, rest)) if rest.starts_with("//") => {
                return Err(DbError::Settings(format!(
                    "{scheme}:// is neither sqlite:path nor postgres://…"
                )));
            }
            _ => url,
        };
        if path.is_empty() {
            return Err(DbError::Settings("the path of the database is empty".to_owned()));
        }
        Ok(Place::File { path: PathBuf::from(path), hasty: false })
    }

    pub(crate) fn connect(&self, write: bool) -> Result<Conn, DbError> {
        match self {
            Place::Memory => sqlite::Conn::open_in_memory().map(Box::new).map(Conn::Sqlite),
            Place::File { path, hasty } => {
                let role = match (write, hasty) {
                    (false, _) => Role::Reader,
                    (true, false) => Role::Writer,
                    (true, true) => Role::HastyWriter,
                };
                sqlite::Conn::open(path, role).map(Box::new).map(Conn::Sqlite)
            }
            Place::Server(config) => postgres::Conn::open(config).map(Box::new).map(Conn::Postgres),
        }
    }
}

/// Commits of this process before a server's tables are first counted.
const COUNT_FROM_COMMITS: u64 = 64;

impl Db {
    /// Opens a database, creating an SQLite file that is not there. Follow with [`Db::migrate`].
    pub fn open(settings: &Settings) -> Result<Db, DbError> {
        let mut place = Place::parse(&settings.url)?;
        if let Place::File { hasty, .. } = &mut place {
            *hasty = !settings.durable;
        }
        Db::open_place(place, settings)
    }

    pub(crate) fn open_place(place: Place, settings: &Settings) -> Result<Db, DbError> {
        // The first connection tells at once whether the place can be reached, and creates the
        // file before any reader looks for it.
        let first = place.connect(true)?;
        Db::over(place, first, settings, None)
    }

    pub(crate) fn over(
        place: Place,
        first: Conn,
        settings: &Settings,
        fates: Option<Arc<dyn Fates>>,
    ) -> Result<Db, DbError> {
        let readers = settings.readers.max(1);
        let empty = |count: usize| Pool::new((0..count).map(|_| None).collect());
        let (writers, readers) = match place {
            Place::Memory => (Pool::new(vec![Some(first)]), None),
            Place::File { .. } => (Pool::new(vec![Some(first)]), Some(empty(readers))),
            Place::Server(_) => {
                let all = empty(readers - 1);
                all.put(Some(first));
                (all, None)
            }
        };
        Ok(Db(Arc::new(Inner {
            place,
            writers,
            readers,
            sealer: Sealer::new(settings.master_key.clone())?,
            known: Mutex::default(),
            dictionaries: RwLock::default(),
            tally: Arc::default(),
            listeners: RwLock::default(),
            fates,
            counters: Counters::default(),
            mover: Mover::default(),
            trouble: Trouble::default(),
        })))
    }

    /// Runs one writing transaction. `Ok` commits: when this returns `Ok`, the data are on disk.
    /// `Err` and panic undo everything. A commit that fails is an error.
    ///
    /// Do not open a transaction inside another: with one writer it would wait for itself.
    ///
    /// SQLite has one writer; callers are served in the order in which they came. PostgreSQL runs
    /// them beside one another at read committed, so updates compare a version.
    pub fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: FnOnce(&mut Tx) -> Result<T, E>,
    {
        let mut tx = self.begin(true)?;
        let value = f(&mut tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Runs one reading transaction: everything it sees is of one instant, and it cannot write.
    pub fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: FnOnce(&mut Tx) -> Result<T, E>,
    {
        let mut tx = self.begin(false)?;
        let value = f(&mut tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Seals and hashes personal data.
    pub fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// Calls `listener` after every commit of this process that brought events or jobs, so that
    /// workers need not ask over and over. It must be quick and must not use the database.
    pub fn on_news(&self, listener: impl Fn() + Send + Sync + 'static) {
        let mut listeners = self.0.listeners.write().unwrap_or_else(PoisonError::into_inner);
        listeners.push(Box::new(listener));
    }

    /// What was done since the database was opened.
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }

    /// Lets a database server count its tables anew, when as much has been written since the last
    /// count as before it: in a young database its own counting comes too late, and it looks things
    /// up the long way round. Old ones it counts by itself often enough.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_anew(&self) -> Result<(), DbError> {
        let commits = self.stats().commits;
        let counted = self.counters().counted();
        if !self.is_server() || commits < counted.saturating_mul(2).max(COUNT_FROM_COMMITS) {
            return Ok(());
        }
        self.write(|tx| tx.execute("ANALYZE", &[]).map(drop))?;
        self.counters().count(commits);
        Ok(())
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(crate) fn trouble(&self) -> &Trouble {
        &self.0.trouble
    }

    pub(crate) fn announce(&self) {
        let listeners = self.0.listeners.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().for_each(|listener| listener());
    }

    pub(crate) fn fate(&self, moment: Moment) -> Fate {
        self.0.fates.as_ref().map_or(Fate::Go, |fates| fates.decide(moment))
    }

    /// Takes the connection that writes away for good: the process that had it is gone.
    pub(crate) fn bereave(&self) -> Result<Option<Conn>, DbError> {
        self.0.writers.take()
    }

    pub(crate) fn known(&self) -> &Mutex<Known> {
        &self.0.known
    }

    pub(crate) fn weak(&self) -> WeakDb {
        WeakDb(Arc::downgrade(&self.0))
    }

    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.0.tally
    }

    pub(crate) fn dictionaries(&self) -> &RwLock<Dictionaries> {
        &self.0.dictionaries
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    /// The file, when there is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.0.place {
            Place::File { path, .. } => Some(path),
            Place::Memory | Place::Server(_) => None,
        }
    }

    /// Whether the data are on a database server rather than in this process.
    pub fn is_server(&self) -> bool {
        matches!(self.0.place, Place::Server(_))
    }

    /// Lends a connection without beginning a transaction.
    pub(crate) fn lend(&self, write: bool) -> Result<Lent, DbError> {
        let conn = self.pool(write).take()?;
        let mut lent = Lent { db: self.clone(), write, conn, read_only: false };
        if lent.conn.as_ref().is_none_or(Conn::is_closed) {
            lent.conn = None;
            lent.conn = Some(self.0.place.connect(write)?);
        }
        Ok(lent)
    }

    pub(crate) fn begin(&self, write: bool) -> Result<Tx, DbError> {
        if self.fate(Moment::Begin { write }) == Fate::Fail {
            return Err(DbError::on_purpose());
        }
        let begun = self.begun(write).map_err(|error| error.of_writing(write));
        if let Err(error) = &begun
            && write
            && error.is_outage()
        {
            self.trouble().note(error);
        }
        begun.map(|lent| Tx::begin(lent, write))
    }

    fn begun(&self, write: bool) -> Result<Lent, DbError> {
        let mut lent = self.lend(write)?;
        if write {
            lent.conn()?.hurry(self.trouble().is_there())?;
        }
        match lent.conn()?.begin(write) {
            // It died while it lay idle, or was opened when the disk could only be read: once
            // more on a new one.
            Err(DbError::Unavailable(_) | DbError::ReadOnly) if self.can_connect_again() => {
                lent.conn = None;
                lent.conn = Some(self.0.place.connect(write)?);
                lent.conn()?.begin(write)?;
            }
            begun => begun?,
        }
        Ok(lent)
    }

    /// A database in memory goes with its connection.
    fn can_connect_again(&self) -> bool {
        !matches!(self.0.place, Place::Memory)
    }

    fn pool(&self, write: bool) -> &Pool<Option<Conn>> {
        match &self.0.readers {
            Some(readers) if !write => readers,
            _ => &self.0.writers,
        }
    }
}

/// A database that may have been closed meanwhile.
pub(crate) struct WeakDb(Weak<Inner>);

impl WeakDb {
    pub(crate) fn upgrade(&self) -> Option<Db> {
        self.0.upgrade().map(Db)
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

/// A connection on loan; goes back to its pool when dropped, panic or not.
pub(crate) struct Lent {
    db: Db,
    write: bool,
    conn: Option<Conn>,
    /// It was opened when the disk or the server could only be read, and would stay so.
    pub(crate) read_only: bool,
}

impl Lent {
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn conn(&mut self) -> Result<&mut Conn, DbError> {
        self.conn.as_mut().ok_or_else(|| DbError::Unavailable("the connection is lost".to_owned()))
    }

    /// Keeps SQLite's log bounded.
    pub(crate) fn checkpoint(&mut self) {
        let Some(conn) = &mut self.conn else { return };
        if !matches!(&*conn, Conn::Sqlite(conn) if conn.wants_checkpoint()) {
            return;
        }
        let durable = matches!(self.db.place(), Place::File { hasty: false, .. });
        if durable && self.db.0.mover.ask(&self.db) {
            return;
        }
        if let Err(error) = mover::moved(&self.db, conn) {
            // What was committed is safe in the log; the next commit tries again.
            tracing::warn!(%error, "the log could not be moved into the file");
        }
    }

    /// Undoes the open transaction. A connection that cannot even do that is thrown away.
    pub(crate) fn undo(&mut self) {
        let undone = self.conn.as_mut().is_none_or(Conn::rollback);
        if (!undone || self.read_only) && self.db.can_connect_again() {
            self.conn = None;
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let conn = self.conn.take();
        self.db.pool(self.write).put(conn);
    }
}
