//! The database state that a statement finds, and everything that was ever observed there.

use std::collections::{BTreeMap, BTreeSet};

use oceanbase_sim::model::{RecoverStage, RestoreStage, Role, TenantStatus, World};

/// A job of a recovery.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// The key by which it is found; empty for the restore of an auxiliary tenant.
    pub(super) key: String,
    /// Whether it recovers tables.
    of_tables: bool,
    /// The tenant that it creates, or the target of the tables.
    name: String,
    /// The number of the tenant that it created; for tables that of the auxiliary tenant.
    made: Option<u64>,
    /// Whether it succeeded; none while it runs.
    succeeded: Option<bool>,
}

impl Job {
    pub(super) fn has_ended(&self) -> bool {
        self.succeeded.is_some()
    }

    pub(super) fn succeeded(&self) -> bool {
        self.succeeded == Some(true)
    }
}

/// The state that a statement finds.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    jobs: Vec<Job>,
    /// Numbers of tenants by their names.
    pub(super) tenants: BTreeMap<String, u64>,
    pub(super) pools: BTreeSet<String>,
    pub(super) units: BTreeSet<String>,
}

impl Found {
    /// Returns the present state.
    pub(super) fn of(world: &World) -> Self {
        let resources = &world.resources;
        let tenants = world.tenants.iter();
        Self {
            jobs: jobs(world),
            tenants: tenants.map(|t| (t.name.clone(), t.id.0)).collect(),
            pools: resources.pools.iter().map(|p| p.name.clone()).collect(),
            units: resources.configs.iter().map(|c| c.name.clone()).collect(),
        }
    }

    pub(super) fn has_job(&self, key: &str) -> bool {
        self.jobs.iter().any(|job| job.key == key)
    }

    /// Returns the job that created the tenant with this number.
    pub(super) fn maker(&self, tenant: u64) -> Option<&Job> {
        let mut jobs = self.jobs.iter();
        jobs.find(|job| !job.key.is_empty() && job.made == Some(tenant))
    }

    /// Returns the existing tenants that the jobs with this key created.
    pub(super) fn made(&self, key: &str) -> impl Iterator<Item = (&String, u64)> {
        let jobs = self.jobs.iter().filter(|job| job.key == key);
        let made: BTreeSet<_> = jobs.filter_map(|job| job.made).collect();
        let tenants = self.tenants.iter().map(|(name, id)| (name, *id));
        tenants.filter(move |(_, id)| made.contains(id))
    }

    /// Returns the keys of the running jobs for a tenant of this name.
    pub(super) fn running(&self, of_tables: bool, name: &str) -> impl Iterator<Item = &String> {
        let jobs = self.jobs.iter();
        jobs.filter(move |job| job.of_tables == of_tables && job.name == name && !job.has_ended())
            .map(|job| &job.key)
    }
}

fn jobs(world: &World) -> Vec<Job> {
    let running = world.restores.jobs.iter().chain(&world.restores.history);
    let restores: Vec<Job> = running
        .map(|job| Job {
            key: job.request.description.clone(),
            of_tables: false,
            name: job.request.tenant_name.clone(),
            made: job.tenant.map(|id| id.0),
            succeeded: (job.stage >= RestoreStage::Ended).then(|| !job.has_failed()),
        })
        .collect();
    let tables = world
        .recoveries
        .jobs
        .iter()
        .chain(&world.recoveries.history);
    let tables = tables.map(|job| {
        let auxiliary = &job.request.restore.tenant_name;
        let restore = restores.iter().find(|restore| restore.name == *auxiliary);
        Job {
            key: job.request.restore.description.clone(),
            of_tables: true,
            name: job.request.target_name.clone(),
            made: restore.and_then(|restore| restore.made),
            succeeded: (job.stage == RecoverStage::Ended).then_some(job.result == 0),
        }
    });
    let tables: Vec<_> = tables.collect();
    // The restore of an auxiliary tenant has its recovery's key too: its tenant belongs to the
    // recovery.
    let is_own = |job: &Job| !tables.iter().any(|of| of.key == job.key);
    let whole: Vec<_> = restores.iter().filter(|job| is_own(job)).cloned().collect();
    whole.into_iter().chain(tables).collect()
}

/// Everything that was ever observed, including dropped tenants and deleted rows.
#[derive(Default)]
pub(super) struct Seen {
    /// Keys of successful jobs.
    pub(super) successes: BTreeSet<String>,
    /// Numbers of tenants that were observed as primary in normal state, and as standby.
    pub(super) primaries: BTreeSet<u64>,
    /// Numbers of the tenants that were created for each key.
    made: BTreeMap<String, BTreeSet<u64>>,
    pub(super) standbys: BTreeSet<u64>,
}

impl Seen {
    /// Returns a key for which more than one tenant was created.
    pub(super) fn made_twice(&self) -> Option<&String> {
        let mut made = self.made.iter();
        made.find(|(_, ids)| ids.len() > 1).map(|(key, _)| key)
    }

    pub(super) fn record(&mut self, world: &World) {
        for job in jobs(world) {
            let of_key = job.made.filter(|_| !job.key.is_empty());
            if let Some(id) = of_key {
                self.made.entry(job.key.clone()).or_default().insert(id);
            }
            if job.succeeded() {
                self.successes.insert(job.key);
            }
        }
        for tenant in &world.tenants {
            if tenant.status != TenantStatus::Normal {
                continue;
            }
            match tenant.role {
                Role::Primary => self.primaries.insert(tenant.id.0),
                Role::Standby => self.standbys.insert(tenant.id.0),
                Role::Restore => false,
            };
        }
    }
}
