//! Outcome of a reconcile pass.

use std::time::Duration;

use kube_runtime::controller::Action;

/// Reason why a pass failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Kubernetes API rejected the request or did not answer.
    #[error("request to the Kubernetes API failed: {0}")]
    Api(#[from] kube::Error),
    /// A decision requested an effect without the intent that it needs, which is a bug.
    #[error("a decision returned an effect without the intent that it needs; report this bug")]
    IntentMissing,
    /// The API server accepted the status without the intent.
    #[error(
        "the API server does not store the intent: apply the definitions (CRDs) of this \
         operator's release"
    )]
    IntentNotStored,
    /// Another operator is the leader now; this process is about to end.
    #[error("the lease has ended")]
    NotLeading,
    /// A pass panicked, which is a bug; other passes continue.
    #[error("the reconcile panicked")]
    Panic,
}

/// Outcome of a pass, for its metric.
pub(super) enum ReconcileOutcome {
    Done(Action),
    /// Other statements are being sent to the cluster; the delay before the retry.
    Throttled(Duration),
    /// The object was changed since it was read.
    Conflict,
}

impl ReconcileOutcome {
    /// Returns the outcome of a request that ends the pass. Its change, or the deletion of the
    /// object, requeues the object.
    pub(super) fn of_request<T>(result: kube::Result<T>) -> Result<Self, Error> {
        match result {
            Ok(_) => Ok(Self::Done(Action::await_change())),
            Err(kube::Error::Api(refusal)) if refusal.code == 404 => {
                Ok(Self::Done(Action::await_change()))
            }
            Err(kube::Error::Api(refusal)) if refusal.code == 409 => Ok(Self::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}
