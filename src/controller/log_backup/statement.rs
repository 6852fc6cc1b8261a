//! The statements of a log backup.

use super::super::{Context, place};
use super::{Observation, store};
use crate::api::{Binding, LogBackup};
use crate::domain::log_backup::Effect;
use crate::oceanbase::command::Command;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::{Destination, Place};
use crate::oceanbase::model::Answer;

/// Sends a statement, with what of it stands in Secrets.
pub(super) async fn send(
    object: &LogBackup,
    effect: &Effect,
    observed: &Observation,
    mut permit: Permit,
    context: &Context,
) -> Answer {
    let Some(tenant_id) = observed.tenant_id() else {
        return Answer::NotSent("the tenant is gone".to_owned());
    };
    let command = match effect {
        Effect::SetDestination(tenant)
        | Effect::SetAttributes(tenant)
        | Effect::Switch { tenant, .. } => {
            match destination(object, observed, &permit, context).await {
                Ok(destination) => Command::SetLogArchiveDest {
                    tenant: tenant.clone(),
                    tenant_id,
                    replaces: match effect {
                        Effect::SetAttributes(_) => Some(destination.place().clone()),
                        Effect::Switch { from, .. } => Some(Place::read_back(from)),
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
            place,
            version,
        } => {
            let new = (&**place, store::New::Keys(version));
            return store::give(object, (tenant, tenant_id), new, &mut permit, context).await;
        }
        Effect::Limit {
            tenant,
            place,
            limits,
        } => {
            let new = (&**place, store::New::Limits(*limits));
            return store::give(object, (tenant, tenant_id), new, &mut permit, context).await;
        }
        Effect::Start(tenant) => {
            let Some(place) = &observed.place else {
                return Answer::NotSent("the store is gone".to_owned());
            };
            Command::ArchiveLog {
                tenant: tenant.clone(),
                tenant_id,
                place: place.clone(),
            }
        }
        Effect::Stop(tenant) => Command::NoArchiveLog(tenant.clone()),
        Effect::Leave { tenant, from } => Command::LeaveLogDest {
            tenant: tenant.clone(),
            tenant_id,
            place: Place::read_back(from),
        },
    };
    permit.send(&command).await
}

/// Where the logs are to go, with its keys.
async fn destination(
    object: &LogBackup,
    observed: &Observation,
    permit: &Permit,
    context: &Context,
) -> Result<Destination, Answer> {
    let (namespace, name) = (&observed.key.namespace, &object.spec.storage_ref.name);
    let storage = place::storage(context, namespace, name);
    let (Ok(storage), Some(path)) = (storage, &observed.path) else {
        return Err(Answer::NotSent("the store is gone".to_owned()));
    };
    let found = place::to_set(&context.secrets, namespace, &storage.spec, path, permit);
    let (destination, version) = found.await.map_err(Answer::from)?;
    if let Some(version) = version {
        // One pass sends one statement.
        let _ = observed.applied_version.set(version);
    }
    Ok(destination)
}
