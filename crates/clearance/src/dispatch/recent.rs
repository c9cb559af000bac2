//! Messages just taken in, kept as they came until they are sent: that saves unsealing, unzipping
//! and reading what was in memory a moment ago. Nothing rests on it: what is not here is opened
//! from the archive.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use db::OriginalId;

/// A message as it came, and what sending it needs to know of it.
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    /// `BaseTransfer/dxpId`; empty when it names none.
    pub(crate) sender_dxp: String,
    pub(crate) signed: bool,
    pub(crate) documents: usize,
}

/// The messages taken in last, up to so many bytes.
pub struct Recent {
    bytes_max: usize,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    messages: HashMap<OriginalId, Kept>,
    /// Oldest first; those taken out since are still in it.
    order: VecDeque<OriginalId>,
    bytes: usize,
}

/// Bytes kept: a second of the fastest intake.
const BYTES_MAX: usize = 48 << 20;
/// What a message costs beside its bytes.
const OVERHEAD_BYTES: usize = 256;

impl Default for Recent {
    fn default() -> Recent {
        Recent::of(BYTES_MAX)
    }
}

impl Recent {
    /// Keeps at most so many bytes.
    pub(crate) fn of(bytes_max: usize) -> Recent {
        Recent { bytes_max, inside: Mutex::default() }
    }

    /// Keeps a message; the oldest go when there are too many.
    pub(crate) fn keep(&self, original: OriginalId, message: Kept) {
        let mut inside = self.lock();
        inside.bytes += weight(&message);
        inside.order.push_back(original);
        inside.messages.insert(original, message);
        while inside.bytes > self.bytes_max {
            let Some(oldest) = inside.order.pop_front() else { break };
            inside.forget(oldest);
        }
    }

    /// Takes a message out: it is sent once as a rule.
    pub(crate) fn take(&self, original: OriginalId) -> Option<Kept> {
        let mut inside = self.lock();
        let message = inside.forget(original);
        while let Some(oldest) = inside.order.front().copied()
            && !inside.messages.contains_key(&oldest)
        {
            inside.order.pop_front();
        }
        message
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn forget(&mut self, original: OriginalId) -> Option<Kept> {
        let message = self.messages.remove(&original)?;
        self.bytes -= weight(&message);
        Some(message)
    }
}

fn weight(message: &Kept) -> usize {
    message.bytes.len() + OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Kept {
        let sender_dxp = String::new();
        Kept { bytes: vec![b'x'; length], sender_dxp, signed: true, documents: 1 }
    }

    #[test]
    fn the_oldest_go_and_what_was_taken_out_makes_room() {
        let recent = Recent::of(3_000);
        let id = OriginalId::from_i64;
        for n in 1..=3 {
            recent.keep(id(n), message(1_000));
        }
        assert!(recent.take(id(1)).is_none(), "three are too many");
        assert_eq!(recent.take(id(2)).map(|kept| kept.bytes.len()), Some(1_000));
        assert!(recent.take(id(2)).is_none(), "once");
        recent.keep(id(4), message(1_000));
        assert!(recent.take(id(3)).is_some() && recent.take(id(4)).is_some());
        recent.keep(id(5), message(10_000));
        assert!(recent.take(id(5)).is_none(), "larger than all there is");
        let inside = recent.lock();
        assert_eq!((inside.bytes, inside.order.len()), (0, 0));
    }
}
