//! The messages of a run, signed before its clock starts and kept in a file: making them costs more
//! than sending them, and neither the making nor the memory for them belongs into the measurement.

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Failure;
use crate::demo::traffic::{Day, Submission};

/// One message in the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shot {
    offset: u64,
    pub(super) length: u32,
    /// Place of its sender among the firms.
    pub(super) sender: u32,
    /// Documents in it.
    pub(super) documents: u32,
    /// Whether every document of it must be taken: nothing is wrong with the message.
    pub(super) whole: bool,
}

/// Signed messages, in the order of their sending.
pub(super) struct Supply {
    file: File,
    end: u64,
    pub(super) shots: Vec<Shot>,
    senders: Vec<String>,
}

/// Messages a signing thread takes up at a time.
const CHUNK: usize = 8;

impl Supply {
    /// An empty supply in a new file.
    pub(super) fn new(path: &Path, senders: Vec<String>) -> Result<Supply, Failure> {
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        Ok(Supply { file, end: 0, shots: Vec::new(), senders })
    }

    /// Signs the messages at these places of the day on every core and appends them; `told` hears
    /// of each chunk. On disk when this returns, so that nothing of it is written during the run.
    pub(super) fn sign(
        &mut self,
        day: &Day,
        places: Range<usize>,
        told: impl Fn(u64) + Sync,
    ) -> Result<(), Failure> {
        let next = AtomicUsize::new(places.start);
        let base = self.shots.len();
        self.shots.resize(base + places.len(), Shot::default());
        let end = places.end;
        let shared = Mutex::new((&mut *self, None::<Failure>));
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let from = next.fetch_add(CHUNK, Ordering::Relaxed);
                        if from >= end {
                            return;
                        }
                        let chunk = from..end.min(from + CHUNK);
                        let made: Result<Vec<Submission>, _> =
                            day.submissions(chunk.clone()).collect();
                        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                        let at = base + chunk.start - places.start;
                        let kept = made
                            .map_err(Failure::from)
                            .and_then(|made| shared.0.keep(day, at, &made));
                        if let Err(failure) = kept {
                            shared.1.get_or_insert(failure);
                            return;
                        }
                        told(chunk.len() as u64);
                    }
                });
            }
        });
        let (_, failure) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.file.sync_all()?;
        failure.map_or(Ok(()), Err)
    }

    fn keep(&mut self, day: &Day, at: usize, made: &[Submission]) -> Result<(), Failure> {
        for (submission, place) in made.iter().zip(at..) {
            let sender = self.senders.binary_search(&submission.sender);
            let sender =
                sender.map_err(|_| Failure::new(format!("no key for {}", submission.sender)))?;
            let shot = Shot {
                offset: self.end,
                length: u32::try_from(submission.bytes.len())?,
                sender: u32::try_from(sender)?,
                documents: u32::try_from(submission.documents)?,
                whole: submission.parcels.clone().all(|parcel| day.fault(parcel).is_none()),
            };
            self.file.write_all(&submission.bytes)?;
            self.end += u64::from(shot.length);
            if let Some(kept) = self.shots.get_mut(place) {
                *kept = shot;
            }
        }
        Ok(())
    }

    /// Appends the message to what `into` holds.
    pub(super) fn read(&self, shot: &Shot, into: &mut Vec<u8>) -> Result<(), Failure> {
        let start = into.len();
        into.resize(start + usize::try_from(shot.length)?, 0);
        let room = into.get_mut(start..).unwrap_or_default();
        Ok(self.file.read_exact_at(room, shot.offset)?)
    }
}
