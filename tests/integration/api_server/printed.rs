//! Tests of kubectl's output for users.

use std::sync::LazyLock;

use crate::support::{apply, kubectl};

/// A namespace with one object of each kind, and statuses for the columns.
static NAMESPACE: LazyLock<&str> = LazyLock::new(|| {
    let namespace = "printed";
    kubectl(&["create", "namespace", namespace]).unwrap();
    apply(namespace, OBJECTS).unwrap();
    for (kind, name, status) in STATUSES {
        let patch = format!("--patch={{\"status\": {status}}}");
        kubectl(&[
            "--namespace",
            namespace,
            "patch",
            kind,
            name,
            "--subresource=status",
            "--type=merge",
            &patch,
        ])
        .unwrap();
    }
    namespace
});

const OBJECTS: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {name: prod}
spec: {endpoints: ['ob-1:2881', 'ob-2:2881'], credentials: {secretRef: {name: prod-sys}}, tls: {mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: nfs}
spec: {type: NFS, nfs: {path: /ob-backup}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, schedule: {timeZone: UTC, full: {cron: '0 2 * * *'}}, retention: {policy: Unmanaged}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: first}
spec: {strategyRef: {name: nightly}, tenantName: orders, type: Incremental}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: second}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: billing, type: Full}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: prod-t1002}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders}
";

/// Instants of long ago, so that an age does not change while a test runs.
const STATUSES: [(&str, &str, &str); 5] = [
    (
        "oceanbasecluster",
        "prod",
        r#"{"version": "4.3.5.2", "database": {"clusterName": "obprod", "clusterID": 7, "createTime": "2001-01-01T00:00:00.000000Z"},
            "tenants": {"total": 4, "primary": 3, "backedUp": 2, "notBackedUp": 1}, "alertCount": 3,
            "backup": {"phase": "InProgress", "lastDataBackupTime": "2001-01-01T00:00:00Z", "runningTasks": 1},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"},
                           {"type": "Reachable", "status": "False", "reason": "Unreachable", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"}]}"#,
    ),
    (
        "backupstorage",
        "nfs",
        r#"{"location": "file:///ob-backup", "inUseBy": 2, "summary": {"used": "1.4 TiB (14 %)"},
            "conditions": [{"type": "Reachable", "status": "Unknown", "reason": "NotInUse", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"}]}"#,
    ),
    (
        "backupstrategy",
        "nightly",
        r#"{"phase": "InProgress", "database": {"clusterName": "obprod", "clusterID": 7, "createTime": "2001-01-01T00:00:00.000000Z"},
            "summary": {"tenants": "2/3", "schedule": "cron-full", "next": "2026-11-22T02:00:00+08:00"},
            "lastSuccessTime": "2001-01-01T00:00:00Z", "lastFailureTime": "2001-01-01T00:00:00Z", "runningTasks": 1, "alertCount": 2,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Scheduled", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"}]}"#,
    ),
    (
        "backuptask",
        "first",
        r#"{"phase": "Failed", "cluster": "prod", "type": "Full",
            "database": {"clusterName": "obprod", "clusterID": 7, "createTime": "2001-01-01T00:00:00.000000Z"}, "backupSetID": 12, "progress": "42%",
            "startTime": "2001-01-01T00:00:00Z", "duration": "12h3m20s", "source": "Strategy", "jobID": 7, "outputBytes": 4096,
            "cause": {"reason": "LogArchiveNotRunning", "message": "start it"}}"#,
    ),
    (
        "logbackup",
        "prod-t1002",
        r#"{"phase": "InProgress", "checkpointTime": "2001-01-01T00:00:00Z", "delaySeconds": 9, "database": {"clusterName": "obprod", "clusterID": 7, "createTime": "2001-01-01T00:00:00.000000Z"},
            "roundID": 1, "pieceID": 3,
            "storageDirectory": "file:///ob/log",
            "tenant": {"id": 1002, "role": "PRIMARY", "strategyName": "nightly", "lastDataBackupTime": "2001-01-01T00:00:00Z"},
            "recoveryWindows": [{"start": "2001-01-01T00:00:00Z", "end": "2001-01-02T00:00:00Z", "startSCN": "1", "endSCN": "2"}],
            "conditions": [{"type": "Ready", "status": "True", "reason": "Applied", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"}]}"#,
    ),
];

/// Returns the words of a printed table, line by line; an empty column prints nothing.
fn get(arguments: &[&str]) -> Vec<Vec<String>> {
    let printed = kubectl(&[&["--namespace", *NAMESPACE, "get"], arguments].concat()).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    printed.lines().map(words).collect()
}

/// Checks the header, and the first object's cells.
#[track_caller]
fn shows(arguments: &[&str], header: &str, cells: &str) {
    let table = get(arguments);
    assert_eq!(table[0].join(" "), header);
    // The ages of 2001 and of this test's start are not compared.
    let steady = table[1].iter().map(|cell| {
        let is_age = cell.strip_suffix(['y', 'd', 's', 'm']).is_some_and(|age| {
            cell.len() < 6
                && age
                    .chars()
                    .all(|c| c.is_ascii_digit() || c == 'y' || c == 'm')
        });
        if is_age { "AGO" } else { cell.as_str() }
    });
    assert_eq!(steady.collect::<Vec<_>>().join(" "), cells);
}

#[test]
fn a_cluster_shows_its_columns() {
    shows(
        &["obcl", "--output=wide"],
        "NAME VERSION STATUS TENANTS BACKED-UP LAST-BACKUP READY REACHABLE AGE ENDPOINT RUNNING ALERTS DATABASE",
        "prod 4.3.5.2 InProgress 4 2 AGO True False AGO ob-1:2881 1 3 obprod",
    );
}

#[test]
fn a_cluster_shows_the_short_columns_by_default() {
    let header = &get(&["obcl"])[0];
    assert_eq!(
        header.join(" "),
        "NAME VERSION STATUS TENANTS BACKED-UP LAST-BACKUP READY REACHABLE AGE"
    );
}

#[test]
fn a_storage_shows_its_columns() {
    shows(
        &["obbst"],
        "NAME TYPE LOCATION USED IN-USE READY REACHABLE AGE",
        "nfs NFS file:///ob-backup 1.4 TiB (14 %) 2 Unknown AGO",
    );
}

#[test]
fn a_strategy_shows_its_columns() {
    shows(
        &["obbs", "--output=wide"],
        "NAME CLUSTER TENANTS STATUS LAST-SUCCESS NEXT RUNNING READY AGE SCHEDULE STORAGE LAST-FAILURE ALERTS DATABASE",
        "nightly prod 2/3 InProgress AGO 2026-11-22T02:00:00+08:00 1 True AGO cron-full nfs AGO 2 obprod",
    );
}

#[test]
fn a_strategy_shows_the_short_columns_by_default() {
    let header = &get(&["obbs"])[0];
    assert_eq!(
        header.join(" "),
        "NAME CLUSTER TENANTS STATUS LAST-SUCCESS NEXT RUNNING READY AGE"
    );
}

#[test]
fn a_task_shows_its_columns() {
    shows(
        &["obbt", "first", "--output=wide"],
        "NAME CLUSTER TENANT TYPE SET STATUS PROGRESS STARTED DURATION AGE ACTUAL-TYPE SOURCE JOB SIZE STRATEGY CAUSE DATABASE",
        "first prod orders Incremental 12 Failed 42% AGO 12h3m20s AGO Full Strategy 7 4096 nightly LogArchiveNotRunning obprod",
    );
}

#[test]
fn a_task_shows_the_short_columns_by_default() {
    let header = &get(&["obbt"])[0];
    assert_eq!(
        header.join(" "),
        "NAME CLUSTER TENANT TYPE SET STATUS PROGRESS STARTED DURATION AGE"
    );
}

#[test]
fn a_log_backup_shows_its_columns() {
    shows(
        &["oblb", "--output=wide"],
        "NAME CLUSTER TENANT STATUS CHECKPOINT DELAY WINDOW-START READY AGE ROUND PIECE DIRECTORY STRATEGY LAST-BACKUP DATABASE",
        "prod-t1002 prod orders InProgress AGO 9 AGO True AGO 1 3 file:///ob/log nightly AGO obprod",
    );
}

#[test]
fn a_log_backup_shows_the_short_columns_by_default() {
    let header = &get(&["oblb"])[0];
    assert_eq!(
        header.join(" "),
        "NAME CLUSTER TENANT STATUS CHECKPOINT DELAY WINDOW-START READY AGE"
    );
}

#[test]
fn the_category_lists_all_kinds() {
    let names = kubectl(&[
        "--namespace",
        *NAMESPACE,
        "get",
        "oceanbase-backup",
        "--output=name",
    ])
    .unwrap();
    let mut names: Vec<&str> = names.lines().collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "backupstorage.backup.oceanbase.io/nfs",
            "backupstrategy.backup.oceanbase.io/nightly",
            "backuptask.backup.oceanbase.io/first",
            "backuptask.backup.oceanbase.io/second",
            "logbackup.backup.oceanbase.io/prod-t1002",
            "oceanbasecluster.backup.oceanbase.io/prod",
        ]
    );
}

#[test]
fn objects_are_selected_by_their_fields() {
    for (kind, selector, expected) in [
        ("backuptasks", "spec.tenantName=billing", "second"),
        ("backuptasks", "spec.type=Full", "second"),
        ("backuptasks", "spec.strategyRef.name=nightly", "first"),
        ("backuptasks", "status.phase=Failed", "first"),
        ("logbackups", "spec.tenantName=orders", "prod-t1002"),
        ("logbackups", "spec.clusterRef.name=prod", "prod-t1002"),
        ("logbackups", "status.phase=InProgress", "prod-t1002"),
        ("logbackups", "status.phase=Paused", ""),
        ("backupstrategies", "spec.clusterRef.name=prod", "nightly"),
        ("backupstrategies", "status.phase=InProgress", "nightly"),
        ("backupstrategies", "status.phase=Abnormal", ""),
    ] {
        let found = kubectl(&[
            "--namespace",
            *NAMESPACE,
            "get",
            kind,
            "--field-selector",
            selector,
            "--output=jsonpath={.items[*].metadata.name}",
        ]);
        assert_eq!(found.unwrap(), expected, "{kind} {selector}");
    }
}

#[test]
fn explain_tells_what_a_field_is_for() {
    for (field, words) in [
        ("oceanbasecluster.spec.tls.mode", "There is no default"),
        (
            "backupstorage.spec.nfs.path",
            "Absolute path of the directory",
        ),
        ("backupstrategy.spec.schedule.timeZone", "IANA name"),
        ("backuptask.spec.cancel", "it cannot be taken back"),
        (
            "logbackup.status.recoveryWindows",
            "oldest first, at most 50",
        ),
        ("logbackup", "Deleting it does not change archiving"),
    ] {
        // kubectl wraps lines at positions of its own.
        let reported = kubectl(&["explain", field]).unwrap();
        let reported = reported.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(reported.contains(words), "{field}: {reported}");
    }
}
