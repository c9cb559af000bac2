//! For tests of all rooms: runs a test on every engine there is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{IdSource, Time};

use crate::database::Place;
use crate::fate::Fates;
use crate::seam::postgres;
use crate::{Ctx, Db, DbError, MasterKey, Migration, Settings};

/// Runs a test on SQLite in memory, on an SQLite file, and, when `KOUAN_TEST_DATABASE_URL` is set,
/// on a schema of its own in that PostgreSQL database, dropped afterwards. The database has this
/// crate's own tables; for more call [`Db::migrate`], or use [`both_with`].
pub fn both(test: impl Fn(&Db)) {
    both_with(&[], test);
}

/// [`both`], with migrations applied.
pub fn both_with(migrations: &[Migration], test: impl Fn(&Db)) {
    let run = |place: Place| {
        let db = must(Db::open_place(place, &settings()));
        must(db.migrate(migrations));
        test(&db);
    };
    run(Place::Memory);
    let folder = Folder::new();
    run(Place::File { path: folder.path().join("test.db"), hasty: true });
    if let Some(schema) = Schema::new() {
        run(schema.place());
    }
}

/// A schema of its own in the PostgreSQL database of the tests, dropped with this.
pub struct Schema {
    url: String,
    name: String,
}

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

impl Schema {
    /// `None` when no database is given for tests.
    pub fn new() -> Option<Schema> {
        let url = std::env::var("KOUAN_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())?;
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let name = format!("kouan_test_{}_{number}", std::process::id());
        let schema = Schema { url, name };
        must(schema.run(&format!("CREATE SCHEMA {}", schema.name)));
        Some(schema)
    }

    /// The address of the schema, for a program that is started by the test.
    pub fn url(&self) -> String {
        let sign = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{sign}options=-c%20search_path%3D{}", self.url, self.name)
    }

    fn place(&self) -> Place {
        Place::Server(Box::new(must(postgres::config(&self.url, Some(&self.name)))))
    }

    fn run(&self, sql: &str) -> Result<(), DbError> {
        postgres::Conn::open(&postgres::config(&self.url, None)?)?.run(sql)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // The server of the tests is thrown away as a whole; this only keeps it small.
        self.run(&format!("DROP SCHEMA {} CASCADE", self.name)).ok();
    }
}

/// A database in memory with migrations applied, for tests that are not about the database.
pub fn memory(migrations: &[Migration]) -> Db {
    let db = must(Db::open_place(Place::Memory, &settings()));
    must(db.migrate(migrations));
    db
}

/// What outlives a process that dies: a database to be opened again and again, at every statement
/// and commit of which fates decide. One program at a time.
pub struct Disk {
    place: Place,
    last: Mutex<Option<Db>>,
}

impl Disk {
    /// An empty one in memory (SQLite).
    pub fn memory() -> Disk {
        Disk { place: Place::Memory, last: Mutex::new(None) }
    }

    /// A schema in the PostgreSQL database of the tests.
    pub fn server(schema: &Schema) -> Disk {
        Disk { place: schema.place(), last: Mutex::new(None) }
    }

    /// Opens it as a new process would: what was committed is there, everything else is forgotten.
    /// The one that was opened before must be at rest, and can do nothing from here on.
    pub fn open(&self, fates: Arc<dyn Fates>) -> Db {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match (&*last, &self.place) {
            (Some(before), Place::Memory) => must(before.bereave()),
            _ => None,
        };
        let conn = kept.unwrap_or_else(|| must(self.place.connect(true)));
        let db = must(Db::over(self.place.clone(), conn, &settings(), Some(fates)));
        *last = Some(db.clone());
        db
    }
}

/// A context at an instant, acting as `test`.
pub fn ctx(now: Time) -> Ctx {
    Ctx { now, ids: Arc::new(IdSource::new(0)), actor: "test".into() }
}

/// The master key of tests.
pub fn master_key() -> MasterKey {
    must("7".repeat(64).parse())
}

/// A folder of its own, deleted when dropped.
pub struct Folder(PathBuf);

static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Folder {
    /// Makes one in the system's folder for temporary files.
    pub fn new() -> Folder {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("kouan-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        must(std::fs::create_dir_all(&path).map_err(|e| DbError::Other(e.to_string())));
        Folder(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for Folder {
    fn default() -> Folder {
        Folder::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind does no harm to the test's verdict.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn settings() -> Settings {
    Settings { url: String::new(), master_key: master_key(), readers: 4, durable: true }
}

#[expect(clippy::panic, reason = "a test that cannot be set up has failed")]
fn must<T>(result: Result<T, DbError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
