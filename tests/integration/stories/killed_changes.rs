//! Stories of SIGKILL during permanent changes: a delete policy, deleted backups, the destination
//! of backups. The simulation enumerates all points; these are samples with real processes.
//!
//! The operator is killed before the effect of each point, or after it and before the answer.
//! Another operator takes over, with the same result as without the kill.

use oceanbase_sim::model::FileStatus;
use oceanbase_sim::statement::Kind;

use super::{nightly_without_first_backup, task, with_recovery_window};
use crate::support::kill::{self, Point};
use crate::support::proxy::{Moment, Proxy};
use crate::support::world::NFS;
use crate::support::{World, eventually, scratch};

/// A tenant with full sets of 20, 10 and 3 days ago, and its logs.
const A_PAST: &str = "
version: '4.4.2.0'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: orders
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 25d}]}
    backups: [{ago: 20d}, {ago: 10d}, {ago: 3d}]
";

const CLEANUP: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {name: old}
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Delete, target: {type: BackupSets, backupSetIDs: [1]}}
";

/// The kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A recovery window is extended.
    Policy,
    /// A set is deleted by its number.
    Deletion,
    /// A strategy moves to another storage.
    Place,
}

use Change::{Deletion, Place, Policy};
use Moment::{After, Before};
use Point::{Statement, Status};

const PLANS: [(Change, Point, Moment); 11] = [
    (Policy, Statement(Kind::DropDeletePolicy), After),
    (Policy, Statement(Kind::AddDeletePolicy), Before),
    (Policy, Statement(Kind::AddDeletePolicy), After),
    (Deletion, Status("cleanuptasks", "statement"), After),
    (Deletion, Statement(Kind::DeleteBackup), Before),
    (Deletion, Statement(Kind::DeleteBackup), After),
    (Place, Status("logbackups", "storageMigration"), After),
    (Place, Statement(Kind::NoArchiveLog), After),
    (Place, Statement(Kind::SetLogArchiveDest), Before),
    (Place, Statement(Kind::SetLogArchiveDest), After),
    (Place, Statement(Kind::SetDataBackupDest), After),
];

/// Creates a world with a proxy before its API server, and an idle strategy.
fn at_rest(change: Change) -> (World, Proxy) {
    let mut world = World::new("killed-change", A_PAST);
    let proxy = Proxy::start();
    world.kubeconfig = proxy.kubeconfig(scratch());
    world.start_operator();
    let strategy = match change {
        Policy => with_recovery_window(&nightly_without_first_backup(), 30),
        Deletion | Place => nightly_without_first_backup(),
    };
    world.apply(&format!("{strategy}  storageChangePolicy: StopAndSwitch\n"));
    world.phase("logbackup", "prod-t1002", "InProgress");
    match change {
        Policy => drop(world.condition(
            ("backupstrategy", "nightly"),
            "RetentionApplied",
            "True",
            "Applied",
        )),
        Deletion => {}
        Place => {
            world.apply(&task("first", "Full"));
            world.phase("backuptask", "first", "Completed");
        }
    }
    world.forget_statements();
    (world, proxy)
}

/// Kills the operator at the point and starts another one.
fn kill(plan: (Change, Point, Moment)) {
    let (change, point, moment) = plan;
    let (mut world, proxy) = at_rest(change);
    kill::arm(&world, &proxy, point, moment);
    let edit = |change| world.edit("backupstrategy", "nightly", change);
    match change {
        Policy => edit("spec: {retention: {recoveryWindowDays: 60}}"),
        Deletion => world.apply(CLEANUP),
        Place => {
            let new = NFS.replace("{name: nfs}", "{name: new}");
            world.apply(&new.replace("/ob-backup", "/ob-backup-new"));
            edit("spec: {storageRef: {name: new}}");
        }
    }
    kill::strike(&mut world, &proxy, &format!("{plan:?}"));
    match change {
        Policy => assert_window(&world),
        Deletion => assert_one_deletion(&world),
        Place => assert_moved(&world),
    }
}

/// Returns how many statements of this kind took effect.
fn effects(world: &World, kind: Kind) -> usize {
    world.simulator.log(|log| {
        let all = log.of_kind(kind);
        all.filter(|entry| entry.took_effect()).count()
    })
}

fn assert_window(world: &World) {
    let window = || {
        world.simulator.world(|cluster| {
            let policies = &cluster.tenant("orders").unwrap().policies;
            let windows = policies.iter();
            windows
                .map(|policy| policy.recovery_window.clone())
                .collect::<Vec<_>>()
        })
    };
    eventually("the longer window", window, |found| *found == ["60d"]);
    let object = ("backupstrategy", "nightly");
    world.condition(object, "RetentionApplied", "True", "Applied");
    let sent = [Kind::DropDeletePolicy, Kind::AddDeletePolicy];
    assert_eq!(sent.map(|kind| effects(world, kind)), [1, 1]);
}

fn assert_one_deletion(world: &World) {
    let object = world.phase("cleanuptask", "old", "Completed");
    assert_eq!(object["status"]["deletedSets"], 1);
    assert_eq!(effects(world, Kind::DeleteBackup), 1);
    let left = world.simulator.world(|cluster| {
        let sets = cluster.tenant("orders").unwrap().backups.sets.iter();
        let left = sets.filter(|set| set.file_status != FileStatus::Deleted);
        left.map(|set| set.id.0).collect::<Vec<_>>()
    });
    assert_eq!(left, [2, 3]);
}

fn assert_moved(world: &World) {
    let object = ("logbackup", "prod-t1002");
    world.condition(object, "StorageMigrated", "True", "StorageMigrated");
    let sent = [
        Kind::NoArchiveLog,
        Kind::SetLogArchiveDest,
        Kind::ArchiveLog,
        Kind::SetDataBackupDest,
        Kind::Backup,
    ];
    assert_eq!(sent.map(|kind| effects(world, kind)), [1; 5]);
    let new = world.simulator.world(|cluster| {
        let tenant = cluster.tenant("orders").unwrap();
        let logs = tenant.archive_dest.as_ref().unwrap().uri.path();
        [logs, tenant.data_dest.as_ref().unwrap().uri.path()]
    });
    assert!(
        new.iter().all(|path| path.contains("/ob-backup-new/")),
        "{new:?}"
    );
}

#[test]
fn a_kill_at_a_statement_or_write_of_a_change_leaves_it_made_once() {
    kill::each(&PLANS, kill);
}
