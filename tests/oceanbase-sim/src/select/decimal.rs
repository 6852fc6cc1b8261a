//! Exact decimal numbers, wide enough for a few divisions and multiplications of an SCN.

use std::cmp::Ordering;
use std::fmt;

/// `units / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    units: i128,
    scale: u32,
}

/// 10^38 is the largest power of ten in an `i128`.
const MAX_SCALE: u32 = 30;

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl Decimal {
    pub(super) fn integer(value: i128) -> Self {
        Self {
            units: value,
            scale: 0,
        }
    }

    /// Parses a number without exponent: `-12`, `1.50`, `.5`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let scale = u32::try_from(fraction.len())
            .ok()
            .filter(|scale| *scale <= MAX_SCALE)?;
        let mut units: i128 = 0;
        for digit in whole.chars().chain(fraction.chars()) {
            units = units
                .checked_mul(10)?
                .checked_add(i128::from(digit.to_digit(10)?))?;
        }
        Some(Self {
            units: sign * units,
            scale,
        })
    }

    /// Returns the leading number of a text, or 0.
    pub(super) fn leading(text: &str) -> Self {
        let text = text.trim_start();
        let mut seen_point = false;
        let end = text
            .char_indices()
            .find(|(at, c)| match c {
                '0'..='9' => false,
                '+' | '-' => *at > 0,
                '.' => std::mem::replace(&mut seen_point, true),
                _ => true,
            })
            .map_or(text.len(), |(at, _)| at);
        Self::parse(&text[..end]).unwrap_or(Self::integer(0))
    }

    pub(super) fn is_zero(self) -> bool {
        self.units == 0
    }

    pub(super) fn negate(self) -> Self {
        Self {
            units: self.units.saturating_neg(),
            ..self
        }
    }

    /// Returns both numbers with the larger of their scales.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((
            self.units.checked_mul(power(scale - self.scale)?)?,
            other.units.checked_mul(power(scale - other.scale)?)?,
            scale,
        ))
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        Some(Self {
            units: left.checked_add(right)?,
            scale,
        })
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negate())
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let product = self.units.checked_mul(other.units);
        if let Some(units) = product.filter(|_| self.scale + other.scale <= MAX_SCALE) {
            return Some(Self {
                units,
                scale: self.scale + other.scale,
            });
        }
        // Too many digits: the last digits of the longer fraction are never shown.
        if self.scale == 0 && other.scale == 0 {
            return None;
        }
        if self.scale >= other.scale {
            self.truncate(self.scale - 1).times(other)
        } else {
            self.times(other.truncate(other.scale - 1))
        }
    }

    /// Returns the quotient with more digits than are shown: `2/3*3` is `2.0000`, not `2.0001`.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        if other.units == 0 {
            return None;
        }
        let wanted = ((self.scale + 4).div_ceil(9) * 9).min(MAX_SCALE);
        (self.scale..=wanted).rev().find_map(|scale| {
            let units = self
                .units
                .checked_mul(power(scale + other.scale - self.scale)?)?;
            Some(Self {
                units: units / other.units,
                scale,
            })
        })
    }

    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        Some(Self {
            units: left.checked_rem(right)?,
            scale,
        })
    }

    /// Drops digits beyond `scale` and fills missing digits with zeros.
    pub(super) fn truncate(self, scale: u32) -> Self {
        self.rescale(scale, |units, divisor| units / divisor)
    }

    /// Rounds half away from zero, or fills with zeros.
    pub(super) fn round(self, scale: u32) -> Self {
        self.rescale(scale, |units, divisor| {
            let half = divisor / 2 * units.signum();
            units.saturating_add(half) / divisor
        })
    }

    fn rescale(self, scale: u32, shorten: impl Fn(i128, i128) -> i128) -> Self {
        if scale < self.scale {
            let divisor = power(self.scale - scale).unwrap_or(i128::MAX);
            return Self {
                units: shorten(self.units, divisor),
                scale,
            };
        }
        let factor = power(scale - self.scale);
        match factor.and_then(|factor| self.units.checked_mul(factor)) {
            Some(units) => Self { units, scale },
            None => self,
        }
    }

    pub(super) fn whole(self) -> i128 {
        self.truncate(0).units
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match self.aligned(other) {
            Some((left, right, _)) => left.cmp(&right),
            None => self.whole().cmp(&other.whole()),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let width = self.scale as usize + 1;
        let digits = format!("{:0width$}", self.units.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_third_times_three_is_shown_as_a_whole() {
        let third = decimal("2").over(decimal("3")).unwrap();
        assert_eq!(
            third.times(decimal("3")).unwrap().round(4).to_string(),
            "2.0000"
        );
    }

    #[test]
    fn half_is_rounded_away_from_zero() {
        assert_eq!(
            ["2.5", "-2.5", "2.49"].map(|text| decimal(text).round(0).to_string()),
            ["3", "-3", "2"]
        );
    }

    #[test]
    fn an_scn_survives_division_to_the_nanosecond() {
        let scn = decimal("1706671052366131001")
            .over(decimal("1000"))
            .unwrap();
        assert_eq!(scn.round(4).to_string(), "1706671052366131.0010");
    }

    #[test]
    fn small_negative_numbers_keep_their_zeros() {
        assert_eq!(decimal("-0.05").to_string(), "-0.05");
    }

    #[test]
    fn a_number_too_long_is_no_number() {
        assert!(Decimal::parse(&"9".repeat(60)).is_none());
    }

    #[test]
    fn a_text_counts_as_the_number_it_starts_with() {
        assert_eq!(
            ["12abc", "-1.5.7", "x", ""].map(|text| Decimal::leading(text).to_string()),
            ["12", "-1.5", "0", "0"]
        );
    }
}
