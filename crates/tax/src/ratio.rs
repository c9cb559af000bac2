//! Exact fractions, for taxes that are quotients and must be rounded only once.

use kernel::{Decimal, Fen, Round};

/// A fraction that is never negative, in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ratio {
    over: i128,
    under: i128,
}

impl Ratio {
    pub(crate) const ZERO: Ratio = Ratio { over: 0, under: 1 };
    pub(crate) const ONE: Ratio = Ratio { over: 1, under: 1 };

    /// `None` when negative.
    pub(crate) fn of(decimal: Decimal) -> Option<Ratio> {
        if decimal.is_sign_negative() && !decimal.is_zero() {
            return None;
        }
        let decimal = decimal.normalize();
        Ratio::new(decimal.mantissa(), 10i128.checked_pow(decimal.scale())?)
    }

    pub(crate) fn add(self, other: Ratio) -> Option<Ratio> {
        let over = self.over.checked_mul(other.under)?;
        let over = over.checked_add(other.over.checked_mul(self.under)?)?;
        Ratio::new(over, self.under.checked_mul(other.under)?)
    }

    /// `None` when the result would be negative.
    pub(crate) fn sub(self, other: Ratio) -> Option<Ratio> {
        let over = self.over.checked_mul(other.under)?;
        let over = over.checked_sub(other.over.checked_mul(self.under)?)?;
        if over < 0 { None } else { Ratio::new(over, self.under.checked_mul(other.under)?) }
    }

    pub(crate) fn mul(self, other: Ratio) -> Option<Ratio> {
        // Reducing crosswise first keeps the numbers small.
        let left = Ratio::new(self.over, other.under)?;
        let right = Ratio::new(other.over, self.under)?;
        Ratio::new(left.over.checked_mul(right.over)?, left.under.checked_mul(right.under)?)
    }

    /// `None` when dividing by zero.
    pub(crate) fn div(self, other: Ratio) -> Option<Ratio> {
        if other.over == 0 {
            return None;
        }
        self.mul(Ratio { over: other.under, under: other.over })
    }

    /// Whether this is at least that.
    pub(crate) fn reaches(self, other: Ratio) -> Option<bool> {
        Some(self.over.checked_mul(other.under)? >= other.over.checked_mul(self.under)?)
    }

    /// This many yuan in whole fen.
    pub(crate) fn to_fen(self, round: Round) -> Option<Fen> {
        let hundred = self.over.checked_mul(100)?;
        let (whole, rest) = (hundred / self.under, hundred % self.under);
        let up = round == Round::HalfUp && rest >= self.under - rest;
        i64::try_from(whole.checked_add(i128::from(up))?).ok().map(Fen)
    }

    /// To so many decimals, what is finer dropped; for showing only.
    pub(crate) fn to_decimal(self, decimals: u32) -> Option<Decimal> {
        let units = self.over.checked_mul(10i128.checked_pow(decimals)?)? / self.under;
        Some(Decimal::try_from_i128_with_scale(units, decimals).ok()?.normalize())
    }

    fn new(over: i128, under: i128) -> Option<Ratio> {
        if under <= 0 {
            return None;
        }
        let divisor = gcd(over, under);
        Some(Ratio { over: over / divisor, under: under / divisor })
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::of(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn halves_go_up_and_thirds_do_not() {
        let fen = |ratio: Ratio| ratio.to_fen(Round::HalfUp).unwrap();
        assert_eq!(fen(ratio("25.385")), Fen(2539));
        assert_eq!(fen(ratio("25.3849999")), Fen(2538));
        assert_eq!(fen(ratio("1").div(ratio("3")).unwrap()), Fen(33));
        assert_eq!(fen(ratio("2").div(ratio("3")).unwrap()), Fen(67));
        assert_eq!(ratio("25.389").to_fen(Round::Down), Some(Fen(2538)));
        // 0.85 into 0.00425 is half a fen exactly, which decimals of any length miss.
        assert_eq!(fen(ratio("0.00425").div(ratio("0.85")).unwrap()), Fen(1));
    }

    #[test]
    fn what_cannot_be_is_none() {
        assert_eq!(Ratio::of("-1".parse().unwrap()), None);
        assert_eq!(ratio("1").sub(ratio("1.01")), None);
        assert_eq!(ratio("1").div(Ratio::ZERO), None);
        let huge = Ratio::of(Decimal::MAX).unwrap();
        assert_eq!(huge.mul(huge), None);
        assert_eq!(huge.to_fen(Round::HalfUp), None);
    }
}
