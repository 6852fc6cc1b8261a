//! What becomes of a strategy and its children, with the rights that `deploy/` grants.

use oceanbase_sim::Simulator;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;

use super::super::installation::Installation;
use crate::support::eventually;

/// A recovery that nobody allows is refused: that stands in its status.
pub(super) fn ask_for_a_recovery(here: &Installation) {
    let recovery = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {name: undo}
spec:
  source: {type: Tenant, tenant: {clusterRef: {name: prod}, tenantName: orders}}
  until: {type: Latest}
  target:
    clusterRef: {name: prod}
    tenantName: restore_orders
    resources: {type: Pools, pools: [spare]}
";
    here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], recovery)
        .unwrap();
    eventually(
        "the refusal",
        || here.get(&["recoverytask", "undo", "-n", "shop"]),
        |task| task["status"]["phase"] == "Failed",
    );
}

/// A task for all tenants of the strategy is canceled while its child runs: that is passed on.
pub(super) fn cancel_a_task_for_all(here: &Installation, simulator: &Simulator) {
    simulator
        .inject(Fault::Hold {
            tenant: "orders".to_owned(),
            at: Stage::Doing,
        })
        .unwrap();
    let all = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: all}
spec: {strategyRef: {name: nightly}, scope: Strategy, type: Full}
";
    here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], all)
        .unwrap();
    let phase = |name: &'static str| move || here.get(&["backuptask", name, "-n", "shop"]);
    eventually("the child runs", phase("all-t1002"), |task| {
        task["status"]["phase"] == "InProgress"
    });
    let cancel = ["patch", "backuptask", "all", "-n", "shop", "--type=merge"];
    let cancel = [&cancel[..], &["--patch", "spec: {cancel: true}"]].concat();
    here.kubectl(&cancel).unwrap();
    eventually("both are canceled", phase("all"), |task| {
        task["status"]["phase"] == "Canceled"
    });
    let names = [
        "delete",
        "backuptask",
        "all",
        "all-t1002",
        "-n",
        "shop",
        "--ignore-not-found",
    ];
    here.kubectl(&names).unwrap();
}

/// What the operator does to the children of a strategy that is edited, and to a strategy that ends
/// what it has begun before it goes.
pub(super) fn edit_and_delete_the_strategy(here: &Installation) {
    let strategy = || here.get(&["backupstrategy", "nightly", "-n", "shop"]);
    let uid = strategy()["metadata"]["uid"].clone();
    for name in ["old-1", "old-2", "old-3"] {
        let overdue = format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata:
  name: {name}
  ownerReferences:
  - {{apiVersion: backup.oceanbase.io/v1alpha1, kind: BackupStrategy, name: nightly, uid: {uid}, controller: true}}
spec: {{strategyRef: {{name: nightly}}, tenantName: orders, type: Full, scheduledTime: '2026-01-01T00:00:00Z'}}
"
        );
        here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], &overdue)
            .unwrap();
    }
    let change =
        "spec: {history: {failed: 1}, logBackup: {pieceSwitchDays: 3}, deletionPolicy: Stop}";
    let patch = [
        "patch",
        "backupstrategy",
        "nightly",
        "-n",
        "shop",
        "--type=merge",
        "--patch",
        change,
    ];
    here.kubectl(&patch).unwrap();
    eventually(
        "the log backup to follow its strategy",
        || here.get(&["logbackup", "prod-t1002", "-n", "shop"]),
        |known| known["spec"]["pieceSwitchDays"] == 3,
    );
    eventually(
        "old tasks to be deleted",
        || here.get(&["backuptasks", "-n", "shop"]),
        |tasks| {
            tasks["items"]
                .as_array()
                .is_some_and(|tasks| tasks.len() == 2)
        },
    );
    here.kubectl(&[
        "delete",
        "backupstrategy",
        "nightly",
        "-n",
        "shop",
        "--timeout=60s",
    ])
    .unwrap();
    let known = here.get(&["logbackup", "prod-t1002", "-n", "shop"]);
    assert_eq!(known["spec"]["desiredState"], "Stopped");
}
