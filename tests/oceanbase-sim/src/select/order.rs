//! `ORDER BY`: sort keys and the order of rows.

use std::cmp::Ordering;

use sqlparser::ast::{Expr, OrderBy, OrderByExpr, OrderByKind, Value as Literal};

use super::binder::{Alias, Field};
use super::datum::Datum;
use super::expression::{Node, Row};
use super::moment::Zones;
use super::refusal;
use crate::value::SqlError;

pub(super) fn expressions(order: Option<&OrderBy>) -> Result<&[OrderByExpr], SqlError> {
    match order.map(|order| &order.kind) {
        None => Ok(&[]),
        Some(OrderByKind::Expressions(list)) => Ok(list),
        Some(OrderByKind::All(_)) => Err(refusal::unsupported("ORDER BY ALL")),
    }
}

/// Returns a literal number, as in `LIMIT`, `ORDER BY 1` and `GROUP BY 1`.
pub(super) fn ordinal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::Number(text, _) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// A sort key and whether it descends.
pub(super) type SortKey = (Node, bool);

pub(super) fn descends(order: &OrderByExpr) -> bool {
    order.options.asc == Some(false)
}

/// Returns the n-th item of the select list, counted from 1.
pub(super) fn listed(items: &[Alias], number: usize, clause: &str) -> Result<Node, SqlError> {
    number
        .checked_sub(1)
        .and_then(|index| items.get(index))
        .map(|(_, node)| node.clone())
        .ok_or_else(|| refusal::unknown_column(&number.to_string(), clause))
}

pub(super) fn values(keys: &[SortKey], row: Row) -> Result<Vec<Datum>, SqlError> {
    keys.iter().map(|(node, _)| node.eval(row)).collect()
}

pub(super) fn sorted(
    mut rows: Vec<(Vec<Datum>, Vec<Datum>)>,
    keys: &[SortKey],
    zones: Zones,
) -> Vec<Vec<Datum>> {
    rows.sort_by(|(_, left), (_, right)| {
        left.iter()
            .zip(right)
            .zip(keys)
            .map(|((left, right), (_, descends))| {
                let ordering = left.order(right, zones);
                if *descends {
                    ordering.reverse()
                } else {
                    ordering
                }
            })
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    rows.into_iter().map(|(row, _)| row).collect()
}

/// Returns the same key for equal rows, for `DISTINCT` and `UNION`.
pub(super) fn row_key(row: &[Datum], fields: &[Field], zones: Zones) -> Vec<Option<String>> {
    row.iter()
        .zip(fields)
        .map(|(datum, field)| datum.key(field.ty, zones))
        .collect()
}
