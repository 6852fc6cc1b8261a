//! The cluster.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::parent::Parents;
use super::tenant::Cluster;
use super::{
    Account, Archive, Backups, ChildRows, CleanParents, Cleanups, DestId, Lag, Mode, Pace,
    Parameter, Recoveries, Resources, Restores, Role, RootEvent, Scn, Standby, Storage, Stored,
    Table, Tenant, TenantId, TenantStatus, Upgrades,
};
use crate::views::Version;

/// The edition, visible in `VERSION()` and `@@version_comment`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Edition {
    /// Community.
    #[default]
    Ce,
    /// Enterprise.
    Ee,
}

/// The identity of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `cluster`.
    pub name: String,
    /// `cluster_id`.
    pub id: u64,
    /// The edition.
    pub edition: Edition,
}

/// A tenant to be created.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the fields of [`Tenant`]
pub struct NewTenant {
    pub name: String,
    pub id: Option<TenantId>,
    pub role: Role,
    pub status: TenantStatus,
    pub locked: bool,
    pub mode: Mode,
    pub created_at: Scn,
    pub compatible: Option<Version>,
    pub root_password: String,
    pub log_bytes_per_second: u64,
    pub full_bytes: u64,
    pub backup_bytes_per_second: u64,
    pub tables: Vec<Table>,
    /// Its pools; a pool of its own by default.
    pub pools: Vec<String>,
}

/// One OceanBase cluster.
#[derive(Clone, Debug)]
pub struct World {
    /// Its identity.
    pub identity: Identity,
    /// The simulated release.
    pub version: Version,
    /// The version that the server reports, `OB_VERSION()`.
    pub reported_version: Option<Version>,
    /// How backups of sys behave.
    pub child_rows: ChildRows,
    /// Its speed.
    pub pace: Pace,
    /// The content of storage.
    pub storage: Storage,
    /// User tenants, ascending by id.
    pub tenants: Vec<Tenant>,
    /// Users of all tenants.
    pub accounts: Vec<Account>,
    /// Jobs of sys.
    pub parents: Parents,
    /// Delete jobs of sys.
    pub clean_parents: CleanParents,
    /// The event history of the root service, oldest first and of a limited number.
    pub root_events: Vec<RootEvent>,
    /// Rows that views show late.
    pub lags: Vec<Lag>,
    /// Explicitly set parameters of the cluster.
    pub parameters: BTreeMap<&'static str, String>,
    /// The SQL address of its node, as in `CDB_OB_ACCESS_POINT`.
    pub address: (String, u16),
    /// When it was created.
    pub created_at: Scn,
    /// The zone of its clock.
    pub zone: TimeZone,
    /// Units and pools.
    pub resources: Resources,
    /// Restores.
    pub restores: Restores,
    /// Table recoveries.
    pub recoveries: Recoveries,
    /// Upgrades of tenants.
    pub upgrades: Upgrades,
    /// Other clusters whose storage this one can read.
    pub elsewhere: Vec<World>,
    /// Backups of independent clusters in storage that this one can read.
    pub neighbours: Vec<Stored>,
    /// Tenants that were dropped, whose files stay, and the passwords of their roots.
    pub(super) dropped: Vec<(Tenant, String)>,
    /// Errors of the next activations of tenants.
    pub(crate) failing_activations: BTreeMap<String, u16>,
    now: Scn,
    last_tenant: TenantId,
}

/// The parts that backups change, and the parts that backups only read.
pub(super) struct Parts<'a> {
    pub(super) cluster: Cluster<'a>,
    pub(super) tenants: &'a mut [Tenant],
    pub(super) parents: &'a mut Parents,
    pub(super) events: &'a mut Vec<RootEvent>,
}

impl World {
    /// Returns the version that clients receive.
    #[must_use]
    pub fn shown_version(&self) -> Version {
        self.reported_version.unwrap_or(self.version)
    }

    /// Creates a cluster without user tenants.
    #[must_use]
    pub fn new(identity: Identity, version: Version, now: Scn, sys_password: &str) -> Self {
        Self {
            identity,
            version,
            reported_version: None,
            child_rows: ChildRows::default(),
            pace: Pace::default(),
            storage: Storage::default(),
            tenants: Vec::new(),
            accounts: vec![Account::root(TenantId::SYS, sys_password)],
            parents: Parents::default(),
            clean_parents: CleanParents::default(),
            root_events: Vec::new(),
            lags: Vec::new(),
            parameters: BTreeMap::new(),
            address: ("127.0.0.1".to_owned(), 2881),
            created_at: now,
            zone: TimeZone::UTC,
            resources: Resources::new(vec!["zone1".to_owned()], now),
            restores: Restores::default(),
            recoveries: Recoveries::default(),
            upgrades: Upgrades::default(),
            elsewhere: Vec::new(),
            neighbours: Vec::new(),
            dropped: Vec::new(),
            failing_activations: BTreeMap::new(),
            now,
            last_tenant: TenantId(1000),
        }
    }

    /// Returns the instant up to which all events have happened.
    #[must_use]
    pub fn now(&self) -> Scn {
        self.now
    }

    /// Applies all events that are due by `now`.
    pub fn advance(&mut self, now: Scn) {
        self.now = now;
        for other in &mut self.elsewhere {
            other.advance(now);
        }
        loop {
            let due = self
                .parents
                .due()
                .min(self.clean_parents.due())
                .min(self.restores.due())
                .min(self.recoveries.due())
                .min(self.upgrades.due());
            self.advance_tenants(due.min(now));
            if due > now {
                return;
            }
            self.step_sys_backups(due);
            self.step_sys_cleanups(due);
            self.step_restores(due);
            self.step_recoveries(due);
            self.step_upgrades(due);
        }
    }

    fn advance_tenants(&mut self, until: Scn) {
        let Parts {
            cluster, tenants, ..
        } = self.parts();
        for tenant in tenants.iter_mut().filter(|tenant| tenant.due() <= until) {
            tenant.advance(until, cluster);
        }
    }

    /// Borrows the parts that backups change beside the parts that backups only read.
    pub(super) fn parts(&mut self) -> Parts<'_> {
        Parts {
            cluster: Cluster {
                id: self.identity.id,
                version: self.version,
                upgrading: self.is_upgrading(),
                storage: &self.storage,
                pace: &self.pace,
            },
            tenants: &mut self.tenants,
            parents: &mut self.parents,
            events: &mut self.root_events,
        }
    }

    /// Returns a parameter of the cluster, or a tenant parameter in sys.
    #[must_use]
    pub fn parameter(&self, parameter: &Parameter) -> String {
        if let Some(set) = self.parameters.get(parameter.name) {
            return set.clone();
        }
        match parameter.name {
            "cluster" => self.identity.name.clone(),
            "cluster_id" => self.identity.id.to_string(),
            "min_observer_version" => self.shown_version().to_string(),
            "mysql_port" => self.address.1.to_string(),
            _ => parameter.default.to_owned(),
        }
    }

    /// Returns a tenant by name.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.name == name)
    }

    /// Returns a tenant by name, to be changed.
    pub fn tenant_mut(&mut self, name: &str) -> Option<&mut Tenant> {
        self.tenants.iter_mut().find(|tenant| tenant.name == name)
    }

    /// Returns a tenant by id.
    #[must_use]
    pub fn tenant_by_id(&self, id: TenantId) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }

    /// Creates a tenant and its root user.
    pub fn create_tenant(&mut self, new: NewTenant) -> TenantId {
        let next = TenantId(self.last_tenant.0 + 2);
        let id = new.id.unwrap_or(next).max(next);
        self.last_tenant = id;
        self.accounts.push(Account::root(id, new.root_password));
        if new.pools.is_empty() {
            self.resources.provide(&new.name, id, new.created_at);
        } else {
            self.resources.grant(&new.pools, id);
        }
        self.tenants.push(Tenant {
            id,
            name: new.name,
            role: new.role,
            status: new.status,
            locked: new.locked,
            has_snapshots: false,
            mode: new.mode,
            created_at: new.created_at,
            compatible: new.compatible.unwrap_or(self.version),
            log_bytes_per_second: new.log_bytes_per_second,
            full_bytes: new.full_bytes,
            backup_bytes_per_second: new.backup_bytes_per_second,
            archive_dest: None,
            archive_enabled: true,
            data_dest: None,
            checks: Vec::new(),
            past_checks: Vec::new(),
            archive: Archive::new(new.created_at),
            backups: Backups::default(),
            policies: Vec::new(),
            cleanup: Cleanups::default(),
            parameters: BTreeMap::new(),
            restore_source: None,
            standby: Standby::default(),
            tables: new.tables,
            hold: None,
            last_dest: DestId(DestId::FIRST.0 - 1),
        });
        id
    }

    /// Drops a tenant and its own tables; its directories and its pools stay.
    pub fn drop_tenant(&mut self, name: &str) -> Option<Tenant> {
        let index = self.tenants.iter().position(|tenant| tenant.name == name)?;
        let tenant = self.tenants.remove(index);
        let password = self.root_password(tenant.id).to_owned();
        self.accounts.retain(|account| account.tenant != tenant.id);
        self.resources.free(tenant.id);
        self.dropped.push((tenant.clone(), password));
        self.notice_dropped(tenant.id);
        Some(tenant)
    }

    pub(super) fn root_password(&self, id: TenantId) -> &str {
        let mut accounts = self.accounts.iter();
        let root = accounts.find(|account| account.tenant == id && account.name == "root");
        root.map_or("", |root| &root.password)
    }
}
