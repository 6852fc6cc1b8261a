//! User actions and the length of the run.

mod bucket;
mod cleanup;
mod everyday;
mod recovery;
mod together;
mod trouble;
mod verification;

use std::time::Duration;

use oceanbase_backup_operator::oceanbase::reflector::Intervals;
use oceanbase_sim::statement::Kind;

use crate::oracle::PASSWORD;

/// The namespace of the test objects.
pub const NAMESPACE: &str = "payments";

/// The directory of the operator's storage.
pub const STORE: &str = "/ob-backup";

/// The number of the first tenant of a database; each further tenant is two higher.
pub const FIRST_TENANT: u64 = 1002;

/// An action of a user.
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
    /// Injects a fault into the database: YAML of a fault of the simulator.
    Database(&'static str),
}

/// User actions and the length of the run.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// The tenants of its database, in the order of their numbers.
    pub tenants: Vec<&'static str>,
    /// The database.
    pub scenario: String,
    /// The actions and their times.
    pub steps: Vec<(Duration, Action)>,
    /// The length of the run.
    pub length: Duration,
    /// How often the database is read while no job of the operator runs.
    pub idle: Duration,
    /// Kinds of requested statements.
    pub allowed: Vec<Kind>,
    /// Whether interrupted log backups are restarted: a strategy's default.
    pub heals: bool,
    /// Whether logs are archived for data backups only.
    pub is_around: bool,
    /// Whether backups move to another destination.
    pub moves: bool,
    /// Whether RESTORE reads the storage for a while before its row exists. It may then be sent
    /// again, and takes effect once.
    pub reads_slowly: bool,
    /// Limit on simultaneous backups of the operator, from the clusters' objects.
    pub at_once: usize,
    /// Whether a second operator stands by, and one of the two must be elected.
    pub has_second: bool,
    /// The namespaces that the operator watches.
    pub namespaces: Vec<&'static str>,
    /// Additional wait of an operator that finds a statement under way, before it checks.
    pub patience: Duration,
    /// Due slots, in RFC 3339.
    pub slots: Vec<&'static str>,
}

const SETTING_UP: [Kind; 4] = [
    Kind::SetLogArchiveDest,
    Kind::ArchiveLog,
    Kind::SetDataBackupDest,
    Kind::Backup,
];

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
  credentials: {{secretRef: {{name: prod-sys}}}}
  tls: {{mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs}}
spec: {{type: NFS, nfs: {{path: {STORE}}}}}
"
    ))
}

/// Describes a database with these tenants, whose full backup takes about this long.
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
    /// Returns all workloads; the clock begins at 01:55.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::pair(),
            Self::manual(),
            Self::now(),
            Self::logs(),
            Self::suspend(),
            Self::delete(),
            Self::leader(),
            Self::neighbours(),
            Self::retry(),
            Self::later(),
            Self::heal(),
            Self::blackout(),
            Self::around(),
            Self::farewell(),
            Self::everybody(),
            Self::sealed(),
            Self::elsewhere(),
            Self::recover(),
            Self::recover_tables(),
            Self::recover_leader(),
            Self::recover_slowly(),
            Self::recover_slowly_leader(),
            Self::verify(),
            Self::verify_gone(),
            Self::policies(),
            Self::purge(),
            Self::switch(),
            Self::bucket(),
            Self::days(),
        ]
    }

    /// Returns the workload of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|known| known.name == name)
    }

    /// Returns when the suspension of its strategy begins and ends.
    #[must_use]
    pub fn suspended(&self) -> Option<(Duration, Duration)> {
        let edit = |wanted: &str| {
            let mut steps = self.steps.iter();
            let found = steps.find(
                |(_, action)| matches!(action, Action::Edit { change, .. } if *change == wanted),
            );
            found.map(|(at, _)| *at)
        };
        edit("spec: {suspend: true}").zip(edit("spec: {suspend: false}"))
    }

    fn new(name: &'static str, tenants: &[&'static str]) -> Self {
        Self {
            name,
            tenants: tenants.to_vec(),
            scenario: scenario(tenants, Duration::from_secs(25)),
            steps: vec![(Duration::ZERO, basics())],
            length: minutes(30),
            idle: Intervals::default().idle,
            allowed: SETTING_UP.to_vec(),
            heals: true,
            is_around: false,
            moves: false,
            reads_slowly: false,
            at_once: 2,
            has_second: false,
            namespaces: vec![NAMESPACE],
            patience: Duration::ZERO,
            slots: Vec::new(),
        }
    }

    fn at(mut self, at: Duration, action: Action) -> Self {
        self.steps.push((at, action));
        self
    }
}
