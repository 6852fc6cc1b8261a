//! Statements that restore a tenant or tables from backups, and remove them again.

use std::time::Duration;

use secrecy::SecretString;

use super::{Precondition, TableRecovery};
use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{
    Cpu, Locality, PrimaryZone, ResourceName, RestoreKey, Scn, TenantId, TenantName, ZoneName,
};
use crate::oceanbase::query::{Query, RestoreQuery};
use crate::oceanbase::restore_password::{RestorePassword, decryption};

/// Command to the database into which a tenant is restored. `tenant` is always the restored tenant.
#[derive(Clone, Debug)]
pub enum Recovery {
    /// Creates a resource unit, if none has its name.
    CreateUnit {
        /// Tenant that the unit is for.
        tenant: TenantName,
        /// Name of the unit.
        unit: ResourceName,
        /// Largest number of CPUs, at least 1.
        max_cpu: Cpu,
        /// Bytes of memory, at least 1 GiB; rounded down to whole MiB.
        memory: u64,
        /// Bytes of log disk, at least 2 GiB; three times the memory if `None`.
        log_disk: Option<u64>,
    },
    /// Creates a resource pool, if none has its name.
    CreatePool {
        /// Tenant that the pool is for.
        tenant: TenantName,
        /// Name of the pool.
        pool: ResourceName,
        /// Unit of the pool.
        unit: ResourceName,
        /// Number of units in each zone, at least 1.
        unit_count: u32,
        /// Zones of the pool, at least one.
        zones: Vec<ZoneName>,
    },
    /// Drops a pool that no tenant owns.
    DropPool {
        /// Tenant that the pool was for.
        tenant: TenantName,
        /// Name of the pool.
        pool: ResourceName,
    },
    /// Drops a unit that no pool uses.
    DropUnit {
        /// Tenant that the unit was for.
        tenant: TenantName,
        /// Name of the unit.
        unit: ResourceName,
    },
    /// Restores the tenant from backups. The database responds after minutes, when the tenant's
    /// shell exists, and then continues by itself. The command is handed over to a background task.
    Restore {
        /// The tenant.
        tenant: TenantName,
        /// Directories of data and of logs, at least one.
        sources: Vec<Destination>,
        /// SCN to restore to, inclusive; the newest point of the sources if `None`.
        until: Option<Scn>,
        /// Free pools, at least one.
        pools: Vec<ResourceName>,
        /// Locality of the replicas; a full replica in each zone of the pools if `None`.
        locality: Option<Locality>,
        /// Zones of the leaders; any zone if `None`.
        primary_zone: Option<PrimaryZone>,
        /// Number of workers, 0 to 100; the number of the tenant's CPUs if `None`.
        concurrency: Option<u8>,
        /// Key of the job.
        key: RestoreKey,
        /// Passwords of the backup sets.
        decryption: Vec<RestorePassword>,
    },
    /// Searches for a restore with this key; sends nothing.
    FindRestore {
        /// The tenant.
        tenant: TenantName,
        /// Key of the job.
        key: RestoreKey,
    },
    /// Queries what a restore would read; changes nothing.
    Preview {
        /// Tenant that would be restored.
        tenant: TenantName,
        /// Directories of data and of logs, at least one.
        sources: Vec<Destination>,
        /// SCN to restore to, inclusive.
        until: Scn,
        /// Passwords of the backup sets, which are needed to read the storage.
        decryption: Vec<RestorePassword>,
    },
    /// Cancels the running restore of this tenant, if it has this key, and drops what exists of the
    /// tenant. From V4.2.0 on; before, [`Self::DropTenant`] does so.
    CancelRestore {
        /// The tenant.
        tenant: TenantName,
        /// Key of the job.
        key: RestoreKey,
    },
    /// Drops immediately what a failed restore with this key has left of the tenant. Also drops a
    /// whole tenant that was restored only temporarily.
    DropTenant {
        /// Whether the tenant was restored only temporarily.
        verified: bool,
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Key of the job.
        key: RestoreKey,
    },
    /// Turns the restored standby tenant into a primary one. The database responds when this is
    /// done, usually within seconds.
    ActivateStandby {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
    },
    /// Upgrades a primary tenant that was restored from an older version to the version of the
    /// server. The database responds immediately and upgrades later.
    UpgradeTenant {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
    },
    /// Brings tables into an existing tenant.
    Tables(TableRecovery),
}

impl Recovery {
    /// Returns the fixed name of the command, which labels its metric and log line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateUnit { .. } => "create_unit",
            Self::CreatePool { .. } => "create_pool",
            Self::DropPool { .. } => "drop_pool",
            Self::DropUnit { .. } => "drop_unit",
            Self::Restore { .. } => "restore",
            Self::FindRestore { .. } => "find_restore",
            Self::Preview { .. } => "preview",
            Self::CancelRestore { .. } => "cancel_restore",
            Self::DropTenant { .. } => "drop_tenant",
            Self::ActivateStandby { .. } => "activate_standby",
            Self::UpgradeTenant { .. } => "upgrade_tenant",
            Self::Tables(tables) => tables.name(),
        }
    }

    /// Returns the tenant of the command.
    #[must_use]
    pub fn tenant(&self) -> &TenantName {
        match self {
            Self::CreateUnit { tenant, .. }
            | Self::CreatePool { tenant, .. }
            | Self::DropPool { tenant, .. }
            | Self::DropUnit { tenant, .. }
            | Self::Restore { tenant, .. }
            | Self::FindRestore { tenant, .. }
            | Self::Preview { tenant, .. }
            | Self::CancelRestore { tenant, .. }
            | Self::DropTenant { tenant, .. }
            | Self::ActivateStandby { tenant, .. }
            | Self::UpgradeTenant { tenant, .. } => tenant,
            Self::Tables(tables) => tables.tenant(),
        }
    }

    /// Returns the precondition of the command.
    pub(super) fn precondition(&self) -> Precondition {
        match self {
            Self::CreateUnit { .. } | Self::CreatePool { .. } | Self::Preview { .. } => {
                Precondition::None
            }
            Self::Restore { tenant, key, .. } => Precondition::NeverRestored {
                tenant: tenant.clone(),
                key: key.clone(),
            },
            Self::FindRestore { key, .. } => Precondition::NoRestoreWithKey(key.clone()),
            Self::CancelRestore { tenant, key } => Precondition::RestoreRuns {
                tenant: tenant.clone(),
                key: key.clone(),
            },
            Self::DropTenant {
                verified,
                tenant,
                tenant_id,
                key,
            } => Precondition::RestoreFailed {
                or_succeeded: *verified,
                tenant: tenant.clone(),
                tenant_id: *tenant_id,
                key: key.clone(),
            },
            Self::DropPool { pool, .. } => Precondition::PoolIsFree(pool.clone()),
            Self::DropUnit { unit, .. } => Precondition::UnitIsUnused(unit.clone()),
            Self::ActivateStandby { tenant, tenant_id } => Precondition::TenantIs {
                tenant: tenant.clone(),
                tenant_id: *tenant_id,
                role: "STANDBY",
            },
            Self::UpgradeTenant { tenant, tenant_id } => Precondition::TenantIs {
                tenant: tenant.clone(),
                tenant_id: *tenant_id,
                role: "PRIMARY",
            },
            Self::Tables(tables) => tables.precondition(),
        }
    }

    /// Returns the timeout of the database for the command. RESTORE creates a tenant, the
    /// preparation of PREVIEW reads the storage, and ACTIVATE STANDBY waits for the log streams.
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Restore { .. } => Duration::from_mins(10),
            Self::Preview { .. }
            | Self::CancelRestore { .. }
            | Self::DropTenant { .. }
            | Self::ActivateStandby { .. } => Duration::from_mins(1),
            Self::Tables(tables) => tables.timeout(),
            _ => super::Command::BACKUP_TIMEOUT,
        }
    }

    /// Returns SET DECRYPTION, if the backups have passwords.
    pub(super) fn decryption(&self) -> Option<SecretString> {
        match self {
            Self::Restore {
                decryption: given, ..
            }
            | Self::Preview {
                decryption: given, ..
            }
            | Self::Tables(TableRecovery::Recover {
                decryption: given, ..
            }) => decryption(given),
            _ => None,
        }
    }

    /// Returns the key of a statement that is handed over to a background task.
    pub(super) fn key(&self) -> Option<&RestoreKey> {
        match self {
            Self::Restore { key, .. } | Self::Tables(TableRecovery::Recover { key, .. }) => {
                Some(key)
            }
            _ => None,
        }
    }

    /// Returns the check that finds the job of such a statement.
    pub(super) fn search(&self) -> Option<Precondition> {
        match self {
            Self::Restore { key, .. } => Some(Precondition::NoRestoreWithKey(key.clone())),
            Self::Tables(TableRecovery::Recover { key, .. }) => {
                Some(Precondition::NoTablesWithKey(key.clone()))
            }
            _ => None,
        }
    }

    /// Returns the query for the result, which runs on the same session after the statement.
    pub(super) fn question(&self) -> Option<Query> {
        matches!(self, Self::Preview { .. }).then(|| RestoreQuery::Preview.into())
    }

    /// Returns the statement, which may contain keys; `None` if the command only checks its
    /// precondition.
    ///
    /// Names are in back quotes, because the name of a tenant may be a word of the grammar.
    pub(super) fn text(&self) -> Option<String> {
        Some(match self {
            Self::FindRestore { .. } => return None,
            Self::CreateUnit {
                unit,
                max_cpu,
                memory,
                log_disk,
                ..
            } => {
                let memory = memory >> 20;
                let log_disk = log_disk.map(|bytes| format!(", LOG_DISK_SIZE '{}M'", bytes >> 20));
                format!(
                    "CREATE RESOURCE UNIT IF NOT EXISTS `{unit}` MAX_CPU {max_cpu}, \
                     MEMORY_SIZE '{memory}M'{}",
                    log_disk.unwrap_or_default()
                )
            }
            Self::CreatePool {
                pool,
                unit,
                unit_count,
                zones,
                ..
            } => {
                let zones = zones.iter().map(|zone| format!("'{zone}'"));
                let zones = zones.collect::<Vec<_>>().join(", ");
                format!(
                    "CREATE RESOURCE POOL IF NOT EXISTS `{pool}` UNIT = '{unit}', \
                     UNIT_NUM = {unit_count}, ZONE_LIST = ({zones})"
                )
            }
            Self::DropPool { pool, .. } => format!("DROP RESOURCE POOL IF EXISTS `{pool}`"),
            Self::DropUnit { unit, .. } => format!("DROP RESOURCE UNIT IF EXISTS `{unit}`"),
            Self::Restore {
                tenant,
                sources,
                until,
                key,
                ..
            } => {
                let until = until.map(|scn| format!(" UNTIL SCN = {scn}"));
                format!(
                    "ALTER SYSTEM RESTORE `{tenant}` FROM '{}'{} WITH '{}' DESCRIPTION = '{key}'",
                    joined(sources),
                    until.unwrap_or_default(),
                    self.options()
                )
            }
            Self::Preview { sources, until, .. } => format!(
                "ALTER SYSTEM RESTORE FROM '{}' UNTIL SCN = {until} PREVIEW",
                joined(sources)
            ),
            Self::CancelRestore { tenant, .. } => format!("ALTER SYSTEM CANCEL RESTORE `{tenant}`"),
            Self::DropTenant { tenant, .. } => format!("DROP TENANT IF EXISTS `{tenant}` FORCE"),
            Self::ActivateStandby { tenant, .. } => {
                format!("ALTER SYSTEM ACTIVATE STANDBY TENANT = '{tenant}'")
            }
            Self::UpgradeTenant { tenant, .. } => {
                format!("ALTER SYSTEM RUN UPGRADE JOB 'UPGRADE_ALL' TENANT = '{tenant}'")
            }
            Self::Tables(tables) => return tables.text(),
        })
    }

    /// Returns the text after WITH: `key=value` pairs, joined by `&`, without blanks.
    fn options(&self) -> String {
        let Self::Restore {
            pools,
            locality,
            primary_zone,
            concurrency,
            ..
        } = self
        else {
            return String::new();
        };
        let pools: Vec<_> = pools.iter().map(ResourceName::as_str).collect();
        let mut options = format!("pool_list={}", pools.join(","));
        let others = [
            ("locality", locality.as_ref().map(Locality::to_string)),
            (
                "primary_zone",
                primary_zone.as_ref().map(PrimaryZone::to_string),
            ),
            ("concurrency", concurrency.map(|number| number.to_string())),
        ];
        for (name, value) in others {
            if let Some(value) = value {
                options.extend(["&", name, "=", &value]);
            }
        }
        options
    }
}

/// Returns destinations as FROM expects them. None of them contains a comma.
pub(super) fn joined(sources: &[Destination]) -> String {
    let texts: Vec<_> = sources.iter().map(Destination::to_sql_text).collect();
    texts.join(",")
}
