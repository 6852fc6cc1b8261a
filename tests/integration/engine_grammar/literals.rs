//! Tests that values stay inside their quotes: the engine reads back what was put in.
//!
//! The engine executes text after a semicolon as a further statement, even if the client does not
//! request it. A value that leaves its quotes could therefore inject a statement.

use oceanbase_backup_operator::oceanbase::destination::Destination;
use oceanbase_backup_operator::oceanbase::model::{JobKey, TenantId, TenantName};
use oceanbase_backup_operator::oceanbase::statement::Command;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use secrecy::SecretString;

use super::engine::{Client, engine};

/// Generates characters that break a lexer, more often than letters.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9_./:=+-]{1,12}",
        2 => "[ -~]{1,6}",
        2 => proptest::sample::select(vec![
            "'", "''", "\\", "\\'", "\"", "`", ";", "; DROP TABLE t", "--", "-- ", "#", "/*", "*/",
            "/*!1*/", "%", "?", "&", ",", "\0", "\n", "\u{2019}", "\u{ff07}", "ä", "$", "@", "(", ")",
        ]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

/// Generates usual and hostile names.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[A-Za-z_][A-Za-z0-9_-]{0,16}", 1 => nasty()]
}

/// Generates usual and hostile directories.
fn directory() -> impl Strategy<Value = String> {
    prop_oneof![3 => "(/[A-Za-z0-9_.-]{1,12}){1,4}", 1 => nasty(), 1 => nasty().prop_map(|nasty| format!("/ob/{nasty}"))]
}

/// Generates usual and hostile hosts.
fn host() -> impl Strategy<Value = String> {
    prop_oneof![3 => "(https?://)?[A-Za-z0-9.-]{1,20}(:[0-9]{1,5})?", 1 => nasty()]
}

/// Sends the values of a statement to the engine: the text between `words` becomes columns.
async fn echo(session: &mut Client, text: &str, words: [&str; 2]) -> Vec<String> {
    let values = text.strip_prefix(words[0]).unwrap();
    let values = values.rsplit_once(words[1]).unwrap();
    let answer = session
        .run(&format!("SELECT {}, {}", values.0, values.1))
        .await;
    assert_eq!(answer.rows.len(), 1, "{text}");
    answer.rows[0].iter().flatten().cloned().collect()
}

async fn backup_of(session: &mut Client, tenant: TenantName, key: JobKey) {
    let expected = [tenant.to_string(), key.to_string()];
    let command = Command::Backup {
        tenant,
        tenant_id: TenantId(1002),
        incremental: false,
        key,
        plus_archivelog: false,
        password: None,
        slots: 2,
    };
    let text = command.text().unwrap();
    let words = ["ALTER SYSTEM BACKUP TENANT = ", " DESCRIPTION = "];
    assert_eq!(echo(session, &text, words).await, expected);
    assert_eq!(session.code(&text).await, 5160, "{text}");
}

async fn destination_of(session: &mut Client, destination: Destination, expected: &str) {
    let command = Command::SetDataBackupDest {
        tenant: TenantName::parse("orders").unwrap(),
        tenant_id: TenantId(1002),
        destination,
        replaces: None,
    };
    let text = command.text().unwrap();
    let words = ["ALTER SYSTEM SET DATA_BACKUP_DEST = ", " TENANT = "];
    assert_eq!(echo(session, &text, words).await, [expected, "orders"]);
    assert_eq!(session.code(&text).await, 5160, "{text}");
}

/// Draws until 150 values are accepted; most hostile values are not.
async fn draw<V: std::fmt::Debug>(
    strategy: impl Strategy<Value = V>,
    mut take: impl AsyncFnMut(V) -> bool,
) {
    let mut runner = TestRunner::default();
    let mut taken = 0;
    for _ in 0..20_000 {
        let drawn = strategy.new_tree(&mut runner).unwrap().current();
        taken += usize::from(take(drawn).await);
        if taken == 150 {
            return;
        }
    }
    panic!("only {taken} of 20000 drawn values were taken");
}

#[tokio::test]
async fn no_tenant_name_and_no_key_leaves_its_quotes() {
    let mut session = engine().session().await;
    draw((name(), name()), async |(name, uid)| {
        let (Some(tenant), Some(key)) = (TenantName::parse(&name), JobKey::new(&uid, 7)) else {
            return false;
        };
        backup_of(&mut session, tenant, key).await;
        true
    })
    .await;
}

#[tokio::test]
async fn no_directory_leaves_its_quotes() {
    let mut session = engine().session().await;
    draw(directory(), async |directory| {
        let Ok(destination) = Destination::file(&directory) else {
            return false;
        };
        let expected = format!("file://{directory}");
        destination_of(&mut session, destination, expected.trim_end_matches('/')).await;
        true
    })
    .await;
}

#[tokio::test]
async fn no_host_and_no_secret_leaves_its_quotes() {
    let mut session = engine().session().await;
    draw((host(), nasty(), nasty()), async |(host, id, key)| {
        let (id_secret, key_secret) = (SecretString::from(&*id), SecretString::from(&*key));
        let keys = [("access_id", &id_secret), ("access_key", &key_secret)];
        let Ok(destination) = Destination::bucket("s3", "b/d", &host, &keys, &[]) else {
            return false;
        };
        let host = host.trim_end_matches('/');
        let expected = format!("s3://b/d?host={host}&access_id={id}&access_key={key}");
        destination_of(&mut session, destination, &expected).await;
        true
    })
    .await;
}

#[tokio::test]
async fn what_the_types_refuse_would_leave_the_quotes() {
    let mut session = engine().session().await;
    let injected = "x'; SELECT 'y";
    assert!(TenantName::parse(injected).is_none() && Destination::file(injected).is_err());
    let text = format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'x' TENANT = '{injected}'");
    // The engine stops at the first statement's error; its answer shows that it found two.
    assert_eq!(session.code(&format!("SELECT '{injected}'")).await, 0);
    assert_eq!(session.code(&text).await, 5160);
    assert_eq!(session.code("SELECT 'x'y'").await, 1064);
}
