//! Exact money. Decimals while computing, whole fen once settled.

use std::iter::Sum;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// A settled amount of Chinese yuan in fen (1/100 yuan).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// How a computed amount becomes whole fen. The rule that applies is data, see `rules/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// Half away from zero (四舍五入), the customary rule for taxes.
    HalfUp,
    /// Towards zero.
    Down,
}

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// Rounds a yuan amount. `None` when it does not fit (above about 92 quadrillion yuan).
    pub fn from_yuan(yuan: Decimal, round: Round) -> Option<Fen> {
        let strategy = match round {
            Round::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Round::Down => RoundingStrategy::ToZero,
        };
        let fen = yuan.checked_mul(Decimal::ONE_HUNDRED)?.round_dp_with_strategy(0, strategy);
        i64::try_from(fen).ok().map(Fen)
    }

    /// The amount in yuan with two decimals.
    pub fn to_yuan(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// Sum, `None` on overflow.
    pub fn checked_add(self, other: Fen) -> Option<Fen> {
        self.0.checked_add(other.0).map(Fen)
    }

    /// Difference, `None` on overflow.
    pub fn checked_sub(self, other: Fen) -> Option<Fen> {
        self.0.checked_sub(other.0).map(Fen)
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        Fen(amounts.map(|fen| fen.0).sum())
    }
}

impl std::fmt::Display for Fen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.to_yuan(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_fen_goes_up() {
        let yuan: Decimal = "25.385".parse().unwrap_or_default();
        assert_eq!(Fen::from_yuan(yuan, Round::HalfUp), Some(Fen(2539)));
        assert_eq!(Fen::from_yuan(yuan, Round::Down), Some(Fen(2538)));
        assert_eq!(Fen(2539).to_string(), "25.39");
    }

    #[test]
    fn too_large_an_amount_is_refused() {
        assert_eq!(Fen::from_yuan(Decimal::MAX, Round::HalfUp), None);
    }
}
