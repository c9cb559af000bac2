//! The one source of chance of a story: what follows from a seed is the same for ever.

use std::ops::{Deref, DerefMut};

use kouan::demo::traffic;

/// The stream of a story: that of the demo, from a state of its own.
pub(super) struct Chance(traffic::Chance);

impl Deref for Chance {
    type Target = traffic::Chance;

    fn deref(&self) -> &traffic::Chance {
        &self.0
    }
}

impl DerefMut for Chance {
    fn deref_mut(&mut self) -> &mut traffic::Chance {
        &mut self.0
    }
}

impl Chance {
    pub(super) fn of(seed: u64) -> Chance {
        let state = seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x5EED;
        Chance(traffic::Chance::from_state(state))
    }

    /// A stream of its own, for a part of the world whose draws shall not shift all others.
    pub(super) fn fork(&mut self) -> Chance {
        Chance(traffic::Chance::from_state(self.draw()))
    }

    /// True `n` times in a hundred.
    pub(super) fn percent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A digest of what is fed to it (FNV-1a, 64 bits): the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest(u64);

impl Digest {
    pub(super) fn new() -> Digest {
        Digest(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn feed(&mut self, text: &str) {
        for byte in text.bytes().chain([0xFF]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
