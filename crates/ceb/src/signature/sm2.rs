//! Verification with SM2 keys (GB/T 32918.2), made fast for senders that recur.
//!
//! Verifying needs `s·G + t·P`. For the base point G, and for a key P that has proven itself
//! worth it, the multiples of every power of 2^w are kept in a table, so that the sum is a few
//! dozen additions and no doubling. Nothing here is secret, so time may depend on the values.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};

use sm2::dsa::signature::hazmat::PrehashVerifier;
use sm2::dsa::{Signature, VerifyingKey};
use sm2::elliptic_curve::ops::Reduce;
use sm2::elliptic_curve::point::DecompressPoint;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::elliptic_curve::subtle::Choice;
use sm2::elliptic_curve::{BatchNormalize, Group};
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, PublicKey, Scalar};
use sm3::{Digest, Sm3};

/// The user id everybody signs with unless agreed otherwise (GB/T 35276, GM/T 0009).
pub(crate) const DEFAULT_USER_ID: &str = "1234567812345678";

/// Coefficients a and b of the curve sm2p256v1 (GB/T 32918.5).
const CURVE_A: [u8; 32] =
    hex_32(b"fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc");
const CURVE_B: [u8; 32] =
    hex_32(b"28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93");

/// About 170 KB a key.
const KEY_WINDOW: usize = 7;
/// About 530 KB, once.
const BASE_WINDOW: usize = 9;
/// A table costs about as much as five plain verifications, and a verification with it a fifth of
/// a plain one; it is made at the third success.
const SUCCESSES_BEFORE_TABLE: u32 = 2;

static BASE_TABLE: LazyLock<Table<BASE_WINDOW>> =
    LazyLock::new(|| Table::new(ProjectivePoint::generator()));

/// An SM2 public key with the hash Z of the default user id.
#[derive(Debug)]
pub(crate) struct Sm2Key {
    key: VerifyingKey,
    identity: [u8; 32],
    successes: AtomicU32,
    table: OnceLock<Table<KEY_WINDOW>>,
}

impl Sm2Key {
    /// Reads an encoded point (SEC 1). `None` when it is not on the curve.
    pub(crate) fn from_point(bytes: &[u8]) -> Option<Sm2Key> {
        let public = PublicKey::from_sec1_bytes(bytes).ok()?;
        let key = VerifyingKey::new(DEFAULT_USER_ID, public).ok()?;
        Some(Sm2Key {
            identity: identity(DEFAULT_USER_ID, &public)?,
            key,
            successes: AtomicU32::new(0),
            table: OnceLock::new(),
        })
    }

    /// Whether `signature`, 64 bytes r‖s or a DER sequence, is this key's over `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let parsed = match signature.len() {
            Signature::BYTE_SIZE => Signature::from_slice(signature),
            _ => Signature::from_der(signature),
        };
        let Ok(parsed) = parsed else { return false };
        let digest = Sm3::new().chain_update(self.identity).chain_update(message).finalize();
        let quick = self.table.get().and_then(|table| verify_with_table(table, &digest, &parsed));
        if let Some(good) = quick {
            return good;
        }
        let good = self.key.verify_prehash(&digest, &parsed).is_ok();
        if good && self.successes.fetch_add(1, Ordering::Relaxed) >= SUCCESSES_BEFORE_TABLE {
            self.table.get_or_init(|| Table::new(ProjectivePoint::from(*self.key.as_affine())));
        }
        good
    }
}

/// Steps B4 to B7 of GB/T 32918.2 section 7; r and s are in range once parsed. `None` when this
/// way cannot tell, which for honest signatures does not happen.
///
/// The sum's x coordinate is not computed, for a division in the field costs as much as half of
/// all additions: the only x that would satisfy B7 is known, so the point that has it is.
fn verify_with_table(
    table: &Table<KEY_WINDOW>,
    digest: &[u8],
    signature: &Signature,
) -> Option<bool> {
    let digest = FieldBytes::try_from(digest).ok()?;
    let e = <Scalar as Reduce<FieldBytes>>::reduce(&digest);
    let (r, s) = (*signature.r(), *signature.s());
    let t = r + s;
    if bool::from(t.is_zero()) {
        return Some(false);
    }
    let sum = table.add_multiple(&t, BASE_TABLE.add_multiple(&s, ProjectivePoint::identity()));
    if bool::from(sum.is_identity()) {
        return Some(false);
    }
    let x = (r - e).to_bytes();
    // The field is larger than the group by less than 2^128: only for an x this small there are
    // two candidates.
    if x.iter().take(16).all(|byte| *byte == 0) {
        return None;
    }
    let point: Option<AffinePoint> = AffinePoint::decompress(&x, Choice::from(0)).into();
    let Some(point) = point else { return Some(false) };
    let point = ProjectivePoint::from(point);
    Some(sum == point || sum == -point)
}

/// Multiples 1 to 2^(W-1) of P·2^(W·i) for every i up to 257 bits, affine.
#[derive(Debug)]
struct Table<const W: usize>(Vec<AffinePoint>);

impl<const W: usize> Table<W> {
    const HALF: usize = 1 << (W - 1);
    /// Signed digits may carry into one bit more than the number has.
    const ROWS: usize = 257usize.div_ceil(W);

    fn new(point: ProjectivePoint) -> Table<W> {
        let mut points = Vec::with_capacity(Self::ROWS * Self::HALF);
        let mut base = point;
        for _ in 0..Self::ROWS {
            let mut multiple = base;
            for _ in 1..Self::HALF {
                points.push(multiple);
                multiple += base;
            }
            points.push(multiple);
            base = multiple.double();
        }
        let affine: Vec<AffinePoint> = ProjectivePoint::batch_normalize(points.as_slice());
        Table(affine)
    }

    /// `start + k·P`, one addition for each signed digit of `k` that is not zero.
    fn add_multiple(&self, k: &Scalar, start: ProjectivePoint) -> ProjectivePoint {
        let bytes: [u8; 32] = k.to_bytes().into();
        let mut sum = start;
        let mut carry = 0;
        for row in 0..Self::ROWS {
            let digit = bits(&bytes, row * W, W) + carry;
            carry = usize::from(digit > Self::HALF);
            let at = row * Self::HALF;
            if carry == 1 {
                let digit = (1 << W) - digit;
                if digit > 0 {
                    sum -= &self.0[at + digit - 1];
                }
            } else if digit > 0 {
                sum += &self.0[at + digit - 1];
            }
        }
        sum
    }
}

/// `count` bits of a big-endian number, from bit `from` counted from the lowest; beyond the top
/// all are zero.
fn bits(number: &[u8; 32], from: usize, count: usize) -> usize {
    let byte = |index: usize| number.len().checked_sub(index + 1).map_or(0, |at| number[at]);
    let pair = usize::from(byte(from / 8)) | usize::from(byte(from / 8 + 1)) << 8;
    (pair >> (from % 8)) & ((1 << count) - 1)
}

/// Z of GB/T 32918.2 section 5.5: user id, curve and key, hashed.
fn identity(user_id: &str, public: &PublicKey) -> Option<[u8; 32]> {
    let bits = u16::try_from(user_id.len() * 8).ok()?;
    let base = ProjectivePoint::generator().to_affine().to_sec1_point(false);
    let own = public.to_sec1_point(false);
    let hash = Sm3::new()
        .chain_update(bits.to_be_bytes())
        .chain_update(user_id)
        .chain_update(CURVE_A)
        .chain_update(CURVE_B)
        .chain_update(base.as_bytes().get(1..)?)
        .chain_update(own.as_bytes().get(1..)?)
        .finalize();
    Some(hash.into())
}

const fn hex_32(digits: &[u8; 64]) -> [u8; 32] {
    const fn digit(byte: u8) -> u8 {
        if byte.is_ascii_digit() { byte - b'0' } else { byte - b'a' + 10 }
    }
    let mut out = [0; 32];
    let mut at = 0;
    while at < 32 {
        out[at] = digit(digits[2 * at]) << 4 | digit(digits[2 * at + 1]);
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        let mut out = [0; N];
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
        }
        out
    }

    /// GB/T 32918.5 annex A.2: message, key, user id and signature of the standard.
    fn example() -> (Sm2Key, [u8; 64]) {
        let point: [u8; 65] = bytes(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
             ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
        );
        let signature = bytes(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
             b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
        );
        (Sm2Key::from_point(&point).unwrap(), signature)
    }

    #[test]
    fn the_example_of_the_standard_verifies_with_and_without_table() {
        let (key, signature) = example();
        let hash = identity(
            DEFAULT_USER_ID,
            &PublicKey::from_sec1_bytes(&key.key.to_sec1_bytes()).unwrap(),
        );
        let expected: [u8; 32] =
            bytes("b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
        assert_eq!(hash, Some(expected));
        for round in 0..6 {
            assert_eq!(key.table.get().is_some(), round > SUCCESSES_BEFORE_TABLE);
            assert!(key.verify(b"message digest", &signature), "round {round}");
            assert!(!key.verify(b"message digesT", &signature), "round {round}");
            let mut wrong = signature;
            wrong[round as usize] ^= 1;
            assert!(!key.verify(b"message digest", &wrong), "round {round}");
        }
        assert!(!key.verify(b"message digest", &[0; 64]));
        assert!(!key.verify(b"message digest", &signature[..63]));
    }

    #[test]
    fn failures_earn_no_table() {
        let (key, signature) = example();
        for _ in 0..6 {
            assert!(!key.verify(b"other", &signature));
        }
        assert!(key.table.get().is_none());
    }

    #[test]
    fn table_multiples_are_those_of_the_library() {
        let table: Table<KEY_WINDOW> = Table::new(ProjectivePoint::generator());
        let mut samples = vec![
            Scalar::ZERO,
            Scalar::ONE,
            -Scalar::ONE,
            Scalar::from(32u64),
            Scalar::from(33u64),
            Scalar::from(63u64),
            Scalar::from(128u64),
            Scalar::from(129u64),
            Scalar::from(255u64),
            Scalar::from(u64::MAX),
        ];
        for seed in 0..64u8 {
            let digest = Sm3::digest([seed]);
            samples.push(<Scalar as Reduce<FieldBytes>>::reduce(&digest));
        }
        for scalar in samples {
            let expected = ProjectivePoint::generator() * scalar;
            let start = ProjectivePoint::identity();
            assert_eq!(table.add_multiple(&scalar, start), expected);
            assert_eq!(BASE_TABLE.add_multiple(&scalar, start), expected);
        }
    }
}
