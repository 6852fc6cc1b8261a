//! One `SELECT`, with its clauses in the order in which they take effect.

use std::collections::{HashMap, HashSet};

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderByExpr, Select, SelectItem, SelectItemQualifiedWildcardKind,
};

use super::Catalog;
use super::aggregate::Aggregate;
use super::binder::{Alias, Binder, Field};
use super::datum::Datum;
use super::expression::{Form, Node, Row};
use super::moment::Zones;
use super::order::{self, SortKey};
use super::refusal;
use super::source::{self, Relation};
use crate::value::SqlError;

/// One `SELECT`.
pub(super) struct Selection<'a> {
    pub(super) select: &'a Select,
    pub(super) headings: &'a [String],
    pub(super) catalog: &'a dyn Catalog,
    pub(super) zones: Zones<'a>,
}

/// Rows that produce one row of the answer: all of a group, or a single one.
struct Group {
    rows: Vec<Vec<Datum>>,
    aggregates: Vec<Datum>,
}

impl Selection<'_> {
    pub(super) fn run(&self, sorting: &[OrderByExpr]) -> Result<Relation, SqlError> {
        self.refuse_unknown_clauses()?;
        let mut source = source::from(&self.select.from, self.catalog, self.zones)?;
        if let Some(condition) = &self.select.selection {
            let node = Binder::new(&source.fields, self.catalog, "where clause").bind(condition)?;
            let mut kept = Vec::new();
            for row in std::mem::take(&mut source.rows) {
                if node.eval(self.row(&row, &[]))?.truth() == Some(true) {
                    kept.push(row);
                }
            }
            source.rows = kept;
        }
        let mut aggregates = Vec::new();
        let items = self.items(&source.fields, &mut aggregates)?;
        let group_by = self.group_by(&source.fields, &items)?;
        let mut bind = |expr: &Expr, clause| {
            Binder::new(&source.fields, self.catalog, clause)
                .with_aliases(&items)
                .with_aggregates(&mut aggregates)
                .bind(expr)
        };
        let having = self
            .select
            .having
            .as_ref()
            .map(|expr| bind(expr, "having clause"))
            .transpose()?;
        let mut keys: Vec<SortKey> = Vec::new();
        for item in sorting {
            let node = match order::ordinal(&item.expr) {
                Some(number) => order::listed(&items, number, "order clause")?,
                None => bind(&item.expr, "order clause")?,
            };
            keys.push((node, order::descends(item)));
        }
        let groups = self.groups(source.rows, &group_by, &aggregates)?;
        let fields: Vec<Field> = items
            .iter()
            .map(|(name, node)| Field {
                qualifier: None,
                name: name.clone(),
                ty: node.ty,
            })
            .collect();
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        for group in &groups {
            let values = group.rows.first().map_or(&[][..], Vec::as_slice);
            let row = self.row(values, &group.aggregates);
            if let Some(having) = &having
                && having.eval(row)?.truth() != Some(true)
            {
                continue;
            }
            let shown: Vec<Datum> = items
                .iter()
                .map(|(_, node)| node.eval(row))
                .collect::<Result<_, _>>()?;
            let distinct = self.select.distinct.is_some();
            if !distinct || seen.insert(order::row_key(&shown, &fields, self.zones)) {
                rows.push((shown, order::values(&keys, row)?));
            }
        }
        Ok(Relation {
            fields,
            rows: order::sorted(rows, &keys, self.zones),
        })
    }

    fn row<'r>(&'r self, values: &'r [Datum], aggregates: &'r [Datum]) -> Row<'r> {
        Row {
            values,
            aggregates,
            zones: self.zones,
        }
    }

    fn refuse_unknown_clauses(&self) -> Result<(), SqlError> {
        let select = self.select;
        let plain = select.into.is_none()
            && select.top.is_none()
            && select.qualify.is_none()
            && select.named_window.is_empty()
            && !matches!(select.distinct, Some(Distinct::On(_)));
        if plain {
            Ok(())
        } else {
            Err(refusal::unsupported("this clause of SELECT"))
        }
    }

    /// Returns the select list: names of the columns and their expressions.
    fn items(
        &self,
        fields: &[Field],
        aggregates: &mut Vec<Aggregate>,
    ) -> Result<Vec<Alias>, SqlError> {
        let mut items = Vec::new();
        let mut bind = |expr: &Expr| {
            Binder::new(fields, self.catalog, "field list")
                .with_aggregates(aggregates)
                .bind(expr)
        };
        for (position, item) in self.select.projection.iter().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name = super::heading::name(expr, self.headings.get(position));
                    items.push((name, bind(expr)?));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    items.push((alias.value.clone(), bind(expr)?));
                }
                SelectItem::Wildcard(_) => items.extend(wildcard(fields, None)?),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => {
                    let (_, table) = source::table_name(name, self.catalog)?;
                    items.extend(wildcard(fields, Some(&table))?);
                }
                SelectItem::QualifiedWildcard(..) => {
                    return Err(refusal::unsupported("this wildcard"));
                }
            }
        }
        Ok(items)
    }

    fn group_by(&self, fields: &[Field], items: &[Alias]) -> Result<Vec<Node>, SqlError> {
        let GroupByExpr::Expressions(list, modifiers) = &self.select.group_by else {
            return Err(refusal::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(refusal::unsupported("GROUP BY with a modifier"));
        }
        let bind = |expr: &Expr| {
            if let Some(number) = order::ordinal(expr) {
                return order::listed(items, number, "group statement");
            }
            let binder = || Binder::new(fields, self.catalog, "group statement");
            // Here a column takes precedence over an alias of the same name, unlike in ORDER BY.
            binder()
                .bind(expr)
                .or_else(|_| binder().with_aliases(items).bind(expr))
        };
        list.iter().map(bind).collect()
    }

    fn groups(
        &self,
        rows: Vec<Vec<Datum>>,
        group_by: &[Node],
        aggregates: &[Aggregate],
    ) -> Result<Vec<Group>, SqlError> {
        let single = |row| Group {
            rows: vec![row],
            aggregates: Vec::new(),
        };
        if group_by.is_empty() && aggregates.is_empty() {
            return Ok(rows.into_iter().map(single).collect());
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
        if group_by.is_empty() {
            // An aggregate over nothing still answers one row.
            groups.push(Group {
                rows,
                aggregates: Vec::new(),
            });
        } else {
            for row in rows {
                let mut key = Vec::new();
                for node in group_by {
                    key.push(node.eval(self.row(&row, &[]))?.key(node.ty, self.zones));
                }
                if let Some(group) = places.get(&key).and_then(|place| groups.get_mut(*place)) {
                    group.rows.push(row);
                } else {
                    places.insert(key, groups.len());
                    groups.push(single(row));
                }
            }
        }
        for group in &mut groups {
            let rows: Vec<Row> = group.rows.iter().map(|row| self.row(row, &[])).collect();
            group.aggregates = aggregates
                .iter()
                .map(|aggregate| aggregate.over(&rows))
                .collect::<Result<_, _>>()?;
        }
        Ok(groups)
    }
}

fn wildcard(fields: &[Field], table: Option<&str>) -> Result<Vec<Alias>, SqlError> {
    let wanted = |field: &Field| match (table, &field.qualifier) {
        (None, _) => true,
        (Some(table), Some(own)) => own.eq_ignore_ascii_case(table),
        (Some(_), None) => false,
    };
    let items: Vec<Alias> = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| wanted(field))
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
    match (items.is_empty(), table) {
        (true, None) => Err(refusal::no_table()),
        (true, Some(table)) => Err(refusal::unknown_alias(table)),
        _ => Ok(items),
    }
}
