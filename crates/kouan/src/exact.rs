//! Measured numbers as decimals, without binary fractions.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A measured number in decimal digits; a number in JSON, never rounded through binary fractions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact(String);

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        let raw: Box<RawValue> = Box::deserialize(deserializer)?;
        Ok(Exact(raw.get().to_owned()))
    }
}

impl Exact {
    /// In thousandths, what is smaller cut off; 0 of what is no decimal.
    pub fn thousandths(&self) -> u64 {
        let (whole, fraction) = self.0.split_once('.').unwrap_or((&self.0, ""));
        let fraction = format!("{fraction:0<3}");
        let digits = [whole, fraction.get(..3).unwrap_or_default()].concat();
        digits.parse().unwrap_or_default()
    }
}

/// The value that so many of a hundred are not above; 0 of nothing.
pub(crate) fn percentile(sorted: &[u64], hundredths: usize) -> u64 {
    let place = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// A whole number.
pub(crate) fn whole(number: u64) -> Exact {
    Exact(number.to_string())
}

/// Thousandths as a decimal with three places.
pub(crate) fn millis(thousandths: u64) -> Exact {
    Exact(format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000))
}

/// So many in so much time, as a rate a second with one place.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> Exact {
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    tenths(count.saturating_mul(10_000) / ms)
}

/// Tenths as a decimal with one place.
pub(crate) fn tenths(tenths: u64) -> Exact {
    Exact(format!("{}.{}", tenths / 10, tenths % 10))
}

/// `of / by` with two places; 0 when `by` is 0.
pub(crate) fn ratio(of: u128, by: u128) -> Exact {
    let hundredths = of.saturating_mul(100).checked_div(by).unwrap_or_default();
    Exact(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<u64> = (1..=200).collect();
        assert_eq!((percentile(&sorted, 50), percentile(&sorted, 99)), (100, 198));
        assert_eq!(percentile(&[7], 99), 7);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn measured_numbers_are_exact_decimals() {
        assert_eq!(serde_json::to_string(&millis(1_234)).unwrap(), "1.234");
        assert_eq!(per_second(20_000, Duration::from_millis(4_000)).to_string(), "5000.0");
        assert_eq!(
            (ratio(7, 2).to_string(), ratio(1, 0).to_string()),
            ("3.50".into(), "0.00".into())
        );
    }
}
