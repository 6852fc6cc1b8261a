//! Finalization of a verification: what it created is dropped before its object is deleted.

use jiff::{SignedDuration, Timestamp};

use super::{Effect, Evaluation, Observation, Task};
use crate::api::RecoveryTaskStatus;
use crate::domain::{Event, Finalization, Next};
use crate::oceanbase::model::Answer;

/// Time for which a deleted object stays while its database cannot be read.
const MISSING_TARGET_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// Maximum time for which it stays: an object that no user can delete is worse than a leftover
/// tenant.
const FINALIZE_TIMEOUT: SignedDuration = SignedDuration::from_mins(75);

/// Decides for a verification whose object is being deleted. `answer` is as in [`super::decide`].
#[must_use]
pub fn finalize(
    task: &Task<'_>,
    observed: &Observation,
    answer: Option<(&Effect, &Answer)>,
    deleted_at: Timestamp,
    now: Timestamp,
) -> Finalization<RecoveryTaskStatus, Effect> {
    if task.status.outcome.is_some() || task.status.step.is_none() {
        return Finalization::Release(None);
    }
    let waited = deleted_at.duration_until(now);
    let is_unseen = observed.target.is_err();
    if waited > FINALIZE_TIMEOUT || is_unseen && waited > MISSING_TARGET_TIMEOUT {
        return Finalization::Release(Some(left_behind(task)));
    }
    let mut evaluation = Evaluation {
        task,
        observed,
        status: task.status.clone(),
        is_leaving: true,
        now,
    };
    evaluation.record_facts();
    let mut decision = match answer {
        None => evaluation.decide(),
        Some((effect, answer)) => {
            let mut decision = evaluation.on_answer(effect, answer);
            if decision.effect.take().is_some() {
                decision.next = Next::After(std::time::Duration::ZERO);
            }
            decision
        }
    };
    if decision.status.outcome.is_some() {
        return Finalization::Release(decision.event);
    }
    for limit in [MISSING_TARGET_TIMEOUT, FINALIZE_TIMEOUT] {
        let until = deleted_at.saturating_add(limit + SignedDuration::from_secs(1));
        let until = until.ok().filter(|until| *until > now);
        decision.next = decision
            .next
            .sooner(until.map_or(Next::Await, Next::At), now);
    }
    Finalization::Wait(decision)
}

fn left_behind(task: &Task<'_>) -> Event {
    let summary = task.status.summary.as_ref();
    let target = summary.map_or("", |summary| &summary.target);
    let number = task.status.target_tenant_id();
    let number = number.map_or_else(String::new, |id| format!(" (id {id})"));
    Event {
        warning: true,
        reason: "VerificationTenantRetained",
        message: format!(
            "the verification was deleted, and the operator could not drop its objects. Check for \
             tenant {target}{number}, and for a resource pool and a unit named obr_…; drop them \
             manually"
        ),
    }
}
