//! The objects that a strategy makes: log backups, first backups and the tasks of the open slot.
//!
//! What could not be made stands in the status with the time of the next try. One object that can
//! not be made neither holds back the others nor is tried in every pass.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Draft, Effect, Made, Matched, slots};
use crate::api::strategy::{FailingTenant, FirstBackup, UnmadeObject};
use crate::api::{BackupTaskSpec, BackupType, DesiredState, LocalReference, LogBackupSpec};
use crate::domain::schedule::Slot;
use crate::domain::{Event, naming, shortened, time};
use crate::oceanbase::model::Tenant;

/// How many objects one pass makes, and how many of those that could not be made are kept.
const BATCH: usize = 50;
/// After how long an object that could not be made is tried again.
const RETRY_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Longest message of a list's entry that the schema takes, in bytes.
pub(super) const MESSAGE_LIMIT: usize = 1024;
const NAME_COLLISION: &str = "NameCollision";

impl Draft<'_> {
    /// What is to be made next; log backups first.
    pub(super) fn effect(&self, matched: &Matched) -> Option<Effect> {
        let mut log_backups: Vec<_> = matched
            .eligible
            .iter()
            .filter(|tenant| self.log_backup_of(tenant).is_none())
            .map(|tenant| (self.log_backup_name(tenant), tenant))
            .filter(|(name, _)| !self.is_held(name))
            .map(|(name, tenant)| (name, self.new_log_backup(tenant)))
            .collect();
        if !log_backups.is_empty() {
            log_backups.truncate(BATCH);
            return Some(Effect::MakeLogBackups(log_backups));
        }
        let mut names = BTreeSet::new();
        let mut tasks = self.first_backups(matched);
        tasks.extend(self.slot_tasks(matched));
        tasks.retain(|(name, _)| {
            !self.is_known(name) && !self.is_held(name) && names.insert(name.clone())
        });
        tasks.truncate(BATCH);
        (!tasks.is_empty()).then_some(Effect::MakeTasks(tasks))
    }

    /// With `firstBackup: Immediately`, a full backup for each tenant that has none here.
    fn first_backups(&self, matched: &Matched) -> Vec<(String, BackupTaskSpec)> {
        let (Some(since), false) = (&self.status.first_backup_time, self.strategy.spec.suspend)
        else {
            return Vec::new();
        };
        let has_task = |tenant: &Tenant| {
            let mut tasks = self.seen.tasks.iter();
            tasks.any(|task| task.full && task.tenant_name == tenant.name)
        };
        let lacking = self
            .backed_up(matched)
            .filter(|tenant| !has_task(tenant) && !self.seen.with_full_backup.contains(&tenant.id));
        lacking
            .filter_map(|tenant| {
                // The same in every pass, so that it is made once; and not long ago, so that it
                // is not overdue when it is made.
                let at = self.log_backup_of(tenant)?.created_at.max(since.0);
                let ty = BackupType::Full;
                Some(self.new_task(tenant, &Slot { at, ty }))
            })
            .collect()
    }

    pub(super) fn note_first_backup(&mut self) {
        let is_wanted = self.strategy.spec.first_backup == FirstBackup::Immediately;
        let known = self.status.first_backup_time.take();
        self.status.first_backup_time = is_wanted.then(|| known.unwrap_or_else(|| time(self.now)));
    }

    /// Tenants whose data can be backed up: not those whose log backup is not ours to make.
    fn backed_up<'a>(&'a self, matched: &'a Matched) -> impl Iterator<Item = &'a Arc<Tenant>> {
        matched
            .eligible
            .iter()
            .filter(|tenant| match self.log_backup_of(tenant) {
                Some(known) => {
                    // It would fail at once, slot for slot; the tenant is listed as failing.
                    let in_use = known
                        .cause
                        .as_ref()
                        .is_some_and(|cause| cause.reason == "DestinationInUse");
                    known.storage == self.strategy.spec.storage_ref.name && !in_use
                }
                None => !self.is_refused(&self.log_backup_name(tenant)),
            })
    }

    /// All tasks of the open slot, whether they are there or not.
    fn slot_tasks(&self, matched: &Matched) -> Vec<(String, BackupTaskSpec)> {
        let Some(slot) = slots::open(&self.status) else {
            return Vec::new();
        };
        let pending = self.full_pending(matched);
        self.backed_up(matched)
            // A full backup that is under way covers what an incremental one would.
            .filter(|tenant| slot.ty == BackupType::Full || !pending.contains(&tenant.name))
            .map(|tenant| self.new_task(tenant, &slot))
            .collect()
    }

    /// Tenants with a full backup that has not ended, or is about to be made.
    fn full_pending(&self, matched: &Matched) -> BTreeSet<String> {
        let tasks = self.seen.tasks.iter();
        let running = tasks.filter(|task| task.full && task.outcome.is_none());
        let first = self.first_backups(matched).into_iter();
        running
            .map(|task| task.tenant_name.clone())
            .chain(first.map(|(_, spec)| spec.tenant_name))
            .collect()
    }

    /// Closes the open slot when all its tasks are there, or can not be.
    pub(super) fn close_when_made(&mut self, matched: &Matched, made: Option<&Made>) {
        let Some(slot) = slots::open(&self.status) else {
            return;
        };
        let tasks = self.slot_tasks(matched);
        let is_there =
            |name: &str| self.is_known(name) || made.is_some_and(|made| made.ours.contains(name));
        let refused = tasks.iter().filter(|(name, _)| self.is_refused(name));
        let refused = refused.count();
        let started = tasks.iter().filter(|(name, _)| is_there(name)).count();
        if started + refused < tasks.len() {
            return;
        }
        let mut record = match (started, refused) {
            (0, 0) if self.backed_up(matched).next().is_some() => {
                slots::record(slot, "Skipped", Some("FullBackupPending"))
            }
            (0, 0) => slots::record(slot, "Skipped", Some("NoTenants")),
            (0, _) => slots::record(slot, "Skipped", Some(NAME_COLLISION)),
            _ => slots::record(slot, "Started", None),
        };
        record.started = i32::try_from(started).unwrap_or(i32::MAX);
        record.failed = i32::try_from(refused).unwrap_or(i32::MAX);
        slots::close(&mut self.status, record);
    }

    fn is_known(&self, task: &str) -> bool {
        self.seen.tasks.iter().any(|known| known.name == task)
    }

    fn unmade(&self, name: &str) -> Option<&UnmadeObject> {
        self.status.unmade.iter().find(|unmade| unmade.name == name)
    }

    /// Whether something else has its name.
    fn is_refused(&self, name: &str) -> bool {
        self.unmade(name)
            .is_some_and(|unmade| unmade.reason == NAME_COLLISION)
    }

    /// Whether it is not tried now.
    fn is_held(&self, name: &str) -> bool {
        self.paused_until().is_some() && self.unmade(name).is_some()
    }

    /// Until when nothing that could not be made is tried. An instant further off than the pause
    /// is another clock's.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        let until = self.status.retry_time.as_ref()?.0;
        let rest = self.now.duration_until(until);
        (rest > SignedDuration::ZERO && rest <= RETRY_PAUSE).then_some(until)
    }

    /// Takes in what became of this pass's effect.
    pub(super) fn note_made(&mut self, effect: &Effect, made: &Made) {
        let names: Vec<&String> = match effect {
            Effect::MakeLogBackups(all) => all.iter().map(|(name, _)| name).collect(),
            Effect::MakeTasks(all) => all.iter().map(|(name, _)| name).collect(),
            Effect::ChangePolicy(_) | Effect::StopLogBackups(_) => Vec::new(),
        };
        for name in names {
            let unmade = if made.foreign.contains(name) {
                let message = format!(
                    "an object named '{name}' is there that this strategy did not make; nothing \
                     was made in its place. Delete or rename that object"
                );
                Some((NAME_COLLISION, message))
            } else if let (false, Some(error)) = (made.ours.contains(name), &made.error) {
                let message = format!(
                    "'{name}' could not be made and is tried again: {error}. Check quotas, \
                     admission webhooks and the operator's rights"
                );
                Some(("CreateFailed", message))
            } else {
                None
            };
            let known = self.status.unmade.iter().position(|u| &u.name == name);
            let known = known.map(|at| self.status.unmade.remove(at));
            let Some((reason, message)) = unmade else {
                continue;
            };
            if known.is_none_or(|known| known.reason != reason) {
                self.event = Some(Event {
                    warning: true,
                    reason,
                    message: message.clone(),
                });
            }
            self.status.retry_time =
                time(self.now.saturating_add(RETRY_PAUSE).unwrap_or(self.now)).into();
            if self.status.unmade.len() < BATCH {
                self.status.unmade.push(UnmadeObject {
                    name: name.clone(),
                    reason: reason.to_owned(),
                    message: shortened(message, MESSAGE_LIMIT),
                });
            }
        }
    }

    /// Forgets what could not be made and is there, or is not wanted any more.
    pub(super) fn forget_unwanted(&mut self, matched: &Matched) {
        if self.status.unmade.is_empty() {
            self.status.retry_time = None;
            return;
        }
        let log_backups = matched.eligible.iter();
        let log_backups = log_backups.filter(|tenant| self.log_backup_of(tenant).is_none());
        let mut wanted: BTreeSet<String> = log_backups
            .map(|tenant| self.log_backup_name(tenant))
            .collect();
        wanted.extend(
            self.first_backups(matched)
                .into_iter()
                .map(|(name, _)| name),
        );
        wanted.extend(self.slot_tasks(matched).into_iter().map(|(name, _)| name));
        wanted.retain(|name| !self.is_known(name));
        self.status
            .unmade
            .retain(|unmade| wanted.contains(&unmade.name));
        if self.status.unmade.is_empty() {
            self.status.retry_time = None;
        }
    }

    /// The tenants that can not be backed up, and why.
    pub(super) fn failing(&self, matched: &Matched) -> Vec<FailingTenant> {
        let mut failing = matched.failing.clone();
        for tenant in &matched.eligible {
            let known = self.log_backup_of(tenant);
            if let Some(known) = known
                && known.storage != self.strategy.spec.storage_ref.name
            {
                failing.push(FailingTenant {
                    name: tenant.name.clone(),
                    reason: "DestinationChangeRefused".to_owned(),
                    message: format!(
                        "LogBackup '{}' sends the tenant's logs to BackupStorage '{}'; nothing is \
                         changed. Stop and delete it to move to another store: that costs a hole \
                         in the logs and needs a new full backup",
                        known.name, known.storage
                    ),
                });
            } else if let Some(unmade) = self.unmade(&self.log_backup_name(tenant)) {
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
        LogBackupSpec {
            cluster_ref: spec.cluster_ref.clone(),
            tenant_name: tenant.name.clone(),
            storage_ref: spec.storage_ref.clone(),
            path: None,
            desired_state: DesiredState::Running,
            binding: spec.log_backup.binding,
            piece_switch_days: spec.log_backup.piece_switch_days,
            drift: spec.log_backup.drift,
        }
    }

    fn new_task(&self, tenant: &Tenant, slot: &Slot) -> (String, BackupTaskSpec) {
        let spec = BackupTaskSpec {
            strategy_ref: Some(LocalReference::new(self.strategy.name)),
            cluster_ref: None,
            storage_ref: None,
            tenant_name: tenant.name.clone(),
            type_: slot.ty,
            scheduled_time: Some(time(slot.at)),
            starting_deadline_seconds: Some(self.strategy.spec.schedule.starting_deadline_seconds),
            cancel: None,
        };
        (naming::task(self.strategy.name, tenant.id, slot), spec)
    }
}
