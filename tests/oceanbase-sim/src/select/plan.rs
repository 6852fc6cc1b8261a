//! A query as a whole: `UNION`, the order of its result and `LIMIT`.

use std::collections::HashSet;

use sqlparser::ast::{Expr, LimitClause, OrderByExpr, Query, SetExpr, SetOperator, SetQuantifier};

use super::Catalog;
use super::binder::{Alias, Binder, Field, merge};
use super::expression::{Form, Node, Row};
use super::moment::Zones;
use super::order::{self, SortKey};
use super::refusal;
use super::selection::Selection;
use super::source::Relation;
use crate::value::SqlError;

/// Runs a query. `headings` are the texts of its select list, for columns without a name.
pub(super) fn run(
    query: &Query,
    headings: &[String],
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<Relation, SqlError> {
    let plain = query.with.is_none()
        && query.fetch.is_none()
        && query.for_clause.is_none()
        && query.pipe_operators.is_empty();
    if !plain {
        return Err(refusal::unsupported("this clause"));
    }
    let sorting = order::expressions(query.order_by.as_ref())?;
    let mut relation = match query.body.as_ref() {
        SetExpr::Select(select) => Selection {
            select,
            headings,
            catalog,
            zones,
        }
        .run(sorting)?,
        other => {
            let mut relation = set(other, headings, catalog, zones)?;
            sort_relation(&mut relation, sorting, catalog, zones)?;
            relation
        }
    };
    if let Some(limit) = &query.limit_clause {
        let (offset, count) = limits(limit)?;
        relation.rows = relation.rows.into_iter().skip(offset).take(count).collect();
    }
    Ok(relation)
}

/// Returns `(offset, count)`.
fn limits(clause: &LimitClause) -> Result<(usize, usize), SqlError> {
    let number = |expr: &Expr| {
        order::ordinal(expr).ok_or_else(|| refusal::unsupported("LIMIT that is not a number"))
    };
    match clause {
        LimitClause::OffsetCommaLimit { offset, limit } => Ok((number(offset)?, number(limit)?)),
        LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        } if limit_by.is_empty() => Ok((
            offset
                .as_ref()
                .map_or(Ok(0), |offset| number(&offset.value))?,
            limit.as_ref().map_or(Ok(usize::MAX), number)?,
        )),
        LimitClause::LimitOffset { .. } => Err(refusal::unsupported("LIMIT BY")),
    }
}

fn set(
    body: &SetExpr,
    headings: &[String],
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<Relation, SqlError> {
    match body {
        SetExpr::Select(select) => Selection {
            select,
            headings,
            catalog,
            zones,
        }
        .run(&[]),
        SetExpr::Query(query) => run(query, headings, catalog, zones),
        SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier,
            left,
            right,
        } => {
            let left = set(left, headings, catalog, zones)?;
            let right = set(right, &[], catalog, zones)?;
            let mut both = union(left, right, zones)?;
            match set_quantifier {
                SetQuantifier::All => {}
                SetQuantifier::None | SetQuantifier::Distinct => {
                    let mut seen = HashSet::new();
                    let fields = &both.fields;
                    both.rows
                        .retain(|row| seen.insert(order::row_key(row, fields, zones)));
                }
                other => return Err(refusal::unsupported(&format!("UNION {other}"))),
            }
            Ok(both)
        }
        other => Err(refusal::unsupported(&format!("query {other}"))),
    }
}

/// Returns the left rows, then the right ones, in types that can hold both.
fn union(left: Relation, right: Relation, zones: Zones) -> Result<Relation, SqlError> {
    if left.fields.len() != right.fields.len() {
        return Err(refusal::different_column_counts());
    }
    let as_node = |field: &Field| Node {
        ty: field.ty,
        form: Form::Column(0),
    };
    let fields: Vec<Field> = left
        .fields
        .iter()
        .zip(&right.fields)
        .map(|(a, b)| Field {
            ty: merge(&[as_node(a), as_node(b)]),
            ..a.clone()
        })
        .collect();
    let mut rows = Vec::new();
    for Relation {
        fields: own,
        rows: part,
    } in [left, right]
    {
        rows.extend(part.into_iter().map(|row| {
            let types = own.iter().zip(&fields);
            row.into_iter()
                .zip(types)
                .map(|(datum, (from, to))| datum.convert(from.ty, to.ty, zones))
                .collect::<Vec<_>>()
        }));
    }
    Ok(Relation { fields, rows })
}

fn sort_relation(
    relation: &mut Relation,
    sorting: &[OrderByExpr],
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<(), SqlError> {
    let columns: Vec<Alias> = relation
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            (
                field.name.clone(),
                Node {
                    ty: field.ty,
                    form: Form::Column(index),
                },
            )
        })
        .collect();
    let mut keys: Vec<SortKey> = Vec::new();
    for item in sorting {
        let node = match order::ordinal(&item.expr) {
            Some(number) => order::listed(&columns, number, "order clause")?,
            None => Binder::new(&relation.fields, catalog, "order clause").bind(&item.expr)?,
        };
        keys.push((node, order::descends(item)));
    }
    let mut rows = Vec::new();
    for row in std::mem::take(&mut relation.rows) {
        let sorted_by = order::values(
            &keys,
            Row {
                values: &row,
                aggregates: &[],
                zones,
            },
        )?;
        rows.push((row, sorted_by));
    }
    relation.rows = order::sorted(rows, &keys, zones);
    Ok(())
}
