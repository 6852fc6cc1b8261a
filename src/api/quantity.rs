//! Quantities as Kubernetes writes them: sizes and numbers of CPUs.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Quantity: an integer, or a number with an optional suffix such as `8Gi`, `2.5` or `500m`
/// (`resource.Quantity` of Kubernetes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Quantity {
    /// Number without a suffix, written as an integer.
    Integer(i64),
    /// Number as text.
    Text(String),
}

impl Quantity {
    /// Returns the quantity in whole units such as bytes, rounded up; `None` if it is invalid, not
    /// positive or larger than an `i64`.
    #[must_use]
    pub fn value(&self) -> Option<i64> {
        self.scaled(1)
    }

    /// Returns the quantity in thousandths, rounded up; `None` under the same conditions.
    #[must_use]
    pub fn milli_value(&self) -> Option<i64> {
        self.scaled(1000)
    }

    fn scaled(&self, factor: i128) -> Option<i64> {
        let (numerator, denominator) = match self {
            Self::Integer(number) => (i128::from(*number), 1),
            Self::Text(text) => fraction(text)?,
        };
        let scaled = numerator.checked_mul(factor)?;
        let rounded = scaled.checked_add(denominator - 1)? / denominator;
        i64::try_from(rounded).ok().filter(|value| *value > 0)
    }
}

/// Parses a number that is not negative into numerator and denominator.
fn fraction(text: &str) -> Option<(i128, i128)> {
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, suffix) = text.split_at(text.find(|c| !is_of_number(c)).unwrap_or(text.len()));
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || decimals.contains('.') {
        return None;
    }
    let digits: i128 = format!("{whole}{decimals}").parse().ok()?;
    let divisor = 10_i128.checked_pow(u32::try_from(decimals.len()).ok()?)?;
    let (multiplier, further) = suffix_factors(suffix)?;
    Some((
        digits.checked_mul(multiplier)?,
        divisor.checked_mul(further)?,
    ))
}

/// Returns the multiplier and the divisor of a suffix.
fn suffix_factors(suffix: &str) -> Option<(i128, i128)> {
    let decimal = |power| (1000_i128.pow(power), 1);
    let binary = |power| (1024_i128.pow(power), 1);
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "k" => decimal(1),
        "M" => decimal(2),
        "G" => decimal(3),
        "T" => decimal(4),
        "P" => decimal(5),
        "E" => decimal(6),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let factor = 10_i128.checked_pow(power.unsigned_abs().min(39))?;
            if power < 0 { (1, factor) } else { (factor, 1) }
        }
    })
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<&str> for Quantity {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "maxLength": 32,
            "pattern": r"^[0-9]+([.][0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][+\-]?[0-9]{1,2})?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_read_as_kubernetes_reads_it() {
        for (text, value) in [
            ("1", Some(1)),
            ("2k", Some(2000)),
            ("2Ki", Some(2048)),
            ("10Ti", Some(10 << 40)),
            ("1.5Ti", Some(3 << 39)),
            ("500G", Some(500_000_000_000)),
            ("10e12", Some(10_000_000_000_000)),
            ("1E", Some(1_000_000_000_000_000_000)),
            ("1E3", Some(1000)),
            ("2500m", Some(3)),
            ("1e-3", Some(1)),
            ("999999999999Ei", None),
            ("0", None),
            ("-1", None),
            ("1.2.3", None),
            (".5", None),
            ("Ti", None),
            ("1 Gi", None),
            ("1e99", None),
            ("", None),
        ] {
            assert_eq!(Quantity::from(text).value(), value, "{text}");
        }
        assert_eq!(Quantity::Integer(1 << 40).value(), Some(1 << 40));
        assert_eq!(Quantity::Integer(0).value(), None);
        assert_eq!(Quantity::Integer(-5).value(), None);
    }

    #[test]
    fn cpus_are_counted_in_thousandths() {
        for (quantity, thousandths) in [
            (Quantity::Integer(4), Some(4000)),
            ("2.5".into(), Some(2500)),
            ("1500m".into(), Some(1500)),
            ("0.0001".into(), Some(1)),
            ("1u".into(), Some(1)),
            ("0".into(), None),
        ] {
            assert_eq!(quantity.milli_value(), thousandths, "{quantity}");
        }
    }

    #[test]
    fn a_number_stays_a_number_and_a_text_a_text() {
        for json in ["4", "\"4\"", "\"8Gi\""] {
            let quantity: Quantity = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&quantity).unwrap(), json);
        }
    }
}
