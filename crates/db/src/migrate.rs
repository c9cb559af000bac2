//! Migrations: numbered, embedded, checksummed, forward only, one text for both engines.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use sm3::{Digest, Sm3};

use crate::database::Place;
use crate::seam::{Conn, sqlite};
use crate::{Db, DbError, Row, Tx, backup, sql};

/// One step of the schema. Written in the common subset: types `TEXT`, `BIGINT`, `BOOLEAN`,
/// `BLOB`; `WITHOUT ROWID` after a table is a hint to SQLite to store it in the order of its
/// primary key (worth it for narrow rows with a text key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The crate that owns the tables, such as `clearance`.
    pub room: &'static str,
    /// 1, 2, 3, … within the room.
    pub number: u32,
    /// A word or two.
    pub name: &'static str,
    /// The statements, separated by semicolons.
    pub sql: &'static str,
}

/// The tables of this crate; always applied first.
pub const MIGRATIONS: &[Migration] = &[Migration {
    room: "db",
    number: 1,
    name: "db",
    sql: include_str!("../migrations/0001_db.sql"),
}];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS db_migration (
    room TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    PRIMARY KEY (room, number)
)";
/// The setting that tells whether the master key is the one this database was sealed with.
const KEY_CHECK: &str = "db.key_check";

/// The migrations this program knows of, in order.
pub(crate) type Known = Vec<Migration>;

/// The checksums of the migrations in a database, by room and number.
pub(crate) type Applied = HashMap<(String, u32), String>;

impl Db {
    /// Brings the schema up to date: applies what is missing, all or nothing, in the order given.
    /// Several programs may do so at once; one does the work, the others wait.
    ///
    /// Refuses ([`DbError::Schema`]) a database with a migration this program does not know (it is
    /// newer), or whose migration has another text than here (it was changed after the fact); and
    /// ([`DbError::Key`]) a master key that does not fit the database.
    pub fn migrate(&self, migrations: &[Migration]) -> Result<(), DbError> {
        let mut known = self.known().lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = known.clone();
        for migration in MIGRATIONS.iter().chain(migrations) {
            if !all.contains(migration) {
                all.push(*migration);
            }
        }
        check_numbers(&all)?;
        self.write(|tx| {
            tx.on(|conn| conn.lock_schema())?;
            tx.on(|conn| conn.define(TABLE))?;
            let applied =
                applied(&tx.query("SELECT room, number, checksum FROM db_migration", &[])?)?;
            check_applied(&applied, &all)?;
            let missing = |m: &&Migration| !applied.contains_key(&(m.room.to_owned(), m.number));
            for migration in all.iter().filter(missing) {
                apply(tx, migration)?;
            }
            check_key(tx)
        })?;
        *known = all;
        Ok(())
    }

    /// The migrations in the database: room, number, name, checksum. Empty before the first
    /// [`Db::migrate`].
    pub fn migrations(&self) -> Result<Vec<(String, u32, String, String)>, DbError> {
        self.read(|tx| {
            let sql = "SELECT room, number, name, checksum FROM db_migration ORDER BY room, number";
            tx.query(sql, &[])?
                .iter()
                .map(|row| {
                    let owned = |column| row.text(column).map(str::to_owned);
                    Ok((owned(0)?, row.u32(1)?, owned(2)?, owned(3)?))
                })
                .collect()
        })
    }
}

/// The final schema as text, tables by name with their indexes: what `api/schema.sql` holds. It
/// is the same for both engines, because it comes from the migrations alone.
pub fn schema_text(migrations: &[Migration]) -> Result<String, DbError> {
    let mut all: Known = MIGRATIONS.to_vec();
    all.extend(migrations.iter().filter(|m| m.room != "db"));
    let rows = made(&all)?.query(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
         ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 ELSE 1 END, name",
        &[],
    )?;
    let mut text = String::from("-- Made from the migrations by `cargo xtask gen`.\n");
    for row in rows {
        let statement = row.text(0)?.replace(" IF NOT EXISTS", "");
        let gap = if statement.starts_with("CREATE TABLE") { "\n" } else { "" };
        text.push_str(&format!("{gap}{statement};\n"));
    }
    Ok(text)
}

/// Checksum of a migration's text: SM3, line ends made alike.
fn checksum(migration: &Migration) -> String {
    crate::hex(&Sm3::digest(migration.sql.replace("\r\n", "\n")))
}

pub(crate) fn applied(rows: &[Row]) -> Result<Applied, DbError> {
    rows.iter()
        .map(|row| Ok(((row.text(0)?.to_owned(), row.u32(1)?), row.text(2)?.to_owned())))
        .collect()
}

/// The tables and columns a database has after these migrations.
pub(crate) fn wanted_columns(all: &Known) -> Result<BTreeSet<(String, String)>, DbError> {
    backup::columns(&made(all)?.query(sqlite::COLUMNS, &[])?)
}

/// An empty database in memory after these migrations, as they are written.
fn made(all: &Known) -> Result<Conn, DbError> {
    check_numbers(all)?;
    let mut conn = Place::Memory.connect(true)?;
    conn.run(TABLE)?;
    for migration in all {
        for statement in split(migration)? {
            conn.run(&statement).map_err(|error| named(migration, error))?;
        }
    }
    Ok(conn)
}

fn apply(tx: &mut Tx, migration: &Migration) -> Result<(), DbError> {
    for statement in split(migration)? {
        tx.on(|conn| conn.define(&statement)).map_err(|error| named(migration, error))?;
    }
    let Migration { room, number, name, .. } = migration;
    tx.execute(
        "INSERT INTO db_migration (room, number, name, checksum) VALUES ($1, $2, $3, $4)",
        crate::params![*room, *number, *name, checksum(migration)],
    )?;
    tracing::info!(room, number, name, "applied migration {room}/{number} {name}");
    Ok(())
}

fn check_numbers(all: &[Migration]) -> Result<(), DbError> {
    let mut last: HashMap<&str, u32> = HashMap::new();
    for Migration { room, number, .. } in all {
        let before = last.insert(room, *number).unwrap_or(0);
        if *number != before + 1 {
            return Err(DbError::Schema(format!(
                "migration {room}/{number} follows {room}/{before}: numbers are 1, 2, 3, …"
            )));
        }
    }
    Ok(())
}

pub(crate) fn check_applied(applied: &Applied, all: &[Migration]) -> Result<(), DbError> {
    let known: HashMap<(String, u32), &Migration> =
        all.iter().map(|m| ((m.room.to_owned(), m.number), m)).collect();
    let mut places: Vec<_> = applied.iter().collect();
    places.sort_unstable();
    for (place, found) in places {
        let (room, number) = place;
        let Some(migration) = known.get(place) else {
            return Err(DbError::Schema(format!(
                "the database was last used by a newer program (it has migration {room}/{number}, \
                 unknown here); start that program, or restore a backup made before the upgrade"
            )));
        };
        if *found != checksum(migration) {
            return Err(DbError::Schema(format!(
                "migration {room}/{number} was changed after it was applied to this database; \
                 restore its text and put the change into a new migration"
            )));
        }
    }
    Ok(())
}

fn check_key(tx: &mut Tx) -> Result<(), DbError> {
    let ours = crate::hex(&tx.sealer().keyed_hash("key check", "kouan"));
    match tx.setting(KEY_CHECK)? {
        None => tx.set_setting(KEY_CHECK, &ours),
        Some(theirs) if theirs == ours => Ok(()),
        Some(_) => Err(DbError::Key("this database was sealed with another one".to_owned())),
    }
}

fn split(migration: &Migration) -> Result<Vec<String>, DbError> {
    sql::statements(migration.sql).map_err(|word| {
        let Migration { room, number, .. } = migration;
        DbError::Schema(format!(
            "migration {room}/{number} uses {word}, not common to both engines"
        ))
    })
}

fn named(migration: &Migration, error: DbError) -> DbError {
    if error.is_outage() {
        return error;
    }
    let Migration { room, number, .. } = migration;
    DbError::Schema(format!("migration {room}/{number}: {error}"))
}
