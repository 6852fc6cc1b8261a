//! Every reason that the code can set is explained in `docs/troubleshooting.md`, and no other.
//!
//! A reason is a word such as `TenantLocked` that stands in quotes in the code, a name in the tables of
//! the database's errors, or made of a phase. So are other things; they are listed here, and a word that
//! is new is taken for a reason until somebody lists it. What the stories see is checked besides, at the
//! end of each.

use std::collections::BTreeSet;

use oceanbase_backup_operator::oceanbase::error::TABLES;

use super::sources::sources;
use crate::support::reasons::explained;

/// The one reason that is made, and what of.
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
    "OceanBaseClusterStatus", "PartialEq", "RecoveryTask", "RecoveryTaskStatus", "String",
    // Types of conditions.
    "Activated", "BackupHealthy", "JobStarted", "LogBackupHealthy", "PrivilegesSufficient", "Ready", "Reconciling",
    "RestoreVerified", "Restored", "Stalled", "Succeeded", "TargetReady", "TypeChanged",
    "WithinCapacity",
    // Statuses of conditions.
    "False", "True", "Unknown",
    // Phases and labels.
    "Abnormal", "CreatingTenant", "Importing", "Initializing", "NoBackupStrategy", "Pending", "PendingBackupScheduling", "Recovering", "Restarting", "Restoring", "Running",
    "Stopping", "Suspending",
    // Outcomes of attempts, slots, heals and verifications.
    "Abandoned", "Found", "Healed", "InterruptedAgain", "Missed", "Passed", "Refused", "Skipped",
    "Started",
    // Alerts.
    "Active", "Caution", "Critical", "Recovered", "Warning",
    // What a server can do, and what it is.
    "BackupProgress", "COSStorage", "CancelRestore", "Community", "Enterprise", "Gi", "Mandatory",
    "Optional", "PauseLogBackup", "PlusArchivelog", "QuotedTableNames", "RestorePreview",
    "RestoreProgress", "S3Storage", "TableRecovery", "TenantBackup",
    // Where a task comes from, and what it makes.
    "External", "Full", "Incremental", "Manual", "Physical", "Strategy",
    // Cleanups: what is deleted, or not, and by whom.
    "BackupSet", "CleanupTask", "CleanupTaskStatus", "Delete", "Engine", "Keep",
    "UpdateStorageKeys", "StorageLimits", "Announced", "Returned", "Returning", "Setting", "Switched",
    "ManualCleanup", "Piece",
    // Days.
    "Fri", "Mon", "Sat", "Sun", "Thu", "Tue", "Wed",
    // Units of bytes; "Gi" is above.
    "Ei", "EiB", "GiB", "Ki", "KiB", "Mi", "MiB", "Pi", "PiB", "Ti", "TiB",
    // Words of Kubernetes.
    "NamespaceTerminating", "Reconcile",
    // Names of types, for their own debug text; titles of pages.
    "Clock", "Clusters", "Databases", "Strategies", "Tenants",
];

/// All words in quotes.
fn words() -> BTreeSet<String> {
    let all = sources().into_iter().flat_map(|source| source.words);
    all.collect()
}

/// All reasons that the code can set.
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
    let gone: Vec<_> = listed.filter(|word| !words.contains(**word)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// Another word that is made of parts would be missed.
#[test]
fn one_reason_alone_is_made_of_parts() {
    let made = words().into_iter().filter(|word| word.contains('{'));
    assert_eq!(made.collect::<Vec<_>>(), [MADE]);
}
