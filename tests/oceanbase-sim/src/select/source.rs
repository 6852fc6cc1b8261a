//! `FROM`: tables, derived tables and joins.

use sqlparser::ast::{
    Expr, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableAlias, TableFactor,
    TableWithJoins,
};

use super::Catalog;
use super::binder::{Binder, Field};
use super::datum::Datum;
use super::expression::Row;
use super::moment::Zones;
use super::{plan, refusal};
use crate::value::SqlError;

/// The only schema whose views are modelled.
pub(super) const SCHEMA: &str = "oceanbase";

/// Rows whose columns have names.
#[derive(Clone, Debug, Default)]
pub(super) struct Relation {
    pub(super) fields: Vec<Field>,
    pub(super) rows: Vec<Vec<Datum>>,
}

impl Relation {
    /// Returns the source of `SELECT 1`: one row without columns.
    fn dual() -> Self {
        Self {
            fields: Vec::new(),
            rows: vec![Vec::new()],
        }
    }

    fn renamed(mut self, alias: Option<&TableAlias>, name: &str) -> Self {
        let name = alias.map_or(name, |alias| &alias.name.value);
        for field in &mut self.fields {
            field.qualifier = Some(name.to_owned());
        }
        self
    }
}

pub(super) fn from(
    tables: &[TableWithJoins],
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<Relation, SqlError> {
    let mut all = Relation::dual();
    for table in tables {
        let mut joined = factor(&table.relation, catalog, zones)?;
        for join in &table.joins {
            joined = join_one(&joined, join, catalog, zones)?;
        }
        all = product(&all, &joined, None, false, catalog, zones)?;
    }
    Ok(all)
}

fn factor(factor: &TableFactor, catalog: &dyn Catalog, zones: Zones) -> Result<Relation, SqlError> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } => {
            let (schema, table) = table_name(name, catalog)?;
            if name.0.len() == 1 && table.eq_ignore_ascii_case("dual") {
                return Ok(Relation::dual());
            }
            let relation = view(schema.as_deref(), &table, catalog, zones)?;
            Ok(relation.renamed(alias.as_ref(), &table))
        }
        TableFactor::Derived {
            lateral: false,
            subquery,
            alias: Some(alias),
            ..
        } => {
            let relation = plan::run(subquery, &[], catalog, zones)?;
            Ok(relation.renamed(Some(alias), ""))
        }
        other => Err(refusal::unsupported(&format!("table {other}"))),
    }
}

/// Returns the schema, if one is named, and the table.
pub(super) fn table_name(
    name: &ObjectName,
    catalog: &dyn Catalog,
) -> Result<(Option<String>, String), SqlError> {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => Some(ident.value.clone()),
        ObjectNamePart::Function(_) => None,
    };
    match &name.0[..] {
        [table] => part(table).map(|table| (catalog.database(), table)),
        [schema, table] => part(schema)
            .zip(part(table))
            .map(|(schema, table)| (Some(schema), table)),
        _ => None,
    }
    .ok_or_else(|| refusal::unsupported(&format!("table {name}")))
}

/// Returns the rows of a view, its columns not yet qualified.
pub(super) fn view(
    schema: Option<&str>,
    table: &str,
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<Relation, SqlError> {
    let schema = schema.ok_or_else(refusal::no_database)?;
    let found = schema
        .eq_ignore_ascii_case(SCHEMA)
        .then(|| catalog.table(&table.to_ascii_uppercase()))
        .flatten()
        .ok_or_else(|| refusal::unknown_table(schema, table))?;
    let fields = found
        .columns
        .iter()
        .map(|column| Field {
            qualifier: None,
            name: column.name.to_owned(),
            ty: column.ty,
        })
        .collect();
    let rows = found
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|value| Datum::from_value(value, zones))
                .collect()
        })
        .collect();
    Ok(Relation { fields, rows })
}

fn join_one(
    left: &Relation,
    join: &Join,
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<Relation, SqlError> {
    let right = factor(&join.relation, catalog, zones)?;
    let (constraint, keep_left) = match &join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::CrossJoin(constraint) => (constraint, false),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (constraint, true),
        _ => return Err(refusal::unsupported("this kind of join")),
    };
    match constraint {
        JoinConstraint::On(condition) => {
            product(left, &right, Some(condition), keep_left, catalog, zones)
        }
        JoinConstraint::None if !keep_left => product(left, &right, None, false, catalog, zones),
        _ => Err(refusal::unsupported("join without ON")),
    }
}

/// Returns all pairs that meet the condition; with `keep_left`, unmatched left rows with `NULL`.
fn product(
    left: &Relation,
    right: &Relation,
    condition: Option<&Expr>,
    keep_left: bool,
    catalog: &dyn Catalog,
    zones: Zones,
) -> Result<Relation, SqlError> {
    let fields = [&left.fields[..], &right.fields[..]].concat();
    let condition = condition
        .map(|condition| Binder::new(&fields, catalog, "on clause").bind(condition))
        .transpose()?;
    let mut rows = Vec::new();
    for left_row in &left.rows {
        let before = rows.len();
        for right_row in &right.rows {
            let pair = [&left_row[..], &right_row[..]].concat();
            let row = Row {
                values: &pair,
                aggregates: &[],
                zones,
            };
            let meets = match &condition {
                Some(condition) => condition.eval(row)?.truth() == Some(true),
                None => true,
            };
            if meets {
                rows.push(pair);
            }
        }
        if keep_left && rows.len() == before {
            let mut lonely = left_row.clone();
            lonely.resize(fields.len(), Datum::Null);
            rows.push(lonely);
        }
    }
    Ok(Relation { fields, rows })
}
