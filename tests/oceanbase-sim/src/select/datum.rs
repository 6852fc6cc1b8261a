//! Values inside a query, their text and their order.

use std::cmp::Ordering;

use super::decimal::Decimal;
use super::moment::{self, Zones};
use crate::value::{ColumnType, Value};

#[derive(Clone, Debug)]
pub(super) enum Datum {
    Null,
    Int(i128),
    Decimal(Decimal),
    Text(String),
    /// Microseconds since the epoch.
    Timestamp(i64),
    /// A wall clock without its zone, and the digits of its second.
    DateTime {
        clock: i64,
        digits: u8,
    },
}

impl Datum {
    /// Converts a value; a stored `datetime` becomes the server's wall clock.
    pub(super) fn from_value(value: &Value, zones: Zones) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(*number),
            Value::Decimal(text) => {
                Decimal::parse(text).map_or_else(|| Self::Text(text.clone()), Self::Decimal)
            }
            Value::Text(text) => Self::Text(text.clone()),
            Value::Timestamp(micros) => Self::Timestamp(*micros),
            Value::DateTime(micros) => match moment::wall_clock(zones.server, *micros) {
                Some(clock) => Self::DateTime { clock, digits: 6 },
                None => Self::Null,
            },
        }
    }

    pub(super) fn bool(value: bool) -> Self {
        Self::Int(value.into())
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether a condition holds; `None` for `NULL`.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => None,
            Self::Timestamp(_) | Self::DateTime { .. } => Some(true),
            number => number.number().map(|number| !number.is_zero()),
        }
    }

    /// Returns the value as a number: text counts as its leading number, times have none.
    pub(super) fn number(&self) -> Option<Decimal> {
        match self {
            Self::Int(number) => Some(Decimal::integer(*number)),
            Self::Decimal(number) => Some(*number),
            Self::Text(text) => Some(Decimal::leading(text)),
            Self::Null | Self::Timestamp(_) | Self::DateTime { .. } => None,
        }
    }

    /// Returns the value as a wall clock of the session.
    pub(super) fn clock(&self, zones: Zones) -> Option<i64> {
        match self {
            Self::Timestamp(micros) => moment::wall_clock(zones.session, *micros),
            Self::DateTime { clock, .. } => Some(*clock),
            Self::Text(text) => moment::parse(text),
            Self::Null | Self::Int(_) | Self::Decimal(_) => None,
        }
    }

    /// Returns the text that the text protocol sends for a value of this type.
    pub(super) fn text(&self, ty: ColumnType, zones: Zones) -> Option<String> {
        match (self, ty) {
            (Self::Null, _) => None,
            (Self::Int(number), ColumnType::Decimal(_, scale)) => {
                Some(Decimal::integer(*number).round(scale.into()).to_string())
            }
            (Self::Int(number), _) => Some(number.to_string()),
            (Self::Decimal(number), ColumnType::Decimal(_, scale)) => {
                Some(number.round(scale.into()).to_string())
            }
            (Self::Decimal(number), _) => Some(number.to_string()),
            (Self::Text(text), _) => Some(text.clone()),
            (Self::Timestamp(_), _) => moment::format(self.clock(zones)?, 6),
            (Self::DateTime { clock, digits }, _) => moment::format(*clock, (*digits).into()),
        }
    }

    /// Converts the value to another type, for branches of different types.
    pub(super) fn convert(self, from: ColumnType, to: ColumnType, zones: Zones) -> Self {
        match to {
            ColumnType::Varchar(_) | ColumnType::LongText => {
                self.text(from, zones).map_or(Self::Null, Self::Text)
            }
            ColumnType::Decimal(_, scale) => match self.number() {
                Some(number) => Self::Decimal(number.round(scale.into())),
                None => self,
            },
            ColumnType::DateTime => match (&self, self.clock(zones)) {
                (Self::Timestamp(_), Some(clock)) => Self::DateTime { clock, digits: 6 },
                _ => self,
            },
            ColumnType::BigInt | ColumnType::BigIntUnsigned | ColumnType::Timestamp => self,
        }
    }

    /// Compares two values; `None` if one is `NULL`.
    pub(super) fn compare(&self, other: &Self, zones: Zones) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::Text(left), Self::Text(right)) => Some(folded(left).cmp(&folded(right))),
            (Self::Timestamp(left), Self::Timestamp(right)) => Some(left.cmp(right)),
            (Self::Timestamp(_) | Self::DateTime { .. }, _)
            | (_, Self::Timestamp(_) | Self::DateTime { .. }) => {
                // Text that is not a time counts as the zero date, before all others.
                let clock = |datum: &Self| datum.clock(zones).unwrap_or(i64::MIN);
                Some(clock(self).cmp(&clock(other)))
            }
            _ => Some(self.number()?.compare(other.number()?)),
        }
    }

    /// Compares for `ORDER BY`: `NULL` first.
    pub(super) fn order(&self, other: &Self, zones: Zones) -> Ordering {
        self.compare(other, zones)
            .unwrap_or_else(|| other.is_null().cmp(&self.is_null()))
    }

    /// Returns the same key for equal values of one type, for `GROUP BY` and `DISTINCT`.
    pub(super) fn key(&self, ty: ColumnType, zones: Zones) -> Option<String> {
        self.text(ty, zones).map(|text| folded(&text))
    }
}

/// Folds a text as `utf8mb4_general_ci` does: case and trailing spaces do not count.
fn folded(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
}

/// Matches `LIKE`: `%` any text, `_` any character, in any case. Trailing spaces do count.
pub(super) fn matches_pattern(text: &str, pattern: &str, escape: char) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut parts = Vec::new();
    let lowered = pattern.to_lowercase();
    let mut characters = lowered.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            _ if character == escape => Part::One(characters.next().unwrap_or(character)),
            '%' => Part::Any,
            '_' => Part::Some,
            _ => Part::One(character),
        });
    }
    // reached[n]: the parts so far can have consumed n characters.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for part in parts {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match part {
                Part::Any => reached[at] || (at > 0 && next[at - 1]),
                Part::Some => at > 0 && reached[at - 1],
                Part::One(wanted) => at > 0 && reached[at - 1] && text[at - 1] == wanted,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[derive(Clone, Copy)]
enum Part {
    Any,
    Some,
    One(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_any_case() {
        assert!(matches_pattern("ROOT@%", "root%", '\\'));
    }

    #[test]
    fn an_escaped_wildcard_is_itself() {
        assert!(!matches_pattern("axb", "a\\_b", '\\'));
    }

    #[test]
    fn many_wildcards_do_not_take_for_ever() {
        assert!(!matches_pattern(
            &"a".repeat(2000),
            &"%a".repeat(500).replace("%a", "%ab"),
            '\\'
        ));
    }

    #[test]
    fn texts_differ_neither_by_case_nor_by_spaces_at_the_end() {
        assert_eq!(folded("Doing  "), folded("DOING"));
    }
}
