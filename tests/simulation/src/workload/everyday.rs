//! Everyday user actions.

use std::time::Duration;

use oceanbase_sim::statement::Kind;

use super::{Action, Workload, edit, minutes, scenario};

/// Delay before users cancel or delete: after any single fault of up to two minutes, the backup
/// runs by then.
const LATER: Duration = Duration::from_mins(4);

/// Duration of a backup that still runs then.
const LONG: Duration = Duration::from_mins(5);

/// Delay before users delete everything. A backup that an upgrade prevented is retried by then.
const MUCH_LATER: Duration = Duration::from_mins(9);

/// Duration of a backup that still runs then.
const VERY_LONG: Duration = Duration::from_mins(10);

pub(super) const STRATEGY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {timeZone: UTC, full: {cron: '0 2 * * *'}, incremental: {cron: '10 2 * * *'}}
  retention: {policy: Unmanaged}
";

pub(super) fn task(name: &str, tenant: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}}}
spec: {{clusterRef: {{name: prod}}, storageRef: {{name: nfs}}, tenantName: {tenant}, type: Full}}
"
    )
}

pub(super) const LOG_BACKUP: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: orders}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders, interruption: {policy: Report}}
";

impl Workload {
    /// A strategy of two tenants: a full and an incremental slot.
    pub(super) fn pair() -> Self {
        let mut pair = Self::new("pair", &["orders", "billing"]);
        pair.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];
        pair.at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
    }

    /// Manual backups: one succeeds, one of the same tenant waits for it, and one is canceled while
    /// it runs.
    pub(super) fn manual() -> Self {
        let mut manual = Self::new("manual", &["orders", "billing"]);
        manual.scenario = scenario(&["orders", "billing"], LONG);
        manual.allowed.push(Kind::CancelBackup);
        manual.heals = false;
        manual.length = minutes(45);
        manual
            .at(Duration::ZERO, Action::Apply(LOG_BACKUP.to_owned()))
            .at(minutes(3), Action::Apply(task("now", "orders")))
            .at(minutes(3) + LATER, Action::Apply(task("too", "orders")))
            .at(minutes(18), Action::Apply(task("never-mind", "orders")))
            .at(
                minutes(18) + LATER,
                edit("backuptasks", "never-mind", "spec: {cancel: true}"),
            )
    }

    /// A manual backup with only a cluster and a storage: log backup begins before it and ends
    /// after it.
    pub(super) fn now() -> Self {
        let mut now = Self::new("now", &["orders"]);
        now.is_around = true;
        now.allowed.push(Kind::NoArchiveLog);
        now.at(minutes(1), Action::Apply(task("now", "orders")))
    }

    /// Log backup is started, paused, resumed and stopped.
    pub(super) fn logs() -> Self {
        let mut logs = Self::new("logs", &["orders"]);
        logs.heals = false;
        logs.allowed
            .extend([Kind::NoArchiveLog, Kind::SetLogArchiveDestState]);
        logs.at(Duration::ZERO, Action::Apply(LOG_BACKUP.to_owned()))
            .at(
                minutes(5),
                edit("logbackups", "orders", "spec: {state: Paused}"),
            )
            .at(
                minutes(10),
                edit("logbackups", "orders", "spec: {state: Running}"),
            )
            .at(
                minutes(15),
                edit("logbackups", "orders", "spec: {state: Stopped}"),
            )
    }

    /// A strategy is suspended over its full slot, and resumes before the incremental slot.
    pub(super) fn suspend() -> Self {
        let mut suspend = Self::new("suspend", &["orders"]);
        suspend.slots = vec!["2026-11-20T02:10:00Z"];
        suspend
            .at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
            .at(
                minutes(3),
                edit("backupstrategies", "nightly", "spec: {suspend: true}"),
            )
            .at(
                minutes(8),
                edit("backupstrategies", "nightly", "spec: {suspend: false}"),
            )
    }

    /// Everything is deleted while a backup runs; the database continues its work.
    pub(super) fn delete() -> Self {
        let delete = |plural, name| Action::Delete { plural, name };
        let mut all = Self::new("delete", &["orders"]);
        all.scenario = scenario(&["orders"], VERY_LONG);
        all.at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
            .at(
                minutes(5) + MUCH_LATER,
                delete("backupstrategies", "nightly"),
            )
            .at(minutes(17), delete("backupstorages", "nfs"))
            .at(minutes(18), delete("oceanbaseclusters", "prod"))
    }

    /// Three days of a strategy.
    pub(super) fn days() -> Self {
        let mut days = Self::pair();
        days.name = "days";
        days.length = Duration::from_hours(72);
        days.idle = minutes(5);
        days.slots = vec![
            "2026-11-20T02:00:00Z",
            "2026-11-20T02:10:00Z",
            "2026-11-21T02:00:00Z",
            "2026-11-21T02:10:00Z",
            "2026-11-22T02:00:00Z",
            "2026-11-22T02:10:00Z",
        ];
        days
    }
}
