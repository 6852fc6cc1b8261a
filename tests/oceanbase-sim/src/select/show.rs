//! `SHOW PARAMETERS`, `SHOW VARIABLES`, `SHOW TABLES`, `SHOW DATABASES` and `DESC`.

use sqlparser::tokenizer::Token;

use super::binder::{Binder, Field};
use super::datum::{Datum, matches_pattern};
use super::expression::Row;
use super::moment::Zones;
use super::source::{self, Relation};
use super::{Catalog, VariableScope, refusal, statement};
use crate::value::{ColumnType, ResultSet, SqlError};
use crate::views;

/// A parsed statement.
pub(super) struct Show {
    what: What,
    filter: Filter,
}

enum What {
    Parameters,
    Variables(VariableScope),
    Tables {
        schema: Option<String>,
    },
    Databases,
    Columns {
        schema: Option<String>,
        table: String,
    },
}

enum Filter {
    None,
    Like(String),
    Where(Box<sqlparser::ast::Expr>),
}

/// Parses a statement; `None` if it is none of these.
pub(super) fn parse(words: &[&Token], text: &str) -> Result<Option<Show>, SqlError> {
    let spelled: Vec<String> = words.iter().map(|token| word(token)).collect();
    let upper: Vec<String> = spelled
        .iter()
        .map(|word| word.to_ascii_uppercase())
        .collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let (what, used) = match upper[..] {
        ["DESC" | "DESCRIBE" | "EXPLAIN", ..] if (2..=4).contains(&words.len()) => {
            table(&spelled, 1)
        }
        ["SHOW", "COLUMNS" | "FIELDS", "FROM" | "IN", ..] => table(&spelled, 3),
        ["SHOW", "PARAMETERS", ..] => (What::Parameters, 2),
        ["SHOW", "SESSION" | "LOCAL", "VARIABLES", ..] => {
            (What::Variables(VariableScope::Session), 3)
        }
        ["SHOW", "GLOBAL", "VARIABLES", ..] => (What::Variables(VariableScope::Global), 3),
        ["SHOW", "VARIABLES", ..] => (What::Variables(VariableScope::Session), 2),
        ["SHOW", "TABLES", "FROM" | "IN", _, ..] => (
            What::Tables {
                schema: spelled.get(3).cloned(),
            },
            4,
        ),
        ["SHOW", "TABLES", ..] => (What::Tables { schema: None }, 2),
        ["SHOW", "DATABASES" | "SCHEMAS", ..] => (What::Databases, 2),
        ["SHOW", ..] => return Err(refusal::unsupported(text)),
        _ => return Ok(None),
    };
    let filter = match (upper.get(used..).unwrap_or_default(), words.get(used + 1)) {
        ([], _) => Filter::None,
        (
            ["LIKE", _],
            Some(Token::SingleQuotedString(pattern) | Token::DoubleQuotedString(pattern)),
        ) => Filter::Like(pattern.clone()),
        (["WHERE", ..], _) => {
            // Only plain names precede the word, so the first occurrence is right.
            let start = text
                .to_ascii_uppercase()
                .find("WHERE")
                .map_or(text.len(), |at| at + 5);
            Filter::Where(Box::new(statement::parse_condition(&text[start..])?))
        }
        _ => return Err(refusal::unsupported(text)),
    };
    Ok(Some(Show { what, filter }))
}

fn word(token: &Token) -> String {
    match token {
        Token::Word(word) => word.value.clone(),
        other => other.to_string(),
    }
}

/// Parses `[schema .] table` from this position on; a malformed name is not found later.
fn table(words: &[String], from: usize) -> (What, usize) {
    let name = |at: usize| words.get(at).cloned().unwrap_or_default();
    if words.get(from + 1).is_some_and(|word| word == ".") {
        (
            What::Columns {
                schema: Some(name(from)),
                table: name(from + 2),
            },
            from + 3,
        )
    } else {
        (
            What::Columns {
                schema: None,
                table: name(from),
            },
            from + 1,
        )
    }
}

impl Show {
    pub(super) fn answer(
        &self,
        catalog: &dyn Catalog,
        zones: Zones,
    ) -> Result<ResultSet, SqlError> {
        let (mut relation, searched) = match &self.what {
            What::Parameters => (parameters(catalog, zones)?, 4),
            What::Variables(scope) => (variables(catalog, *scope, zones), 0),
            What::Tables { schema } => (tables(schema.clone(), catalog)?, 0),
            What::Databases => (databases(), 0),
            What::Columns { schema, table } => (columns(schema.clone(), table, catalog)?, 0),
        };
        match &self.filter {
            Filter::None => {}
            Filter::Like(pattern) => {
                relation.rows.retain(|row| match row.get(searched) {
                    Some(Datum::Text(text)) => matches_pattern(text, pattern, '\\'),
                    _ => false,
                });
                if let (What::Tables { .. } | What::Databases, Some(field)) =
                    (&self.what, relation.fields.first_mut())
                {
                    field.name = format!("{} ({pattern})", field.name);
                }
            }
            Filter::Where(condition) => {
                let node =
                    Binder::new(&relation.fields, catalog, "where clause").bind(condition)?;
                let mut kept = Vec::new();
                for values in std::mem::take(&mut relation.rows) {
                    let row = Row {
                        values: &values,
                        aggregates: &[],
                        zones,
                    };
                    if node.eval(row)?.truth() == Some(true) {
                        kept.push(values);
                    }
                }
                relation.rows = kept;
            }
        }
        Ok(statement::result_set(relation, zones))
    }
}

fn fields(names: &[(&str, ColumnType)]) -> Vec<Field> {
    names
        .iter()
        .map(|(name, ty)| Field {
            qualifier: None,
            name: (*name).to_owned(),
            ty: *ty,
        })
        .collect()
}

fn text(text: impl Into<String>) -> Datum {
    Datum::Text(text.into())
}

/// Reads `GV$OB_PARAMETERS`, which in sys shows the parameters of other tenants, too.
fn parameters(catalog: &dyn Catalog, zones: Zones) -> Result<Relation, SqlError> {
    const SHOWN: [(&str, ColumnType); 14] = [
        ("zone", ColumnType::Varchar(128)),
        ("svr_type", ColumnType::Varchar(16)),
        ("svr_ip", ColumnType::Varchar(46)),
        ("svr_port", ColumnType::BigInt),
        ("name", ColumnType::Varchar(128)),
        ("data_type", ColumnType::Varchar(128)),
        ("value", ColumnType::Varchar(65_536)),
        ("info", ColumnType::Varchar(4096)),
        ("section", ColumnType::Varchar(128)),
        ("scope", ColumnType::Varchar(64)),
        ("source", ColumnType::Varchar(64)),
        ("edit_level", ColumnType::Varchar(128)),
        ("default_value", ColumnType::Varchar(65_536)),
        ("isdefault", ColumnType::BigInt),
    ];
    let view = source::view(Some(source::SCHEMA), "GV$OB_PARAMETERS", catalog, zones)?;
    let position = |name: &str| {
        view.fields
            .iter()
            .position(|field| field.name.eq_ignore_ascii_case(name))
    };
    let older = position("DEFAULT_VALUE").is_none();
    let shown = if older { &SHOWN[..12] } else { &SHOWN[..] };
    let tenant = position("TENANT_ID");
    let own = i128::from(catalog.tenant_id());
    let rows = view
        .rows
        .iter()
        .filter(|row| match tenant.and_then(|at| row.get(at)) {
            Some(Datum::Int(tenant)) => *tenant == own,
            _ => true,
        })
        .map(|row| {
            let value = |name: &str| {
                position(name)
                    .and_then(|at| row.get(at))
                    .cloned()
                    .unwrap_or(Datum::Null)
            };
            shown
                .iter()
                .map(|(name, _)| match *name {
                    "svr_type" => text("observer"),
                    "source" => text("DEFAULT"),
                    "isdefault" => {
                        Datum::bool(matches!(value("ISDEFAULT"), Datum::Text(is) if is == "YES"))
                    }
                    name => value(name),
                })
                .collect()
        })
        .collect();
    Ok(Relation {
        fields: fields(shown),
        rows,
    })
}

fn variables(catalog: &dyn Catalog, scope: VariableScope, zones: Zones) -> Relation {
    let mut all = catalog.variables(scope);
    all.sort_by(|(left, _), (right, _)| left.cmp(right));
    let rows = all
        .into_iter()
        .map(|(name, value)| {
            let ty = ColumnType::Varchar(65_536);
            let value = Datum::from_value(&value, zones).text(ty, zones);
            vec![text(name), value.map_or(Datum::Null, Datum::Text)]
        })
        .collect();
    let fields = fields(&[
        ("Variable_name", ColumnType::Varchar(128)),
        ("Value", ColumnType::Varchar(65_536)),
    ]);
    Relation { fields, rows }
}

fn tables(schema: Option<String>, catalog: &dyn Catalog) -> Result<Relation, SqlError> {
    let schema = schema
        .or_else(|| catalog.database())
        .ok_or_else(refusal::no_database)?;
    if !DATABASES
        .iter()
        .any(|name| name.eq_ignore_ascii_case(&schema))
    {
        return Err(refusal::unknown_database(&schema));
    }
    let mut names = Vec::new();
    if schema.eq_ignore_ascii_case(source::SCHEMA) {
        names = catalog.table_names();
        names.sort();
    }
    let heading = format!("Tables_in_{schema}");
    let fields = fields(&[(&heading, ColumnType::Varchar(256))]);
    Ok(Relation {
        fields,
        rows: names.into_iter().map(|name| vec![text(name)]).collect(),
    })
}

/// The databases of a new tenant.
const DATABASES: [&str; 4] = ["information_schema", "mysql", source::SCHEMA, "test"];

fn databases() -> Relation {
    Relation {
        fields: fields(&[("Database", ColumnType::Varchar(128))]),
        rows: DATABASES.iter().map(|name| vec![text(*name)]).collect(),
    }
}

fn columns(
    schema: Option<String>,
    table: &str,
    catalog: &dyn Catalog,
) -> Result<Relation, SqlError> {
    let schema = schema
        .or_else(|| catalog.database())
        .ok_or_else(refusal::no_database)?;
    let view = schema
        .eq_ignore_ascii_case(source::SCHEMA)
        .then(|| catalog.table(&table.to_ascii_uppercase()))
        .flatten()
        .ok_or_else(|| refusal::unknown_table(&schema, table))?;
    let rows = view
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "YES" } else { "NO" };
            let ty = views::type_name(column.ty);
            vec![
                text(column.name),
                text(ty),
                text(null),
                text(""),
                Datum::Null,
                text(""),
            ]
        })
        .collect();
    let fields = fields(&[
        ("Field", ColumnType::Varchar(128)),
        ("Type", ColumnType::Varchar(1_048_576)),
        ("Null", ColumnType::Varchar(4)),
        ("Key", ColumnType::Varchar(4)),
        ("Default", ColumnType::Varchar(4096)),
        ("Extra", ColumnType::Varchar(4096)),
    ]);
    Ok(Relation { fields, rows })
}
