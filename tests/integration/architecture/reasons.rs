//! Checks that `docs/troubleshooting.md` explains exactly the reasons that the code can set.
//!
//! A reason is a quoted word such as `TenantLocked` in the code, a name in the tables of database
//! errors, or made of a phase. Other quoted words are listed here. A new word counts as a reason
//! until it is listed. Each story also checks the reasons that it produced.

use std::collections::BTreeSet;

use oceanbase_backup_operator::oceanbase::error::TABLES;

use super::sources::sources;
use crate::support::reasons::explained;

/// The only reason that is composed, and its pattern.
const MADE: &str = "LogBackup{phase}";
const PHASES: [&str; 7] = [
    "Starting",
    "Suspending",
    "Paused",
    "Stopping",
    "Stopped",
    "Interrupted",
    "Failed",
];

#[rustfmt::skip]
const OTHER_WORDS: &[&str] = &[
    // Kinds and types of the API.
    "BackupStorage", "BackupStorageStatus", "BackupStrategy", "BackupStrategyStatus", "BackupTask",
    "BackupTaskStatus", "LogBackup", "LogBackupStatus", "OceanBaseCluster",
    "OceanBaseClusterStatus", "PartialEq", "RecoveryDrill", "RecoveryDrillStatus", "RecoveryTask", "RecoveryTaskStatus", "String",
    // Types of conditions.
    "Activated", "BackupHealthy", "JobStarted", "LogBackupHealthy", "PrivilegesSufficient", "Ready", "Reconciling",
    "RestoreVerified", "Restored", "Stalled", "Submitted", "Succeeded", "TargetReady", "TypeChanged",
    "WithinCapacity",
    // Statuses of conditions.
    "False", "True", "Unknown",
    // Phases and labels.
    "Abnormal", "CreatingTenant", "Importing", "Initializing", "NoBackupStrategy", "Pending", "PendingBackupScheduling", "Recovering", "Restarting", "Restoring", "Running",
    "Scheduled",
    "Stopping", "Suspending",
    // Outcomes of attempts, slots, repairs and verifications.
    "Abandoned", "Found", "Healed", "InterruptedAgain", "Missed", "Passed", "Refused", "Skipped",
    "Started",
    // Alerts.
    "Active", "Caution", "Critical", "Recovered", "Warning",
    // Capabilities and editions of servers.
    "BackupProgress", "COSStorage", "CancelRestore", "Community", "Enterprise", "Gi", "Mandatory",
    "Optional", "PauseLogBackup", "PlusArchivelog", "QuotedTableNames", "RestorePreview",
    "RestoreProgress", "S3Storage", "TableRecovery", "TenantBackup",
    // Origins of tasks, and what tasks create.
    "External", "Full", "Incremental", "Manual", "Physical", "Strategy",
    // Cleanups: deleted objects, decisions, and deleting parties.
    "BackupSet", "CleanupTask", "CleanupTaskStatus", "Delete", "Database", "Keep",
    "UpdateStorageKeys", "StorageLimits", "Announced", "Returned", "Returning", "Setting", "Switched",
    "ManualCleanup", "Piece",
    // Days.
    "Fri", "Mon", "Sat", "Sun", "Thu", "Tue", "Wed",
    // Units of bytes; "Gi" is above.
    "Ei", "EiB", "GiB", "Ki", "KiB", "Mi", "MiB", "Pi", "PiB", "Ti", "TiB",
    // Kubernetes terms.
    "FieldValueForbidden", "NamespaceTerminating", "Quantity", "Reconcile",
    // Names of types, for their own debug text; titles of pages.
    "Clock", "Clusters", "Databases", "Strategies", "Tenants",
];

/// Returns all quoted words.
fn words() -> BTreeSet<String> {
    let all = sources().into_iter().flat_map(|source| source.words);
    all.collect()
}

/// Returns all reasons that the code can set.
fn reasons() -> BTreeSet<String> {
    let mut reasons = words();
    reasons.retain(|word| !OTHER_WORDS.contains(&word.as_str()) && word != MADE);
    let of_database = TABLES.iter().flat_map(|(table, _)| *table);
    reasons.extend(of_database.map(|known| known.reason.to_owned()));
    reasons.extend(PHASES.map(|phase| MADE.replace("{phase}", phase)));
    reasons
}

#[test]
fn every_reason_is_explained() {
    let (reasons, explained) = (reasons(), explained());
    let missing: Vec<_> = reasons.difference(&explained).collect();
    assert!(
        missing.is_empty(),
        "explain these in docs/troubleshooting.md, or list them in {} as other words: {missing:?}",
        file!()
    );
}

#[test]
fn nothing_is_explained_that_is_no_reason() {
    let (reasons, explained) = (reasons(), explained());
    let stale: Vec<_> = explained.difference(&reasons).collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn the_other_words_are_there() {
    let words = words();
    let listed = OTHER_WORDS.iter().chain([&MADE]);
    let unused: Vec<_> = listed.filter(|word| !words.contains(**word)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// The check would miss another composed reason.
#[test]
fn one_reason_alone_is_made_of_parts() {
    let made = words().into_iter().filter(|word| word.contains('{'));
    assert_eq!(made.collect::<Vec<_>>(), [MADE]);
}
