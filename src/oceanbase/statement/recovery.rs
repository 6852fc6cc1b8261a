//! Statements that make a tenant, or tables, from backups, and take them away again.

use std::time::Duration;

use secrecy::SecretString;

use super::{Precondition, TableRecovery};
use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{
    Cpu, Locality, PrimaryZone, ResourceName, RestoreKey, Scn, TenantId, TenantName, ZoneName,
};
use crate::oceanbase::query::{Query, RestoreQuery};
use crate::oceanbase::restore_password::{RestorePassword, decryption};

/// Something that is asked of the database into which a tenant is restored. `tenant` is always the
/// tenant that is made.
#[derive(Clone, Debug)]
pub enum Recovery {
    /// Makes a resource unit, where there is none of its name.
    CreateUnit {
        /// The tenant that it is for.
        tenant: TenantName,
        /// Its name.
        unit: ResourceName,
        /// Processors at most, from 1 on.
        max_cpu: Cpu,
        /// Bytes of memory, from 1 GiB on; what is more than whole MiB is left out.
        memory: u64,
        /// Bytes of disk for logs, from 2 GiB on; three times the memory where it is not given.
        log_disk: Option<u64>,
    },
    /// Makes a resource pool, where there is none of its name.
    CreatePool {
        /// The tenant that it is for.
        tenant: TenantName,
        /// Its name.
        pool: ResourceName,
        /// Its unit.
        unit: ResourceName,
        /// How many units in each zone, from 1 on.
        unit_count: u32,
        /// Its zones, at least one.
        zones: Vec<ZoneName>,
    },
    /// Removes a pool that no tenant holds.
    DropPool {
        /// The tenant that it was for.
        tenant: TenantName,
        /// Its name.
        pool: ResourceName,
    },
    /// Removes a unit that no pool uses.
    DropUnit {
        /// The tenant that it was for.
        tenant: TenantName,
        /// Its name.
        unit: ResourceName,
    },
    /// Makes the tenant from backups. The database answers when the tenant's shell is there, after
    /// minutes, and goes on by itself: it is handed over to a task of its own.
    Restore {
        /// The tenant.
        tenant: TenantName,
        /// Directories of data and of logs, at least one.
        sources: Vec<Destination>,
        /// Up to where, inclusive; the newest point that the sources hold where it is not given.
        until: Option<Scn>,
        /// Free pools, at least one.
        pools: Vec<ResourceName>,
        /// Where its replicas are; a full one in each zone of the pools where it is not given.
        locality: Option<Locality>,
        /// Where its leaders are; anywhere where it is not given.
        primary_zone: Option<PrimaryZone>,
        /// How many workers, 0 to 100; as many as the tenant has processors where it is not given.
        concurrency: Option<u8>,
        /// What the job is found by.
        key: RestoreKey,
        /// Passwords of the backup sets.
        decryption: Vec<RestorePassword>,
    },
    /// Looks whether a restore with this key is known; sends nothing.
    FindRestore {
        /// The tenant.
        tenant: TenantName,
        /// What the job is found by.
        key: RestoreKey,
    },
    /// Asks what a restore would read; changes nothing.
    Preview {
        /// The tenant that would be made.
        tenant: TenantName,
        /// Directories of data and of logs, at least one.
        sources: Vec<Destination>,
        /// Up to where, inclusive.
        until: Scn,
        /// Passwords of the backup sets: the store is read with them.
        decryption: Vec<RestorePassword>,
    },
    /// Ends the running restore of this tenant, if it is the one with this key, and drops what there
    /// is of the tenant. From V4.2.0 on; before, [`Self::DropTenant`] does it.
    CancelRestore {
        /// The tenant.
        tenant: TenantName,
        /// The job's key.
        key: RestoreKey,
    },
    /// Drops at once what a failed restore with this key has left of the tenant, or the whole tenant
    /// where it was restored for a while only.
    DropTenant {
        /// Whether it was restored for a while only.
        verified: bool,
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The job's key.
        key: RestoreKey,
    },
    /// Makes the restored tenant, which is a standby, a primary one. The database answers when
    /// it is done, mostly within seconds.
    ActivateStandby {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
    },
    /// Brings a primary tenant that was restored from an older version up to the server's; the
    /// database answers at once and does it later.
    UpgradeTenant {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
    },
    /// Brings tables into a tenant that exists.
    Tables(TableRecovery),
}

impl Recovery {
    /// The command's fixed name: the label of its metric and its log line.
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

    /// The tenant that it is about.
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

    /// What is looked for before it is sent.
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

    /// How long the database may work on it, at most. RESTORE makes a tenant, what PREVIEW prepares reads
    /// the store, ACTIVATE STANDBY waits for the log streams.
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

    /// SET DECRYPTION, where the backups have passwords.
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

    /// The key of a statement that is handed over to a task of its own.
    pub(super) fn key(&self) -> Option<&RestoreKey> {
        match self {
            Self::Restore { key, .. } | Self::Tables(TableRecovery::Recover { key, .. }) => {
                Some(key)
            }
            _ => None,
        }
    }

    /// What finds the job of such a statement.
    pub(super) fn search(&self) -> Option<Precondition> {
        match self {
            Self::Restore { key, .. } => Some(Precondition::NoRestoreWithKey(key.clone())),
            Self::Tables(TableRecovery::Recover { key, .. }) => {
                Some(Precondition::NoTablesWithKey(key.clone()))
            }
            _ => None,
        }
    }

    /// What is asked on the same session once it is answered.
    pub(super) fn question(&self) -> Option<Query> {
        matches!(self, Self::Preview { .. }).then(|| RestoreQuery::Preview.into())
    }

    /// The statement; it may hold keys. `None` where the guard's look is all.
    ///
    /// Names stand in back quotes, since a tenant may be called as a word of the grammar is.
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

    /// What stands behind WITH: `key=value`, joined by `&`, without blanks.
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

/// Destinations as FROM takes them; none of them holds a comma.
pub(super) fn joined(sources: &[Destination]) -> String {
    let texts: Vec<_> = sources.iter().map(Destination::to_sql_text).collect();
    texts.join(",")
}
