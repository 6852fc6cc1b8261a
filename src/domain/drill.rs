//! Decisions for a RecoveryDrill: the tenants of a strategy are restored in turn, each by its own
//! RecoveryTask. The task runs the checks and drops what it created.
//!
//! ```text
//! slot due ──> status.open ──> RecoveryTask (named by tenant and slot: created once)
//!                                   └── ended ──> status.tenants
//! ```

mod effect;
mod observation;
mod rotation;
mod status;
mod task;
#[cfg(test)]
mod tests;
mod times;

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;

pub use effect::Effect;
pub use observation::{Drill, Observation, ObservedStrategy, ObservedTask};
pub use status::{failed_tenants, is_overdue};

use super::children::ApplyOutcome;
use super::{Blocker, Decision, Event, Next, shortened, time};
use crate::api::{RecoveryDrillSpec, RecoveryDrillStatus};
use crate::oceanbase::model::CheckQuery;
use times::Times;

/// Delay before a retry of a RecoveryTask that could not be created.
const RETRY_INTERVAL: Next = Next::After(Duration::from_secs(10));
/// Longest name of a check in a message, in bytes.
const CHECK_NAME_LIMIT: usize = 63;
/// Longest list of tenants in a message, in bytes.
const TENANT_LIST_LIMIT: usize = 400;

type DrillDecision = Decision<RecoveryDrillStatus, Effect>;

/// Decides the next step. `created` is the result of this pass's effect, if there was one.
#[must_use]
pub fn decide(
    drill: &Drill<'_>,
    observed: &Observation,
    created: Option<&ApplyOutcome>,
    now: Timestamp,
) -> DrillDecision {
    let mut evaluation = Evaluation {
        drill: *drill,
        observed,
        status: drill.status.clone(),
        now,
        event: None,
    };
    evaluation
        .status
        .since_time
        .get_or_insert_with(|| time(now));
    evaluation.record_results();
    evaluation.close(created);
    match check_queries(drill.spec).and_then(|()| Times::parse(&drill.spec.schedule)) {
        Ok(times) => evaluation.plan(&times, created),
        Err(blocker) => {
            evaluation.status.next_time = None;
            evaluation.finish(&State::Blocked(&blocker), None, Next::Await)
        }
    }
}

struct Evaluation<'a> {
    drill: Drill<'a>,
    observed: &'a Observation,
    status: RecoveryDrillStatus,
    now: Timestamp,
    event: Option<Event>,
}

/// State of the drill, for its conditions.
enum State<'a> {
    Ready,
    Suspended,
    Blocked(&'a Blocker),
}

impl Evaluation<'_> {
    fn plan(mut self, times: &Times, created: Option<&ApplyOutcome>) -> DrillDecision {
        self.status.next_time = None;
        if self.drill.spec.suspend {
            return self.finish(&State::Suspended, None, Next::Await);
        }
        times.anchor(&mut self.status, &self.drill.spec.schedule, self.now);
        let coming = times.next_after(self.now);
        self.status.next_time = coming.map(|at| times.format(at));
        let next = coming.map_or(Next::Await, Next::At);
        let strategy = match &self.observed.strategy {
            Ok(strategy) => strategy,
            Err(blocker) => return self.finish(&State::Blocked(blocker), None, next),
        };
        let left_out = self.left_out(strategy);
        let state = left_out.as_ref().map_or(State::Ready, State::Blocked);
        if created.is_some() {
            // The next pass does the rest.
            let is_open = self.status.open.is_some();
            let retry = if is_open { RETRY_INTERVAL } else { Next::Await };
            let next = next.sooner(retry, self.now);
            return self.finish(&state, None, next);
        }
        self.open_due(strategy, times);
        let open = self.status.open.as_ref();
        let effect = open.map(|open| {
            let spec = task::spec_of(&self.drill, open, &strategy.cluster);
            Effect::CreateTask(open.task_name.clone(), Box::new(spec))
        });
        let effect = effect.or_else(|| self.delete_outdated());
        self.finish(&state, effect, next)
    }

    /// Returns an effect that deletes ended RecoveryTasks beyond the history limits.
    fn delete_outdated(&self) -> Option<Effect> {
        let limits = &self.drill.spec.task_history_limits;
        let mut outdated = Vec::new();
        for (good, limit) in [(true, limits.successful), (false, limits.failed.max(1))] {
            let ended = self.observed.tasks.iter().filter(|task| {
                let outcome = task.outcome.as_deref();
                outcome.is_some_and(|outcome| (outcome == "Completed") == good)
            });
            let mut ended: Vec<_> = ended.filter(|task| !task.deleting).collect();
            ended.sort_by_key(|task| Reverse(task.completed_at));
            let beyond = ended.into_iter().skip(usize::try_from(limit).unwrap_or(1));
            outdated.extend(beyond.map(|task| (task.name.clone(), task.version.clone())));
        }
        (!outdated.is_empty()).then_some(Effect::DeleteTasks(outdated))
    }

    fn finish(self, state: &State<'_>, effect: Option<Effect>, next: Next) -> DrillDecision {
        let overdue = status::overdue_from(self.drill.spec, &self.status);
        let overdue = overdue.filter(|at| *at > self.now);
        let next = next.sooner(overdue.map_or(Next::Await, Next::At), self.now);
        let (before, event) = (&self.drill.status.conditions, self.event.clone());
        let status = self.render(state);
        let event = event.or_else(|| status::event(before, &status.conditions));
        Decision {
            status,
            effect,
            next,
            event,
        }
    }
}

/// Checks that the check statements are valid. The RecoveryTasks report any other problem.
fn check_queries(spec: &RecoveryDrillSpec) -> Result<(), Blocker> {
    for check in &spec.checks {
        if let Err(problem) = CheckQuery::parse(&check.sql) {
            return Err(Blocker::permanent(
                "InvalidCheck",
                format!(
                    "`sql` of check '{}' cannot be run: {problem}; correct it",
                    shortened(check.name.clone(), CHECK_NAME_LIMIT)
                ),
            ));
        }
    }
    Ok(())
}
