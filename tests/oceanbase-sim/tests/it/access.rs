//! Tests of storage keys, and of their change: `CHANGE EXTERNAL_STORAGE_DEST`.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::{Backend, End};

use crate::bench::{Bench, DAY};

const KEYS: &str = "host=s3.example.com&access_id=me&access_key=old";
const CHANGE: &str = "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH =";
const CHECKPOINT: &str = "SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG";

/// A tenant `orders` that archives into a bucket.
fn cluster() -> Bench {
    let bench = Bench::just(&Scenario::new("4.3.5.2").tenant("orders"));
    for text in [
        format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=s3://b/orders/log?{KEYS}'"),
        format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 's3://b/orders/data?{KEYS}'"),
        "ALTER SYSTEM ARCHIVELOG".to_owned(),
    ] {
        assert_eq!(bench.own("orders", &text), 0);
    }
    bench.pass(120);
    bench
}

fn rotate(bench: &Bench) {
    bench.inject(Fault::RotateKey {
        path: "s3://b".to_owned(),
        access_key: "new".to_owned(),
    });
}

fn enter(bench: &Bench, directory: &str, key: &str) -> u16 {
    let text = format!(
        "{CHANGE} 's3://b/orders/{directory}' ACCESS_INFO = 'access_id=me&access_key={key}'"
    );
    bench.own("orders", &text)
}

#[test]
fn a_rotated_key_stops_archiving_until_the_tenant_has_the_new_one() {
    let bench = cluster();
    rotate(&bench);
    let stands = bench.rows(CHECKPOINT);
    bench.pass(600);
    assert_eq!(bench.rows(CHECKPOINT), stands);
    assert_eq!(enter(&bench, "log", "wrong"), 9116);
    assert_eq!(enter(&bench, "log", "new"), 0);
    bench.pass(60);
    assert_ne!(bench.rows(CHECKPOINT), stands);
}

#[test]
fn a_backup_with_the_old_key_fails_and_one_with_the_new_key_does_not() {
    let bench = cluster();
    rotate(&bench);
    enter(&bench, "log", "new");
    let run = || {
        bench.own("orders", "ALTER SYSTEM BACKUP DATABASE");
        bench.pass(600);
        bench.jobs(1002, "STATUS, RESULT").pop().unwrap()
    };
    assert_eq!(run(), "FAILED|-9116");
    enter(&bench, "data", "new");
    assert_eq!(run(), "COMPLETED|0");
}

#[test]
fn a_destination_is_not_set_with_a_key_that_the_store_refuses() {
    let bench = cluster();
    rotate(&bench);
    let set = |key| format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 's3://b/orders/data?{key}'");
    assert_eq!(bench.own("orders", &set(KEYS)), 9116);
    assert_eq!(bench.own("orders", &set(&KEYS.replace("old", "new"))), 0);
}

#[test]
fn new_keys_are_seen_in_the_row_of_the_path_only() {
    let bench = cluster();
    let query = "SELECT AUTHORIZATION FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO ORDER BY DEST_ID";
    let before = bench.rows(query);
    assert_eq!(enter(&bench, "log", "new"), 0);
    let after = bench.rows(query);
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    let past = "SELECT DEST_TYPE FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO_HISTORY";
    assert_eq!(
        bench.rows(past),
        ["archive_log", "backup_data", "archive_log"]
    );
}

#[test]
fn limits_are_read_back_in_bytes() {
    let bench = cluster();
    let text =
        format!("{CHANGE} 's3://b/orders/data' ATTRIBUTE = 'max_iops=200&max_bandwidth=10M'");
    assert_eq!(bench.own("orders", &text), 0);
    let query = "SELECT MAX_IOPS, MAX_BANDWIDTH, MAX_BANDWIDTH_DISPLAY FROM \
                 oceanbase.CDB_OB_BACKUP_STORAGE_INFO ORDER BY DEST_ID";
    assert_eq!(
        bench.rows(query),
        ["0|0|UNLIMITED", "200|10485760|10.00MB/s"]
    );
}

#[test]
fn the_options_of_a_destination_limit_a_new_directory_and_none_that_was_there_before() {
    let bench = cluster();
    let data = |place: &str| {
        let keys = "host=oss.example.com&access_id=i&access_key=k";
        let text =
            format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://{place}?{keys}&max_iops=300'");
        assert_eq!(bench.own("orders", &text), 0, "{text}");
        let query = "SELECT MAX_IOPS FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO ORDER BY DEST_ID";
        bench.rows(query).pop().unwrap()
    };
    assert_eq!(data("fresh/orders"), "300");
    let attribute = format!("{CHANGE} 'oss://fresh/orders' ATTRIBUTE = 'max_iops=200'");
    assert_eq!(bench.own("orders", &attribute), 0);
    assert_eq!(data("fresh/orders"), "200");
}

#[test]
fn each_refusal_has_its_number() {
    let bench = cluster();
    bench.own(
        "orders",
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///nfs'",
    );
    let own = |rest: &str| bench.own("orders", &format!("{CHANGE} {rest}"));
    let keys = "ACCESS_INFO = 'access_id=i&access_key=k'";
    assert_eq!(own(&format!("'file:///nfs' {keys}")), 1235);
    assert_eq!(own(&format!("'s3://b/other' {keys}")), 4018);
    assert_eq!(own("'s3://b/orders/log'"), 4016);
    assert_eq!(own("'s3://b/orders/log' ACCESS_INFO = 'access_id=i'"), 1210);
    assert_eq!(own("'s3://b/orders/log' ACCESS_INFO = 'role_arn=r'"), 1235);
    assert_eq!(own("'s3://b/orders/log' ATTRIBUTE = 'max_iops=many'"), 1210);
    assert_eq!(
        own(&format!(
            "'s3://b/orders/log?host=elsewhere.example.com' {keys}"
        )),
        4018
    );
    let sys = format!("{CHANGE} 's3://b/orders/log' {keys}");
    assert_eq!(bench.sys(&sys), 1235);
}

#[test]
fn the_statement_came_with_a_release_of_each_line() {
    let refused = |version: &str| {
        let spec = TenantSpec::new("orders").ready(DAY);
        let bench = Bench::just(&Scenario::new(version).with(spec));
        let text = format!("{CHANGE} 's3://b/d' ACCESS_INFO = 'access_id=i&access_key=k'");
        match bench.session("root@orders").execute(&text).end {
            End::Error(error) => error.code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        [
            "4.2.1.11", "4.2.5.1", "4.2.5.2", "4.3.5.1", "4.3.5.2", "4.4.2.0"
        ]
        .map(refused),
        [1064, 1064, 4018, 1235, 4018, 4018]
    );
}
