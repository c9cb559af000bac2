//! Spreading freight and insurance over the lines of an order.

use kernel::Decimal;

/// Amounts are spread in fen, or finer when the amount itself is finer.
const FEN_SCALE: u32 = 2;

/// Spreads `amount` over lines in proportion to their weights by largest remainder: every line
/// gets its share rounded down, and what is left goes, one unit each, to the lines that lost most,
/// the first of equals first. The shares sum to the amount exactly.
///
/// `None` when a number is negative or too large, or all weights are zero.
pub(crate) fn by_largest_remainder(amount: Decimal, weights: &[Decimal]) -> Option<Vec<Decimal>> {
    let amount = amount.normalize();
    let scale = amount.scale().max(FEN_SCALE);
    let units = scaled(amount, scale)?;
    let finest = weights.iter().map(|weight| weight.normalize().scale()).max()?;
    let weights: Vec<i128> =
        weights.iter().map(|weight| scaled(*weight, finest)).collect::<Option<_>>()?;
    let total = weights.iter().try_fold(0i128, |sum, weight| sum.checked_add(*weight))?;
    if total == 0 {
        return None;
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut lost = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let exact = units.checked_mul(*weight)?;
        shares.push(exact / total);
        lost.push((exact % total, index));
    }
    let left = units - shares.iter().sum::<i128>();
    lost.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in lost.into_iter().take(usize::try_from(left).ok()?) {
        shares[index] += 1;
    }
    shares.into_iter().map(|share| Decimal::try_from_i128_with_scale(share, scale).ok()).collect()
}

/// The number in units of 10^-scale; `None` when negative, finer than that, or too large.
fn scaled(number: Decimal, scale: u32) -> Option<i128> {
    let number = number.normalize();
    let more = scale.checked_sub(number.scale())?;
    let units = number.mantissa().checked_mul(10i128.checked_pow(more)?)?;
    (units >= 0).then_some(units)
}
