//! The rules of the house as programs. Each says, where it is broken, the place and the reason.

mod imports;
mod licences;
mod source;
mod workspace;

use std::fmt;
use std::path::{Path, PathBuf};

pub use workspace::Workspace;

/// A rule broken somewhere.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// File, relative to the root.
    pub file: String,
    /// Line from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong and why it matters.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// The workspace this program was built in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Runs every check over the workspace at `root`.
///
/// # Errors
/// When a manifest or source cannot be read, or `cargo metadata` fails.
pub fn tidy(root: &Path) -> Result<Vec<Fault>, String> {
    let workspace = Workspace::load(root)?;
    let mut faults = imports::check(&workspace);
    for file in &workspace.sources {
        faults.extend(source::check(file));
    }
    faults.extend(workspace::check_prose(root)?);
    faults.extend(licences::check(root)?);
    faults.sort();
    Ok(faults)
}
