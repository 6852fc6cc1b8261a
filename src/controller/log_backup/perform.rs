//! Statements of a log backup.

use super::super::{Context, destination};
use super::{Observation, storage_access};
use crate::api::{Binding, LogBackup};
use crate::domain::log_backup::Effect;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::{Destination, Location};
use crate::oceanbase::model::Answer;
use crate::oceanbase::statement::Command;

/// Sends a statement, with the required values from Secrets.
pub(super) async fn send(
    object: &LogBackup,
    effect: &Effect,
    observed: &Observation,
    mut permit: Permit,
    context: &Context,
) -> Answer {
    let Some(tenant_id) = observed.tenant_id() else {
        return Answer::NotSent("the tenant no longer exists".to_owned());
    };
    let update = async |tenant, change, permit| {
        storage_access::update_settings(object, (tenant, tenant_id), change, permit, context).await
    };
    let command = match effect {
        Effect::SetDestination(tenant)
        | Effect::SetAttributes(tenant)
        | Effect::Switch { tenant, .. } => {
            match desired_destination(object, observed, &permit, context).await {
                Ok(destination) => Command::SetLogArchiveDest {
                    tenant: tenant.clone(),
                    tenant_id,
                    replaces: match effect {
                        Effect::SetAttributes(_) => Some(destination.location().clone()),
                        Effect::Switch { from, .. } => Some(Location::read_back(from)),
                        _ => None,
                    },
                    destination,
                    mandatory: object.spec.binding == Binding::Mandatory,
                    piece_switch_days: object.spec.piece_switch_days,
                },
                Err(answer) => return answer,
            }
        }
        Effect::SetEnabled(tenant, enable) => Command::SetLogArchiveDestState {
            tenant: tenant.clone(),
            enable: *enable,
        },
        Effect::SetLagTarget(tenant, seconds) => Command::SetArchiveLagTarget {
            tenant: tenant.clone(),
            seconds: *seconds,
        },
        Effect::Rotate {
            tenant,
            location,
            version,
        } => {
            let change = (&**location, storage_access::SettingChange::Keys(version));
            return update(tenant, change, &mut permit).await;
        }
        Effect::Limit {
            tenant,
            location,
            limits,
        } => {
            let change = (&**location, storage_access::SettingChange::Limits(*limits));
            return update(tenant, change, &mut permit).await;
        }
        Effect::Start(tenant) => {
            let Some(location) = &observed.location else {
                return Answer::NotSent("the location of the logs is not known".to_owned());
            };
            Command::ArchiveLog {
                tenant: tenant.clone(),
                tenant_id,
                location: location.clone(),
            }
        }
        Effect::Stop(tenant) => Command::NoArchiveLog(tenant.clone()),
        Effect::Leave { tenant, from } => Command::LeaveLogDest {
            tenant: tenant.clone(),
            tenant_id,
            location: Location::read_back(from),
        },
    };
    permit.send(&command).await
}

/// Returns the desired destination of the logs, with its keys.
async fn desired_destination(
    object: &LogBackup,
    observed: &Observation,
    permit: &Permit,
    context: &Context,
) -> Result<Destination, Answer> {
    let (namespace, name) = (&observed.key.namespace, &object.spec.storage_ref.name);
    let storage = destination::storage(context, namespace, name)
        .map_err(|blocker| Answer::NotSent(blocker.message))?;
    let Some(path) = &observed.path else {
        let message = "the directory of the tenant's logs is not known";
        return Err(Answer::NotSent(message.to_owned()));
    };
    let found = destination::to_set(&context.secrets, namespace, &storage.spec, path, permit);
    let (destination, version) = found.await.map_err(Answer::from)?;
    if let Some(version) = version {
        // One pass sends one statement, so the cell is empty.
        let _ = observed.applied_version.set(version);
    }
    Ok(destination)
}
