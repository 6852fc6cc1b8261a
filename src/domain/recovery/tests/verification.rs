//! A temporarily restored tenant runs its checks, and is always dropped.

use super::*;
use crate::domain::Finalization;
use crate::oceanbase::model::CheckResult;

pub(super) fn verification() -> Value {
    let mut spec = spec();
    spec["target"]["role"] = json!("Standby");
    spec["verification"] = json!({
        "credentials": {"secretRef": {"name": "reader"}},
        "checks": [
            {"name": "orders", "sql": "SELECT COUNT(*) FROM shop.orders", "expectedValue": "1000"},
            {"name": "items", "sql": "SELECT COUNT(*) FROM shop.items", "expectedValue": "20"},
        ],
    });
    spec
}

fn own_key() -> RestoreKey {
    RestoreKey::of_verification(NAME, &identity().database())
}

fn own(mut restore: Restore) -> Restore {
    own_key().as_str().clone_into(&mut restore.description);
    restore
}

/// Converts observations of a recovery to the verification's own job, unit and pool.
pub(super) fn with_own_key(mut worlds: Vec<Observation>) -> Vec<Observation> {
    let name = observation::resource_name(&own_key());
    for observed in &mut worlds {
        let Ok(target) = &mut observed.target else {
            continue;
        };
        let Some(restores) = &mut target.restores else {
            continue;
        };
        let restores = Arc::make_mut(restores);
        restores.restores = restores.restores.drain(..).map(own).collect();
        for pool in &mut restores.pools {
            pool.name.clone_from(&name);
        }
        for unit in &mut restores.units {
            unit.name.clone_from(&name);
        }
    }
    worlds
}

pub(super) fn answers_with_own_key(answers: Vec<Answer>) -> Vec<Answer> {
    let answers = answers.into_iter();
    answers
        .map(|answer| match answer {
            Answer::Restore(restore) => Answer::Restore(Box::new(own(*restore))),
            other => other,
        })
        .collect()
}

impl Story {
    /// Converts the observation for a verification.
    fn own(mut self) -> Self {
        self.observed = with_own_key(vec![self.observed]).remove(0);
        self
    }

    fn finalize(&self, second: i64) -> Finalization<RecoveryTaskStatus, Effect> {
        let task = Task {
            generation: self.generation,
            name: NAME,
            spec: &self.spec,
            status: &self.status,
        };
        finalize(&task, &self.observed, None, at(100), at(second))
    }

    fn result(&self) -> &str {
        let progress = self.status.verification.as_ref();
        let result = progress.and_then(|progress| progress.result.as_deref());
        result.unwrap_or_default()
    }

    fn outcomes(&self) -> Vec<&str> {
        let progress = self.status.verification.iter();
        let checks = progress.flat_map(|progress| &progress.checks);
        checks.map(|check| check.reason.as_str()).collect()
    }
}

/// RESTORE was sent, and the database's job runs.
fn restoring() -> Story {
    let mut story = Story::new(verification());
    story.pass_with_answer(&Answer::Done, 0);
    story = story.with_resources(None).own();
    let effect = story.pass_with_answer(&Answer::HandedOver, 0);
    assert!(matches!(effect, Effect::Restore { .. }), "{effect:?}");
    story.observed.handed_over = Some(BackgroundAnswer::Sending);
    let restoring = RestoreStatus::Restoring("RESTORING".to_owned());
    story = story
        .with_resources(Some(TenantId(1010)))
        .with_job(restoring, Some("RESTORE"))
        .own();
    story.pass(2);
    story
}

/// The tenant is restored.
fn restored() -> Story {
    let mut story = restoring()
        .with_job(RestoreStatus::Success, Some("STANDBY"))
        .own();
    story.pass(60);
    assert_eq!(story.phase(), "Verifying");
    story
}

fn checked(decision: CheckResult) -> Answer {
    Answer::Checked(Box::new(decision))
}

/// Runs the remaining checks with this answer, until another effect follows.
fn ask_all(story: &mut Story, answer: &Answer) -> Effect {
    for second in 61..100 {
        let effect = story.pass(second).expect("an effect");
        let Effect::Check { tenant_id, .. } = effect else {
            return effect;
        };
        assert_eq!(tenant_id, TenantId(1010));
        story.on_answer(&effect, answer, second);
    }
    panic!("it asks for ever");
}

/// Drops the leftovers one after the other until none is left.
fn drop_all(mut story: Story) -> (Story, Vec<&'static str>) {
    let mut dropped = Vec::new();
    for second in 100..140 {
        let Some(effect) = story.pass(second) else {
            break;
        };
        story.on_answer(&effect, &Answer::Done, second);
        match effect {
            Effect::DropTenant {
                tenant_id: TenantId(1010),
                ..
            } => {
                dropped.push("tenant");
                story.target().tenant = None;
                story = story.with_resources(None).own();
            }
            Effect::DropPool(_) => {
                dropped.push("pool");
                story.restores().pools.clear();
            }
            Effect::DropUnit(_) => {
                dropped.push("unit");
                story.restores().units.clear();
            }
            other => panic!("{other:?}"),
        }
    }
    (story, dropped)
}

const ALL: [&str; 3] = ["tenant", "pool", "unit"];

#[test]
fn a_tenant_that_answers_as_expected_passes_and_is_dropped() {
    let mut story = restored();
    assert_eq!(
        story.status.verification.as_ref().unwrap().rto_seconds,
        Some(60)
    );
    let next = ask_all(&mut story, &checked(CheckResult::ExpectedValue));
    assert!(
        matches!(next, Effect::DropTenant { verified: true, .. }),
        "{next:?}"
    );
    assert_eq!((story.phase(), story.result()), ("CleaningUp", "Passed"));
    let (story, dropped) = drop_all(story);
    assert_eq!((story.phase(), dropped), ("Completed", ALL.to_vec()));
}

#[test]
fn one_wrong_answer_fails_and_the_other_checks_are_asked_all_the_same() {
    let mut story = restored();
    story.pass_with_answer(&checked(CheckResult::UnexpectedValue), 61);
    ask_all(&mut story, &checked(CheckResult::ExpectedValue));
    assert_eq!(story.outcomes(), ["UnexpectedValue", "ExpectedValue"]);
    let (story, dropped) = drop_all(story);
    assert_eq!((story.phase(), story.cause()), ("Failed", "CheckFailed"));
    assert_eq!((story.result(), dropped), ("Failed", ALL.to_vec()));
}

#[test]
fn without_checks_a_tenant_that_could_be_restored_has_passed() {
    let mut story = restored();
    story.spec.verification.as_mut().unwrap().checks.clear();
    story.pass(61);
    let (story, dropped) = drop_all(story);
    assert_eq!((story.phase(), dropped), ("Completed", ALL.to_vec()));
}

#[test]
fn a_check_that_nobody_answers_is_asked_some_times_and_then_has_failed() {
    let mut story = restored();
    let mut asked = 0;
    for minute in 2..60 {
        match story.pass(minute * 60) {
            Some(effect @ Effect::Check { .. }) => {
                asked += 1;
                story.on_answer(
                    &effect,
                    &Answer::NotSent("no connection".to_owned()),
                    minute * 60,
                );
            }
            Some(_) => break,
            None => {}
        }
    }
    assert_eq!(asked, 12, "two checks, six times each");
    assert_eq!(story.outcomes(), ["NotQueried", "NotQueried"]);
}

#[test]
fn a_restore_that_fails_has_failed_the_verification() {
    let mut story = restoring()
        .with_job(RestoreStatus::Fail, Some("RESTORE"))
        .own();
    story.pass(60);
    let (story, dropped) = drop_all(story);
    assert_eq!((story.phase(), story.result()), ("Failed", "Failed"));
    assert_eq!(dropped, ALL);
}

#[test]
fn a_verification_that_is_canceled_after_the_restore_drops_the_tenant() {
    let story = restored().canceled();
    let (story, dropped) = drop_all(story);
    assert_eq!((story.phase(), story.result()), ("Canceled", "Canceled"));
    assert_eq!(dropped, ALL);
}

#[test]
fn a_tenant_of_the_same_name_and_another_number_is_neither_asked_nor_dropped() {
    let mut story = restored();
    let mut other = tenant("STANDBY");
    other.id = TenantId(1012);
    story.target().tenant = Some(Arc::new(other));
    assert_eq!(story.pass(61), None);
    story = story.with_resources(Some(TenantId(1012))).own();
    assert_eq!(story.pass(200), None, "{:?}", story.status.cause);
}

#[test]
fn a_tenant_that_somebody_made_a_primary_one_is_not_asked() {
    let mut story = restored()
        .with_job(RestoreStatus::Success, Some("PRIMARY"))
        .own();
    story.pass(61);
    assert_eq!(
        (story.cause(), story.result()),
        ("TenantNotReadable", "Failed")
    );
}

#[test]
fn a_job_of_an_ordinary_recovery_is_never_taken_for_a_verification() {
    let mut story = Story::new(verification()).with_job(RestoreStatus::Success, Some("STANDBY"));
    let effect = story.pass(1);
    assert_eq!((story.cause(), effect), ("TenantExists", None));
}

#[test]
fn a_verification_that_was_made_before_is_not_made_again_and_what_it_left_is_dropped() {
    let mut story = Story::new(verification())
        .with_resources(Some(TenantId(1010)))
        .with_job(RestoreStatus::Success, Some("STANDBY"))
        .own();
    let effect = story.pass(1);
    assert!(
        matches!(effect, Some(Effect::DropTenant { .. })),
        "{effect:?}"
    );
    assert_eq!(story.cause(), "AlreadyAttempted");
}

#[test]
fn one_that_waits_for_another_verification_changes_nothing() {
    let mut story = Story::new(verification());
    story.observed.turn = Some(Blocker::waiting(
        "WaitingForVerification",
        "another one runs",
    ));
    assert_eq!(story.pass(1), None);
    assert_eq!((story.phase(), &story.status.step), ("Pending", &None));
}

#[test]
fn a_check_that_could_change_something_is_refused_before_anything_is_made() {
    let mut spec = verification();
    spec["verification"]["checks"][1]["sql"] = json!("SELECT 1 INTO OUTFILE 'x'");
    let mut story = Story::new(spec);
    assert_eq!(story.pass(1), None);
    assert_eq!((story.phase(), story.cause()), ("Failed", "InvalidCheck"));
}

#[test]
fn an_object_that_is_deleted_goes_when_all_that_it_made_is_dropped() {
    for mut story in [restored(), restoring()] {
        let mut dropped = 0;
        for second in 100..140 {
            let decision = match story.finalize(second) {
                Finalization::Wait(decision) => decision,
                Finalization::Release(_) => break,
            };
            story.status = decision.status;
            match decision.effect {
                Some(Effect::Cancel { .. }) => {
                    dropped += 1;
                    let failed = RestoreStatus::Fail;
                    story = story.with_job(failed, None).with_resources(None).own();
                }
                Some(Effect::DropTenant { .. }) => {
                    dropped += 1;
                    story = story.with_resources(None).own();
                    story.target().tenant = None;
                }
                Some(Effect::DropPool(_)) => {
                    dropped += 1;
                    story.restores().pools.clear();
                }
                Some(Effect::DropUnit(_)) => {
                    dropped += 1;
                    story.restores().units.clear();
                }
                _ => {}
            }
        }
        assert_eq!(dropped, 3);
        assert!(matches!(story.finalize(140), Finalization::Release(_)));
    }
}

#[test]
fn a_deleted_object_does_not_wait_for_ever_for_a_database_that_is_silent() {
    let mut story = restored();
    story.observed.target = Err(Blocker::outage());
    assert!(matches!(story.finalize(200), Finalization::Wait(_)));
    let Finalization::Release(Some(event)) = story.finalize(600) else {
        panic!("it stays");
    };
    assert_eq!(event.reason, "VerificationTenantRetained");
}
