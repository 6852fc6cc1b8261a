//! Objects that a strategy creates (log backups, first backups, tasks of the open slot), and the
//! ended tasks that it deletes.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::pending_objects::{NAME_COLLISION, UPDATE_FAILED};
use super::{ApplyOutcome, Effect, Evaluation, MatchedTenants, Plan, slots};
use crate::api::strategy::{FailingTenant, FirstBackup, StrategyLogBackupMode};
use crate::api::{
    BackupTaskSpec, BackupType, Binding, DeletionPolicy, DesiredState, LocalReference,
    LogBackupSpec,
};
use crate::domain::schedule::{Schedule, Slot};
use crate::domain::{naming, time};
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

/// Longest task deadline that the schema accepts, in seconds.
const LONGEST_DEADLINE: i64 = 2_592_000;

/// A task that should exist.
struct DesiredTask<'a> {
    name: String,
    tenant: &'a Tenant,
    slot: Slot,
    /// Whether it is one of a slot's tasks, whose starts are spread.
    is_spread: bool,
}

impl Evaluation<'_> {
    /// Returns what to create or delete next; log backups come first.
    pub(super) fn effect(&self, plan: &Plan<'_>) -> Option<Effect> {
        self.create_log_backups(plan)
            .or_else(|| self.edit_log_backups(plan))
            .or_else(|| self.create_tasks(plan))
            .or_else(|| self.delete_tasks())
    }

    fn create_log_backups(&self, plan: &Plan<'_>) -> Option<Effect> {
        let eligible = plan.matched.eligible.iter();
        let lacking = eligible.filter(|tenant| self.is_without_log_backup(tenant));
        let lacking = lacking.map(|tenant| (self.log_backup_name(tenant), tenant));
        let lacking = self.batch(lacking.collect(), |(name, _)| name).into_iter();
        let created: Vec<_> = lacking
            .map(|(name, tenant)| (name, self.new_log_backup(tenant)))
            .collect();
        (!created.is_empty()).then_some(Effect::MakeLogBackups(created))
    }

    fn create_tasks(&self, plan: &Plan<'_>) -> Option<Effect> {
        let mut names = BTreeSet::new();
        let mut backups = self.early_backups(plan);
        backups.extend(self.slot_tasks(plan));
        // Mirrors start no backup, so no window holds them back. The open slot waits for the end of
        // an upgrade, so that the missed-run policy applies to it.
        if self.observed.is_upgrading || plan.schedule.blackout(self.now).is_some() {
            backups.clear();
        }
        backups.retain(|task| !self.index.has_task(&task.name) && names.insert(task.name.clone()));
        let mut mirrors = self.mirrors(plan.matched);
        mirrors.retain(|(name, _)| !self.index.has_task(name));
        let backups = self.batch(backups, |task| &task.name).into_iter();
        let tasks: Vec<_> = backups
            .map(|task| self.new_task(task, plan.schedule))
            .chain(self.batch(mirrors, |(name, _)| name))
            .collect();
        (!tasks.is_empty()).then_some(Effect::MakeTasks(tasks))
    }

    fn delete_tasks(&self) -> Option<Effect> {
        let outdated = self.batch(self.outdated_tasks(), |task| &task.name);
        let tasks: Vec<_> = outdated
            .into_iter()
            .map(|task| (task.name.clone(), task.version.clone()))
            .collect();
        (!tasks.is_empty()).then_some(Effect::DeleteTasks(tasks))
    }

    /// Returns, with `firstBackup: Immediately`, a full backup for each tenant that has none here.
    fn first_backups<'a>(&self, plan: &Plan<'a>) -> Vec<DesiredTask<'a>> {
        let Some(since) = &self.status.bookkeeping.first_backup_time else {
            return Vec::new();
        };
        let lacking = self.backed_up(plan.matched).filter(|tenant| {
            let has_one = self.observed.with_full_backup.contains(&tenant.id);
            !has_one && !self.index.has_full_task_of(tenant)
        });
        lacking
            .filter_map(|tenant| {
                // The same instant in every pass, so that the task is created only once.
                let at = match self.index.log_backup_of(tenant) {
                    Some(known) => known.created_at.max(since.0),
                    None if self.manages_log_backup() => return None,
                    None => since.0,
                };
                self.early_backup(tenant, at)
            })
            .collect()
    }

    /// Returns a full backup requested at this instant.
    fn early_backup<'a>(&self, tenant: &'a Tenant, since: Timestamp) -> Option<DesiredTask<'a>> {
        // No deadline reaches further: each such task would be overdue when it is created.
        let is_late = since.duration_until(self.now).as_secs() >= LONGEST_DEADLINE;
        let (at, ty) = (since, BackupType::Full);
        (!is_late).then(|| self.wanted_task(tenant, Slot { at, ty }, false))
    }

    pub(super) fn manages_log_backup(&self) -> bool {
        self.strategy.spec.log_backup.mode != StrategyLogBackupMode::Unmanaged
    }

    /// Returns full backups that do not wait for the schedule.
    fn early_backups<'a>(&self, plan: &Plan<'a>) -> Vec<DesiredTask<'a>> {
        let mut tasks = self.first_backups(plan);
        tasks.extend(self.backups_after_heals(plan));
        tasks
    }

    /// Returns a full backup for each tenant whose interrupted log backup was healed. No earlier
    /// set can be recovered beyond the interruption.
    fn backups_after_heals<'a>(&self, plan: &Plan<'a>) -> Vec<DesiredTask<'a>> {
        if self.strategy.spec.suspend {
            return Vec::new();
        }
        self.backed_up(plan.matched)
            .filter_map(|tenant| {
                let since = self.index.log_backup_of(tenant)?.full_backup_wanted_since?;
                self.early_backup(tenant, self.free_minute(tenant, since))
            })
            .collect()
    }

    /// Returns until when a blackout holds back first backups, if it does.
    pub(super) fn first_backups_held_until(&self, plan: &Plan<'_>) -> Option<Timestamp> {
        let blackout = plan.schedule.blackout(self.now)?;
        (!self.early_backups(plan).is_empty()).then_some(blackout.until)
    }

    pub(super) fn record_first_backup(&mut self) {
        let is_wanted = self.strategy.spec.first_backup == FirstBackup::Immediately;
        let known = self.status.bookkeeping.first_backup_time.take();
        // When a user resumes a suspended strategy, its first backup is requested at that time.
        let is_wanted = is_wanted && !self.strategy.spec.suspend;
        self.status.bookkeeping.first_backup_time =
            is_wanted.then(|| known.unwrap_or_else(|| time(self.now)));
    }

    /// Returns tenants whose data can be backed up: those that nothing blocks.
    fn backed_up<'a>(&self, matched: &'a MatchedTenants) -> impl Iterator<Item = &'a Arc<Tenant>> {
        let eligible = matched.eligible.iter();
        eligible.filter(|tenant| self.remaining_blocker(tenant).is_none())
    }

    /// Returns why a tenant gets no task: it would fail at once, for every slot. The tenant is
    /// listed as failing.
    pub(super) fn remaining_blocker(&self, tenant: &Tenant) -> Option<String> {
        if let Some(refusal) = self.refusal(tenant) {
            return Some(refusal.reason);
        }
        // Checked before its log backup reports it: a data backup sent until then would be created.
        if self.has_logs_elsewhere(tenant) {
            return Some("DestinationInUse".to_owned());
        }
        let Some(known) = self.index.log_backup_of(tenant) else {
            let is_refused = self.is_refused(&self.log_backup_name(tenant));
            return is_refused.then(|| NAME_COLLISION.to_owned());
        };
        let reason = known.cause.as_ref().map(|cause| &cause.reason);
        reason
            .filter(|reason| *reason == "DestinationInUse")
            .cloned()
    }

    /// Returns why a slot has no task.
    fn why_nothing(&self, matched: &MatchedTenants) -> String {
        if self.backed_up(matched).next().is_some() {
            return "FullBackupPending".to_owned();
        }
        let blocked = self.why_idle(matched);
        let failing = || matched.failing.first().map(|tenant| tenant.reason.clone());
        blocked
            .or_else(failing)
            .unwrap_or_else(|| "NoTenants".to_owned())
    }

    /// Returns whether a log backup is to be created for the tenant.
    fn is_without_log_backup(&self, tenant: &Tenant) -> bool {
        if !self.manages_log_backup() {
            return false;
        }
        // Also if only data backups go elsewhere: the tool that creates them archives around them.
        // With a LogBackup here, it could no longer set its own log destination.
        self.index.log_backup_of(tenant).is_none() && self.refusal(tenant).is_none()
    }

    /// Returns all tasks of the open slot, whether they exist or not.
    fn slot_tasks<'a>(&self, plan: &Plan<'a>) -> Vec<DesiredTask<'a>> {
        let Some(slot) = slots::open(&self.status) else {
            return Vec::new();
        };
        let pending = self.full_pending(plan);
        self.backed_up(plan.matched)
            // A full backup in progress covers what an incremental one would.
            .filter(|tenant| slot.ty == BackupType::Full || !pending.contains(&tenant.name))
            .map(|tenant| self.wanted_task(tenant, slot, true))
            .collect()
    }

    /// Returns tenants with a full backup that is to be created, or that runs and is not late.
    fn full_pending(&self, plan: &Plan<'_>) -> BTreeSet<String> {
        let late = self.late_tasks();
        let tasks = self.observed.tasks.iter();
        let awaited = tasks.filter(|task| task.full && task.outcome.is_none() && !task.deleting);
        let awaited = awaited.filter(|task| !late.contains(task.name.as_str()));
        let mut first = self.early_backups(plan);
        first.retain(|task| !self.index.has_task(&task.name));
        awaited
            .map(|task| task.tenant_name.clone())
            .chain(first.into_iter().map(|task| task.tenant.name.clone()))
            .collect()
    }

    /// Closes the open slot when all its tasks exist or cannot be created.
    pub(super) fn close_when_created(&mut self, plan: &Plan<'_>, created: Option<&ApplyOutcome>) {
        let open = self.status.bookkeeping.open_slot.as_ref();
        let is_held = open.is_some_and(|open| open.start_time.is_some());
        let (Some(slot), false) = (slots::open(&self.status), is_held) else {
            return;
        };
        let tasks = self.slot_tasks(plan);
        let is_there = |name: &str| {
            self.index.has_task(name) || created.is_some_and(|created| created.owned.contains(name))
        };
        let refused = tasks.iter().filter(|task| self.is_refused(&task.name));
        let refused = refused.count();
        let started = tasks.iter().filter(|task| is_there(&task.name)).count();
        if started + refused < tasks.len() {
            return;
        }
        let mut record = match (started, refused) {
            (0, 0) => slots::record(slot, "Skipped", Some(&self.why_nothing(plan.matched))),
            (0, _) => slots::record(slot, "Skipped", Some(NAME_COLLISION)),
            _ => slots::record(slot, "Started", None),
        };
        record.started = i32::try_from(started).unwrap_or(i32::MAX);
        record.failed = i32::try_from(refused).unwrap_or(i32::MAX);
        slots::close(&mut self.status, record);
    }

    /// Returns the names of all objects to create, edit or delete, now or later.
    pub(super) fn wanted_names(&self, plan: &Plan<'_>) -> BTreeSet<String> {
        let tasks = self.early_backups(plan).into_iter();
        let mut names: BTreeSet<String> = tasks
            .chain(self.slot_tasks(plan))
            .map(|task| task.name)
            .collect();
        names.extend(self.mirrors(plan.matched).into_iter().map(|(name, _)| name));
        names.retain(|name| !self.index.has_task(name));
        let log_backups = plan.matched.eligible.iter();
        let lacking = log_backups.filter(|tenant| self.is_without_log_backup(tenant));
        names.extend(lacking.map(|tenant| self.log_backup_name(tenant)));
        let edits = self.log_backups_to_edit(plan).into_iter();
        names.extend(edits.map(|edit| edit.name));
        let outdated = self.outdated_tasks().into_iter();
        names.extend(outdated.map(|task| task.name.clone()));
        names
    }

    /// Returns the tenants that cannot be backed up, and why.
    pub(super) fn failing(&self, matched: &MatchedTenants) -> Vec<FailingTenant> {
        let mut failing = matched.failing.clone();
        for tenant in &matched.eligible {
            if let Some(refusal) = self.refusal(tenant) {
                failing.push(refusal);
            } else if let Some(unmade) = self
                .unmade(&self.log_backup_name(tenant))
                // A log backup that cannot be edited exists.
                .filter(|unmade| unmade.reason != UPDATE_FAILED)
            {
                failing.push(FailingTenant {
                    name: tenant.name.clone(),
                    reason: unmade.reason.clone(),
                    message: unmade.message.clone(),
                });
            }
        }
        failing
    }

    fn log_backup_name(&self, tenant: &Tenant) -> String {
        naming::log_backup(&self.strategy.spec.cluster_ref.name, tenant.id)
    }

    fn new_log_backup(&self, tenant: &Tenant) -> LogBackupSpec {
        let spec = self.strategy.spec;
        let desired_state = self.found_state(tenant);
        // The combination is rejected: the database would stop writing.
        let binding = match desired_state {
            DesiredState::Paused => Binding::Optional,
            _ => spec.log_backup.binding,
        };
        LogBackupSpec {
            cluster_ref: spec.cluster_ref.clone(),
            tenant_name: tenant.name.clone(),
            storage_ref: spec.storage_ref.clone(),
            path: self.new_log_path(tenant),
            storage_change_policy: spec.storage_change_policy,
            state: desired_state,
            mode: spec.log_backup.mode.into(),
            binding,
            piece_switch_days: spec.log_backup.piece_switch_days,
            archive_lag_target_seconds: spec.log_backup.archive_lag_target_seconds,
            drift_policy: spec.log_backup.drift_policy,
            interruption: spec.log_backup.interruption.clone(),
            deletion_policy: DeletionPolicy::Retain,
            deletion_timeout_seconds: None,
        }
    }

    /// Returns the desired state of a new log backup: Running, which is why a strategy is applied.
    ///
    /// A user's stop under this strategy is kept: deleting a LogBackup must not start archiving. A
    /// stop from before the strategy does not count. Often the operator itself caused it, around a
    /// data backup or before it was uninstalled. A pause is kept however old it is, since only
    /// users pause.
    fn found_state(&self, tenant: &Tenant) -> DesiredState {
        let round = tenant.round.as_ref();
        let round = round.filter(|_| self.observed.with_logs_here.contains(&tenant.id));
        // Between two data backups it is stopped by design.
        if self.strategy.spec.log_backup.mode == StrategyLogBackupMode::AroundDataBackup {
            return DesiredState::Running;
        }
        let Some(round) = round else {
            return DesiredState::Running;
        };
        let stopped = match &round.status {
            RoundStatus::Suspending | RoundStatus::Suspend => return DesiredState::Paused,
            RoundStatus::Stopping => true,
            // With ARCHIVELOG, a new round is about to begin.
            RoundStatus::Stop => tenant.archive_log != Some(true),
            _ => false,
        };
        if stopped && self.is_younger_than_strategy(round) {
            DesiredState::Stopped
        } else {
            DesiredState::Running
        }
    }

    /// Returns whether a round ended after the strategy was created. Creation times have whole
    /// seconds, and only the checkpoint of a round's end is known.
    fn is_younger_than_strategy(&self, round: &Round) -> bool {
        let created_at = self.strategy.created_at.as_second();
        round
            .reached()
            .is_some_and(|end| end.at().as_second() > created_at)
    }

    fn wanted_task<'a>(&self, tenant: &'a Tenant, slot: Slot, is_spread: bool) -> DesiredTask<'a> {
        DesiredTask {
            name: naming::task(self.strategy.name, tenant.id, &slot),
            tenant,
            slot,
            is_spread,
        }
    }

    fn new_task(&self, task: DesiredTask<'_>, schedule: &Schedule) -> (String, BackupTaskSpec) {
        let (tenant, slot) = (task.tenant, task.slot);
        let cluster = &self.strategy.spec.cluster_ref.name;
        let spread = if task.is_spread {
            schedule.spread().as_secs()
        } else {
            0
        };
        let share = naming::share_of_spread(cluster, tenant.id, spread);
        let share = SignedDuration::from_secs(share);
        let start = schedule.after(slot.at, share);
        // The task does not account for blackouts, so blackouts in between extend its deadline.
        let deadline = schedule.after(slot.at, share + schedule.starting_deadline());
        let mut deadline = start.duration_until(deadline).as_secs();
        if !task.is_spread {
            // It stays valid until it runs, whatever delays it.
            deadline = LONGEST_DEADLINE;
        }
        let spec = BackupTaskSpec {
            strategy_ref: Some(LocalReference::new(self.strategy.name)),
            tenant_name: tenant.name.clone(),
            type_: slot.ty,
            scheduled_time: Some(time(slot.at)),
            not_before_time: (start > slot.at).then(|| time(start)),
            starting_deadline_seconds: Some(deadline.min(LONGEST_DEADLINE)),
            ..BackupTaskSpec::default()
        };
        (task.name, spec)
    }
}
