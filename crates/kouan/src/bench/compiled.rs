//! Small C programs beside which ours are measured, and the library that counts writes: compiled
//! when a run begins, with the system's compiler and libraries.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

/// What is written in C.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// Counts what the server writes and forces to disk.
    CountWrites,
    /// Verifies signatures with OpenSSL.
    Verify,
    /// Checks messages against a schema with libxml2.
    XmlSchema,
}

impl Source {
    fn text(self) -> (&'static str, &'static str) {
        match self {
            Source::CountWrites => {
                ("count_writes", include_str!("../../benches/yardsticks/count_writes.c"))
            }
            Source::Verify => ("verify", include_str!("../../benches/yardsticks/verify.c")),
            Source::XmlSchema => {
                ("xml_schema", include_str!("../../benches/yardsticks/xml_schema.c"))
            }
        }
    }

    /// Compiles into the folder and gives the place of the program or library.
    ///
    /// # Errors
    /// When there is no compiler, or a library's headers are missing.
    pub(super) fn compile(self, folder: &Path) -> Result<PathBuf, Failure> {
        let (name, text) = self.text();
        let source = folder.join(format!("{name}.c"));
        let made = folder.join(name);
        std::fs::write(&source, text)?;
        let mut command = Command::new("cc");
        command.args(["-O2", "-o"]).arg(&made).arg(&source);
        match self {
            Source::CountWrites => {
                command.args(["-shared", "-fPIC", "-ldl"]);
            }
            Source::Verify => {
                command.arg("-lcrypto");
            }
            Source::XmlSchema => {
                let flags = Command::new("xml2-config").args(["--cflags", "--libs"]).output();
                let flags = flags.map_err(|_| Failure::new("libxml2-dev is not installed"))?;
                command.args(String::from_utf8_lossy(&flags.stdout).split_whitespace());
            }
        }
        let output = command.output().map_err(|_| Failure::new("there is no C compiler"))?;
        if output.status.success() {
            return Ok(made);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let reason = told.lines().find(|line| line.contains("error")).unwrap_or("no reason given");
        Err(Failure::new(format!("{name}.c does not compile: {reason}")))
    }
}

/// What a yardstick program printed: nanoseconds of CPU, how many it did, how many were right.
#[derive(Clone, Copy)]
pub(super) struct Timed {
    pub(super) nanos: u64,
    pub(super) done: u64,
    pub(super) right: u64,
}

/// Runs a yardstick program.
///
/// # Errors
/// When it cannot run.
pub(super) fn time(program: &Path, arguments: &[&str]) -> Result<Timed, Failure> {
    let output = Command::new(program).args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().unwrap_or_default();
    match numbers.as_slice() {
        [nanos, done, right] if output.status.success() => {
            Ok(Timed { nanos: *nanos, done: *done, right: *right })
        }
        _ => {
            let told = String::from_utf8_lossy(&output.stderr);
            Err(Failure::new(format!("{}: {told}", program.display())))
        }
    }
}
