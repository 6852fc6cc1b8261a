//! Simulation of permanent changes to retention, deletion and destinations: their faultless
//! results, and that no enumerated fault does harm.

use std::collections::BTreeMap;

use simulation::campaign::Campaign;
use simulation::enumerate::of_group;

use super::faults::assert_harmless;
use super::peace::{NOTHING, wrong};
use crate::support::sample;

pub(super) const WORKLOADS: [&str; 4] = ["policies", "purge", "switch", "bucket"];

/// Number of kills at statements and writes of a long run.
const KILLS: usize = 96;

/// Number of other plans.
const OTHERS: usize = 24;

#[test]
fn a_window_is_set_made_longer_and_taken_away() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "SetLogArchiveDest of billing: 1",
        "ArchiveLog of orders: 1",
        "ArchiveLog of billing: 1",
        "SetDataBackupDest of orders: 1",
        "SetDataBackupDest of billing: 1",
        "Backup of orders: 2",
        "Backup of billing: 2",
        "AddDeletePolicy of orders: 2",
        "AddDeletePolicy of billing: 2",
        "DropDeletePolicy of orders: 2",
        "DropDeletePolicy of billing: 2",
        "backupstrategies nightly: RetentionApplied=True/Applied",
        "database of orders: logs to orders-1002/log OPTIONAL | round 1 DOING | \
         data to orders-1002/data",
    ];
    assert_eq!(wrong("policies", &wanted), NOTHING);
}

#[test]
fn what_is_asked_for_goes_once_and_what_must_stay_does() {
    let wanted = [
        "DeleteBackup of orders: 3",
        "DeleteBackup of billing: 1",
        "CancelDeleteBackup of orders: 1",
        "cleanuptasks old: Completed",
        "cleanuptasks window: Completed",
        "cleanuptasks never-mind: Canceled",
        "cleanuptasks newest: LastRestorableChain",
        "cleanuptasks pieces: Completed",
        "deleted of orders: set 1 piece 1 piece 2",
    ];
    assert_eq!(wrong("purge", &wanted), NOTHING);
}

#[test]
fn log_backup_ends_at_one_store_and_begins_at_another_and_a_full_backup_follows() {
    let wanted = [
        "SetLogArchiveDest of orders: 2",
        "SetDataBackupDest of orders: 2",
        "NoArchiveLog of orders: 1",
        "ArchiveLog of orders: 2",
        "Backup of orders: 3",
        "jobs of orders: Full COMPLETED, Full COMPLETED, Inc COMPLETED",
        "logbackups prod-t1002: StorageMigrated=True/StorageMigrated",
        "backupstrategies nightly: BackupHealthy=True/LastBackupsSucceeded",
        "database of orders: logs to file:///ob-backup-new/obprod-7/orders-1002/log OPTIONAL | \
         round 2 DOING | data to file:///ob-backup-new/obprod-7/orders-1002/data",
    ];
    assert_eq!(wrong("switch", &wanted), NOTHING);
}

#[test]
fn a_bucket_is_entered_with_the_last_key_and_as_fast_as_was_asked_for_last() {
    let wanted = [
        "SetLogArchiveDest of orders: 1",
        "SetDataBackupDest of orders: 1",
        "ArchiveLog of orders: 1",
        "Backup of orders: 2",
        // The key of two destinations, and their limits four times.
        "ChangeStorage of : 10",
        "backupstorages bucket: CredentialsApplied=True/Applied",
        "backupstorages bucket: LimitsApplied=True/Applied",
        "database of orders: logs to oss://ob-backup/obprod-7/orders-1002/log?host=oss.example.com \
         second 600 0G OPTIONAL | round 1 DOING | data to \
         oss://ob-backup/obprod-7/orders-1002/data?host=oss.example.com second 600 0G",
    ];
    assert_eq!(wrong("bucket", &wanted), NOTHING);
}

/// An operator is killed before and after each statement and write.
#[test]
fn no_fault_of_the_enumerated_ones_does_harm_to_what_is_changed_for_good() {
    let campaigns: BTreeMap<_, _> = WORKLOADS.map(|name| (name, Campaign::new(name))).into();
    let singles = campaigns.values().flat_map(|campaign| &campaign.singles);
    let (kills, others) = (sample::count(KILLS), sample::count(OTHERS));
    let plans = of_group(singles.cloned().collect(), kills, others, sample::seed());
    assert_eq!(plans.len(), kills + others);
    println!("{}", assert_harmless(&campaigns, plans));
}
