//! Records asked for or submitted of late, kept opened in memory, so that customs is answered
//! without reading and unsealing. The table says which record is the right one; this only spares
//! the way to it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::PaymentId;
use crate::wire::Prepared;

/// The newest records, up to so many bytes; the oldest make room.
pub(crate) struct Hot {
    bytes_max: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    known: HashMap<PaymentId, Arc<Prepared>>,
    order: VecDeque<PaymentId>,
    bytes: usize,
}

impl Hot {
    pub(crate) fn new(bytes_max: usize) -> Hot {
        Hot { bytes_max, inner: Mutex::default() }
    }

    pub(crate) fn find(&self, id: PaymentId) -> Option<Arc<Prepared>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).known.get(&id).cloned()
    }

    pub(crate) fn keep(&self, id: PaymentId, prepared: Prepared) -> Arc<Prepared> {
        let prepared = Arc::new(prepared);
        let size = prepared.head.len() + prepared.lists.len();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.known.contains_key(&id) {
            return prepared;
        }
        inner.known.insert(id, Arc::clone(&prepared));
        inner.order.push_back(id);
        inner.bytes += size;
        while inner.bytes > self.bytes_max {
            let Some(oldest) = inner.order.pop_front() else { break };
            if let Some(gone) = inner.known.remove(&oldest) {
                inner.bytes -= gone.head.len() + gone.lists.len();
            }
        }
        prepared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let hot = Hot::new(25);
        let id = PaymentId::from_i64;
        for n in 1..=3 {
            hot.keep(id(n), Prepared { head: "12345".into(), lists: "67890".into() });
        }
        assert!(hot.find(id(1)).is_none());
        assert!(hot.find(id(2)).is_some() && hot.find(id(3)).is_some());
        hot.keep(id(4), Prepared { head: "x".repeat(30), lists: String::new() });
        assert!(hot.find(id(4)).is_none(), "one that is too large is not kept");
    }
}
