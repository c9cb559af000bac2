//! What the server writes and forces to disk, counted at its own calls: exact, file by file, and
//! without a word in the server for it.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::compiled::Source;
use crate::Failure;

/// Counters in a file that the server's process shares with this one.
pub(super) struct Counters {
    file: std::fs::File,
    pub(super) library: PathBuf,
    pub(super) shared: PathBuf,
    /// Files beneath it are the platform's own, or the stand-in's.
    pub(super) counted: PathBuf,
}

/// Forced writes and bytes since the server was started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) own_syncs: u64,
    pub(super) own_bytes: u64,
    pub(super) standin_syncs: u64,
    pub(super) standin_bytes: u64,
}

const NUMBERS: usize = 6;

impl Counters {
    /// Compiles the counting library into `folder`; what lies beneath `counted` is counted.
    pub(super) fn new(folder: &Path, counted: &Path) -> Result<Counters, Failure> {
        let library = Source::CountWrites.compile(folder)?;
        let shared = folder.join("counters");
        let counted = counted.canonicalize()?;
        std::fs::write(&shared, [0; NUMBERS * size_of::<u64>()])?;
        Ok(Counters { file: std::fs::File::open(&shared)?, library, shared, counted })
    }

    /// Where the counters stand.
    pub(super) fn read(&self) -> Result<Written, Failure> {
        let mut bytes = [0; NUMBERS * size_of::<u64>()];
        self.file.read_exact_at(&mut bytes, 0)?;
        let mut numbers = bytes
            .chunks_exact(size_of::<u64>())
            .map(|chunk| chunk.try_into().map(u64::from_ne_bytes).unwrap_or_default());
        let mut next = || numbers.next().unwrap_or_default();
        let (own_syncs, own_bytes) = (next(), next());
        let (standin_syncs, standin_bytes) = (next(), next());
        Ok(Written { own_syncs, own_bytes, standin_syncs, standin_bytes })
    }
}

impl Written {
    /// What came after `earlier`.
    pub(super) fn since(self, earlier: Written) -> Written {
        Written {
            own_syncs: self.own_syncs.saturating_sub(earlier.own_syncs),
            own_bytes: self.own_bytes.saturating_sub(earlier.own_bytes),
            standin_syncs: self.standin_syncs.saturating_sub(earlier.standin_syncs),
            standin_bytes: self.standin_bytes.saturating_sub(earlier.standin_bytes),
        }
    }
}
