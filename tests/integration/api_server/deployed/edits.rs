//! Edits and deletion of a strategy and its children, with the rights that `deploy/` grants.

use std::time::Duration;

use oceanbase_sim::Simulator;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;

use crate::support::installation::Installation;
use crate::support::{eventually, within};

/// Requests a recovery that the cluster does not allow; the status must report the refusal.
pub(super) fn ask_for_a_recovery(here: &Installation) {
    let recovery = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {name: undo}
spec:
  source: {tenant: {clusterRef: {name: prod}, tenantName: orders}}
  until: {type: Latest}
  target:
    type: NewTenant
    clusterRef: {name: prod}
    tenantName: restore_orders
    resources: {pools: [spare]}
";
    here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], recovery)
        .unwrap();
    eventually(
        "the refusal",
        || here.get(&["recoverytask", "undo", "-n", "shop"]),
        |task| task["status"]["phase"] == "Failed",
    );
}

/// Verifies a tenant by a drill: one is restored temporarily, and an expired task is deleted.
pub(super) fn verify_a_tenant(here: &Installation) {
    let apply = |manifest: &str| {
        here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], manifest)
            .unwrap();
    };
    let drill = |suspend: bool| {
        format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryDrill
metadata: {{name: minutely}}
spec:
  strategyRef: {{name: nightly}}
  suspend: {suspend}
  schedule: {{timeZone: UTC, cron: '* * * * *'}}
  target: {{clusterRef: {{name: prod}}, resources: {{create: {{unit: {{maxCPU: '2', memory: 8Gi}}}}}}}}
  taskHistoryLimits: {{failed: 1}}
"
        )
    };
    apply(&drill(true));
    let shown = || here.get(&["recoverydrill", "minutely", "-n", "shop"]);
    let uid = shown()["metadata"]["uid"].clone();
    for name in ["drill-1", "drill-2"] {
        apply(&format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata:
  name: {name}
  ownerReferences:
  - {{apiVersion: backup.oceanbase.io/v1alpha1, kind: RecoveryDrill, name: minutely, uid: {uid}, controller: true}}
spec:
  source: {{tenant: {{clusterRef: {{name: prod}}, tenantName: orders}}}}
  until: {{type: Latest}}
  target: {{type: NewTenant, clusterRef: {{name: prod}}, tenantName: restore_drill, role: Standby, resources: {{pools: [spare]}}}}
  verification: {{}}
"
        ));
        // It is not allowed yet.
        eventually(
            "the refusal",
            || here.get(&["recoverytask", name, "-n", "shop"]),
            |task| task["status"]["phase"] == "Failed",
        );
    }
    here.kubectl(&[
        "patch",
        "oceanbasecluster",
        "prod",
        "-n",
        "shop",
        "--type=merge",
        "--patch",
        "spec: {recovery: {verification: Allowed, sourceTenants: ['*']}}",
    ])
    .unwrap();
    apply(&drill(false));
    within(
        Duration::from_mins(3),
        "a verification that went well",
        shown,
        |drill| drill["status"]["result"] == "Passed",
    );
    let tasks = || here.get(&["recoverytasks", "-n", "shop"]);
    eventually("one old task", tasks, |tasks| {
        let tasks = tasks["items"].as_array().into_iter().flatten();
        let names = tasks.filter_map(|task| task["metadata"]["name"].as_str());
        names.filter(|name| name.starts_with("drill-")).count() == 1
    });
    apply(&drill(true));
}

/// Shows failed cleanups of the database, of which the older one is deleted.
pub(super) fn show_cleanups(here: &Installation, simulator: &Simulator) {
    for _ in 0..2 {
        simulator
            .inject(Fault::FailCleanup {
                tenant: "orders".to_owned(),
                code: -4016,
                comment: None,
            })
            .unwrap();
    }
    let retention = "spec: {taskHistoryLimits: {failed: 1}, retention: {policy: RecoveryWindow, recoveryWindowDays: 7}}";
    here.kubectl(&[
        "patch",
        "backupstrategy",
        "nightly",
        "-n",
        "shop",
        "--type=merge",
        "--patch",
        retention,
    ])
    .unwrap();
    let shown = || here.get(&["cleanuptasks", "-n", "shop"]);
    let names = |tasks: &serde_json::Value| {
        let tasks = tasks["items"].as_array().into_iter().flatten();
        let names = tasks.filter_map(|task| task["metadata"]["name"].as_str());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = eventually("a failed cleanup", shown, |tasks| !names(tasks).is_empty());
    eventually("only the newest one", shown, |tasks| {
        let now = names(tasks);
        now.len() == 1 && now != names(&first)
    });
}

/// Cancels a task for all tenants of the strategy while its child runs, which is passed on.
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
spec: {strategyRef: {name: nightly}, scope: AllTenants, type: Full}
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

/// Edits a strategy with children, and deletes a strategy that ends what it began.
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
spec: {{strategyRef: {{name: nightly}}, tenantName: orders, type: Full, scheduledTime: '2026-01-01T00:00:00Z', startingDeadlineSeconds: 3600}}
"
        );
        here.kubectl_with(&["apply", "-n", "shop", "--filename=-"], &overdue)
            .unwrap();
    }
    let change = "spec: {taskHistoryLimits: {failed: 1}, logBackup: {pieceSwitchDays: 3}, deletionPolicy: Stop}";
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
    assert_eq!(known["spec"]["state"], "Stopped");
}
