//! RecoveryTask of one tenant for one slot.

use super::Drill;
use crate::api::recovery_drill::OpenVerification;
use crate::api::recovery_task::{
    FailurePolicy, RecoveryMode, Source, Target, TargetRole, TargetType, TenantSource, Until,
    UntilType,
};
use crate::api::verification::Verification;
use crate::api::{LocalReference, RecoveryTaskSpec, SecretSource};
use crate::domain::naming::fingerprint;

/// Longest name of a tenant that is created.
const NAME_LIMIT: usize = 63;

/// Returns the spec of the task. A verification requires the type and the role of the target, the
/// mode and the failure policy that are written here.
pub(super) fn spec_of(
    drill: &Drill<'_>,
    open: &OpenVerification,
    cluster: &LocalReference,
) -> RecoveryTaskSpec {
    let key = format!("{}/{}", drill.uid, open.task_name);
    let (spec, target) = (drill.spec, &drill.spec.target);
    RecoveryTaskSpec {
        source: Source {
            tenant: Some(TenantSource {
                cluster_ref: cluster.clone(),
                tenant_name: open.tenant_name.clone(),
                tenant_id: Some(open.tenant_id),
            }),
            storage: None,
        },
        until: Until {
            type_: UntilType::Latest,
            time: None,
            scn: None,
        },
        target: Target {
            type_: TargetType::NewTenant,
            cluster_ref: target.cluster_ref.clone(),
            role: TargetRole::Standby,
            tenant_name: scratch_name(&target.tenant_name_prefix, &open.tenant_name, &key),
            resources: target.resources.clone(),
            primary_zone: None,
            locality: None,
            concurrency: None,
        },
        objects: None,
        active_deadline_seconds: None,
        verification: Some(Verification {
            checks: spec.checks.clone(),
            credentials: credentials_of(drill, &open.tenant_name),
        }),
        mode: RecoveryMode::Recover,
        decryption_secret_refs: spec.decryption_secret_refs.clone(),
        failure_policy: FailurePolicy::CleanUp,
        not_after_time: Some(open.not_after_time.clone()),
        idempotency_key: Some(key),
        ttl_seconds_after_finished: None,
        cancel: None,
    }
}

/// Returns the account that runs the checks of a tenant.
pub(super) fn credentials_of(drill: &Drill<'_>, tenant: &str) -> Option<SecretSource> {
    let mut known = drill.spec.tenant_credentials.iter();
    let found = known.find(|known| known.tenant_name == tenant)?;
    Some(SecretSource {
        secret_ref: found.secret_ref.clone(),
    })
}

/// Returns the name of the created tenant: prefix, tenant name, and a fingerprint of the request.
fn scratch_name(prefix: &str, tenant: &str, key: &str) -> String {
    let print = fingerprint(key);
    let room = NAME_LIMIT.saturating_sub(prefix.len() + print.len() + 1);
    let tenant: String = tenant.chars().take(room).collect();
    format!("{prefix}{tenant}_{print}")
}
