//! A PostgreSQL server of a test's own, to be stopped and started.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The server; gone when dropped.
pub(crate) struct OwnServer {
    folder: TempDir,
    bin: PathBuf,
}

impl OwnServer {
    /// `None` where there are no server programs on the path.
    pub(crate) fn start() -> Option<OwnServer> {
        let path = std::env::var_os("PATH")?;
        let bin = std::env::split_paths(&path).find(|bin| bin.join("initdb").exists())?;
        // Kept short: the path of a Unix socket has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("kouan-pg").tempdir_in("/tmp").unwrap();
        open_to_all(folder.path());
        let server = OwnServer { folder, bin };
        let data = server.data();
        server.run("initdb", &["-D", &data, "-U", "kouan", "-A", "trust", "--no-sync"]);
        server.up();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://kouan@/postgres?host={}&port=5432", self.folder.path().display())
    }

    /// Starts it.
    pub(crate) fn up(&self) {
        let folder = self.folder.path().display();
        let options = format!("-k {folder} -p 5432 -c listen_addresses='' -c fsync=off");
        let log = format!("{folder}/log");
        let data = self.data();
        self.run("pg_ctl", &["start", "-w", "-s", "-l", &log, "-D", &data, "-o", &options]);
    }

    /// Stops it at once, as a crash would.
    pub(crate) fn down(&self) {
        let data = self.data();
        self.run("pg_ctl", &["stop", "-w", "-s", "-m", "immediate", "-D", &data]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, args: &[&str]) {
        assert!(self.command(program, args).output().unwrap().status.success(), "{program}");
    }

    /// The server refuses to run as root.
    fn command(&self, program: &str, args: &[&str]) -> Command {
        let program = self.bin.join(program);
        let mut command = match is_root() {
            false => Command::new(program),
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
        };
        command.args(args).current_dir("/tmp");
        command
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let data = self.data();
        // It may be down already.
        let _ = self.command("pg_ctl", &["stop", "-s", "-m", "immediate", "-D", &data]).output();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
}
