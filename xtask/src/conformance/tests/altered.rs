//! Tests with clusters that violate an assumption of the operator.

use std::process::ExitCode;

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::model::{Privilege, World as SimulatedWorld};
use oceanbase_sim::statement::Kind;

use super::{PASSWORD, World, bad, scenario};
use crate::conformance::report::{Line, Report, Verdict};
use crate::conformance::run_suite;
use crate::conformance::settings::scratch_tenant;
use crate::conformance::storage::Storage;

/// Runs the suite on a release with a fault.
async fn run_with(version: &str, fault: Fault) -> (World, Report) {
    let world = World::serve(&scenario(version)).await;
    world.simulator.inject(fault).unwrap();
    let report = world.run().await;
    assert_eq!(report.exit_code(), ExitCode::from(1));
    (world, report)
}

/// Runs the suite on a release that reports another version.
async fn run_disguised(version: &str, reported: &str) -> (World, Vec<String>) {
    let mut scenario = scenario(version);
    scenario.reported_version = Some(reported.to_owned());
    let world = World::serve(&scenario).await;
    let bad = bad(&world.run().await);
    (world, bad)
}

fn refuse(on: Trigger, code: u16) -> Fault {
    Fault::Refuse {
        on,
        code,
        message: "no".to_owned(),
    }
}

#[tokio::test]
async fn missing_deletion_of_sets_is_one_mismatch() {
    let (world, bad) = run_disguised("4.4.1.0", "4.4.2.0").await;
    assert_eq!(
        bad,
        ["DELETE BACKUPSET of a set that is not there is accepted: error 1235 (NotSupported)"]
    );
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn older_release_than_reported_misses_views_and_statements() {
    let (world, bad) = run_disguised("4.2.0.0", "4.2.5.0").await;
    let columns = |query: &str, number: u16| {
        format!(
            "Query `{query}` is answered and its rows are read: query `{query}`: error {number}"
        )
    };
    let expected = [
        "RESTORE … PREVIEW is accepted: error 1064 (StatementNotUnderstood)".to_owned(),
        "The canceled restore ends with FAIL in the history: query `restore_progress_by_key`: error \
         1054"
            .to_owned(),
        columns("progress", 1054),
        columns("restore_progress", 1054),
        columns("restore_progress_by_key", 1054),
        columns("table_jobs", 1146),
        columns("table_history", 1146),
        columns("table_jobs_by_key", 1146),
        columns("table_history_by_key", 1146),
        columns("own_table_jobs_by_key", 1146),
        columns("own_table_history_by_key", 1146),
    ];
    assert_eq!(bad, expected);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn newer_release_than_reported_accepts_refused_statements() {
    let (world, bad) = run_disguised("4.2.0.0", "4.1.0.0").await;
    let expected = [
        "BACKUP … PLUS ARCHIVELOG is refused with 1235: accepted",
        "CANCEL RESTORE is refused with 1064: error 5157 (TenantNotFound)",
    ];
    assert_eq!(bad, expected);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn refused_policy_is_one_mismatch() {
    let on = Trigger::next(Kind::AddDeletePolicy);
    let (world, report) = run_with("4.3.5.2", refuse(on, 1235)).await;
    let expected = "ADD DELETE BACKUP POLICY is accepted: error 1235 (NotSupported)";
    assert_eq!(bad(&report), [expected]);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn account_without_super_is_one_mismatch() {
    let fault = Fault::Privilege {
        tenant: "sys".to_owned(),
        user: "root".to_owned(),
        privilege: Privilege::Super,
        granted: false,
    };
    let (world, report) = run_with("4.3.5.2", fault).await;
    let expected = "The account has SUPER ON *.*: missing: GRANT SUPER ON *.* to the account";
    assert_eq!(bad(&report), [expected]);
    let count = |kind| world.simulator.log(|log| log.effects(kind, "scratch_conf"));
    assert_eq!(count(Kind::Restore), 0);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn failed_backup_is_one_mismatch() {
    let fault = Fault::FailBackup {
        tenant: "scratch".to_owned(),
        code: -9082,
        comment: None,
    };
    let (world, report) = run_with("4.3.5.2", fault).await;
    let expected = "The backup ends COMPLETED, in sys as well (full): FAILED, RESULT -9082 \
                    (StorageOutOfSpace); in sys FAILED, RESULT -9082 (StorageOutOfSpace)";
    assert_eq!(bad(&report), [expected]);
    let not_checked = |line: &&Line| line.verdict == Verdict::NotChecked;
    let skipped = report.lines.iter().filter(not_checked);
    let skipped: Vec<_> = skipped.map(|line| line.observation.as_str()).collect();
    assert!(skipped.contains(&"the line above ends the section"));
    assert!(skipped.contains(&"there are no backups"));
    world.assert_nothing_is_left();
}

/// Runs the suite and interrupts it when the cluster reaches a state.
async fn run_until(version: &str, is_time: impl Fn(&SimulatedWorld) -> bool) {
    let world = World::serve(&scenario(version)).await;
    world
        .interrupt(|world| world.simulator.world(&is_time))
        .await;
}

#[tokio::test]
async fn interrupted_backup_is_cleaned_up() {
    let is_time = |world: &SimulatedWorld| {
        let scratch = world.tenant("scratch");
        scratch.is_some_and(|tenant| !tenant.backups.jobs.is_empty())
    };
    run_until("4.3.5.2", is_time).await;
}

#[tokio::test]
async fn interrupted_restore_is_cleaned_up() {
    let is_time = |world: &SimulatedWorld| world.tenant("scratch_conf").is_some();
    run_until("4.3.5.2", is_time).await;
    run_until("4.0.0.0", is_time).await;
}

#[tokio::test]
async fn interrupted_table_recovery_is_cleaned_up() {
    let is_time = |world: &SimulatedWorld| !world.recoveries.jobs.is_empty();
    run_until("4.3.5.2", is_time).await;
}

#[tokio::test]
async fn tenant_with_backups_is_not_touched() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let mut settings = world.settings();
    settings.tenant = scratch_tenant("orders").unwrap();
    let refused = run_suite(settings, std::future::pending()).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("its log archiving is on"), "{error}");
    assert_eq!(world.simulator.log(|log| log.changing().count()), 0);
}

#[tokio::test]
async fn report_shows_no_password_and_no_keys() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let mut settings = world.settings();
    let storage =
        "s3://bucket/ob?host=https://s3.test&access_id=AKIDNAME&access_key=storage-secret";
    settings.storage = Storage::parse(storage).unwrap();
    settings.allows_recovery = false;
    let secrets = settings.secrets();
    let report = run_suite(settings, std::future::pending()).await;
    let report = report.unwrap();
    assert_eq!(bad(&report), Vec::<String>::new());
    let text = report.to_markdown(&secrets);
    assert!(text.contains("s3://bucket/ob/conformance-20261120-020000"));
    for secret in [PASSWORD, "AKIDNAME", "storage-secret"] {
        assert!(!text.contains(secret), "{secret}");
        // The secret must not appear even before masking.
        assert!(!report.to_markdown(&[]).contains(secret), "{secret}");
    }
}
