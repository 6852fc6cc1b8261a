//! Fixture: a strategy that is being deleted, and its passes.

use super::*;

/// When the strategy was deleted, in minutes.
pub(super) const DELETED: i64 = 10;

/// Returns a deleted strategy with its own log backup and delete policy for each tenant.
pub(super) fn deleted(tenants: &[i64]) -> Story {
    let mut story = Story::of(tenants);
    story.spec.deletion_policy = DeletionPolicy::Stop;
    // A strategy that is being deleted no longer competes with others.
    story.observed.rivals.clear();
    for tenant in story.observed.database.as_mut().unwrap() {
        Arc::make_mut(tenant).policies.push(DeletePolicy {
            name: "default".to_owned(),
            recovery_window: "7d".to_owned(),
        });
        story.status.retention.push(AppliedPolicy {
            tenant_id: tenant.id.0,
            recovery_window: "7d".to_owned(),
            applied_time: Some(crate::domain::time(at(0))),
            ..AppliedPolicy::default()
        });
    }
    story
}

pub(super) fn another(name: &str, tenants: Option<TenantSelection>) -> CompetingStrategy {
    CompetingStrategy {
        name: name.to_owned(),
        full_name: (name.to_owned(), "default".to_owned()),
        created_at: at(0),
        tenants,
        access: Access::default(),
    }
}

pub(super) type StrategyFinalization = Finalization<BackupStrategyStatus, Effect>;

impl Story {
    pub(super) fn finalize(
        &self,
        created: Option<&ApplyOutcome>,
        minutes: i64,
    ) -> StrategyFinalization {
        let strategy = Strategy {
            name: "nightly",
            uid: "uid-of-nightly",
            generation: self.generation,
            created_at: at(-60),
            spec: &self.spec,
            status: &self.status,
        };
        finalize(&strategy, &self.observed, created, at(DELETED), at(minutes))
    }

    /// Runs a pass of a strategy that is not released yet.
    pub(super) fn wait(&self, created: Option<&ApplyOutcome>, minutes: i64) -> StrategyDecision {
        match self.finalize(created, minutes) {
            Finalization::Wait(decision) => decision,
            Finalization::Release(event) => panic!("it goes: {event:?}"),
        }
    }

    /// Reconciles once, with an effect that succeeds; returns what it did.
    pub(super) fn end(&mut self, minutes: i64) -> String {
        let answer = Some(Answer::Done);
        self.end_with_answer(
            minutes,
            &ApplyOutcome {
                answer,
                ..ApplyOutcome::default()
            },
        )
    }

    pub(super) fn end_with_answer(&mut self, minutes: i64, created: &ApplyOutcome) -> String {
        let decision = match self.finalize(None, minutes) {
            Finalization::Wait(decision) => decision,
            Finalization::Release(event) => {
                self.events.extend(event.iter().map(|e| e.reason));
                return "go".to_owned();
            }
        };
        self.status = decision.status;
        let Some(effect) = decision.effect else {
            return "wait".to_owned();
        };
        let decision = self.wait(Some(created), minutes);
        assert_eq!((decision.effect, decision.event), (None, None));
        self.status = decision.status;
        match effect {
            Effect::ChangePolicy(PolicyChange::Drop {
                tenant, tenant_id, ..
            }) => {
                if created.answer == Some(Answer::Done) {
                    let tenants = self.observed.database.as_mut().unwrap();
                    let known = tenants.iter_mut().find(|known| known.id == tenant_id);
                    Arc::make_mut(known.unwrap()).policies.clear();
                }
                format!("drop {tenant}")
            }
            Effect::StopLogBackups(names) => {
                for known in &mut self.observed.log_backups {
                    if names.contains(&known.name) {
                        known.desired_state = DesiredState::Stopped;
                    }
                }
                format!("stop {}", names.join(" "))
            }
            Effect::EditLogBackups(edits) => {
                self.edit(&edits);
                let names: Vec<_> = edits.iter().map(|edit| &*edit.name).collect();
                format!("edit {}", names.join(" "))
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn all_stopped(&mut self) {
        for known in &mut self.observed.log_backups {
            known.phase = Some("Stopped".to_owned());
        }
    }
}
