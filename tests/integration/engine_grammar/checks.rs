//! Statements and queries for a restored tenant.

use oceanbase_backup_operator::oceanbase::model::CheckQuery;
use oceanbase_backup_operator::oceanbase::statement::READ_ONLY;

use super::engine::engine;

#[tokio::test]
async fn a_session_for_checks_reads_and_can_not_write() {
    let engine = engine();
    let _tables = engine.tables().await;
    let mut client = engine.session().await;
    client.run("CREATE DATABASE IF NOT EXISTS checks").await;
    client.run("DROP TABLE IF EXISTS checks.orders").await;
    client
        .run("CREATE TABLE checks.orders (id INT PRIMARY KEY, name VARCHAR(9))")
        .await;
    client
        .run("INSERT INTO checks.orders VALUES (1, 'a'), (2, 'b'), (3, NULL)")
        .await;
    let mut reader = engine.session().await;
    for statement in READ_ONLY {
        reader.run(statement).await;
    }
    for text in [
        "INSERT INTO checks.orders VALUES (4, 'd')",
        "DROP TABLE checks.orders",
    ] {
        assert_ne!(reader.code(text).await, 0, "{text}");
    }
    for (text, found) in [
        ("SELECT COUNT(*) FROM checks.orders", "3"),
        ("SELECT COUNT(*) > 2 FROM checks.orders", "1"),
        (
            "SELECT MAX(`name`) FROM checks.orders WHERE name <> 'it''s'",
            "b",
        ),
        (
            "WITH x AS (SELECT id FROM checks.orders) SELECT SUM(id) FROM x",
            "6",
        ),
    ] {
        let query = CheckQuery::parse(text).unwrap();
        let rows = reader.run(query.as_str()).await;
        assert_eq!(rows.rows, [[Some(found.to_owned())]], "{text}");
    }
    let all = reader.run("SELECT id FROM checks.orders").await;
    assert_eq!(
        all.rows.len(),
        2,
        "no more come than tell that they are too many"
    );
}
