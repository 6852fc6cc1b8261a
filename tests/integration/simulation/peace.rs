//! Results of each workload without faults: the wanted state, and each statement that is sent for
//! it.

use simulation::{Plan, run};

/// Returns the differences from the wanted lines. A line is a subject of the digest and a part of
/// its text; for the database it is the whole text. Other lines are kinds of statements with target
/// and count, and must be complete.
pub(super) fn wrong(workload: &str, wanted: &[&str]) -> Vec<String> {
    wrong_of(&Plan::peace(workload), wanted)
}

/// Returns the same for a plan with faults.
fn wrong_of(plan: &Plan, wanted: &[&str]) -> Vec<String> {
    let report = run(plan, None);
    let mut wrong = report.violations;
    let sent = report.sent.iter();
    let sent: Vec<_> = sent
        .map(|(what, count)| format!("{what}: {count}"))
        .collect();
    for line in wanted {
        let (subject, text) = line.split_once(": ").unwrap();
        let found = report.digest.get(subject).map(|text| shortened(text));
        let is_found = found.as_ref().is_some_and(|found| {
            let mut parts = found.split(" | ");
            found == text || !is_exact(subject) && parts.any(|part| part == text)
        });
        if !is_found && !sent.iter().any(|known| known == line) {
            wrong.push(format!("not so: {line}; it is {found:?}"));
        }
    }
    let unwanted = sent.iter().filter(|line| !wanted.contains(&line.as_str()));
    wrong.extend(unwanted.map(|line| format!("sent: {line}")));
    wrong
}

/// Returns whether the whole text of a subject must be given.
fn is_exact(subject: &str) -> bool {
    subject.starts_with("database") || subject.starts_with("tenant")
}

fn shortened(text: &str) -> String {
    text.replace("file:///ob-backup/obprod-7/", "")
}

pub(super) const NOTHING: Vec<String> = Vec::new();

/// Log backup of `orders` has begun in round 1 and continues; data backups have their own
/// destination.
const ORDERS: &str = "database of orders: logs to orders-1002/log OPTIONAL | round 1 DOING | data to orders-1002/data";

/// The full and the incremental slot of `orders` succeed, and nothing else is sent.
const BOTH_SLOTS: [&str; 6] = [
    "SetLogArchiveDest of orders: 1",
    "ArchiveLog of orders: 1",
    "SetDataBackupDest of orders: 1",
    "Backup of orders: 2",
    "jobs of orders: Full COMPLETED, Inc COMPLETED",
    ORDERS,
];

const BILLING: &str = "database of billing: logs to billing-1004/log OPTIONAL | round 1 DOING | \
                       data to billing-1004/data";

#[test]
fn two_tenants_of_a_strategy_are_backed_up_in_each_slot() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "SetLogArchiveDest of billing: 1",
        "ArchiveLog of orders: 1",
        "ArchiveLog of billing: 1",
        "SetDataBackupDest of orders: 1",
        "SetDataBackupDest of billing: 1",
        "Backup of orders: 2",
        "Backup of billing: 2",
        "jobs of orders: Full COMPLETED, Inc COMPLETED",
        "jobs of billing: Full COMPLETED, Inc COMPLETED",
        "backupstrategies nightly: BackupHealthy=True/LastBackupsSucceeded",
        ORDERS,
        BILLING,
    ];
    assert_eq!(wrong("pair", &wanted), NOTHING);
}

#[test]
fn a_backup_waits_for_another_of_its_tenant_and_ends_when_it_is_called_off() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 3",
        "CancelBackup of orders: 1",
        "jobs of orders: Full COMPLETED, Full COMPLETED, Full CANCELED",
        "backuptasks now: Completed",
        "backuptasks too: Completed",
        "backuptasks never-mind: Canceled",
        ORDERS,
        "database of billing: ",
    ];
    assert_eq!(wrong("manual", &wanted), NOTHING);
}

#[test]
fn logs_are_archived_for_one_backup_where_nobody_archives_them() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 1",
        "NoArchiveLog of orders: 1",
        "jobs of orders: Full COMPLETED",
        "logbackups prod-t1002: Archiving=False/Idle",
        "database of orders: logs to orders-1002/log OPTIONAL | round 1 STOP | \
         data to orders-1002/data",
    ];
    assert_eq!(wrong("now", &wanted), NOTHING);
}

#[test]
fn log_backup_is_held_let_go_on_and_stopped_in_one_round() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetLogArchiveDestState of orders: 2",
        "NoArchiveLog of orders: 1",
        "logbackups orders: Stopped",
        "database of orders: logs to orders-1002/log OPTIONAL | round 1 STOP",
    ];
    assert_eq!(wrong("logs", &wanted), NOTHING);
}

#[test]
fn a_strategy_that_is_suspended_leaves_its_slot_out_and_goes_on_archiving() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 1",
        // The incremental slot has no base yet.
        "jobs of orders: Full COMPLETED",
        "backupstrategies nightly: 2026-11-20T02:10:00Z Incremental Started 1",
        ORDERS,
    ];
    assert_eq!(wrong("suspend", &wanted), NOTHING);
}

#[test]
fn the_database_goes_on_when_all_objects_are_deleted() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 1",
        "jobs of orders: Full COMPLETED",
        "DELETED backupstrategies nightly: 1",
        "DELETED oceanbaseclusters prod: 1",
        ORDERS,
    ];
    assert_eq!(wrong("delete", &wanted), NOTHING);
}

#[test]
fn two_operators_do_what_one_would() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 3",
        "jobs of orders: Full COMPLETED, Full COMPLETED, Inc COMPLETED",
        ORDERS,
    ];
    assert_eq!(wrong("leader", &wanted), NOTHING);
}

#[test]
fn a_tenant_that_is_handed_over_keeps_its_places_and_its_round() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "SetLogArchiveDest of billing: 1",
        "SetLogArchiveDest of ledger: 1",
        "ArchiveLog of orders: 1",
        "ArchiveLog of billing: 1",
        "ArchiveLog of ledger: 1",
        "SetDataBackupDest of orders: 1",
        "SetDataBackupDest of billing: 1",
        "SetDataBackupDest of ledger: 1",
        "Backup of orders: 1",
        "Backup of billing: 2",
        "Backup of ledger: 2",
        "jobs of orders: Full COMPLETED",
        "jobs of billing: Full COMPLETED, Inc COMPLETED",
        "jobs of ledger: Full COMPLETED, Inc COMPLETED",
        "ADDED backuptasks of-billing-t1006-incr-202611200225z: 1",
        ORDERS,
        BILLING,
        "database of ledger: logs to ledger-1006/log OPTIONAL | round 1 DOING | \
         data to ledger-1006/data",
    ];
    assert_eq!(wrong("neighbours", &wanted), NOTHING);
}

#[test]
fn a_backup_that_fails_is_tried_once_more() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 3",
        "jobs of orders: Full FAILED, Full COMPLETED, Inc COMPLETED",
        "backuptasks nightly-t1002-full-202611200200z: Completed",
        ORDERS,
    ];
    assert_eq!(wrong("retry", &wanted), NOTHING);
}

#[test]
fn a_backup_that_sys_hands_on_later_is_followed() {
    assert_eq!(wrong("later", &BOTH_SLOTS), NOTHING);
}

#[test]
fn a_backup_that_sys_completes_and_never_hands_on_is_tried_once_more() {
    let plan = "later: database=foreignBackup: {tenant: orders, description: theirs, fromSys: true} \
                @ SELECT DBA_OB_BACKUP_JOB_HISTORY by key#2";
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 3",
        "jobs of orders: Full COMPLETED, Full COMPLETED, Inc COMPLETED",
        "backuptasks nightly-t1002-incr-202611200210z: Completed",
        ORDERS,
    ];
    assert_eq!(wrong_of(&plan.parse().unwrap(), &wanted), NOTHING);
}

#[test]
fn a_full_backup_follows_a_new_round() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "NoArchiveLog of orders: 1",
        "ArchiveLog of orders: 2",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 3",
        "jobs of orders: Full COMPLETED, Full COMPLETED, Inc COMPLETED",
        "logbackups prod-t1002: Archiving=True/Archiving",
        "database of orders: logs to orders-1002/log OPTIONAL | round 2 DOING | \
         data to orders-1002/data",
    ];
    assert_eq!(wrong("heal", &wanted), NOTHING);
}

#[test]
fn a_slot_in_a_window_is_postponed_or_left_out() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 1",
        "jobs of orders: Full COMPLETED",
        "backupstrategies nightly: 2026-11-20T02:00:00Z Full Started 1",
        "backupstrategies nightly: 2026-11-20T02:10:00Z Incremental Skipped 0",
        ORDERS,
    ];
    assert_eq!(wrong("blackout", &wanted), NOTHING);
}

#[test]
fn logs_are_archived_in_a_round_around_each_backup() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 2",
        "NoArchiveLog of orders: 2",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 2",
        "jobs of orders: Full COMPLETED, Inc COMPLETED",
        "logbackups prod-t1002: Archiving=False/Idle",
        "backupstrategies nightly: LogBackupHealthy=True/Archiving",
        "database of orders: logs to orders-1002/log OPTIONAL | round 2 STOP | \
         data to orders-1002/data",
    ];
    assert_eq!(wrong("around", &wanted), NOTHING);
}

#[test]
fn a_strategy_that_ends_what_it_began_leaves_no_archiving_and_no_policy() {
    let wanted = [
        "AddDeletePolicy of orders: 2",
        "AddDeletePolicy of billing: 2",
        "DropDeletePolicy of orders: 2",
        "DropDeletePolicy of billing: 2",
        "SetLogArchiveDest of orders: 1",
        "SetLogArchiveDest of billing: 1",
        "ArchiveLog of orders: 1",
        "ArchiveLog of billing: 1",
        "NoArchiveLog of orders: 1",
        "NoArchiveLog of billing: 1",
        "SetDataBackupDest of orders: 1",
        "SetDataBackupDest of billing: 1",
        "Backup of orders: 1",
        "Backup of billing: 1",
        "jobs of orders: Full COMPLETED",
        "jobs of billing: Full COMPLETED",
        "ADDED backuptasks nightly-t1002-full-202611200200z: 1",
        "ADDED backuptasks nightly-t1004-full-202611200200z: 1",
        "DELETED backupstrategies nightly: 1",
        "logbackups prod-t1002: Stopped",
        "logbackups prod-t1004: Stopped",
        "database of orders: logs to orders-1002/log OPTIONAL | round 1 STOP | \
         data to orders-1002/data",
        "database of billing: logs to billing-1004/log OPTIONAL | round 1 STOP | \
         data to billing-1004/data",
    ];
    assert_eq!(wrong("farewell", &wanted), NOTHING);
}

#[test]
fn one_task_backs_up_every_tenant_once() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "SetLogArchiveDest of billing: 1",
        "SetLogArchiveDest of stock: 1",
        "ArchiveLog of orders: 1",
        "ArchiveLog of billing: 1",
        "ArchiveLog of stock: 1",
        "SetDataBackupDest of orders: 1",
        "SetDataBackupDest of billing: 1",
        "SetDataBackupDest of stock: 1",
        "Backup of orders: 1",
        "Backup of billing: 1",
        "Backup of stock: 1",
        "jobs of orders: Full COMPLETED",
        "jobs of billing: Full COMPLETED",
        "jobs of stock: Full COMPLETED",
        "backuptasks all: Completed",
        ORDERS,
        BILLING,
        "database of stock: logs to stock-1006/log OPTIONAL | round 1 DOING | data to stock-1006/data",
    ];
    assert_eq!(wrong("everybody", &wanted), NOTHING);
}

/// The oracle checks the password of each set when a task becomes complete.
#[test]
fn a_password_keeps_no_slot_from_being_backed_up() {
    assert_eq!(wrong("sealed", &BOTH_SLOTS), NOTHING);
}

#[test]
fn what_somebody_else_backs_up_is_left_as_it_is() {
    let wanted = [
        "AddDeletePolicy of orders: 1",
        "DropDeletePolicy of orders: 1",
        "SetLogArchiveDest of orders: 1",
        "ArchiveLog of orders: 1",
        "NoArchiveLog of orders: 1",
        "SetDataBackupDest of orders: 1",
        "Backup of orders: 1",
        "database of orders: logs to orders-1002/log OPTIONAL | round 1 STOP | \
         data to orders-1002/data",
        "database of ledger: logs to file:///elsewhere/ledger/log OPTIONAL | round 1 DOING | \
         data to file:///elsewhere/ledger/data",
        "database of stock: data to file:///elsewhere/stock/data",
        "database of wages: data to file:///elsewhere/wages/data",
    ];
    assert_eq!(wrong("elsewhere", &wanted), NOTHING);
}

#[test]
fn three_days_of_a_strategy_pass() {
    let report = run(&Plan::peace("days"), None);
    assert_eq!(report.violations, NOTHING);
    assert_eq!(report.digest["BACKUP of orders"], "6");
    assert_eq!(report.digest["BACKUP of billing"], "6");
}
