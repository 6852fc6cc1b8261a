//! What people do, and for how long they are watched.

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

/// The namespace of everything.
pub const NAMESPACE: &str = "payments";

/// The directory of every store of ours.
pub const STORE: &str = "/ob-backup";

/// The number of the first tenant of a database; the others have every second one after it.
pub const FIRST_TENANT: u64 = 1002;

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
    /// The tenants of its database, in the order of their numbers.
    pub tenants: Vec<&'static str>,
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
    /// Whether interrupted log backups are to be ended and begun anew: a strategy's default.
    pub heals: bool,
    /// Whether logs are archived for data backups only.
    pub is_around: bool,
    /// Whether backups are moved to another place.
    pub moves: bool,
    /// Whether RESTORE reads the store for a while before its row is there: it may then be sent again,
    /// and comes through once.
    pub reads_slowly: bool,
    /// How many backups of ours may run at a time: what the clusters' objects say.
    pub at_once: usize,
    /// Whether a second operator stands by, and one of the two must be elected.
    pub has_second: bool,
    /// The namespaces that the operator looks at.
    pub namespaces: Vec<&'static str>,
    /// How much longer than others an operator waits that finds something under way, before it looks.
    pub patience: Duration,
    /// Slots that fall due: RFC 3339.
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
  credentialsSecretRef: {{name: prod-sys}}
  tls: {{mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs}}
spec: {{type: NFS, nfs: {{path: {STORE}}}}}
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

    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|known| known.name == name)
    }

    /// From when until when its strategy is suspended.
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
