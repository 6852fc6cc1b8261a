//! Tests of answers to statements and other commands.

use mysql_async::consts::{ColumnFlags, ColumnType as WireType};
use mysql_async::{Row, Value, prelude::Queryable};

use super::{Running, agreeable, first_row, one, refused, reply, server_error};
use crate::value::{Column, ColumnType, End, Outcome, Reply, ResultSet};

const TYPES: [(&str, ColumnType, &str); 7] = [
    ("DELTA", ColumnType::BigInt, "-9223372036854775808"),
    ("SCN", ColumnType::BigIntUnsigned, "18446744073709551615"),
    ("PCT", ColumnType::Decimal(10, 2), "99.90"),
    ("STATUS", ColumnType::Varchar(64), "DOING"),
    ("PATH", ColumnType::LongText, "file:///备份/data"),
    (
        "START_TIMESTAMP",
        ColumnType::Timestamp,
        "2026-03-01 02:00:00.000001",
    ),
    (
        "SCN_DISPLAY",
        ColumnType::DateTime,
        "2026-03-01 10:00:00.999999",
    ),
];

/// Returns a row with a value of each type, and a row of `NULL`s.
fn each_type(_: &str) -> Reply {
    let columns = TYPES
        .map(|(name, ty, _)| Column {
            name: name.into(),
            ty,
        })
        .to_vec();
    let values = TYPES.map(|(_, _, text)| Some(text.into())).to_vec();
    let rows = vec![values, vec![None; TYPES.len()]];
    reply(
        vec![Outcome::Rows(ResultSet { columns, rows })],
        End::Complete,
    )
}

async fn rows_of_each_type() -> Vec<Row> {
    let node = Running::start(each_type).await;
    node.connect()
        .await
        .query("SELECT * FROM everything")
        .await
        .unwrap()
}

#[tokio::test]
async fn a_value_of_each_type_arrives_as_its_text() {
    let expected = TYPES.map(|(_, _, text)| Value::Bytes(text.into())).to_vec();
    assert_eq!(rows_of_each_type().await.swap_remove(0).unwrap(), expected);
}

#[tokio::test]
async fn a_null_of_each_type_arrives_as_null() {
    assert_eq!(
        rows_of_each_type().await.swap_remove(1).unwrap(),
        vec![Value::NULL; TYPES.len()]
    );
}

#[tokio::test]
async fn each_column_is_described_by_name_type_charset_and_decimals() {
    let row = rows_of_each_type().await.swap_remove(0);
    let described: Vec<_> = row
        .columns_ref()
        .iter()
        .map(|column| {
            (
                column.name_str(),
                column.column_type(),
                column.character_set(),
                column.decimals(),
            )
        })
        .collect();
    let expected = [
        ("DELTA".into(), WireType::MYSQL_TYPE_LONGLONG, 63, 0),
        ("SCN".into(), WireType::MYSQL_TYPE_LONGLONG, 63, 0),
        ("PCT".into(), WireType::MYSQL_TYPE_NEWDECIMAL, 63, 2),
        ("STATUS".into(), WireType::MYSQL_TYPE_VAR_STRING, 46, 0),
        ("PATH".into(), WireType::MYSQL_TYPE_BLOB, 46, 0),
        (
            "START_TIMESTAMP".into(),
            WireType::MYSQL_TYPE_TIMESTAMP,
            63,
            6,
        ),
        ("SCN_DISPLAY".into(), WireType::MYSQL_TYPE_DATETIME, 63, 6),
    ];
    assert_eq!(described, expected);
}

#[tokio::test]
async fn only_the_unsigned_column_is_flagged_unsigned() {
    let row = rows_of_each_type().await.swap_remove(0);
    let unsigned: Vec<_> = row
        .columns_ref()
        .iter()
        .filter(|column| column.flags().contains(ColumnFlags::UNSIGNED_FLAG))
        .map(|column| column.name_str().into_owned())
        .collect();
    assert_eq!(unsigned, ["SCN"]);
}

#[tokio::test]
async fn a_result_set_without_rows_keeps_its_columns() {
    let node = Running::start(|_| {
        let columns = vec![Column {
            name: "JOB_ID".into(),
            ty: ColumnType::BigInt,
        }];
        reply(
            vec![Outcome::Rows(ResultSet {
                columns,
                rows: Vec::new(),
            })],
            End::Complete,
        )
    })
    .await;
    let mut connection = node.connect().await;
    let result = connection.query_iter("SELECT").await.unwrap();
    let names: Vec<_> = result
        .columns_ref()
        .iter()
        .map(|column| column.name_str().into_owned())
        .collect();
    assert_eq!(names, ["JOB_ID"]);
}

#[tokio::test]
async fn a_row_of_20_mib_arrives_whole() {
    let node = Running::start(|_| reply(vec![one("x".repeat(20 << 20))], End::Complete)).await;
    let row = first_row(&mut node.connect().await, "SELECT")
        .await
        .unwrap();
    assert!(row.get::<String, _>(0).unwrap() == "x".repeat(20 << 20));
}

#[tokio::test]
async fn a_statement_of_20_mib_arrives_whole() {
    let node = Running::start(|text| reply(vec![one(text.len().to_string())], End::Complete)).await;
    let row = first_row(&mut node.connect().await, &"x".repeat(20 << 20))
        .await
        .unwrap();
    assert_eq!(row.get::<usize, _>(0), Some(20 << 20));
}

#[tokio::test]
async fn the_session_stays_in_step_after_a_large_row() {
    let node = Running::start(|_| reply(vec![one("x".repeat(0xFF_FFFF))], End::Complete)).await;
    let mut connection = node.connect().await;
    first_row(&mut connection, "SELECT").await;
    connection.ping().await.unwrap();
}

#[tokio::test]
async fn an_ok_says_how_many_rows_changed() {
    let node = Running::start(|_| {
        reply(
            vec![Outcome::Done {
                affected_rows: 70_000,
            }],
            End::Complete,
        )
    })
    .await;
    let mut connection = node.connect().await;
    connection.query_drop("UPDATE").await.unwrap();
    assert_eq!(connection.affected_rows(), 70_000);
}

#[tokio::test]
async fn an_absolute_oceanbase_code_reaches_the_client() {
    let node = Running::start(|_| {
        reply(
            Vec::new(),
            End::Error(refused(9031, "HY000", "backup is not allowed")),
        )
    })
    .await;
    let result = node
        .connect()
        .await
        .query_drop("ALTER SYSTEM BACKUP DATABASE")
        .await;
    assert_eq!(
        server_error(result),
        (9031, "HY000".into(), "backup is not allowed".into())
    );
}

#[tokio::test]
async fn the_session_goes_on_after_an_error() {
    let node =
        Running::start(|_| reply(Vec::new(), End::Error(refused(1064, "42000", "syntax")))).await;
    let mut connection = node.connect().await;
    connection.query_drop("nonsense").await.unwrap_err();
    connection.ping().await.unwrap();
}

/// Answers OK to each statement, a result set to each `SELECT`, and an error to `BACKUP`.
fn one_by_one(text: &str) -> Reply {
    let mut outcomes = Vec::new();
    for statement in text.split(';').map(str::trim) {
        match statement {
            "BACKUP" => return reply(outcomes, End::Error(refused(9016, "HY000", "no archive"))),
            "SELECT" => outcomes.push(one(outcomes.len().to_string())),
            _ => outcomes.push(Outcome::Done { affected_rows: 0 }),
        }
    }
    reply(outcomes, End::Complete)
}

#[tokio::test]
async fn several_statements_answer_in_order() {
    let node = Running::start(one_by_one).await;
    let mut connection = node.connect().await;
    let mut result = connection
        .query_iter("SELECT; SET x = 1; SELECT")
        .await
        .unwrap();
    let mut answers: Vec<Vec<String>> = Vec::new();
    while !result.is_empty() {
        answers.push(result.collect().await.unwrap());
    }
    assert_eq!(
        answers,
        [vec!["0".to_string()], vec![], vec!["2".to_string()]]
    );
}

#[tokio::test]
async fn an_error_ends_the_answers_of_several_statements() {
    let node = Running::start(one_by_one).await;
    let result = node
        .connect()
        .await
        .query_drop("SET ENCRYPTION ON; SELECT; BACKUP; SET")
        .await;
    assert_eq!(server_error(result).0, 9016);
}

#[tokio::test]
async fn the_session_stays_in_step_after_several_answers() {
    let node = Running::start(one_by_one).await;
    let mut connection = node.connect().await;
    connection
        .query_drop("SELECT; SET; BACKUP")
        .await
        .unwrap_err();
    let row = first_row(&mut connection, "SELECT").await.unwrap();
    assert_eq!(row.get::<String, _>(0).unwrap(), "0");
}

#[tokio::test]
async fn a_text_without_a_statement_is_an_empty_query() {
    let node = Running::start(|_| reply(Vec::new(), End::Complete)).await;
    assert_eq!(
        server_error(node.connect().await.query_drop(";").await).0,
        1065
    );
}

#[tokio::test]
async fn a_prepared_statement_is_refused_as_disabled() {
    let node = Running::start(agreeable).await;
    let refused = server_error(node.connect().await.prep("SELECT ?").await);
    let text = "while parameter _ob_enable_prepared_statement is disabled, \
                prepared statement not supported";
    assert_eq!(refused, (1235, "0A000".into(), text.into()));
}

#[tokio::test]
async fn the_client_sends_no_statement_of_its_own() {
    let node = Running::start(agreeable).await;
    node.connect()
        .await
        .query_drop("SET ob_query_timeout = 1")
        .await
        .unwrap();
    assert_eq!(node.journal()[1..], ["root@sys: SET ob_query_timeout = 1"]);
}
