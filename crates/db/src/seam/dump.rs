//! Backup and restore of PostgreSQL by the programs that come with it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postgres::Config;
use postgres::config::Host;

use crate::DbError;
use crate::backup::{Label, beside};

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Dumps one schema into a file.
pub(crate) fn write(config: &Config, schema: &str, file: &Path) -> Result<(), DbError> {
    let mut command = program("pg_dump", config)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges"]);
    command.arg(format!("--schema={schema}")).arg("--file").arg(file);
    run(command).map(drop)
}

/// What a dump says about itself.
pub(crate) fn label(file: &Path) -> Result<Label, DbError> {
    let rows = |table: &str| -> Result<Vec<Vec<String>>, DbError> {
        let mut command = program("pg_restore", &Config::new())?;
        command.args(["--data-only", "--file=-"]).arg(format!("--table={table}")).arg(file);
        let text = run(command)?;
        // The rows stand between `COPY … FROM stdin;` and `\.`, separated by tabs.
        let rows = text.lines().skip_while(|line| !line.starts_with("COPY ")).skip(1);
        let rows = rows.take_while(|line| *line != "\\.");
        Ok(rows.map(|row| row.split('\t').map(str::to_owned).collect()).collect())
    };
    let mut migrations = HashMap::new();
    for row in rows("db_migration")? {
        if let [room, number, _, checksum] = row.as_slice() {
            let number = number.parse().unwrap_or(0);
            migrations.insert((room.clone(), number), checksum.clone());
        }
    }
    if migrations.is_empty() {
        return Err(DbError::Damaged(format!("{} is not a backup", file.display())));
    }
    let settings = rows("db_setting")?;
    let key_check =
        settings.into_iter().find(|row| row.first().is_some_and(|n| n == "db.key_check"));
    Ok(Label { migrations, key_check: key_check.and_then(|mut row| row.pop()) })
}

/// Replaces the schema by what the dump holds, in one transaction.
pub(crate) fn read(config: &Config, schema: &str, file: &Path) -> Result<(), DbError> {
    // First the whole script, then its run: a dump that breaks off must change nothing.
    let script = beside(file, "sql");
    let mut restore = program("pg_restore", config)?;
    restore.args(["--no-owner", "--no-privileges", "--file"]).arg(&script).arg(file);
    let mut psql = program("psql", config)?;
    psql.args(["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]);
    psql.arg(format!("--command=DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"));
    psql.arg("--file").arg(&script);
    let outcome = run(restore).and_then(|_| run(psql)).map(drop);
    // It holds nothing the dump does not.
    std::fs::remove_file(&script).ok();
    outcome
}

/// A program of PostgreSQL, told by its environment where the server is: a password on the command
/// line could be seen by every user of the machine.
fn program(name: &str, config: &Config) -> Result<Command, DbError> {
    let mut command = Command::new(find(name).ok_or_else(|| {
        DbError::Settings(format!(
            "the program {name} is not installed (Debian: apt-get install postgresql-client)"
        ))
    })?);
    let join = |parts: Vec<String>| parts.join(",");
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    if !hosts.is_empty() {
        command.env("PGHOST", join(hosts));
    }
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    if !ports.is_empty() {
        command.env("PGPORT", join(ports));
    }
    for (variable, value) in [("PGUSER", config.get_user()), ("PGDATABASE", config.get_dbname())] {
        if let Some(value) = value {
            command.env(variable, value);
        }
    }
    if let Some(password) = config.get_password() {
        command.env("PGPASSWORD", String::from_utf8_lossy(password).as_ref());
    }
    Ok(command)
}

fn find(name: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = folders.map(|folder| folder.path()).collect();
    let number = |path: &PathBuf| {
        path.file_name().and_then(OsStr::to_str).and_then(|name| name.parse::<u32>().ok())
    };
    // The newest reads what all older servers hold.
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let debian = versions.into_iter().map(|folder| folder.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    debian.chain(path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn run(mut command: Command) -> Result<String, DbError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| DbError::Unavailable(format!("{name} could not be started: {e}")))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        let first = error.lines().next().unwrap_or("no reason given");
        return Err(DbError::Unavailable(format!("{name}: {first}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
