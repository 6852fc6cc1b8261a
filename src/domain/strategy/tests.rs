//! Tests of a strategy: slots, tenants, and objects that cannot be created.

use super::*;
use crate::api::alert::AlertSettings;
use crate::api::cluster::Access;
use crate::api::log_backup::StorageChangePolicy;
use crate::api::retention::{Retention, RetentionPolicy};
use crate::api::schedule::{BackupType, CalendarSpec, MissedRunPolicy, ScheduleSpec};
use crate::api::strategy::{
    FirstBackup, IncrementalNotPossible, Inherited, LogBackupSettings, PathTemplates, SlotRecord,
    StrategyLogBackupMode, TaskHistoryLimits, TenantSelection,
};
use crate::api::{
    BackupStrategySpec, BackupTaskSpec, DataBackupSettings, DeletionPolicy, DesiredState,
    LocalReference, condition::types,
};
use crate::domain::kstatus::{assert_sound, status_of};
use crate::oceanbase::model::{Answer, Identity, TenantId};
use std::collections::{BTreeMap, BTreeSet};

mod alerts;
mod blackout;
mod children;
mod cleanups;
mod destinations;
mod external_jobs;
mod finalize;
mod missing;
mod outage;
mod overdue;
mod pending_objects;
mod placement;
mod propagation;
mod replaced;
mod retention;
mod slot_metrics;
mod slots;
mod stalled;
mod state_space;
mod task_history;
mod tenants;

/// Sunday, 2026-11-22, 00:00 UTC.
const SUNDAY: &str = "2026-11-22T00:00:00Z";

fn at(minutes: i64) -> Timestamp {
    let sunday: Timestamp = SUNDAY.parse().unwrap();
    sunday + jiff::SignedDuration::from_mins(minutes)
}

/// Returns a spec with full backups at 02:00 on Sundays and incremental ones each hour.
fn spec() -> BackupStrategySpec {
    BackupStrategySpec {
        cluster_ref: LocalReference::new("prod"),
        tenants: None,
        storage_ref: LocalReference::new("s3"),
        paths: None,
        storage_change_policy: StorageChangePolicy::Refuse,
        suspend: false,
        schedule: ScheduleSpec {
            time_zone: "UTC".to_owned(),
            full: Some(CalendarSpec::cron("0 2 * * SUN")),
            incremental: Some(CalendarSpec::cron("0 * * * *")),
            starting_deadline_seconds: 21_600,
            missed_run_policy: MissedRunPolicy::RunLatest,
            spread_seconds: 0,
            blackout_windows: Vec::new(),
        },
        incremental_not_possible: IncrementalNotPossible::Full,
        first_backup: FirstBackup::OnSchedule,
        data_backup: DataBackupSettings::default(),
        log_backup: LogBackupSettings::default(),
        retention: Retention {
            policy: RetentionPolicy::Unmanaged,
            recovery_window_days: None,
        },
        alerts: AlertSettings::default(),
        deletion_policy: DeletionPolicy::Retain,
        deletion_timeout_seconds: None,
        task_history_limits: TaskHistoryLimits::default(),
    }
}

fn tenant(id: i64) -> Arc<Tenant> {
    Arc::new(Tenant::plain(id, &format!("t{id}")))
}

fn log_backup(id: i64) -> ObservedLogBackup {
    ObservedLogBackup {
        name: format!("prod-t{id}"),
        tenant_name: format!("t{id}"),
        tenant_id: Some(TenantId(id)),
        database: None,
        version: "1".to_owned(),
        storage: "s3".to_owned(),
        path: None,
        storage_change_policy: StorageChangePolicy::Refuse,
        is_migrating: false,
        data_left: None,
        settings: LogBackupSettings::default(),
        inherited: Some(inherited("nightly")),
        created_at: at(-600),
        desired_state: DesiredState::Running,
        phase: Some("InProgress".to_owned()),
        around_data_backup: false,
        full_backup_wanted_since: None,
        cause: None,
    }
}

/// Returns the values that a strategy without settings writes into a log backup.
fn inherited(strategy: &str) -> Inherited {
    Inherited {
        strategy: strategy.to_owned(),
        log_backup: LogBackupSettings::default(),
        recovery_window: None,
    }
}

fn task(name: &str, tenant: i64, outcome: Option<&str>) -> ObservedTask {
    ObservedTask {
        name: name.to_owned(),
        version: (format!("uid of {name}"), "1".to_owned()),
        tenant_name: format!("t{tenant}"),
        tenant_id: Some(TenantId(tenant)),
        database: None,
        created_at: at(0),
        scheduled_at: None,
        full: name.contains("-full-"),
        external: false,
        mirrored_since: None,
        deleting: false,
        started_at: None,
        outcome: outcome.map(str::to_owned),
        completed_at: outcome.map(|_| at(0)),
        cause: None,
    }
}

/// A strategy, its environment, and the status recorded so far.
struct Story {
    spec: BackupStrategySpec,
    generation: i64,
    status: BackupStrategyStatus,
    observed: Observation,
    events: Vec<&'static str>,
}

impl Story {
    /// Returns a cluster-level strategy for these tenants, whose log backups run.
    fn of(tenants: &[i64]) -> Self {
        let own = CompetingStrategy {
            name: "nightly".to_owned(),
            full_name: ("nightly".to_owned(), "default".to_owned()),
            created_at: at(-60),
            tenants: None,
            access: Access::default(),
        };
        Self {
            spec: spec(),
            generation: 1,
            status: BackupStrategyStatus::default(),
            observed: Observation {
                target: Ok(()),
                database: Ok(tenants.iter().map(|id| tenant(*id)).collect()),
                rivals: vec![own],
                log_backups: tenants.iter().map(|id| log_backup(*id)).collect(),
                same_storages: BTreeSet::new(),
                tasks: Vec::new(),
                unsettled: BTreeSet::new(),
                with_logs_here: BTreeSet::new(),
                with_full_backup: BTreeSet::new(),
                external: super::external_jobs::ExternalJobs::new(),
                logs_elsewhere: BTreeSet::new(),
                data_elsewhere: BTreeMap::new(),
                directories: BTreeMap::new(),
                recovered: BTreeSet::new(),
                drills: BTreeSet::new(),
                cleanups: Vec::new(),
                asked_cleanups: Vec::new(),
                locations: Vec::new(),
                storage_over: None,
                least_window_days: 1,
                is_upgrading: false,
                identity: Identity {
                    cluster_name: "obprod".to_owned(),
                    cluster_id: 7,
                    created_at: at(-86_400),
                },
            },
            events: Vec::new(),
        }
    }

    fn decide(&self, created: Option<&ApplyOutcome>, minutes: i64) -> StrategyDecision {
        let strategy = Strategy {
            name: "nightly",
            uid: "uid-of-nightly",
            generation: self.generation,
            created_at: at(-60),
            spec: &self.spec,
            status: &self.status,
        };
        let decision = decide(&strategy, &self.observed, created, at(minutes));
        assert_sound(&decision.status.conditions, self.generation);
        decision
    }

    /// Runs one pass and records its status; nothing is created.
    fn reconcile(&mut self, minutes: i64) -> StrategyDecision {
        let decision = self.decide(None, minutes);
        self.status = decision.status.clone();
        self.events.extend(decision.event.iter().map(|e| e.reason));
        decision
    }

    /// Runs one pass whose effect has this result.
    fn pass_with_answer(
        &mut self,
        minutes: i64,
        result: impl Fn(&str) -> Result<(), Trouble>,
    ) -> Vec<String> {
        let Some(effect) = self.reconcile(minutes).effect else {
            return Vec::new();
        };
        let names = names(&effect);
        let mut created = ApplyOutcome::default();
        for name in &names {
            match result(name) {
                Ok(()) => drop(created.owned.insert(name.clone())),
                Err(Trouble::Foreign) => drop(created.foreign.insert(name.clone())),
                Err(Trouble::Error) => {
                    drop(created.errors.insert(name.clone(), format!("no {name}")));
                }
            }
        }
        let decision = self.decide(Some(&created), minutes);
        assert_eq!(decision.effect, None, "one effect in a pass");
        self.status = decision.status;
        self.events.extend(decision.event.iter().map(|e| e.reason));
        // The caches show created objects later.
        for name in created.owned {
            if matches!(effect, Effect::DeleteTasks(_)) {
                self.observed.tasks.retain(|task| task.name != name);
                continue;
            }
            let id = name.split("-t").nth(1).unwrap();
            let id = id.split('-').next().unwrap().parse().unwrap();
            match &effect {
                Effect::MakeLogBackups(created) => {
                    let mut known = log_backup(id);
                    let created = created.iter().find(|(known, _)| *known == name).unwrap();
                    known.tenant_name.clone_from(&created.1.tenant_name);
                    known.storage.clone_from(&created.1.storage_ref.name);
                    known.created_at = at(minutes);
                    self.observed.log_backups.push(known);
                }
                Effect::EditLogBackups(edits) => self.edit(edits),
                Effect::MakeTasks(created) => {
                    let mut known = task(&name, id, None);
                    let created = created.iter().find(|(known, _)| *known == name).unwrap();
                    known.tenant_name.clone_from(&created.1.tenant_name);
                    known.created_at = at(minutes);
                    let mirror = created.1.external_job.as_ref();
                    known.external = mirror.is_some();
                    known.mirrored_since = mirror.map(|it| it.start_time.0);
                    self.observed.tasks.push(known);
                }
                Effect::DeleteTasks(_)
                | Effect::ChangePolicy(_)
                | Effect::StopLogBackups(_)
                | Effect::MakeCleanups(_)
                | Effect::DeleteCleanups(_) => {}
            }
        }
        names
    }

    /// Applies these edits to the log backups.
    fn edit(&mut self, edits: &[LogBackupEdit]) {
        for edit in edits {
            let mut known = self.observed.log_backups.iter_mut();
            let known = known.find(|known| known.name == edit.name).unwrap();
            known.settings = edit.settings.clone();
            known.inherited = Some(edit.inherited.clone());
        }
    }

    fn create(&mut self, minutes: i64) -> Vec<String> {
        self.pass_with_answer(minutes, |_| Ok(()))
    }

    fn history(&self) -> Vec<String> {
        let shown = |record: &SlotRecord| {
            let kind = if record.type_ == BackupType::Full {
                "full"
            } else {
                "incr"
            };
            let reason = record.reason.as_deref().unwrap_or("-");
            format!(
                "{} {kind} {} {reason}",
                record.scheduled_time.0.strftime("%H:%M"),
                record.outcome
            )
        };
        self.status.schedule_history.iter().map(shown).collect()
    }

    fn failing(&self) -> Vec<(&str, &str)> {
        let tenants = self.status.tenants.as_ref().unwrap();
        let shown = tenants.failing.iter();
        shown
            .map(|t| (t.name.as_str(), t.reason.as_str()))
            .collect()
    }

    fn is(&self, condition: &str) -> &str {
        status_of(&self.status.conditions, condition).unwrap()
    }

    fn unreachable(&mut self) -> Result<Vec<Arc<Tenant>>, Blocker> {
        let gone = Err(Blocker::permanent("AccessDenied", "the password is wrong"));
        std::mem::replace(&mut self.observed.database, gone)
    }
}

#[derive(Clone, Copy)]
enum Trouble {
    Foreign,
    Error,
}

fn names(effect: &Effect) -> Vec<String> {
    effect.names().into_iter().cloned().collect()
}
