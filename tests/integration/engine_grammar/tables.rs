//! Recoveries of tables: their statements, which this engine's grammar includes, and their queries.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    AuxiliaryTenant, Identifier, JobId, PrimaryZone, RemapQuoting, Renamed, ResourceName, Restore,
    RestoreKey, RestoreStatus, Scn, TableName, Tables, TenantId, TenantName,
};
use oceanbase_backup_operator::oceanbase::query::{self, RestoreQuery};
use oceanbase_backup_operator::oceanbase::statement::{Command, TableRecovery};

use super::engine::engine;
use super::jobs::{BEGAN, ENDED, at};
use super::kinds_of_tables;
use super::rows::Desk;
use super::statements::{file_destinations, s3, tenant};

const KEY: &str = "obr/00112233445566778899aabbccddeeff";
const KEY_LITERAL: &str = "'obr/00112233445566778899aabbccddeeff'";

/// A statement that this engine's parser does not know, and the source of its form.
const EXCEPTION: (&str, &str) = (
    "drop_auxiliary_tenant",
    "no TENANT: oceanbase-v4.md 5.4, from the manual; its name is of 2.5",
);

/// The engine's answer to a parsed statement about an unknown tenant.
const NO_SUCH_TENANT: u16 = 5160;

fn key() -> RestoreKey {
    RestoreKey::parse(KEY).unwrap()
}

fn renamed<T>(parse: fn(&str) -> Option<T>, from: &str, to: &str) -> Renamed<T> {
    Renamed {
        from: parse(from).unwrap(),
        to: parse(to).unwrap(),
    }
}

/// Returns tables and databases, renamed and not, with all letters that a name may have.
fn objects() -> Vec<Tables> {
    let table = |from: &str, to: &str| renamed(TableName::parse, from, to);
    let database = |from: &str, to: &str| renamed(Identifier::parse, from, to);
    let long = format!("{}.{}", "d".repeat(64), "t".repeat(64));
    vec![
        Tables::Single(vec![table("shop.orders", "shop.orders")]),
        Tables::Single(vec![
            table("shop.orders", "old.orders_2"),
            table("1-shop.$select", "1-shop.$select"),
            table("select.from", "where.table"),
            table(&long, &long.to_uppercase()),
        ]),
        Tables::OfDatabases(vec![database("shop", "shop")]),
        Tables::OfDatabases(vec![database("shop", "old"), database("select", "1-$x")]),
    ]
}

/// Returns everything that can be sent for this tenant.
fn every(tenant: &TenantName) -> Vec<TableRecovery> {
    let recover = |tables, full: bool| TableRecovery::Recover {
        tenant: tenant.clone(),
        tenant_id: TenantId(1002),
        tables,
        sources: if full {
            [file_destinations(), vec![s3(&[("s3_region", "eu-1")])]].concat()
        } else {
            file_destinations()
        },
        until: full.then_some(Scn(4_611_686_018_427_387_903)),
        pools: ["p1", "Select"]
            .map(|name| ResourceName::parse(name).unwrap())
            .into(),
        primary_zone: PrimaryZone::parse("zone-1;z2").filter(|_| full),
        key: key(),
        quoting: RemapQuoting::Quoted,
        decryption: Vec::new(),
    };
    let mut all: Vec<_> = objects()
        .into_iter()
        .flat_map(|tables| [recover(tables.clone(), true), recover(tables, false)])
        .collect();
    let tenant = || tenant.clone();
    all.extend([
        TableRecovery::Find {
            tenant: tenant(),
            key: key(),
        },
        TableRecovery::Cancel {
            tenant: tenant(),
            key: key(),
        },
        TableRecovery::DropAuxiliary {
            tenant: tenant(),
            auxiliary: AuxiliaryTenant::parse("AUX_RECOVER$1774746000123456").unwrap(),
            auxiliary_id: TenantId(1012),
            key: key(),
        },
    ]);
    all
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "says what was shown")]
async fn statements_about_tables_are_known_to_the_engine_or_named_as_unknown_to_it() {
    let mut session = engine().session().await;
    let mut names = std::collections::BTreeSet::new();
    for tenant in ["orders", "Select", &"t".repeat(63)] {
        for tables in every(&TenantName::parse(tenant).unwrap()) {
            let command = Command::from(tables);
            names.insert(command.name());
            let Some(text) = command.text() else {
                continue;
            };
            let is_exception = command.name() == EXCEPTION.0;
            let expected = if is_exception { 1064 } else { NO_SUCH_TENANT };
            assert_eq!(session.code(&text).await, expected, "{text}");
        }
    }
    assert_eq!(names.len(), kinds_of_tables());
    println!("exception: {}: {}", EXCEPTION.0, EXCEPTION.1);
}

#[tokio::test]
async fn a_misspelt_statement_about_tables_is_found() {
    let mut session = engine().session().await;
    for tables in every(&tenant()) {
        let Some(text) = Command::from(tables).text() else {
            continue;
        };
        for (good, bad) in [
            ("TABLE", "TABEL"),
            ("REMAP", "REMAPP"),
            ("DESCRIPTION =", "DESCRIBE ="),
            ("`:`", "`;`"),
            (".*", ".%"),
            (" TO TENANT", " TENANT"),
        ] {
            if text.contains(good) {
                let spoilt = text.replacen(good, bad, 1);
                assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
            }
        }
    }
}

type Cells = Vec<(&'static str, &'static str)>;

/// Returns the row of sys, and the row of the tenant, which has its own job numbers.
fn rows(of_sys: &'static str, of_tenant: &'static str) -> [Cells; 2] {
    let row = |tenant, job, parent, status| {
        vec![
            ("TENANT_ID", tenant),
            ("JOB_ID", job),
            ("INITIATOR_TENANT_ID", "1"),
            ("INITIATOR_JOB_ID", parent),
            ("START_TIMESTAMP", BEGAN.1),
            ("STATUS", status),
            ("AUX_TENANT_NAME", "'AUX_RECOVER$1774746000123456'"),
            ("TARGET_TENANT_NAME", "'orders'"),
            ("RESTORE_SCN", "4611686018427387903"),
            ("BACKUP_DEST", "'s3://b/d?access_key=sesame'"),
            (
                "BACKUP_SET_LIST",
                "'s3://b/d/backup_set_1_full?access_key=sesame,file:///d/2'",
            ),
            ("BACKUP_PIECE_LIST", "''"),
            ("DESCRIPTION", KEY_LITERAL),
        ]
    };
    [row("1002", "5", "3", of_tenant), row("1", "3", "0", of_sys)]
}

/// Runs the queries that read all recoveries of tables; returns how many the version lacks.
pub(super) async fn tables(desk: &mut Desk) -> usize {
    if !desk.version.can(Capability::TableRecovery) {
        return 6;
    }
    let importing = rows("'RECOVERING'", "'IMPORTING'");
    let expected = Restore {
        job_id: JobId(3),
        tenant_name: "orders".to_owned(),
        tenant_id: None,
        auxiliary_tenant: Some("AUX_RECOVER$1774746000123456".to_owned()),
        source_tenant: String::new(),
        source_cluster: String::new(),
        scn: Scn(4_611_686_018_427_387_903),
        status: RestoreStatus::Restoring("IMPORTING".to_owned()),
        started_at: Some(at(BEGAN.0)),
        ended_at: None,
        description: KEY.to_owned(),
        percent: None,
        recover_percent: None,
        total_bytes: None,
        finished_bytes: None,
        sets: ["s3://b/d/backup_set_1_full", "file:///d/2"]
            .map(str::to_owned)
            .into(),
        pieces: Vec::new(),
        failure: None,
    };
    let filled = [&importing[0][..], &importing[1][..]];
    desk.fill("CDB_OB_RECOVER_TABLE_JOBS", &filled).await;
    for query in [RestoreQuery::TableJobs, RestoreQuery::TableJobsByKey(key())] {
        let read = query::tables(&desk.ask(&query.into()).await, false);
        assert_eq!(
            (read.rows, read.unreadable),
            (vec![expected.clone()], Vec::new())
        );
    }
    ended(desk, &expected).await;
    own(desk).await;
    0
}

async fn ended(desk: &mut Desk, running: &Restore) {
    let mut failed = rows("'FAILED'", "'FAILED'");
    for row in &mut failed {
        row.extend([
            ("FINISH_TIMESTAMP", ENDED.1),
            ("RESULT", "'FAILED'"),
            (
                "COMMENT",
                "'(ROOTSERVICE)addr: h:1, result: -9071(no), trace_id: Y'",
            ),
        ]);
    }
    let filled = [&failed[0][..], &failed[1][..]];
    desk.fill("CDB_OB_RECOVER_TABLE_JOB_HISTORY", &filled).await;
    for query in [
        RestoreQuery::TableHistory(at(BEGAN.0)),
        RestoreQuery::TableHistoryByKey(key()),
    ] {
        let mut read = query::tables(&desk.ask(&query.into()).await, true).rows;
        let failure = read[0].failure.take().unwrap();
        assert_eq!(failure.reason, "StoragePermissionDenied");
        let expected = Restore {
            status: RestoreStatus::Fail,
            ended_at: Some(at(ENDED.0)),
            ..running.clone()
        };
        assert_eq!(read, [expected]);
    }
    let later = RestoreQuery::TableHistory(at(ENDED.0));
    assert!(
        query::tables(&desk.ask(&later.into()).await, true)
            .rows
            .is_empty()
    );
}

/// Reads the views of sys itself, without TENANT_ID.
async fn own(desk: &mut Desk) {
    for (name, query, is_ended) in [
        (
            "DBA_OB_RECOVER_TABLE_JOBS",
            RestoreQuery::OwnTableJobsByKey(key()),
            false,
        ),
        (
            "DBA_OB_RECOVER_TABLE_JOB_HISTORY",
            RestoreQuery::OwnTableHistoryByKey(key()),
            true,
        ),
    ] {
        let [_, of_sys] = rows("'COMPLETED'", "''");
        desk.fill(name, &[&of_sys[1..]]).await;
        let read = query::tables(&desk.ask(&query.into()).await, is_ended).rows;
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].status.is_terminal(), is_ended);
    }
}
