//! Status writes.

use std::hash::{DefaultHasher, Hash, Hasher};

use kube::api::PostParams;
use kube::{Api, ResourceExt};

use super::kind::{Reconcile, identity};
use super::outcome::Error;
use crate::controller::Context;

/// Writes the status if it differs. Returns `None` if the object was changed or deleted since it
/// was read.
pub(super) async fn write<K: Reconcile>(
    object: &K,
    status: &K::Status,
    context: &Context,
) -> Result<Option<K>, Error> {
    // Even if there is nothing to write: an effect follows, and a former leader must not perform
    // it.
    if !context.lease_guard.is_valid() {
        return Err(Error::NotLeading);
    }
    let before = object.current_status();
    if before == *status {
        return Ok(Some(object.clone()));
    }
    let mut changed = object.clone();
    *changed.status_mut() = Some(status.clone());
    if context
        .memory
        .is_lost(&identity(object), || digest(&changed))
    {
        return Ok(Some(object.clone()));
    }
    let namespace = object.namespace().unwrap_or_default();
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    let name = object.name_any();
    context.metrics.wrote(K::CONTROLLER, "update_status");
    match api
        .replace_status(&name, &PostParams::default(), &changed)
        .await
    {
        Ok(written) => {
            let (old, new) = (object.resource_version(), written.resource_version());
            if old == new {
                tracing::warn!(
                    "the API server does not store the status: apply the definitions (CRDs) of \
                     this operator's release"
                );
                context.memory.lost(identity(object), digest(&changed));
            } else if let Some(old) = old {
                context.memory.replaced(identity(object), old);
            }
            written.written(&before, context);
            Ok(Some(written))
        }
        Err(kube::Error::Api(refusal)) if refusal.code == 409 => {
            tracing::debug!("another client changed the object");
            Ok(None)
        }
        Err(kube::Error::Api(refusal)) if refusal.code == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns a hash of the object, including its resourceVersion.
fn digest<K: Reconcile>(object: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    // An object that cannot be serialized is not sent either.
    serde_json::to_string(object)
        .unwrap_or_default()
        .hash(&mut hasher);
    hasher.finish()
}
