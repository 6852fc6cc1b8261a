//! A world with one due slot of a strategy, and its expected result.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::log::{Ending, StatementLog};
use oceanbase_sim::model::Stage as JobStage;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use crate::support::proxy::Proxy;
use crate::support::{World, scratch};

/// A backup that works for a minute, or until [`Stage::drive`] releases it.
const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 400
tenants:
  - {name: orders, fullBackupSize: 24GiB, backupPerSecond: 1MiB}
";

/// Limit on one run, which may wait until a statement without an answer is surely over.
const PATIENCE: Duration = Duration::from_mins(3);

/// A world with a proxy before its API server, in which no operator has run yet.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) proxy: Proxy,
    slot: Timestamp,
}

impl Stage {
    pub(super) fn new() -> Self {
        let mut world = World::new("kill", SCENARIO);
        let proxy = Proxy::start();
        world.kubeconfig = proxy.kubeconfig(scratch());
        // Held until the operator has shown it: a read every other second could miss it.
        world.hold("orders", JobStage::Init);
        Self {
            world,
            proxy,
            slot: Timestamp::MIN,
        }
    }

    /// Creates the strategy, with this one slot.
    pub(super) fn schedule(&mut self, slot: Timestamp) {
        let cron = slot.strftime("%M %H * * *");
        self.world.apply(&format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: nightly}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  schedule: {{timeZone: UTC, full: {{cron: '{cron}'}}}}
  retention: {{policy: Unmanaged}}
"
        ));
        self.slot = slot;
    }

    /// Releases the backup at each step that the operator has shown.
    fn drive(&self) {
        let tasks = self.world.list("backuptask");
        let Some(task) = tasks.first().map(|task| &task["status"]) else {
            return;
        };
        let tenant = || "orders".to_owned();
        if task["phase"] == "Initializing" && self.is_running_shown() {
            self.world.release("orders");
        }
        let progress = task["progress"].as_str();
        if task["phase"] == "InProgress" && progress.is_some_and(|progress| progress != "0%") {
            self.world.inject(Fault::FinishBackup { tenant: tenant() });
        }
    }

    fn strategy(&self) -> Value {
        self.world.get("backupstrategy", "nightly")["status"].take()
    }

    fn cluster(&self) -> Value {
        self.world.get("oceanbasecluster", "prod")["status"].take()
    }

    fn is_running_shown(&self) -> bool {
        self.strategy()["runningTasks"] == 1 && self.cluster()["backup"]["runningTasks"] == 1
    }

    /// Returns whether the operator has shown everything.
    pub(super) fn is_over(&self) -> bool {
        let is_shown = |value: &Value| !value.is_null();
        let ended = |task: &Value| is_shown(&task["status"]["outcome"]);
        let recoverable = |log: &Value| is_shown(&log["status"]["recoveryWindows"][0]);
        self.world.list("backuptask").iter().any(ended)
            && is_shown(&self.strategy()["lastSuccessTime"])
            && is_shown(&self.cluster()["backup"]["lastDataBackupTime"])
            && self.world.list("logbackup").iter().any(recoverable)
    }

    /// Returns whether the backup was sent.
    pub(super) fn is_working(&self) -> bool {
        let sent = |log: &StatementLog| log.effects(Kind::Backup, "orders");
        self.world.simulator.log(sent) > 0
    }

    /// Waits for a condition, while the backup continues.
    pub(super) fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            self.drive();
            let world = &self.world;
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: in vain\n{:#?}\n{:#?}\n{:#?}",
                world.list("backuptask"),
                self.strategy(),
                self.last_statements()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn last_statements(&self) -> Vec<String> {
        self.world.simulator.log(|log| {
            let newest = log.entries().rev().take(20);
            newest
                .map(|entry| format!("{} {entry}", entry.at.0))
                .collect()
        })
    }

    /// Returns whether the operator is frozen at its point.
    pub(super) fn is_reached(&self) -> bool {
        let lost = |ending: &Ending| matches!(ending, Ending::LostBefore | Ending::LostAfter(_));
        self.proxy.held()
            || self
                .world
                .simulator
                .log(|log| log.entries().any(|entry| lost(&entry.ending)))
    }

    /// Checks for one statement, one job, one task, one closed slot.
    pub(super) fn assert_one_backup(&self) {
        let world = &self.world;
        let statements = world.changing();
        let effects = world
            .simulator
            .log(|log| log.effects(Kind::Backup, "orders"));
        assert_eq!(effects, 1, "{statements:#?}");
        let jobs = world.simulator.world(|cluster| {
            let backups = &cluster.tenant("orders").unwrap().backups;
            backups.jobs.len() + backups.history.len()
        });
        assert_eq!(jobs, 1, "jobs in the database");

        let tasks = world.list("backuptask");
        let stamp = self.slot.strftime("%Y%m%d%H%M");
        let names: Vec<_> = tasks
            .iter()
            .map(|task| task["metadata"]["name"].clone())
            .collect();
        assert_eq!(names, [format!("nightly-t1002-full-{stamp}z")]);
        let status = &tasks[0]["status"];
        assert_eq!(status["phase"], "Completed", "{status:#}");
        assert_eq!(status["attempts"].as_array().unwrap().len(), 1);

        let job_ids: BTreeSet<_> = self
            .proxy
            .writes()
            .iter()
            .filter(|write| write.operation == "PUT backuptasks/status")
            .filter_map(|write| write.object["status"]["jobID"].as_i64())
            .collect();
        assert_eq!(job_ids.len(), 1, "jobID was {job_ids:?}");
        assert_eq!(status["jobID"].as_i64(), job_ids.first().copied());

        let strategy = world.get("backupstrategy", "nightly");
        let history = strategy["status"]["scheduleHistory"].as_array();
        let outcomes: Vec<&Value> = history
            .into_iter()
            .flatten()
            .map(|record| &record["outcome"])
            .collect();
        assert_eq!(outcomes, ["Started"], "{:#}", strategy["status"]);
    }
}
