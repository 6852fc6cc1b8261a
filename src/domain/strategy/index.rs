//! Index of the observed objects, by name and by tenant. Linear searches would cost millions of
//! comparisons per pass for a thousand tenants with twenty tasks each.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Observation, ObservedLogBackup, ObservedTask};
use crate::api::DesiredState;
use crate::oceanbase::model::{Tenant, TenantId};

pub(super) struct Index<'a> {
    tasks: HashMap<&'a str, &'a ObservedTask>,
    /// By tenant name.
    full_tasks: HashMap<&'a str, Vec<&'a ObservedTask>>,
    /// Oldest log backup of each tenant that is known by its id.
    by_id: HashMap<TenantId, &'a ObservedLogBackup>,
    /// Oldest log backup of each tenant name, among those that have not observed their tenant yet.
    by_name: HashMap<&'a str, &'a ObservedLogBackup>,
}

impl<'a> Index<'a> {
    pub(super) fn of(observed: &'a Observation) -> Self {
        let mut index = Self {
            tasks: HashMap::new(),
            full_tasks: HashMap::new(),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
        };
        for task in &observed.tasks {
            index.tasks.insert(&task.name, task);
            let is_elsewhere = observed.is_of_another(task.database.as_ref());
            if task.full && !task.external && !is_elsewhere {
                let of_tenant = index.full_tasks.entry(&task.tenant_name).or_default();
                of_tenant.push(task);
            }
        }
        for known in &observed.log_backups {
            let oldest = match known.tenant_id {
                Some(id) => index.by_id.entry(id).or_insert(known),
                None => index.by_name.entry(&known.tenant_name).or_insert(known),
            };
            *oldest = older(oldest, known);
        }
        index
    }

    /// Returns whether a task of this name exists that ended before `at`.
    pub(super) fn has_ended_before(&self, name: &str, at: Timestamp) -> bool {
        let known = self.tasks.get(name);
        known.is_some_and(|task| task.completed_at.is_some_and(|ended| ended < at))
    }

    /// Returns whether a task of this name exists.
    pub(super) fn has_task(&self, name: &str) -> bool {
        self.tasks.contains_key(name)
    }

    /// Returns the task of this name.
    pub(super) fn task(&self, name: &str) -> Option<&'a ObservedTask> {
        self.tasks.get(name).copied()
    }

    /// Returns whether a full backup of the tenant was ever created in this database, whatever its
    /// result.
    pub(super) fn has_full_task_of(&self, tenant: &Tenant) -> bool {
        let tasks = self.full_tasks.get(tenant.name.as_str());
        tasks.is_some_and(|tasks| tasks.iter().any(|task| task.is_of(tenant)))
    }

    /// Returns the log backup of a tenant. If there are several, only the oldest is active.
    pub(super) fn log_backup_of(&self, tenant: &Tenant) -> Option<&'a ObservedLogBackup> {
        let by_id = self.by_id.get(&tenant.id).copied();
        let by_name = self.by_name.get(tenant.name.as_str()).copied();
        match (by_id, by_name) {
            (Some(one), Some(other)) => Some(older(one, other)),
            (one, other) => one.or(other),
        }
    }
}

impl ObservedLogBackup {
    /// Returns whether it is to be stopped.
    pub(super) fn is_to_stop(&self) -> bool {
        self.desired_state == DesiredState::Stopped
    }
}

impl ObservedTask {
    /// Returns whether it is for this tenant, and not for an earlier tenant of that name.
    pub(super) fn is_of(&self, tenant: &Tenant) -> bool {
        self.tenant_name == tenant.name && self.tenant_id.is_none_or(|id| id == tenant.id)
    }
}

fn older<'a>(one: &'a ObservedLogBackup, other: &'a ObservedLogBackup) -> &'a ObservedLogBackup {
    if (other.created_at, &other.name) < (one.created_at, &one.name) {
        other
    } else {
        one
    }
}
