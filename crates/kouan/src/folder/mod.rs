//! The folder door, for firms without developers: a file moved into `in` is a message handed in.
//!
//! ```text
//! in/        put messages here; write under another name first (`.part`, `.tmp`) and rename
//! working/   being handed in; after a crash or a full disk handed in again, which is harmless
//! done/      taken, with the answer beside each file
//! failed/    refused, with the findings beside each file
//! receipts/  one folder for each receipt type
//! ```

mod receipts;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clearance::document::Door;
use clearance::intake::{Body, NotTaken, Outcome, OutcomeStatus, Submission};

use crate::Failure;
use crate::config::Folder;
use crate::platform::Platform;
use crate::worker::{Round, Worker};

pub use receipts::{Undelivered, deliver, owe, settle, settle_round};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Files of one round, so that stopping does not wait for a whole folder.
const AT_ONCE: usize = 100;

/// A watched folder.
pub struct FolderDoor {
    root: PathBuf,
    sender: Option<Arc<str>>,
    platform: Arc<Platform>,
}

impl FolderDoor {
    /// Makes the folders, and puts back into `in` what a crash left in `working`.
    ///
    /// # Errors
    /// When the folders cannot be made or written.
    pub fn open(folder: &Folder, platform: Arc<Platform>) -> Result<FolderDoor, Failure> {
        let root = folder.path.as_path();
        let sender = folder.party.as_deref().map(Arc::from);
        let door = FolderDoor { root: root.to_owned(), sender, platform };
        for name in ["in", "working", "done", "failed", "receipts"] {
            let folder = root.join(name);
            fs::create_dir_all(&folder)
                .map_err(|e| Failure::new(format!("{}: {e}", folder.display())))?;
        }
        for file in door.files("working")? {
            move_to(&file, &root.join("in"))?;
        }
        Ok(door)
    }

    /// The worker that watches the folder.
    pub fn worker(self) -> Worker {
        Worker { name: "folder", every: LOOK_EVERY, round: Box::new(move || self.round()) }
    }

    /// Hands in what lies in `in`.
    ///
    /// # Errors
    /// When a folder cannot be read or written; files stay where they are, and come again.
    pub fn round(&self) -> Result<Round, Failure> {
        // Taken, and not put away for want of room or rights: handing it in again is harmless.
        for left in self.files("working")? {
            move_to(&left, &self.root.join("in"))?;
        }
        let files: Vec<PathBuf> = self.files("in")?.into_iter().take(AT_ONCE).collect();
        for file in &files {
            let working = move_to(file, &self.root.join("working"))?;
            match self.hand_in(&working)? {
                Handed::Settled => {}
                Handed::ComeBack => {
                    move_to(&working, &self.root.join("in"))?;
                    return Ok(Round::Idle);
                }
            }
        }
        Ok(if files.is_empty() { Round::Idle } else { Round::Busy })
    }

    fn hand_in(&self, file: &Path) -> Result<Handed, Failure> {
        let bytes = fs::read(file).map_err(|e| Failure::new(format!("{}: {e}", file.display())))?;
        let submission = Submission {
            door: Door::Folder,
            sender: self.sender.clone(),
            actor: "folder".into(),
            body: Body::Message(bytes),
        };
        match self.platform.intake.submit_blocking(submission) {
            Ok(outcome) => self.put_away(file, &outcome).map(|()| Handed::Settled),
            Err(NotTaken::Closed) => Ok(Handed::ComeBack),
            Err(problem) => {
                tracing::info!(file = %file.display(), %problem, "not taken; comes again");
                Ok(Handed::ComeBack)
            }
        }
    }

    /// The answer goes first: a file never lies in `done` or `failed` without one.
    fn put_away(&self, file: &Path, outcome: &Outcome) -> Result<(), Failure> {
        let refused = outcome.status == OutcomeStatus::Refused;
        let folder = self.root.join(if refused { "failed" } else { "done" });
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let answer = folder.join(format!("{name}.answer.json"));
        fs::write(&answer, serde_json::to_vec_pretty(outcome)?)
            .map_err(|e| Failure::new(format!("{}: {e}", answer.display())))?;
        move_to(file, &folder).map(|_| ())
    }

    /// Complete files in one of the folders, by name. Hidden files and those still being written
    /// (`.part`, `.tmp`) are left alone.
    fn files(&self, name: &str) -> Result<Vec<PathBuf>, Failure> {
        let folder = self.root.join(name);
        let wrong = |e: std::io::Error| Failure::new(format!("{}: {e}", folder.display()));
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
            let unfinished = path.extension().is_some_and(|e| e == "part" || e == "tmp");
            if path.is_file() && !hidden && !unfinished {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

enum Handed {
    Settled,
    ComeBack,
}

/// Moves a file into a folder of the same file system; a file of the same name there is kept and
/// the newcomer numbered.
fn move_to(file: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut target = folder.join(&name);
    let mut number = 1;
    while target.exists() {
        number += 1;
        target = folder.join(format!("{number}-{name}"));
    }
    fs::rename(file, &target).map_err(|e| Failure::new(format!("{}: {e}", file.display())))?;
    Ok(target)
}
