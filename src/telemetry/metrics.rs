//! Metrics of the operator: one prefix, bounded labels, no value before it is known.
//!
//! Each family is declared once, in `counters` or `gauges`. `docs/metrics.md` is generated from the
//! same declarations. No label holds the name of a task, a UID, a path or the text of an error.

mod counters;
mod gauges;

use std::time::Duration;

use jiff::Timestamp;
use prometheus::{Registry, TextEncoder};

pub use counters::{Database, Operator, Work};
pub use gauges::{Infrastructure, Strategies, Tenants};

use super::metric::{Families, Group, PREFIX};

/// All groups of families, in the order of the document.
pub const GROUPS: [Group; 6] = [
    Strategies::GROUP,
    Tenants::GROUP,
    Infrastructure::GROUP,
    Work::GROUP,
    Database::GROUP,
    Operator::GROUP,
];

/// All metric families.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Metrics of the operator itself.
    pub operator: Operator,
    /// Metrics of queries to databases.
    pub database: Database,
    /// Metrics of finished work.
    pub work: Work,
    /// Metrics of clusters, storages and recoveries.
    pub infrastructure: Infrastructure,
    /// Metrics of strategies.
    pub strategies: Strategies,
    /// Metrics of tenants.
    pub tenants: Tenants,
}

impl Metrics {
    /// Registers all families.
    ///
    /// # Errors
    /// Returns an error if two families have the same name, which is a bug.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some(PREFIX.to_owned()), None)?;
        Ok(Self {
            operator: Operator::register(&registry)?,
            database: Database::register(&registry)?,
            work: Work::register(&registry)?,
            infrastructure: Infrastructure::register(&registry)?,
            strategies: Strategies::register(&registry)?,
            tenants: Tenants::register(&registry)?,
            registry,
        })
    }

    /// Publishes the version of the operator and starts counters that belong to no object. A rule
    /// does not notice the first step of a series that did not exist before.
    pub fn begin(&self, version: &str) {
        self.operator.build_info.set([version], 1);
        for result in ["completed", "failed", "canceled"] {
            self.work.recoveries.add([result], 0);
        }
        for result in ["completed", "failed", "canceled", "idle"] {
            self.work.cleanups.add([result], 0);
        }
        for result in ["passed", "failed", "canceled"] {
            self.work.verifications.add([result], 0);
        }
    }

    /// Counts one reconcile pass. The first pass of a controller starts the series of all outcomes,
    /// so that a rule also notices its first error.
    pub fn reconciled(&self, controller: &str, outcome: &str, took: Duration, now: Timestamp) {
        let operator = &self.operator;
        for known in ["success", "throttled", "conflict", "error"] {
            operator.reconciles.add([controller, known], 0);
        }
        operator.reconciles.add_one([controller, outcome]);
        operator.reconcile_duration.took([controller], took);
        operator.last_reconcile.set([controller], now.as_second());
    }

    /// Counts one statement. `code` is `0` for success and `lost` if there was no response.
    pub fn statement(&self, name: &str, code: &str, took: Duration) {
        self.database.statements.add_one([name, code]);
        self.database.statement_duration.took([name], took);
    }

    /// Counts one write to the Kubernetes API.
    pub fn wrote(&self, controller: &str, verb: &str) {
        self.operator.api_writes.add_one([controller, verb]);
    }

    /// Counts rows of a view that could not be read and were omitted.
    pub fn left_out(&self, query: &str, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.database.unreadable_rows.add([query], rows);
    }

    /// Returns the text for Prometheus and resets the live values. Objects that no longer exist
    /// thus leave no series.
    ///
    /// # Errors
    /// Returns an error if a family cannot be encoded, which is a bug.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let text = TextEncoder::new().encode_to_string(&self.registry.gather());
        self.infrastructure.reset();
        self.strategies.reset();
        self.tenants.reset();
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn families() -> impl Iterator<Item = &'static super::super::metric::Family> {
        GROUPS.iter().flat_map(|group| group.families)
    }

    #[test]
    fn a_name_says_what_is_counted_and_in_which_unit() {
        for family in families() {
            let name = family.name;
            assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
            let is_histogram = family.kind == "histogram";
            assert!(!is_histogram || name.ends_with("_seconds"), "{name}");
            assert!(family.help.ends_with('.'), "{name}: {}", family.help);
        }
    }

    #[test]
    fn no_label_is_without_bound() {
        let bounded = [
            "namespace",
            "strategy",
            "drill",
            "cluster",
            "tenant",
            "storage",
            "type",
            "state",
            "result",
            "outcome",
            "controller",
            "verb",
            "kind",
            "statement",
            "code",
            "query",
            "version",
        ];
        let labels: BTreeSet<_> = families().flat_map(|family| family.labels).collect();
        let other: Vec<_> = labels.iter().filter(|l| !bounded.contains(**l)).collect();
        assert!(other.is_empty(), "{other:?}");
    }

    #[test]
    fn what_is_live_is_told_once() {
        let metrics = Metrics::new().unwrap();
        metrics
            .infrastructure
            .cluster_up
            .set(["payments", "prod"], 1);
        let series = "obbackup_cluster_up{cluster=\"prod\",namespace=\"payments\"} 1";
        assert!(metrics.text().unwrap().contains(series));
        assert!(!metrics.text().unwrap().contains("obbackup_cluster_up"));
    }

    #[test]
    fn the_counters_of_an_object_that_is_gone_are_forgotten() {
        let metrics = Metrics::new().unwrap();
        for strategy in ["nightly", "gone"] {
            metrics.work.tasks.add(["payments", strategy, "failed"], 0);
        }
        let names = ["namespace", "strategy", "result"];
        let is_there = |[_, strategy, _]: [&str; 3]| strategy == "nightly";
        metrics.work.tasks.retain(names, is_there);
        let text = metrics.text().unwrap();
        assert!(text.contains("strategy=\"nightly\"} 0"), "{text}");
        assert!(!text.contains("gone"), "{text}");
    }
}
