//! Statements of a task.

use super::super::{Context, destination, namespace};
use super::Observation;
use crate::api::{BackupTask, LocalReference};
use crate::domain::Blocker;
use crate::domain::backup::{Effect, MigrationState};
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::Answer;
use crate::oceanbase::restore_password::RestorePassword;
use crate::oceanbase::statement::Command;

/// Sends a statement, with the required values from Secrets.
pub(super) async fn send(
    task: &BackupTask,
    effect: &Effect,
    observed: &Observation,
    mut permit: Permit,
    context: &Context,
) -> Answer {
    let namespace = namespace(task);
    let command = match effect.clone() {
        Effect::SetDestination(tenant) => {
            let (Some(storage), Some(path)) = (&observed.storage, &observed.path) else {
                return Answer::NotSent("the storage no longer exists".to_owned());
            };
            let Some(tenant_id) = observed.tenant_id() else {
                return Answer::NotSent("the tenant no longer exists".to_owned());
            };
            let secrets = &context.secrets;
            let destination =
                destination::to_set(secrets, &namespace, &storage.spec, path, &permit);
            match destination.await {
                Ok((destination, _)) => Command::SetDataBackupDest {
                    tenant,
                    tenant_id,
                    destination,
                    replaces: match &observed.decision.migration {
                        Some(MigrationState::DataPending(from)) => Some(Location::read_back(from)),
                        _ => None,
                    },
                },
                Err(blocker) => return blocker.into(),
            }
        }
        Effect::Backup {
            tenant,
            incremental,
            key,
            settings,
        } => {
            let Some(tenant_id) = observed.tenant_id() else {
                return Answer::NotSent("the tenant no longer exists".to_owned());
            };
            let reference = settings.restore_password_secret_ref.as_ref();
            let password = match reference {
                Some(reference) => {
                    match restore_password(reference, &namespace, &permit, context).await {
                        Ok(password) => Some(password),
                        Err(blocker) => return blocker.into(),
                    }
                }
                None => None,
            };
            Command::Backup {
                tenant,
                tenant_id,
                incremental,
                plus_archivelog: settings.plus_archivelog,
                password,
                key,
                slots: observed.decision.queue.slots,
            }
        }
        Effect::Find { tenant, key } => Command::FindBackup { tenant, key },
        Effect::Cancel {
            tenant,
            tenant_id,
            key,
        } => Command::CancelBackup {
            tenant,
            tenant_id,
            key,
        },
        Effect::MakeLogBackup(..) | Effect::MakeChildren(_) | Effect::CancelChildren(_) => {
            return Answer::NotSent("it is not a statement".to_owned());
        }
    };
    permit.send(&command).await
}

async fn restore_password(
    reference: &LocalReference,
    namespace: &str,
    permit: &Permit,
    context: &Context,
) -> Result<RestorePassword, Blocker> {
    let secret = context.secrets.read(namespace, reference).await?;
    // The database stores a hash of the password in each set.
    secret.check_database(permit.endpoints())?;
    RestorePassword::new(secret.required("password")?)
        .map_err(|error| Blocker::permanent("UnusableRestorePassword", error.to_string()))
}
