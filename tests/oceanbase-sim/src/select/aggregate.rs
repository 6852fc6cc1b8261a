//! `COUNT`, `MIN`, `MAX` and `SUM` over the rows of a group.

use std::collections::HashSet;

use super::datum::Datum;
use super::decimal::Decimal;
use super::expression::{Node, Row};
use super::refusal;
use crate::value::SqlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Min,
    Max,
    Sum,
}

impl Kind {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "count" => Some(Self::Count),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            "sum" => Some(Self::Sum),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    pub(super) kind: Kind,
    /// `None` for `COUNT(*)`.
    pub(super) argument: Option<Node>,
    pub(super) distinct: bool,
}

impl Aggregate {
    pub(super) fn over(&self, rows: &[Row]) -> Result<Datum, SqlError> {
        let Some(argument) = &self.argument else {
            return Ok(count(rows.len()));
        };
        let mut seen = HashSet::new();
        let mut values = Vec::new();
        for row in rows {
            let datum = argument.eval(*row)?;
            let fresh = !self.distinct || seen.insert(datum.key(argument.ty, row.zones));
            if fresh && !datum.is_null() {
                values.push(datum);
            }
        }
        let Some(zones) = rows.first().map(|row| row.zones) else {
            return Ok(if self.kind == Kind::Count {
                count(0)
            } else {
                Datum::Null
            });
        };
        Ok(match self.kind {
            Kind::Count => count(values.len()),
            Kind::Min => or_null(values.into_iter().min_by(|a, b| a.order(b, zones))),
            Kind::Max => or_null(values.into_iter().max_by(|a, b| a.order(b, zones))),
            Kind::Sum => sum(&values)?,
        })
    }
}

fn count(rows: usize) -> Datum {
    Datum::Int(i128::try_from(rows).unwrap_or(i128::MAX))
}

fn or_null(value: Option<Datum>) -> Datum {
    value.unwrap_or(Datum::Null)
}

/// Returns the sum, which is `NULL` for no rows.
fn sum(values: &[Datum]) -> Result<Datum, SqlError> {
    if values.is_empty() {
        return Ok(Datum::Null);
    }
    values
        .iter()
        .filter_map(Datum::number)
        .try_fold(Decimal::integer(0), Decimal::plus)
        .map(Datum::Decimal)
        .ok_or_else(|| refusal::out_of_range("DECIMAL", "sum"))
}
