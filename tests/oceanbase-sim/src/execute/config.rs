//! `ALTER SYSTEM SET` of the backup configuration (`ob_backup_config.cpp`).

use super::{Caller, Named, find, parameter};
use crate::error;
use crate::model::{ArchiveDest, TenantId, Uri, World};
use crate::statement::{ConfigName, Setting, Tenants};
use crate::value::SqlError;

pub(super) fn set(
    world: &mut World,
    caller: &Caller,
    settings: &[Setting],
    tenants: &Tenants,
) -> Result<(), SqlError> {
    if !caller.is_sys() && *tenants != Tenants::Unnamed {
        // The engine refuses this twice, with 1227 and with 1235; the resolver's error comes first.
        return Err(error::access_denied("ALTER SYSTEM"));
    }
    let is_config = |setting: &&Setting| matches!(setting, Setting::Config(..));
    match settings.iter().filter(is_config).count() {
        0 => parameter::set(world, caller, settings, tenants),
        count if count < settings.len() => Err(error::not_supported(
            "backup configuration items cannot be set together with non data backup \
             configuration items",
        )),
        _ => set_configs(world, caller, settings, tenants),
    }
}

fn set_configs(
    world: &mut World,
    caller: &Caller,
    settings: &[Setting],
    tenants: &Tenants,
) -> Result<(), SqlError> {
    let names = tenants.names();
    let target = match (caller.is_sys(), names) {
        (false, _) => Some(Named::User(caller.tenant)),
        (true, [name]) => Some(find(world, name)?),
        (true, _) => None,
    };
    for setting in settings {
        if let Setting::Config(config, value) = setting {
            let parsed = Config::parse(*config, value, world)?;
            // The engine parses attributes before it checks the tenant.
            let Some(Named::User(tenant)) = target else {
                return Err(error::unsupported());
            };
            parsed.apply(world, tenant)?;
        }
    }
    Ok(())
}

enum Config {
    LogArchiveDest(Option<ArchiveDest>),
    LogArchiveDestState(bool),
    DataBackupDest(Option<Uri>),
    LogRestoreSource(Option<String>),
}

impl Config {
    fn parse(name: ConfigName, value: &str, world: &World) -> Result<Self, SqlError> {
        let version = world.version;
        Ok(match name {
            ConfigName::LogArchiveDest if value.is_empty() => Self::LogArchiveDest(None),
            ConfigName::LogArchiveDest => {
                Self::LogArchiveDest(Some(ArchiveDest::parse(value, version)?))
            }
            ConfigName::LogArchiveDestState => match value.to_ascii_uppercase().as_str() {
                "ENABLE" => Self::LogArchiveDestState(true),
                "DEFER" => Self::LogArchiveDestState(false),
                _ => return Err(error::invalid_argument()),
            },
            ConfigName::DataBackupDest if value.is_empty() => Self::DataBackupDest(None),
            ConfigName::DataBackupDest => Self::DataBackupDest(Some(Uri::parse(value, version)?)),
            ConfigName::LogRestoreSource if value.is_empty() => Self::LogRestoreSource(None),
            ConfigName::LogRestoreSource => Self::LogRestoreSource(Some(value.to_owned())),
            ConfigName::Numbered => return Err(error::unsupported()),
        })
    }

    fn apply(self, world: &mut World, id: TenantId) -> Result<(), SqlError> {
        let tenant = world.tenant_by_id(id).ok_or_else(error::unknown_tenant)?;
        match self {
            Self::LogArchiveDest(dest) => {
                if !tenant.archive.is_stopped() {
                    return Err(error::not_supported(
                        "change archive dest when archive is running is",
                    ));
                }
                let s3 = dest.as_ref().is_some_and(|dest| dest.uri.is_s3());
                if s3 && parameter::lag_target(tenant) < parameter::S3_LAG_TARGET {
                    return Err(error::not_allowed(
                        "archive_lag_target is smaller than 60s, set log_archive_dest to S3 is",
                    ));
                }
                world.set_archive_dest(id, dest)
            }
            Self::DataBackupDest(uri) => {
                if !tenant.backups.jobs.is_empty() {
                    return Err(error::backup_in_progress());
                }
                world.set_data_dest(id, uri)
            }
            Self::LogArchiveDestState(enabled) => {
                world.set_archive_enabled(id, enabled);
                Ok(())
            }
            Self::LogRestoreSource(source) => {
                world.set_restore_source(id, source);
                Ok(())
            }
        }
    }
}
