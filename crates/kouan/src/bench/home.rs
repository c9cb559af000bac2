//! Where a run keeps its data: a folder, and a database in it or on a server.

use std::path::{Path, PathBuf};

use db::test::Schema;

use crate::Failure;
use crate::cli::{BenchEngine, BenchIntake};

/// A folder of its own, removed afterwards unless it was named, and a database.
pub(super) struct Home {
    path: PathBuf,
    temporary: bool,
    database: Place,
}

enum Place {
    File(PathBuf),
    Server(Schema),
}

impl Home {
    pub(super) fn of(args: &BenchIntake) -> Result<Home, Failure> {
        let name = format!("kouan-bench-{}", std::process::id());
        let path = args.data.clone().unwrap_or_else(|| std::env::temp_dir().join(name));
        let data = path.join("data");
        std::fs::create_dir_all(&data)
            .map_err(|e| Failure::new(format!("{}: {e}", data.display())))?;
        if path.join("messages").exists() {
            let path = path.display();
            return Err(Failure::new(format!("{path} holds a run already; name an empty folder")));
        }
        let database = match args.engine {
            BenchEngine::Sqlite => Place::File(data.join("kouan.db")),
            BenchEngine::Postgres => Place::Server(Schema::new().ok_or_else(|| {
                Failure::new(
                    "KOUAN_TEST_DATABASE_URL names no PostgreSQL; \
                     .ci/with-postgres starts one: .ci/with-postgres kouan bench intake …",
                )
            })?),
        };
        Ok(Home { path, temporary: args.data.is_none(), database })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the database, when it is in files.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Where a table of its own can be made beside the database.
    pub(super) fn bare_url(&self) -> String {
        match &self.database {
            Place::File(_) => self.path.join("bare.db").display().to_string(),
            Place::Server(schema) => schema.url(),
        }
    }

    /// As a configuration names it.
    pub(super) fn database(&self) -> String {
        match &self.database {
            Place::File(file) => file.display().to_string(),
            Place::Server(schema) => schema.url(),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(folder = %self.path.display(), %error, "could not remove the run's data");
        }
    }
}
