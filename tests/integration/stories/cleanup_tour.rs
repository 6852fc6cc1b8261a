//! A tour: sets expire, the database deletes them, `kubectl` lists the deletions, and a preview
//! explains the next deletions and the remaining sets.

use super::{nightly_without_first_backup, with_recovery_window};
use crate::support::{World, eventually};

/// A full set each week for four weeks, with incrementals between.
const WEEKS: &str = "
version: '4.4.2.0'
cluster: {name: obprod, id: 7}
speed: 300
tenants:
  - name: orders
    fullBackupSize: 10GiB
    logPerSecond: 64KiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 28d}]}
    backups:
      - {ago: 27d}
      - {ago: 24d, type: INC}
      - {ago: 20d}
      - {ago: 17d, type: INC}
      - {ago: 13d}
      - {ago: 10d, type: INC}
      - {ago: 6d}
";

#[test]
#[allow(clippy::print_stdout, reason = "a tour is read")]
fn sets_expire_and_kubectl_tells_what_went_and_why_the_rest_stays() {
    let world = World::started("cleanup-tour", WEEKS);
    world.apply(&with_recovery_window(&nightly_without_first_backup(), 7));
    eventually(
        "a cleanup of the database",
        || world.list("cleanuptask"),
        |all| {
            all.iter()
                .any(|task| task["status"]["outcome"] == "Completed")
        },
    );
    world.apply(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {name: what-would-go}
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Preview, target: {type: Obsolete}}
",
    );
    world.phase("cleanuptask", "what-would-go", "Completed");
    let show = |arguments: &[&str]| {
        let shown = world.kubectl(arguments).unwrap();
        println!("$ kubectl {}\n{shown}", arguments.join(" "));
        shown
    };
    let listed = show(&["get", "cleanuptasks", "--output=wide"]);
    assert!(listed.contains("nightly-t1002-clean-"), "{listed}");
    let deleted = "jsonpath={range .items[*].status.plan[?(@.action==\"Delete\")]}{.kind} {.id}: {.message}{\"\\n\"}{end}";
    let deleted = show(&["get", "cleanuptasks", &format!("--output={deleted}")]);
    for set in [1, 2, 3, 4] {
        assert!(deleted.contains(&format!("BackupSet {set}:")), "{deleted}");
    }
    let stays = "jsonpath={range .status.plan[*]}{.action} {.kind} {.id}: {.message}{\"\\n\"}{end}";
    let stays = show(&[
        "get",
        "cleanuptask",
        "what-would-go",
        &format!("--output={stays}"),
    ]);
    for line in [
        "Keep BackupSet 5: newest full set that reaches back to the window's start",
        "Keep BackupSet 6: newer than full set 5, which reaches back to the window's start",
        "Keep BackupSet 7: newest valid full set",
    ] {
        assert!(stays.contains(line), "{line} is not in\n{stays}");
    }
    show(&["get", "backupstorages"]);
    show(&["get", "backupstrategies"]);
}
