//! What stands for persons in the stand-in's memory: words that are equal when names, numbers or
//! addresses are, and that nobody can make without the master key (SipHash-2-4).

use db::Sealer;

/// Makes the words, under a key that follows from the master key.
pub(crate) struct Persons {
    key: (u64, u64),
}

impl Persons {
    pub(crate) fn new(sealer: &Sealer) -> Persons {
        let key = u128::from_be_bytes(sealer.keyed_hash("standin.person", "key"));
        Persons { key: ((key >> 64) as u64, key as u64) }
    }

    /// 32 bits for a text given in parts.
    pub(crate) fn word(&self, parts: &[&[u8]]) -> u32 {
        let mut sip = Sip::new(self.key);
        parts.iter().for_each(|part| sip.eat(part));
        sip.finish() as u32
    }

    /// 64 bits for the number of a buyer.
    pub(crate) fn buyer(&self, number: &str) -> u64 {
        let mut sip = Sip::new(self.key);
        sip.eat(b"buyer\n");
        sip.eat(number.as_bytes());
        sip.finish()
    }
}

/// SipHash-2-4 of bytes given in parts.
struct Sip {
    state: [u64; 4],
    waiting: u64,
    length: u64,
}

impl Sip {
    fn new((left, right): (u64, u64)) -> Sip {
        let state = [
            left ^ 0x736f_6d65_7073_6575,
            right ^ 0x646f_7261_6e64_6f6d,
            left ^ 0x6c79_6765_6e65_7261,
            right ^ 0x7465_6462_7974_6573,
        ];
        Sip { state, waiting: 0, length: 0 }
    }

    fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.waiting |= u64::from(*byte) << (8 * (self.length % 8));
            self.length += 1;
            if self.length.is_multiple_of(8) {
                let word = std::mem::take(&mut self.waiting);
                self.absorb(word);
            }
        }
    }

    fn absorb(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.round();
        self.state[0] ^= word;
    }

    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.state;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.state = [a, b, c, d];
    }

    fn finish(mut self) -> u64 {
        self.absorb(self.waiting | (self.length << 56));
        self.state[2] ^= 0xFF;
        for _ in 0..4 {
            self.round();
        }
        self.state.iter().fold(0, |all, word| all ^ word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_paper() {
        // Aumasson, Bernstein: SipHash, appendix A.
        let mut sip = Sip::new((0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908));
        let bytes: Vec<u8> = (0..15).collect();
        sip.eat(&bytes[..4]);
        sip.eat(&bytes[4..]);
        assert_eq!(sip.finish(), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn words_differ_by_text_and_by_key() {
        let (one, other) = (Persons { key: (1, 2) }, Persons { key: (1, 3) });
        assert_eq!(one.word(&[b"ab", b"c"]), one.word(&[b"abc"]));
        assert_ne!(one.word(&[b"abc"]), one.word(&[b"abd"]));
        assert_ne!(one.word(&[b"abc"]), other.word(&[b"abc"]));
    }
}
