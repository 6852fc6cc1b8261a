//! Statements that bring tables into an existing tenant, from V4.2.1 on.

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

/// Command to the database whose tenant receives tables. `tenant` is always that tenant.
#[derive(Clone, Debug)]
pub enum TableRecovery {
    /// Creates an auxiliary tenant from backups and imports tables from it. The response time is
    /// not known, because the database may access the storage first.
    Recover {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant. Another tenant may have the name by now.
        tenant_id: TenantId,
        /// Tables and their new names.
        tables: Tables,
        /// Directories of data and of logs, at least one.
        sources: Vec<Destination>,
        /// SCN of the tables, inclusive; the newest point of the sources if `None`.
        until: Option<Scn>,
        /// Free pools for the auxiliary tenant, at least one.
        pools: Vec<ResourceName>,
        /// Zones of the leaders of the auxiliary tenant; any zone if `None`.
        primary_zone: Option<PrimaryZone>,
        /// Key of the job.
        key: RestoreKey,
        /// Quoting of new names.
        quoting: RemapQuoting,
        /// Passwords of the backup sets.
        decryption: Vec<RestorePassword>,
    },
    /// Searches for a recovery of tables with this key; sends nothing.
    Find {
        /// The tenant.
        tenant: TenantName,
        /// Key of the job.
        key: RestoreKey,
    },
    /// Cancels all running recoveries of tables into this tenant, if the one with this key is the
    /// only one. The auxiliary tenant remains.
    Cancel {
        /// The tenant.
        tenant: TenantName,
        /// Key of the job.
        key: RestoreKey,
    },
    /// Drops immediately the auxiliary tenant that the failed or canceled job with this key has
    /// left.
    DropAuxiliary {
        /// Tenant that was to receive the tables.
        tenant: TenantName,
        /// Auxiliary tenant.
        auxiliary: AuxiliaryTenant,
        /// Number of the auxiliary tenant.
        auxiliary_id: TenantId,
        /// Key of the job.
        key: RestoreKey,
    },
}

impl TableRecovery {
    /// Returns the fixed name of the command.
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

    /// Returns the capability that a release needs for the statement.
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

    /// Returns the timeout of the database for the command.
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Recover { .. } | Self::DropAuxiliary { .. } => Duration::from_mins(1),
            Self::Find { .. } | Self::Cancel { .. } => super::Command::BACKUP_TIMEOUT,
        }
    }

    /// Returns the statement, which may contain keys; `None` if the command only checks its
    /// precondition.
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
