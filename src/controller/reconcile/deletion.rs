//! Deletion of expired objects.

use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt};

use super::kind::Reconcile;
use super::outcome::{Error, ReconcileOutcome};
use crate::controller::Context;

/// Deletes the object if it is unchanged.
pub(super) async fn delete<K: Reconcile>(
    object: &K,
    context: &Context,
) -> Result<ReconcileOutcome, Error> {
    let namespace = object.namespace().unwrap_or_default();
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    let parameters = DeleteParams {
        preconditions: Some(Preconditions {
            uid: object.uid(),
            resource_version: object.resource_version(),
        }),
        ..DeleteParams::background()
    };
    context.metrics.wrote(K::CONTROLLER, "delete");
    ReconcileOutcome::of_request(api.delete(&object.name_any(), &parameters).await)
}
