//! Seeded chance. SplitMix64 written out, so that a seed gives the same day in every release.

/// A stream of numbers that follows from its seed.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream that goes on from a state.
    pub const fn from_state(state: u64) -> Chance {
        Chance(state)
    }

    /// The stream of one thing: of the day, of one parcel, of one message.
    pub fn of(seed: u64, subject: u64, number: u64) -> Chance {
        let mut chance = Chance(seed ^ subject.rotate_left(32));
        let base = chance.draw();
        Chance(base ^ number.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        usize::try_from(self.draw() % bound).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// True `n` times in a thousand.
    pub fn per_mille(&mut self, n: usize) -> bool {
        self.below(1000) < n
    }

    /// One of several; `None` when there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Brings things into a random order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }

    /// An upper-case GUID.
    pub fn guid(&mut self) -> String {
        let (a, b) = (self.draw(), self.draw());
        let hex = format!("{a:016X}{b:016X}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!(
            "{}-{}-4{}-A{}-{}",
            part(0, 8),
            part(8, 12),
            part(13, 16),
            part(17, 20),
            part(20, 32)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        let mut one = Chance::of(7, 1, 2);
        let mut two = Chance::of(7, 1, 2);
        assert_eq!((one.draw(), one.guid()), (two.draw(), two.guid()));
        assert_ne!(Chance::of(7, 1, 2).draw(), Chance::of(7, 1, 3).draw());
        assert_ne!(Chance::of(7, 1, 2).draw(), Chance::of(8, 1, 2).draw());
        assert_eq!(one.guid().len(), 36);
    }
}
