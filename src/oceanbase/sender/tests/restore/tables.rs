//! RECOVER TABLE is sent once, and canceled or cleaned up only if that affects nothing else.

use super::*;
use crate::oceanbase::model::{AuxiliaryTenant, Identifier, RemapQuoting, Renamed, Tables};
use crate::oceanbase::statement::TableRecovery;

const RUNNING: &str = "CDB_OB_RECOVER_TABLE_JOBS";
const ENDED: &str = "CDB_OB_RECOVER_TABLE_JOB_HISTORY";
const SENT: &str = "ALTER SYSTEM RECOVER TABLE";
const AUXILIARY: &str = "AUX_RECOVER$17";

impl Views {
    /// Sets rows of sys: recoveries into `orders`, by number and key.
    fn tables(&self, view: &'static str, status: &str, jobs: &[(&str, &str)]) {
        let columns = "TENANT_ID, JOB_ID, STATUS, AUX_TENANT_NAME, TARGET_TENANT_NAME, DESCRIPTION, \
                       INITIATOR_TENANT_ID, INITIATOR_JOB_ID, START_TIMESTAMP, FINISH_TIMESTAMP, \
                       RESTORE_SCN, BACKUP_SET_LIST, BACKUP_PIECE_LIST, RESULT, COMMENT";
        let rows: Vec<Vec<_>> = jobs
            .iter()
            .map(|&(id, key)| {
                let row = ["1", id, status, AUXILIARY, "orders", key, "1", "0"];
                row.into_iter().chain([""; 7]).map(Some).collect()
            })
            .collect();
        let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        self.given.set(view, columns, &rows);
    }

    async fn ask(&mut self, tables: TableRecovery) -> Answer {
        let command = Command::from(tables);
        self.sender.send(&account(), self.version, &command).await
    }
}

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

fn recover(tenant_id: i64) -> TableRecovery {
    let shop = Identifier::parse("shop").unwrap();
    TableRecovery::Recover {
        tenant: orders(),
        tenant_id: TenantId(tenant_id),
        tables: Tables::OfDatabases(vec![Renamed {
            from: shop.clone(),
            to: shop,
        }]),
        sources: vec![Destination::file("/ob/data").unwrap()],
        until: None,
        pools: vec![ResourceName::parse("p1").unwrap()],
        primary_zone: None,
        quoting: RemapQuoting::Quoted,
        key: key(),
        decryption: vec![RestorePassword::new("pw".to_owned().into()).unwrap()],
    }
}

fn cancel() -> TableRecovery {
    TableRecovery::Cancel {
        tenant: orders(),
        key: key(),
    }
}

fn drop_auxiliary(id: i64) -> TableRecovery {
    TableRecovery::DropAuxiliary {
        tenant: orders(),
        auxiliary: AuxiliaryTenant::parse(AUXILIARY).unwrap(),
        auxiliary_id: TenantId(id),
        key: key(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_recovery_of_tables_that_nobody_knows_is_sent_with_its_passwords() {
    let mut views = Views::new();
    assert_eq!(views.ask(recover(1002)).await, Answer::Done);
    let asked = views.given.take_asked();
    let of = |text| asked.iter().position(|asked| asked.contains(text)).unwrap();
    assert!(of("SET DECRYPTION") < of(SENT));
}

#[tokio::test(start_paused = true)]
async fn a_recovery_of_tables_that_runs_or_has_ever_ended_is_not_sent_again() {
    for (view, status) in [
        (RUNNING, "RECOVERING"),
        (ENDED, "COMPLETED"),
        (ENDED, "FAILED"),
        ("DBA_OB_RECOVER_TABLE_JOBS", "PREPARE"),
        ("DBA_OB_RECOVER_TABLE_JOB_HISTORY", "COMPLETED"),
    ] {
        let mut views = Views::new();
        views.tables(view, status, &[("3", KEY)]);
        let answer = views.ask(recover(1002)).await;
        assert!(matches!(answer, Answer::Restore(_)), "{view}: {answer:?}");
        assert_eq!(views.given.count(SENT), 0, "{view}");
    }
}

#[tokio::test(start_paused = true)]
async fn tables_come_into_no_tenant_but_the_one_that_was_seen() {
    let mut views = Views::new();
    assert!(is_withheld(&views.ask(recover(1004)).await));
    views.given.tenants(&[("1002", "orders", "STANDBY")]);
    assert!(is_withheld(&views.ask(recover(1002)).await));
    views.given.tenants(&[("1004", "billing", "PRIMARY")]);
    assert!(is_withheld(&views.ask(recover(1002)).await));
    assert_eq!(views.given.count(SENT), 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_recoveries_into_one_tenant_the_second_waits() {
    let mut views = Views::new();
    views.tables(RUNNING, "RECOVERING", &[("3", "by hand")]);
    assert!(is_withheld(&views.ask(recover(1002)).await));
    assert_eq!(views.given.count(SENT), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_one_only_where_no_job_was_begun() {
    let mut views = Views::new();
    let late = StatementFault::Refused(Duration::ZERO, 4179, "no");
    views.given.next(SENT, late);
    let answer = views.ask(recover(1002)).await;
    assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
    let asked = views.given.take_asked();
    assert!(asked.last().unwrap().contains("DBA_OB_RECOVER_TABLE"));
}

#[tokio::test(start_paused = true)]
async fn a_recovery_of_tables_is_canceled_only_where_no_other_is_canceled_with_it() {
    let mut views = Views::new();
    assert!(is_withheld(&views.ask(cancel()).await));
    views.tables(RUNNING, "RECOVERING", &[("3", KEY), ("4", "by hand")]);
    assert!(is_withheld(&views.ask(cancel()).await));
    assert_eq!(views.given.count("CANCEL RECOVER TABLE"), 0);
    views.tables(RUNNING, "RECOVERING", &[("3", KEY)]);
    assert_eq!(views.ask(cancel()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn only_what_our_failed_recovery_has_left_is_dropped() {
    let cases = [
        ("1012", AUXILIARY, ENDED, "COMPLETED", KEY, 1012),
        ("1012", AUXILIARY, ENDED, "FAILED", "by hand", 1012),
        ("1012", AUXILIARY, RUNNING, "RECOVERING", KEY, 1012),
        ("1012", AUXILIARY, ENDED, "FAILED", KEY, 1014),
        ("1012", "orders", ENDED, "FAILED", KEY, 1012),
    ];
    for (id, name, view, status, key, wanted) in cases {
        let mut views = Views::new();
        views.given.tenants(&[(id, name, "PRIMARY")]);
        views.tables(view, status, &[("3", key)]);
        let answer = views.ask(drop_auxiliary(wanted)).await;
        assert!(is_withheld(&answer), "{id} {name} {view} {status} {key}");
        assert_eq!(views.given.count("DROP TENANT"), 0);
    }
    let mut views = Views::new();
    views.given.tenants(&[("1012", AUXILIARY, "STANDBY")]);
    views.tables(ENDED, "FAILED", &[("3", KEY)]);
    assert_eq!(views.ask(drop_auxiliary(1012)).await, Answer::Done);
}
