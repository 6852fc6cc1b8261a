//! Verification: the order of verifications, and the queries to the restored tenant.

use std::time::Duration;

use kube::ResourceExt;

use super::super::reconcile::identity;
use super::super::secret::checked_user;
use super::super::{Context, cluster_of, namespace, same_database};
use crate::api::RecoveryTask;
use crate::api::verification::Check;
use crate::domain::Blocker;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::model::{Answer, CheckQuery, TenantId, TenantName};
use crate::oceanbase::sender::Inspection;

/// Returns why a verification cannot start now: only one verification at a time restores to a
/// database. The holder of the turn keeps it until its status shows the started work.
pub(super) fn turn(task: &RecoveryTask, target: &ClusterKey, context: &Context) -> Option<Blocker> {
    let status = task.status.as_ref();
    let has_begun = status.is_some_and(|status| status.step.is_some());
    if task.spec.verification.is_none() || has_begun {
        return None;
    }
    let uid = task.uid();
    let running = context.caches.recoveries.state_filter(|other| {
        let status = other.status.as_ref();
        other.spec.verification.is_some()
            && other.uid() != uid
            && status.is_some_and(|status| status.step.is_some() && status.outcome.is_none())
    });
    let same = |other: &RecoveryTask| {
        let of = cluster_of(other, &other.spec.target.cluster_ref);
        same_database(context, target, &of)
    };
    if let Some(other) = running.iter().find(|other| same(other)) {
        return Some(waiting(&format!(
            "RecoveryTask '{}' of namespace '{}'",
            other.name_any(),
            namespace(&**other)
        )));
    }
    let database = context.clusters.database(target)?;
    let taken = context
        .memory
        .takes_turn(&database.to_string(), &identity(task));
    (!taken).then(|| waiting("another RecoveryTask"))
}

/// Releases the turn of a verification that has not started.
pub(super) fn give_back(task: &RecoveryTask, context: &Context) {
    context.memory.gives_turn_back(&identity(task));
}

fn waiting(who: &str) -> Blocker {
    Blocker::waiting(
        "WaitingForVerification",
        format!(
            "{who} is running a verification in the same database; this verification starts after \
             it"
        ),
    )
}

/// Sends a check to the restored tenant.
pub(super) async fn ask(
    task: &RecoveryTask,
    (tenant, tenant_id): (TenantName, TenantId),
    number: usize,
    permit: &mut Permit,
    context: &Context,
) -> Result<Answer, Blocker> {
    let verification = task.spec.verification.as_ref();
    let check = verification.and_then(|verification| verification.checks.get(number));
    let (Some(verification), Some(check)) = (verification, check) else {
        return Err(Blocker::permanent(
            "InvalidSpec",
            "the check does not exist",
        ));
    };
    let Some(reference) = &verification.credentials else {
        return Err(missing());
    };
    let secret = context
        .secrets
        .read(&namespace(task), &reference.secret_ref)
        .await?;
    secret.check_database(permit.endpoints())?;
    let user = match secret.optional("username")? {
        Some(name) => checked_user(&name)?,
        None => "root".to_owned(),
    };
    let inspection = Inspection {
        tenant,
        tenant_id,
        user,
        password: secret.required("password")?,
        query: query(check)?,
        expect: check.expected_value.clone(),
        timeout: Duration::from_secs(u64::try_from(check.timeout_seconds).unwrap_or(60)),
    };
    Ok(permit.inspect(&inspection).await)
}

/// Returns what is wrong with the Secret, before anything is restored.
pub(super) async fn wrong_secret(task: &RecoveryTask, context: &Context) -> Option<Blocker> {
    let verification = task.spec.verification.as_ref()?;
    if verification.checks.is_empty() {
        return None;
    }
    let Some(reference) = &verification.credentials else {
        return Some(missing());
    };
    let secret = match context
        .secrets
        .read(&namespace(task), &reference.secret_ref)
        .await
    {
        Ok(secret) => secret,
        Err(blocker) => return Some(blocker),
    };
    let user = secret.optional("username");
    let user = user.and_then(|name| name.map(|name| checked_user(&name)).transpose());
    user.err().or_else(|| secret.required("password").err())
}

fn missing() -> Blocker {
    Blocker::permanent(
        "InvalidSpec",
        "`verification.credentials` is missing; the checks need an account of the tenant",
    )
}

fn query(check: &Check) -> Result<CheckQuery, Blocker> {
    CheckQuery::parse(&check.sql).map_err(|problem| {
        Blocker::permanent(
            "InvalidCheck",
            format!("`sql` of the check cannot be run: {problem}"),
        )
    })
}
