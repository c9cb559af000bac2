//! A queue in which senders take turns, so that one firm's flood holds up nobody but itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What waits, by sender. What one sender hands in keeps its order.
#[derive(Debug)]
pub(super) struct Fair<T> {
    lines: HashMap<Arc<str>, VecDeque<T>>,
    /// Senders of whom something waits, each once, the next first.
    turns: VecDeque<Arc<str>>,
}

impl<T> Default for Fair<T> {
    fn default() -> Fair<T> {
        Fair { lines: HashMap::new(), turns: VecDeque::new() }
    }
}

impl<T> Fair<T> {
    /// Adds to the end of a sender's line.
    pub(super) fn push(&mut self, sender: &Arc<str>, one: T) {
        let line = self.lines.entry(sender.clone()).or_default();
        if line.is_empty() {
            self.turns.push_back(sender.clone());
        }
        line.push_back(one);
    }

    /// What comes next, left where it is.
    pub(super) fn first(&self) -> Option<&T> {
        self.lines.get(self.turns.front()?)?.front()
    }

    /// Takes what comes next; its sender's next has its turn after everybody else's.
    pub(super) fn pop(&mut self) -> Option<T> {
        let sender = self.turns.pop_front()?;
        let line = self.lines.get_mut(&sender)?;
        let one = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&sender);
        } else {
            self.turns.push_back(sender);
        }
        one
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_lets_the_others_through() {
        let mut queue = Fair::default();
        let (flood, small, late) = ("flood".into(), "small".into(), "late".into());
        for n in 0..100 {
            queue.push(&flood, n);
        }
        queue.push(&small, 1_000);
        queue.push(&small, 1_001);
        assert_eq!(queue.first(), Some(&0));
        let mut taken: Vec<i32> = (0..3).filter_map(|_| queue.pop()).collect();
        queue.push(&late, 2_000);
        taken.extend((0..3).filter_map(|_| queue.pop()));
        assert_eq!(taken, [0, 1_000, 1, 1_001, 2, 2_000]);
        let rest: Vec<i32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, (3..100).collect::<Vec<_>>(), "and the flood keeps its order");
        assert!(queue.is_empty() && queue.first().is_none());
    }
}
