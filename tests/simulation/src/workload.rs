//! What people do, and for how long they are watched.

use std::time::Duration;

use oceanbase_backup_operator::oceanbase::reflector::Intervals;
use oceanbase_sim::statement::Kind;

use crate::oracle::PASSWORD;

/// The namespace of everything.
pub const NAMESPACE: &str = "payments";

/// What a person does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Applies manifests, separated by `---`.
    Apply(String),
    /// Merges a change, written as YAML, into an object.
    Edit {
        /// The plural of its kind.
        plural: &'static str,
        /// Its name.
        name: &'static str,
        /// The change.
        change: &'static str,
    },
    /// Deletes an object.
    Delete {
        /// The plural of its kind.
        plural: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// Something happens in the database: YAML of a fault of the simulator.
    Database(&'static str),
}

/// What people do, and for how long they are watched.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// The database.
    pub scenario: String,
    /// What is done, and when.
    pub steps: Vec<(Duration, Action)>,
    /// The end.
    pub length: Duration,
    /// How often the database is read while nothing of ours runs.
    pub idle: Duration,
    /// Kinds of statements that somebody has asked for.
    pub allowed: Vec<Kind>,
    /// Slots that fall due: RFC 3339.
    pub slots: Vec<&'static str>,
}

const SETTING_UP: [Kind; 4] = [
    Kind::SetLogArchiveDest,
    Kind::ArchiveLog,
    Kind::SetDataBackupDest,
    Kind::Backup,
];

/// How long people wait before they cancel or delete: whatever goes wrong once, the backup runs by
/// then.
const LATER: Duration = Duration::from_secs(90);

/// A backup that still runs then.
const LONG: Duration = Duration::from_secs(200);

const STRATEGY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {cron: {full: '0 2 * * *', incremental: '10 2 * * *'}}
";

fn task(name: &str, tenant: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}}}
spec: {{clusterRef: {{name: prod}}, storageRef: {{name: nfs}}, tenantName: {tenant}, type: Full}}
"
    )
}

const LOG_BACKUP: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: orders}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: orders}
";

fn basics() -> Action {
    Action::Apply(format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: prod-sys}}
stringData: {{password: {PASSWORD}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: prod}}
spec:
  endpoints: ['ob:2881']
  credentialsSecretRef: {{name: prod-sys}}
  tls: {{mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs}}
spec: {{type: NFS, nfs: {{path: /ob-backup}}}}
"
    ))
}

/// A database with these tenants, of which a full backup takes about so long.
fn scenario(tenants: &[&str], backups_take: Duration) -> String {
    // The simulated disk reads 200 MiB a second, twenty times faster.
    let size = backups_take.as_secs() * 4;
    let head = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 20
tenants:
";
    let tenants = tenants
        .iter()
        .map(|name| format!("  - {{name: {name}, fullBackupSize: {size}GiB}}\n"));
    head.to_owned() + &tenants.collect::<String>()
}

fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

fn edit(plural: &'static str, name: &'static str, change: &'static str) -> Action {
    Action::Edit {
        plural,
        name,
        change,
    }
}

impl Workload {
    /// All of them; the clock begins at 01:55.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::pair(),
            Self::manual(),
            Self::logs(),
            Self::suspend(),
            Self::delete(),
            Self::days(),
        ]
    }

    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|known| known.name == name)
    }

    fn new(name: &'static str, tenants: &[&str]) -> Self {
        Self {
            name,
            scenario: scenario(tenants, Duration::from_secs(25)),
            steps: vec![(Duration::ZERO, basics())],
            length: minutes(30),
            idle: Intervals::default().idle,
            allowed: SETTING_UP.to_vec(),
            slots: Vec::new(),
        }
    }

    fn at(mut self, at: Duration, action: Action) -> Self {
        self.steps.push((at, action));
        self
    }

    /// A strategy of two tenants: a full and an incremental slot.
    fn pair() -> Self {
        let mut pair = Self::new("pair", &["orders", "billing"]);
        pair.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];
        pair.at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
    }

    /// Back up now: one backup that goes well, one that is canceled while it runs.
    fn manual() -> Self {
        let mut manual = Self::new("manual", &["orders", "billing"]);
        manual.scenario = scenario(&["orders", "billing"], LONG);
        manual.allowed.push(Kind::CancelBackup);
        manual
            .at(Duration::ZERO, Action::Apply(LOG_BACKUP.to_owned()))
            .at(minutes(3), Action::Apply(task("now", "orders")))
            .at(minutes(8), Action::Apply(task("never-mind", "orders")))
            .at(
                minutes(8) + LATER,
                edit("backuptasks", "never-mind", "spec: {cancel: true}"),
            )
    }

    /// Log backup is started, held, let go on, and stopped.
    fn logs() -> Self {
        let mut logs = Self::new("logs", &["orders"]);
        logs.allowed
            .extend([Kind::NoArchiveLog, Kind::SetLogArchiveDestState]);
        logs.at(Duration::ZERO, Action::Apply(LOG_BACKUP.to_owned()))
            .at(
                minutes(5),
                edit("logbackups", "orders", "spec: {desiredState: Paused}"),
            )
            .at(
                minutes(10),
                edit("logbackups", "orders", "spec: {desiredState: Running}"),
            )
            .at(
                minutes(15),
                edit("logbackups", "orders", "spec: {desiredState: Stopped}"),
            )
    }

    /// A strategy is suspended over its full slot, and goes on before the incremental one.
    fn suspend() -> Self {
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

    /// Everything is deleted while a backup runs; the database goes on with what it does.
    fn delete() -> Self {
        let delete = |plural, name| Action::Delete { plural, name };
        let mut all = Self::new("delete", &["orders"]);
        all.scenario = scenario(&["orders"], LONG);
        all.at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
            .at(minutes(5) + LATER, delete("backupstrategies", "nightly"))
            .at(minutes(8), delete("backupstorages", "nfs"))
            .at(minutes(9), delete("oceanbaseclusters", "prod"))
    }

    /// Three days of a strategy.
    fn days() -> Self {
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
