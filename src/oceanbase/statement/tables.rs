//! Statements that bring tables into a tenant that exists, from V4.2.1 on.

use std::time::Duration;

use super::Precondition;
use super::recovery::joined;
use crate::oceanbase::capability::Capability;
use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{
    AuxiliaryTenant, PrimaryZone, RemapQuoting, ResourceName, RestoreKey, Scn, Tables, TenantId,
    TenantName,
};
use crate::oceanbase::restore_password::RestorePassword;

/// Something that is asked of the database whose tenant gets tables. `tenant` is always that tenant.
#[derive(Clone, Debug)]
pub enum TableRecovery {
    /// Has the engine make an auxiliary tenant from backups, and import tables from it. How long the
    /// database takes to answer is not known: it may look at the store first.
    Recover {
        /// The tenant.
        tenant: TenantName,
        /// Its number: the name may be another tenant's by now.
        tenant_id: TenantId,
        /// Which tables, and as what.
        tables: Tables,
        /// Directories of data and of logs, at least one.
        sources: Vec<Destination>,
        /// As they were then, inclusive; at the newest point that the sources hold where it is not
        /// given.
        until: Option<Scn>,
        /// Free pools for the auxiliary tenant, at least one.
        pools: Vec<ResourceName>,
        /// Where the leaders of the auxiliary tenant are; anywhere where it is not given.
        primary_zone: Option<PrimaryZone>,
        /// What the job is found by.
        key: RestoreKey,
        /// How new names are written.
        quoting: RemapQuoting,
        /// Passwords of the backup sets.
        decryption: Vec<RestorePassword>,
    },
    /// Looks whether a recovery of tables with this key is known; sends nothing.
    Find {
        /// The tenant.
        tenant: TenantName,
        /// What the job is found by.
        key: RestoreKey,
    },
    /// Cancels all running recoveries of tables into this tenant, if the one with this key is the only
    /// one. The auxiliary tenant stays.
    Cancel {
        /// The tenant.
        tenant: TenantName,
        /// The job's key.
        key: RestoreKey,
    },
    /// Drops at once the auxiliary tenant that the failed or canceled job with this key has left.
    DropAuxiliary {
        /// The tenant that was to get the tables.
        tenant: TenantName,
        /// The auxiliary one.
        auxiliary: AuxiliaryTenant,
        /// Its number.
        auxiliary_id: TenantId,
        /// The job's key.
        key: RestoreKey,
    },
}

impl TableRecovery {
    /// The command's fixed name.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Recover { .. } => "recover_table",
            Self::Find { .. } => "find_recover_table",
            Self::Cancel { .. } => "cancel_recover_table",
            Self::DropAuxiliary { .. } => "drop_auxiliary_tenant",
        }
    }

    pub(super) fn tenant(&self) -> &TenantName {
        match self {
            Self::Recover { tenant, .. }
            | Self::Find { tenant, .. }
            | Self::Cancel { tenant, .. }
            | Self::DropAuxiliary { tenant, .. } => tenant,
        }
    }

    pub(super) fn precondition(&self) -> Precondition {
        match self {
            Self::Recover {
                tenant,
                tenant_id,
                key,
                ..
            } => Precondition::NeverRecovered {
                tenant: tenant.clone(),
                tenant_id: *tenant_id,
                key: key.clone(),
            },
            Self::Find { key, .. } => Precondition::NoTablesWithKey(key.clone()),
            Self::Cancel { tenant, key } => Precondition::OnlyTables {
                tenant: tenant.clone(),
                key: key.clone(),
            },
            Self::DropAuxiliary {
                auxiliary,
                auxiliary_id,
                key,
                ..
            } => Precondition::AuxiliaryLeft {
                auxiliary: auxiliary.clone(),
                auxiliary_id: *auxiliary_id,
                key: key.clone(),
            },
        }
    }

    /// Returns what a release must have for the statement.
    pub(super) fn needs(&self) -> Capability {
        match self {
            Self::Recover {
                tables,
                quoting: RemapQuoting::Quoted,
                ..
            } if tables.renames(RemapQuoting::Quoted).is_some() => Capability::QuotedRemap,
            _ => Capability::TableRecovery,
        }
    }

    /// How long the database may work on it, at most.
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Recover { .. } | Self::DropAuxiliary { .. } => Duration::from_mins(1),
            Self::Find { .. } | Self::Cancel { .. } => super::Command::BACKUP_TIMEOUT,
        }
    }

    /// The statement; it may hold keys. `None` where the guard's look is all.
    pub(super) fn text(&self) -> Option<String> {
        Some(match self {
            Self::Find { .. } => return None,
            Self::Recover {
                tenant,
                tables,
                sources,
                until,
                pools,
                primary_zone,
                key,
                quoting,
                ..
            } => {
                let until = until.map(|scn| format!(" UNTIL SCN = {scn}"));
                let pools: Vec<_> = pools.iter().map(ResourceName::as_str).collect();
                let zone = primary_zone.as_ref();
                let zone = zone.map(|zone| format!("&primary_zone={zone}"));
                let renames = tables.renames(*quoting);
                let renames = renames.map(|renames| format!(" REMAP TABLE {renames}"));
                format!(
                    "ALTER SYSTEM RECOVER TABLE {} TO TENANT = `{tenant}` FROM '{}'{} \
                     WITH 'pool_list={}{}'{} DESCRIPTION = '{key}'",
                    tables.names(),
                    joined(sources),
                    until.unwrap_or_default(),
                    pools.join(","),
                    zone.unwrap_or_default(),
                    renames.unwrap_or_default(),
                )
            }
            Self::Cancel { tenant, .. } => format!("ALTER SYSTEM CANCEL RECOVER TABLE `{tenant}`"),
            Self::DropAuxiliary { auxiliary, .. } => {
                format!("DROP TENANT IF EXISTS `{auxiliary}` FORCE")
            }
        })
    }
}
