//! Exact quantities of goods and weights: hundred-thousandths of a unit, as the message family
//! writes them (five decimals).

use std::fmt;

use kernel::{Decimal, Finding, Text};

/// Decimals a quantity may have in the message family.
const SCALE: u32 = 5;

/// How much of a record, in hundred-thousandths of its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity(0);

    /// From the stored hundred-thousandths.
    pub const fn from_i64(parts: i64) -> Quantity {
        Quantity(parts)
    }

    /// As stored: hundred-thousandths.
    pub const fn to_i64(self) -> i64 {
        self.0
    }

    /// The quantity, when it has at most five decimals and is not beyond all counting.
    pub fn of(decimal: Decimal) -> Option<Quantity> {
        let decimal = decimal.normalize();
        let missing = SCALE.checked_sub(decimal.scale())?;
        let parts = decimal.mantissa().checked_mul(10_i128.checked_pow(missing)?)?;
        i64::try_from(parts).ok().map(Quantity)
    }

    /// As a decimal number without trailing zeros.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, SCALE).normalize()
    }

    /// The sum, unless it is beyond all counting.
    pub fn checked_add(self, other: Quantity) -> Option<Quantity> {
        self.0.checked_add(other.0).map(Quantity)
    }

    /// The difference; may be negative.
    pub fn minus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_sub(other.0))
    }

    /// The sum; stays at the greatest there is.
    pub fn plus(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }

    /// Less than nothing for more than nothing, and the other way round.
    pub(crate) fn negated(self) -> Quantity {
        Quantity(self.0.saturating_neg())
    }

    /// Whether it is more than nothing.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }
}

/// Plain decimal, no trailing zeros.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_decimal(), f)
    }
}

/// As text: JSON numbers are not exact everywhere.
impl serde::Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What stands between words and a quantity: `positive` asks for more than nothing, otherwise
/// nothing will do.
pub(crate) fn read(path: &str, text: &str, positive: bool) -> Result<Quantity, Finding> {
    let read = text.trim().parse::<Decimal>().ok().and_then(Quantity::of);
    read.filter(|q| if positive { q.is_positive() } else { q.0 >= 0 })
        .ok_or_else(|| fault(positive).at(path).found(text, expected(positive)))
}

/// A quantity that came as a number.
pub(crate) fn checked(path: &str, number: Decimal) -> Result<Quantity, Finding> {
    Quantity::of(number)
        .filter(|quantity| quantity.is_positive())
        .ok_or_else(|| fault(true).at(path).found(number.to_string(), expected(true)))
}

fn expected(positive: bool) -> &'static str {
    if positive { "> 0, at most 5 decimals" } else { ">= 0, at most 5 decimals" }
}

fn fault(positive: bool) -> Finding {
    let (zh, en) = if positive {
        ("数量须大于零", "the quantity must be more than nothing")
    } else {
        ("数量不能为负", "the quantity must not be negative")
    };
    let remedy = Text::new("填写数量，小数不超过五位", "give a quantity of at most five decimals");
    Finding::error("bonded.quantity", Text::new(zh, en), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact_to_five_decimals() {
        for (text, parts, shown) in
            [("1", 100_000, "1"), ("0.00001", 1, "0.00001"), ("12.500", 1_250_000, "12.5")]
        {
            let quantity = read("q", text, true).unwrap();
            assert_eq!((quantity.to_i64(), quantity.to_string().as_str()), (parts, shown));
        }
        for wrong in ["0", "-1", "0.000001", "many", "", "99999999999999999999"] {
            assert_eq!(read("q", wrong, true).unwrap_err().code, "bonded.quantity", "{wrong}");
        }
        assert_eq!(read("q", "0", false), Ok(Quantity::ZERO));
    }
}
