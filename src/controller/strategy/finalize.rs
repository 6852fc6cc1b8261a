//! Steps before the deletion of a strategy.

use kube::api::{Patch, PatchParams};
use kube::{Api, Error};
use serde_json::json;

use crate::api::{BackupStrategy, DesiredState, LogBackup};
use crate::controller::api_client::said;
use crate::controller::{Context, Reconcile, namespace};
use crate::domain::children::ApplyOutcome;

/// Requests log backups to stop; each of them sends its own statement.
pub(super) async fn stop_log_backups(
    strategy: &BackupStrategy,
    names: &[String],
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let change = Patch::Merge(json!({"spec": {"state": DesiredState::Stopped}}));
    let api = Api::<LogBackup>::namespaced(context.client.clone(), &namespace(strategy));
    for name in names {
        context.metrics.wrote(BackupStrategy::CONTROLLER, "patch");
        let patched = api.patch(name, &PatchParams::default(), &change).await;
        record_error(name, patched.err(), created);
    }
}

/// A deleted log backup needs no stop.
fn record_error(name: &str, error: Option<Error>, created: &mut ApplyOutcome) {
    match error {
        None => {}
        Some(Error::Api(refusal)) if refusal.code == 404 => {}
        Some(error) => drop(created.errors.insert(name.to_owned(), said(&error))),
    }
}
