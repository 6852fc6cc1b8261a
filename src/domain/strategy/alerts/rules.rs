//! Rules that find problems in a strategy's backups.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{AlertCandidate, Kind};
use crate::domain::schedule::Schedule;
use crate::domain::strategy::health::{LastRuns, has_failed, last_runs, why};
use crate::domain::strategy::{Evaluation, MatchedTenants, ObservedLogBackup, covers};
use crate::oceanbase::model::{JobStatus, RoundStatus, Tenant};

/// Minimum days without success before an alert, if the user sets no number.
const NO_SUCCESS_DAYS: i32 = 9;
const DAY: i64 = 24 * 60 * 60;

impl Evaluation<'_> {
    /// Returns the current problems. Without tenants, only those that tasks show.
    pub(super) fn found(&self, matched: Option<&MatchedTenants>) -> AlertCandidate {
        let mut found = AlertCandidate::default();
        self.find_failed(&mut found);
        self.find_waiting(&mut found);
        self.find_slow(&mut found);
        self.find_full_storage(&mut found);
        match (matched, &self.observed.database) {
            (Some(matched), Ok(tenants)) => {
                for tenant in &matched.eligible {
                    self.find_delayed(tenant, &mut found);
                    find_uncleaned(tenant, &mut found);
                }
                let named = |tenant: &Tenant| {
                    let mut failing = matched.failing.iter();
                    failing.any(|known| {
                        known.name == tenant.name && known.reason != "TenantAlreadyManaged"
                    })
                };
                let named = tenants.iter().filter(|tenant| named(tenant));
                let good = self.tasks_here();
                let good = good.filter(|task| task.outcome.as_deref() == Some("Completed"));
                let good = last_runs(good, &BTreeSet::new());
                for tenant in matched.eligible.iter().chain(named) {
                    self.find_without_success(tenant, &good, &mut found);
                }
            }
            _ => found.unknown = vec![Kind::NoSuccess, Kind::LogDelay, Kind::CleanupFailed],
        }
        found
    }

    fn find_failed(&self, found: &mut AlertCandidate) {
        let tenants = self.observed.database.iter().flatten();
        let tenants: BTreeMap<&str, &Tenant> = tenants
            .map(|tenant| (tenant.name.as_str(), &**tenant))
            .collect();
        let tasks = self.tasks_here().filter(|task| {
            let tenant = tenants.get(task.tenant_name.as_str());
            tenant.is_none_or(|tenant| task.is_of(tenant))
        });
        for (tenant, last) in last_runs(tasks, &self.late_tasks()) {
            if !has_failed(last) || !covers(self.strategy.name, &self.observed.rivals, tenant) {
                continue;
            }
            let (_, why) = why(last);
            let message = format!("BackupTask '{}' did not succeed: {why}", last.name);
            let key = (Kind::BackupFailed, tenant.to_owned());
            found.wrong.insert(key, message);
        }
    }

    fn find_full_storage(&self, found: &mut AlertCandidate) {
        let Some(percent) = self.observed.storage_over else {
            return;
        };
        let storage = &self.strategy.spec.storage_ref.name;
        let message = format!(
            "backups take {percent} % of the `capacity` of BackupStorage '{storage}'. Delete \
             unneeded backups (`retention`, a CleanupTask), or extend the storage and raise \
             `capacity`"
        );
        let key = (Kind::StorageNearlyFull, storage.clone());
        found.wrong.insert(key, message);
    }

    /// Records when a task that waits for its start becomes late.
    fn find_waiting(&self, found: &mut AlertCandidate) {
        let waiting = self.late_from().into_iter();
        let late_from = waiting.map(|(_, from)| from);
        found.due.extend(late_from.filter(|from| *from > self.now));
    }

    fn find_slow(&self, found: &mut AlertCandidate) {
        let limit = i64::from(self.strategy.spec.alerts.data_backup_timeout_seconds);
        for task in self.tasks_here() {
            let (Some(started_at), None) = (task.started_at, &task.outcome) else {
                continue;
            };
            let message = format!(
                "BackupTask '{}' has run since {started_at}, longer than {limit} s: check the load \
                 of the cluster and the throughput of the storage, or cancel the task",
                task.name
            );
            let key = (Kind::BackupTimeout, task.tenant_name.clone());
            self.find_past(found, key, after(started_at, limit), message);
        }
    }

    fn find_delayed(&self, tenant: &Tenant, found: &mut AlertCandidate) {
        let Some(round) = &tenant.round else { return };
        let known = self.index.log_backup_of(tenant);
        // Stopped on purpose: that is reported elsewhere, and no logs are expected until it
        // resumes.
        if matches!(round.status, RoundStatus::Stop | RoundStatus::Stopping)
            || known.map_or(self.manages_log_backup(), ObservedLogBackup::is_to_stop)
        {
            return;
        }
        let Some(reached) = round.reached() else {
            return;
        };
        let checkpoint = reached.at();
        let extra = i64::try_from(tenant.extra_lag().as_secs()).unwrap_or(i64::MAX);
        let limit = i64::from(self.strategy.spec.alerts.log_delay_seconds).saturating_add(extra);
        let see = if known.is_some() {
            "its LogBackup"
        } else {
            "CDB_OB_ARCHIVELOG (with `logBackup.mode: Unmanaged` another tool manages log backup)"
        };
        let message = format!(
            "logs of tenant {} are archived only up to {checkpoint}, more than {limit} s behind: \
             check {see} and the throughput of the storage",
            tenant.name
        );
        let key = (Kind::LogDelay, tenant.name.clone());
        self.find_past(found, key, after(checkpoint, limit), message);
    }

    fn find_without_success(
        &self,
        tenant: &Tenant,
        good: &LastRuns<'_>,
        found: &mut AlertCandidate,
    ) {
        let sets = tenant.sets.iter().filter(|set| set.success);
        let sets = sets.filter_map(|set| set.ended_at);
        let task = good.get(tenant.name.as_str());
        let task = task.filter(|task| task.is_of(tenant));
        let last = sets.chain(task.and_then(|task| task.completed_at)).max();
        let begun = || {
            let log_backup = self
                .index
                .log_backup_of(tenant)
                .map(|known| known.created_at);
            log_backup.max(Some(self.strategy.created_at))
        };
        let Some(since) = last.or_else(begun) else {
            return;
        };
        let asked = self.strategy.spec.alerts.no_success_days;
        let mut days = asked.unwrap_or(NO_SUCCESS_DAYS);
        if after(since, i64::from(days) * DAY) <= self.now {
            // Computed only here, because it is slow.
            let cycle = Schedule::parse(&self.strategy.spec.schedule)
                .map_or(0, |schedule| schedule.longest_gap_days());
            days = days.max(asked.map_or(cycle.saturating_add(1), |_| cycle));
        }
        let what = if last.is_some() {
            "has had no successful data backup since"
        } else {
            "has never had a successful data backup, although it has been backed up since"
        };
        let message = format!(
            "tenant {} {what} {since}, for more than {days} days: see its last BackupTask",
            tenant.name
        );
        let key = (Kind::NoSuccess, tenant.name.clone());
        self.find_past(found, key, after(since, i64::from(days) * DAY), message);
    }

    /// Records a problem that starts at `at`, or when it will start.
    fn find_past(
        &self,
        found: &mut AlertCandidate,
        key: (Kind, String),
        at: Timestamp,
        message: String,
    ) {
        if at <= self.now {
            found.wrong.entry(key).or_insert(message);
        } else {
            found.due.push(at);
        }
    }
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// Reports a tenant whose last cleanup failed: backups to be deleted remain and fill the storage.
fn find_uncleaned(tenant: &Tenant, found: &mut AlertCandidate) {
    let ended = tenant.cleanups.iter();
    let ended = ended.filter(|job| job.status.is_terminal());
    let Some(last) = ended.max_by_key(|job| job.id) else {
        return;
    };
    if last.status != JobStatus::Failed {
        return;
    }
    let why = last.failure.as_ref();
    let why = why.map_or("the database shows no cause", |failure| &*failure.message);
    let message = format!(
        "cleanup job {} of tenant {} failed, so the backups to delete remain in the storage: {why}",
        last.id, tenant.name
    );
    let key = (Kind::CleanupFailed, tenant.name.clone());
    found.wrong.insert(key, message);
}
