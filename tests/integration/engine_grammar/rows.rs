//! Tables that replace views, and their rows.

use std::collections::BTreeSet;

use oceanbase_backup_operator::oceanbase::client::Rows;
use oceanbase_backup_operator::oceanbase::query::Query;
use oceanbase_backup_operator::oceanbase::statement::SESSION_SETUP;
use oceanbase_backup_operator::oceanbase::version::Version;
use oceanbase_sim::value::ColumnType;
use oceanbase_sim::views::{self, ColumnDef, View};
use tokio::sync::OwnedMutexGuard;

use super::engine::{Client, Tables, engine};

/// A row: SQL literals by column name; other columns get extreme values of their type.
pub(super) type Cells<'a> = &'a [(&'a str, &'a str)];

/// Fills tables with the columns of one version's views, and runs the operator's queries.
pub(super) struct Desk {
    pub(super) version: Version,
    views: views::Version,
    /// From V4.1 on its zone differs from the reader's: instants must be correct nevertheless.
    writer: Client,
    reader: Client,
    /// Names of the queries.
    pub(super) asked: BTreeSet<&'static str>,
    tables: OwnedMutexGuard<Tables>,
}

impl Desk {
    pub(super) async fn new(version: &str) -> Self {
        let engine = engine();
        let tables = engine.tables().await;
        let mut writer = engine.session().await;
        let version: Version = version.parse().unwrap();
        // The views of V4.0 write times as text in the reader's zone; a table keeps the writer's.
        let zone = if version < Version([4, 1, 0, 0]) {
            "+00:00"
        } else {
            "+08:00"
        };
        writer.run(&format!("SET time_zone = '{zone}'")).await;
        let mut reader = engine.session().await;
        reader.run(SESSION_SETUP).await;
        Self {
            views: version.to_string().parse().unwrap(),
            version,
            writer,
            reader,
            asked: BTreeSet::new(),
            tables,
        }
    }

    /// Replaces the rows of the table.
    pub(super) async fn fill(&mut self, name: &str, rows: &[Cells<'_>]) {
        let view = views::find(self.views, name).unwrap();
        self.empty_table(name, views::create_table(&view)).await;
        for row in rows {
            self.writer.run(&insert(&view, row)).await;
        }
    }

    /// Creates a table of these columns for a view that the simulator lacks; other columns are
    /// NULL.
    pub(super) async fn make(
        &mut self,
        name: &str,
        columns: &str,
        rows: &[Vec<(&'static str, &'static str)>],
    ) {
        let definition = format!("CREATE TABLE oceanbase.`{name}` ({columns})");
        self.empty_table(name, definition).await;
        for row in rows {
            let (names, values): (Vec<_>, Vec<_>) = row.iter().copied().unzip();
            let (names, values) = (names.join(", "), values.join(", "));
            let text = format!("INSERT INTO oceanbase.`{name}` ({names}) VALUES ({values})");
            self.writer.run(&text).await;
        }
    }

    /// Provides an empty table. A table that an earlier test created with the same columns is
    /// emptied, because the engine takes a second to create one.
    async fn empty_table(&mut self, name: &str, definition: String) {
        if self.tables.get(name) == Some(&definition) {
            let delete = format!("DELETE FROM oceanbase.`{name}`");
            self.writer.run(&delete).await;
            return;
        }
        self.tables.remove(name);
        let drop = format!("DROP TABLE IF EXISTS oceanbase.`{name}`");
        self.writer.run(&drop).await;
        self.writer.run(&definition).await;
        self.tables.insert(name.to_owned(), definition);
    }

    /// Returns the error number that the reader receives for a text; 0 for none.
    pub(super) async fn code(&mut self, text: &str) -> u16 {
        self.reader.code(text).await
    }

    /// Sends a query's text.
    pub(super) async fn ask(&mut self, query: &Query) -> Rows {
        self.asked.insert(query.name());
        self.reader.run(&query.text(self.version)).await
    }

    /// Sends any text, as the reader.
    pub(super) async fn run(&mut self, text: &str) -> Rows {
        self.reader.run(text).await
    }
}

fn insert(view: &View, cells: Cells) -> String {
    for (name, _) in cells {
        assert!(view.position(name).is_some(), "{} has no {name}", view.name);
    }
    let given = |column: &ColumnDef| cells.iter().find(|(name, _)| *name == column.name);
    let values: Vec<_> = view
        .columns
        .iter()
        .map(|column| match given(column) {
            // V4.0 shows '' where later releases show NULL.
            Some((_, "NULL")) | None => edge(column),
            Some((_, literal)) => *literal,
        })
        .collect();
    format!(
        "INSERT INTO oceanbase.`{}` VALUES ({})",
        view.name,
        values.join(", ")
    )
}

fn edge(column: &ColumnDef) -> &'static str {
    if column.nullable {
        return "NULL";
    }
    match column.ty {
        ColumnType::BigInt => "-9223372036854775808",
        ColumnType::BigIntUnsigned => "18446744073709551615",
        ColumnType::Decimal(..) => "0",
        ColumnType::Varchar(_) | ColumnType::LongText => "''",
        ColumnType::Timestamp | ColumnType::DateTime => "usec_to_time(1)",
    }
}
