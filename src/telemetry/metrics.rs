//! The operator's metrics: one prefix, bounded labels, nothing exported before it is known.

use std::time::Duration;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// What every metric's name starts with.
const PREFIX: &str = "obbackup";

/// All metric families.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: IntCounterVec,
    reconcile_duration: HistogramVec,
    statements: IntCounterVec,
    statement_duration: HistogramVec,
    status_writes: IntCounterVec,
    tasks: IntCounterVec,
    recoveries: IntCounterVec,
    verifications: IntCounterVec,
    cleanups: IntCounterVec,
    slots: IntCounterVec,
    malformed: IntCounterVec,
    left_out: IntCounterVec,
    leader: IntGauge,
    cluster_up: IntGaugeVec,
    log_delay: IntGaugeVec,
    log_checkpoint: IntGaugeVec,
    running_tasks: IntGaugeVec,
    alerts: IntGaugeVec,
}

impl Metrics {
    /// Registers all families.
    ///
    /// # Errors
    /// Two families of one name, which is a bug.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some(PREFIX.to_owned()), None)?;
        let metrics = Self {
            reconciles: counters(
                "reconciles_total",
                "Passes over an object, by controller and outcome.",
                &["controller", "outcome"],
            )?,
            reconcile_duration: histograms(
                "reconcile_duration_seconds",
                "Time of one pass over an object.",
                &["controller"],
            )?,
            statements: counters(
                "sql_statements_total",
                "Statements sent to OceanBase, by fixed name and error number (0: none, lost: no answer).",
                &["statement", "code"],
            )?,
            statement_duration: histograms(
                "sql_statement_duration_seconds",
                "Time until OceanBase answered a statement.",
                &["statement"],
            )?,
            status_writes: counters(
                "api_writes_total",
                "Writes to the Kubernetes API, by controller and verb.",
                &["controller", "verb"],
            )?,
            tasks: counters(
                "tasks_total",
                "Backup tasks that ended, by type and result.",
                &["type", "result"],
            )?,
            recoveries: counters(
                "recoveries_total",
                "Recoveries that ended, by result.",
                &["result"],
            )?,
            verifications: counters(
                "verifications_total",
                "Verifications by recovery that ended, by result.",
                &["result"],
            )?,
            cleanups: counters(
                "cleanups_total",
                "Cleanups of the database that ended, by result (idle: nothing was obsolete).",
                &["result"],
            )?,
            slots: counters(
                "slots_total",
                "Slots of schedules, by type and what became of them.",
                &["type", "outcome"],
            )?,
            malformed: counters(
                "malformed_objects_total",
                "Stored objects that could not be read, by kind.",
                &["kind"],
            )?,
            left_out: counters(
                "unreadable_rows_total",
                "Rows of OceanBase's views that could not be read and were left out, by query.",
                &["query"],
            )?,
            leader: IntGauge::new(
                "leader",
                "1 in the operator that acts, 0 in one that stands by.",
            )?,
            cluster_up: gauges(
                "cluster_up",
                "1 while the OceanBase cluster answers, 0 while it does not.",
                &["namespace", "cluster"],
            )?,
            log_delay: gauges(
                "log_backup_delay_seconds",
                "How far log backup is behind; of one that was stopped there is none.",
                &["namespace", "cluster", "tenant"],
            )?,
            log_checkpoint: gauges(
                "log_backup_checkpoint_timestamp_seconds",
                "Up to where logs are archived.",
                &["namespace", "cluster", "tenant"],
            )?,
            running_tasks: gauges(
                "running_tasks",
                "Backup tasks that have not ended, by phase.",
                &["namespace", "phase"],
            )?,
            alerts: gauges(
                "alerts",
                "Active alerts, by the console's name.",
                &["namespace", "strategy", "type"],
            )?,
            registry,
        };
        metrics.register()?;
        Ok(metrics)
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        let registry = &self.registry;
        registry.register(Box::new(self.leader.clone()))?;
        for family in [
            &self.reconciles,
            &self.statements,
            &self.status_writes,
            &self.tasks,
            &self.recoveries,
            &self.verifications,
            &self.cleanups,
            &self.slots,
            &self.malformed,
            &self.left_out,
        ] {
            registry.register(Box::new(family.clone()))?;
        }
        for family in [&self.reconcile_duration, &self.statement_duration] {
            registry.register(Box::new(family.clone()))?;
        }
        for family in [
            &self.cluster_up,
            &self.log_delay,
            &self.log_checkpoint,
            &self.running_tasks,
            &self.alerts,
        ] {
            registry.register(Box::new(family.clone()))?;
        }
        Ok(())
    }

    /// Counts one pass.
    pub fn reconciled(&self, controller: &str, outcome: &str, took: Duration) {
        self.reconciles
            .with_label_values(&[controller, outcome])
            .inc();
        self.reconcile_duration
            .with_label_values(&[controller])
            .observe(took.as_secs_f64());
    }

    /// Counts one statement; `code` is `0` where there was no error, and `lost` where no answer
    /// came.
    pub fn statement(&self, name: &str, code: &str, took: Duration) {
        self.statements.with_label_values(&[name, code]).inc();
        self.statement_duration
            .with_label_values(&[name])
            .observe(took.as_secs_f64());
    }

    /// Counts one write to the Kubernetes API.
    pub fn wrote(&self, controller: &str, verb: &str) {
        self.status_writes
            .with_label_values(&[controller, verb])
            .inc();
    }

    /// Counts a task that ended.
    pub fn task_ended(&self, kind: &str, result: &str) {
        self.tasks.with_label_values(&[kind, result]).inc();
    }

    /// Counts a recovery that ended.
    pub fn recovery_ended(&self, result: &str) {
        self.recoveries.with_label_values(&[result]).inc();
    }

    /// Counts a cleanup that ended in the database.
    pub fn cleanup_ended(&self, result: &str) {
        self.cleanups.with_label_values(&[result]).inc();
    }

    /// Counts a verification that ended.
    pub fn verification_ended(&self, result: &str) {
        self.verifications.with_label_values(&[result]).inc();
    }

    /// Counts a slot that was closed.
    pub fn slot_closed(&self, kind: &str, outcome: &str) {
        self.slots.with_label_values(&[kind, outcome]).inc();
    }

    /// Counts a stored object that could not be read.
    pub fn malformed(&self, kind: &str) {
        self.malformed.with_label_values(&[kind]).inc();
    }

    /// Counts rows of a view that could not be read and were left out.
    pub fn left_out(&self, query: &str, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.left_out.with_label_values(&[query]).inc_by(rows);
    }

    /// Forgets all live values, so that what is gone is not exported any more.
    pub fn reset_live(&self) {
        for family in [
            &self.cluster_up,
            &self.log_delay,
            &self.log_checkpoint,
            &self.running_tasks,
            &self.alerts,
        ] {
            family.reset();
        }
    }

    /// Says whether this operator acts.
    pub fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// Says whether a cluster answers.
    pub fn cluster_up(&self, namespace: &str, cluster: &str, up: bool) {
        self.cluster_up
            .with_label_values(&[namespace, cluster])
            .set(i64::from(up));
    }

    /// Says how far a tenant's log backup has come.
    pub fn log_backup(&self, labels: [&str; 3], delay_seconds: i64, checkpoint_seconds: i64) {
        self.log_delay.with_label_values(&labels).set(delay_seconds);
        self.log_checkpoint
            .with_label_values(&labels)
            .set(checkpoint_seconds);
    }

    /// Counts one task that has not ended.
    pub fn running_task(&self, namespace: &str, phase: &str) {
        self.running_tasks
            .with_label_values(&[namespace, phase])
            .inc();
    }

    /// Counts one active alert.
    pub fn alert(&self, namespace: &str, strategy: &str, kind: &str) {
        self.alerts
            .with_label_values(&[namespace, strategy, kind])
            .inc();
    }

    /// The text that Prometheus scrapes.
    ///
    /// # Errors
    /// A family that can not be written, which is a bug.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn counters(name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
    IntCounterVec::new(Opts::new(name, help), labels)
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
    IntGaugeVec::new(Opts::new(name, help), labels)
}

fn histograms(name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, prometheus::Error> {
    let buckets = vec![0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0];
    HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels)
}
