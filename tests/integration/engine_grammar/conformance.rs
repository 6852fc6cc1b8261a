//! Conformance of the simulator's SELECT: the engine must answer the same list of statements alike.
//! The stories' simulated results then match a real cluster.

use jiff::tz::{Offset, TimeZone};
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder, Row};
use oceanbase_sim::select::{self, Catalog, Table, VariableScope, conformance};
use oceanbase_sim::value::{ColumnType as SimulatedType, Value};
use oceanbase_sim::views::{Version, create_table};
use secrecy::ExposeSecret;

use super::engine::{Engine, engine};

/// A session in the zone that the engine starts with.
struct Simulated {
    own_zone: TimeZone,
    server_zone: TimeZone,
}

impl Catalog for Simulated {
    fn table(&self, name: &str) -> Option<Table> {
        let mut tables = conformance::tables().into_iter();
        let (view, rows) = tables.find(|(view, _)| view.name == name)?;
        Some(Table {
            columns: view.columns,
            rows,
        })
    }

    fn table_names(&self) -> Vec<String> {
        let tables = conformance::tables().into_iter();
        tables.map(|(view, _)| view.name).collect()
    }

    fn variable(&self, _: &str, _: VariableScope) -> Option<Value> {
        None
    }

    fn variables(&self, _: VariableScope) -> Vec<(String, Value)> {
        Vec::new()
    }

    fn now_micros(&self) -> i64 {
        0
    }

    fn version(&self) -> Version {
        conformance::VERSION
    }

    fn tenant_id(&self) -> u64 {
        1
    }

    fn database(&self) -> Option<String> {
        Some("oceanbase".to_owned())
    }

    fn user(&self) -> String {
        "root@127.0.0.1".to_owned()
    }

    fn session_time_zone(&self) -> &TimeZone {
        &self.own_zone
    }

    fn server_time_zone(&self) -> &TimeZone {
        &self.server_zone
    }
}

/// An answer in comparable form: names and kinds of the columns and the rows, or an error.
#[derive(Debug, PartialEq)]
enum Answer {
    Rows {
        columns: Vec<(String, &'static str)>,
        rows: Vec<Vec<Option<String>>>,
    },
    Refused(u16),
}

fn simulated(text: &str, catalog: &Simulated) -> Answer {
    match select::query(text, catalog) {
        Ok(set) => Answer::Rows {
            columns: set
                .columns
                .into_iter()
                .map(|column| (column.name, simulated_kind(column.ty)))
                .collect(),
            rows: set.rows,
        },
        Err(error) => Answer::Refused(error.code),
    }
}

fn simulated_kind(ty: SimulatedType) -> &'static str {
    match ty {
        SimulatedType::BigInt | SimulatedType::BigIntUnsigned => "integer",
        SimulatedType::Decimal(..) => "decimal",
        SimulatedType::Varchar(_) | SimulatedType::LongText => "text",
        SimulatedType::Timestamp => "timestamp",
        SimulatedType::DateTime => "datetime",
    }
}

fn kind(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_TINY => "integer",
        ColumnType::MYSQL_TYPE_NEWDECIMAL => "decimal",
        ColumnType::MYSQL_TYPE_TIMESTAMP => "timestamp",
        ColumnType::MYSQL_TYPE_DATETIME => "datetime",
        ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_BLOB
        // A bare NULL, which is never queried, has a type of its own here and none in a view.
        | ColumnType::MYSQL_TYPE_NULL => "text",
        _ => "another type",
    }
}

async fn real(text: &str, connection: &mut Conn) -> Answer {
    match ask(text, connection).await {
        Ok(answer) => answer,
        Err(Error::Server(error)) => Answer::Refused(error.code),
        Err(error) => panic!("{error}: {text}"),
    }
}

async fn ask(text: &str, connection: &mut Conn) -> Result<Answer, Error> {
    let mut result = connection.query_iter(text).await?;
    let columns = result
        .columns_ref()
        .iter()
        .map(|column| (column.name_str().into_owned(), kind(column.column_type())))
        .collect();
    let rows: Vec<Row> = result.collect().await?;
    let text = |value| match value {
        mysql_async::Value::Bytes(bytes) => Some(String::from_utf8(bytes).unwrap()),
        _ => None,
    };
    let rows = rows
        .into_iter()
        .map(|row| row.unwrap().into_iter().map(text).collect())
        .collect();
    Ok(Answer::Rows { columns, rows })
}

/// Opens a session of the driver itself: the operator's client does not expose column types.
async fn connection(engine: &Engine) -> Conn {
    let account = engine.account();
    let (host, port) = &account.endpoints[0];
    let options = OptsBuilder::default()
        .ip_or_hostname(host)
        .tcp_port(*port)
        .user(Some(&account.user))
        .pass(Some(account.password.expose_secret()))
        .db_name(Some("oceanbase"))
        .prefer_socket(false)
        .max_allowed_packet(Some(16 << 20))
        .wait_timeout(Some(28_800))
        .stmt_cache_size(0);
    Conn::new(options).await.unwrap()
}

#[tokio::test]
async fn the_simulator_answers_queries_as_the_engine_does() {
    let engine = engine();
    let mut tables = engine.tables().await;
    let mut connection = connection(&engine).await;
    connection
        .query_drop("SET time_zone = '+08:00'")
        .await
        .unwrap();
    for (view, rows) in conformance::tables() {
        tables.remove(&view.name);
        let drop = format!("DROP TABLE IF EXISTS oceanbase.`{}`", view.name);
        connection.query_drop(drop).await.unwrap();
        connection.query_drop(create_table(&view)).await.unwrap();
        let insert = conformance::insert(&view, &rows);
        connection.query_drop(insert).await.unwrap();
    }
    let catalog = Simulated {
        own_zone: TimeZone::fixed(Offset::constant(8)),
        server_zone: TimeZone::UTC,
    };
    let mut differences = Vec::new();
    for text in conformance::QUERIES {
        let (real, simulated) = (real(text, &mut connection).await, simulated(text, &catalog));
        if real != simulated {
            differences.push(format!(
                "{text}\n  real {real:?}\n  simulated {simulated:?}"
            ));
        }
    }
    println!("{} queries compared", conformance::QUERIES.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
