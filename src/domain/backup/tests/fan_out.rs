//! One task for several tenants.

use super::*;
use crate::api::backup_task::Scope;

const TENANTS: [(i64, &str); 3] = [(1002, "orders"), (1004, "billing"), (1006, "stock")];

fn story() -> Story {
    let mut story = Story::new();
    story.spec.scope = Scope::AllTenants;
    story.spec.tenant_name.clear();
    story
}

fn child(id: i64, outcome: Option<&str>) -> ChildTask {
    ChildTask {
        name: format!("now-t{id}"),
        uid: format!("uid-{id}"),
        outcome: outcome.map(str::to_owned),
        runs: outcome.is_none(),
        deleting: false,
        cancel: false,
        cause: (outcome == Some("Failed")).then(|| {
            cause(
                "StorageOutOfSpace",
                "the storage is \
         full",
            )
        }),
        knows_tenant: true,
        tenant_gone: false,
    }
}

fn observed(existing: Vec<ChildTask>) -> Observation {
    let tenants = TENANTS.map(|(id, name)| (TenantId(id), name.to_owned()));
    Observation {
        children: ChildTasks {
            tenants: tenants.into(),
            why_none: None,
            existing,
        },
        ..observation_of(None)
    }
}

fn with(outcomes: [Option<&str>; 3]) -> Observation {
    let existing = TENANTS.iter().zip(outcomes);
    observed(
        existing
            .map(|((id, _), outcome)| child(*id, outcome))
            .collect(),
    )
}

/// All tasks were created.
fn followed() -> Story {
    let mut story = story();
    story.reconcile(&with([None; 3]), 1);
    story
}

fn counts(story: &Story) -> [i32; 4] {
    let children = story.status.children.as_ref().unwrap();
    [
        children.total,
        children.completed,
        children.failed,
        children.running,
    ]
}

fn created(decision: &BackupDecision) -> Vec<&str> {
    match &decision.effect {
        Some(Effect::MakeChildren(children)) => children.iter().map(|(name, _)| &**name).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_task_is_made_for_each_tenant_and_named_by_it() {
    let decision = story().reconcile(&observed(Vec::new()), 0);
    assert_eq!(created(&decision), ["now-t1002", "now-t1004", "now-t1006"]);
    let Some(Effect::MakeChildren(children)) = &decision.effect else {
        panic!("nothing is made");
    };
    assert_eq!(children[1].1.tenant_name, "billing");
    assert_eq!(children[1].1.scope, Scope::Tenant);
}

#[test]
fn what_is_there_already_is_not_made_again() {
    let mut story = story();
    story.reconcile(&observed(Vec::new()), 0);
    let decision = story.reconcile(&observed(vec![child(1004, None)]), 1);
    assert_eq!(created(&decision), ["now-t1002", "now-t1006"]);
}

#[test]
fn not_more_than_fifty_are_made_in_a_pass() {
    let mut many = observed(Vec::new());
    many.children.tenants = (0..120)
        .map(|id| (TenantId(id), format!("t{id}")))
        .collect();
    assert_eq!(created(&story().reconcile(&many, 0)).len(), 50);
}

#[test]
fn a_tenant_that_comes_later_gets_nothing() {
    let mut story = followed();
    let mut observed = with([None; 3]);
    observed
        .children
        .tenants
        .push((TenantId(1010), "late".to_owned()));
    assert_eq!(story.reconcile(&observed, 5).effect, None);
}

#[test]
fn it_is_complete_when_all_are() {
    let mut story = followed();
    story.reconcile(&with([Some("Completed"), None, Some("Completed")]), 5);
    assert_eq!(
        (story.phase(), counts(&story)),
        ("InProgress", [3, 2, 0, 1])
    );
    story.reconcile(&with([Some("Completed"); 3]), 9);
    assert_eq!((story.phase(), counts(&story)), ("Completed", [3, 3, 0, 0]));
}

#[test]
fn one_that_failed_is_named_when_all_have_ended() {
    let mut story = followed();
    story.reconcile(&with([Some("Completed"), Some("Failed"), None]), 5);
    assert_eq!(story.status.outcome, None, "the others go on");
    story.reconcile(
        &with([Some("Completed"), Some("Failed"), Some("Completed")]),
        9,
    );
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "ChildrenFailed")
    );
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(
        message.contains("'now-t1004': the storage is full"),
        "{message}"
    );
}

#[test]
fn one_that_is_deleted_and_held_by_somebodys_finalizer_is_not_waited_for() {
    let mut story = followed();
    let mut observed = with([Some("Completed"), Some("Completed"), None]);
    observed.children.existing[2].deleting = true;
    story.reconcile(&observed, 10);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "ChildrenFailed")
    );
}

#[test]
fn one_that_somebody_deleted_is_not_forgotten() {
    let mut story = followed();
    story.reconcile(&observed(vec![child(1002, Some("Completed"))]), 5);
    assert_eq!((story.phase(), counts(&story)), ("Failed", [3, 1, 2, 0]));
}

/// As `with`, after the first tenant was dropped.
fn with_dropped(outcomes: [Option<&str>; 3]) -> Observation {
    let mut observed = with(outcomes);
    observed.children.tenants.remove(0);
    observed.children.existing[0].tenant_gone = true;
    observed
}

#[test]
fn a_tenant_that_was_dropped_is_neither_complete_nor_failed() {
    for outcome in ["Failed", "Canceled", "Overdue"] {
        let mut story = followed();
        let well = Some("Completed");
        story.reconcile(&with_dropped([Some(outcome), well, None]), 5);
        // While the database cannot be read, the drop is unknown.
        story.reconcile(&with([Some(outcome), well, None]), 6);
        story.reconcile(&with_dropped([Some(outcome), well, well]), 9);
        assert_eq!((story.phase(), counts(&story)), ("Completed", [3, 2, 0, 0]));
        assert_eq!(story.status.children.unwrap().dropped, 1);
    }
}

#[test]
fn a_backup_that_was_complete_before_its_tenant_was_dropped_counts() {
    let mut story = followed();
    story.reconcile(&with_dropped([Some("Completed"); 3]), 9);
    assert_eq!((story.phase(), counts(&story)), ("Completed", [3, 3, 0, 0]));
}

#[test]
fn a_task_that_waits_for_a_tenant_that_was_dropped_unseen_is_canceled() {
    let mut story = followed();
    let mut observed = with_dropped([None; 3]);
    let running = story.reconcile(&observed, 5);
    assert_eq!(running.effect, None, "it ends by itself");
    observed.children.existing[0].knows_tenant = false;
    let decision = story.reconcile(&observed, 6);
    let one = vec![("now-t1002".to_owned(), "uid-1002".to_owned())];
    assert_eq!(decision.effect, Some(Effect::CancelChildren(one)));
    assert_eq!(story.phase(), "InProgress");
}

#[test]
fn a_task_whose_tenants_were_all_dropped_has_failed() {
    let mut story = followed();
    let mut observed = with([Some("Failed"); 3]);
    for child in &mut observed.children.existing {
        child.tenant_gone = true;
    }
    story.reconcile(&observed, 9);
    assert_eq!((story.phase(), story.reason()), ("Failed", "TenantDropped"));
}

#[test]
fn a_tenant_that_is_made_anew_while_tasks_are_made_counts_beside_the_one_before() {
    let mut story = story();
    let mut observed = observed(vec![child(1002, None)]);
    observed.children.existing[0].tenant_gone = true;
    observed.children.tenants = vec![(TenantId(1004), "orders".to_owned())];
    assert_eq!(created(&story.reconcile(&observed, 0)), ["now-t1004"]);
    assert_eq!(story.status.children.unwrap().total, 2);
}

#[test]
fn a_name_that_is_taken_is_told_and_the_others_are_made() {
    let mut story = story();
    story.reconcile(&observed(Vec::new()), 0);
    let created_two = ApplyOutcome {
        foreign: ["now-t1004".to_owned()].into(),
        ..ApplyOutcome::default()
    };
    let decision = on_objects_applied(&story.task(), &observed(Vec::new()), &created_two, at(0));
    assert_eq!(decision.event.unwrap().reason, "NameCollision");
    story.status = decision.status;
    let two = [1002, 1006].map(|id| child(id, Some("Completed")));
    let decision = story.reconcile(&observed(two.into()), 1);
    assert_eq!(created(&decision), [""; 0]);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "ChildrenFailed")
    );
}

#[test]
fn what_could_not_be_made_is_tried_again_after_a_pause() {
    let mut story = story();
    story.reconcile(&observed(Vec::new()), 0);
    let refused = ApplyOutcome {
        errors: [("now-t1002".to_owned(), "quota".to_owned())].into(),
        ..ApplyOutcome::default()
    };
    story.status = on_objects_applied(&story.task(), &observed(Vec::new()), &refused, at(0)).status;
    assert_eq!(story.reason(), "CreateFailed");
    assert_eq!(story.reconcile(&observed(Vec::new()), 59).effect, None);
    assert_eq!(
        created(&story.reconcile(&observed(Vec::new()), 60)).len(),
        3
    );
}

#[test]
fn cancel_is_passed_on_once_to_those_that_run() {
    let mut story = followed();
    story.cancel();
    let mut observed = with([Some("Completed"), None, None]);
    observed.children.existing[2].cancel = true;
    let decision = story.reconcile(&observed, 5);
    let one = vec![("now-t1004".to_owned(), "uid-1004".to_owned())];
    assert_eq!(decision.effect, Some(Effect::CancelChildren(one)));
    assert_eq!(story.phase(), "Canceling");
    story.reconcile(
        &with([Some("Completed"), Some("Canceled"), Some("Canceled")]),
        9,
    );
    assert_eq!(story.phase(), "Canceled");
}

#[test]
fn a_task_that_is_canceled_before_it_made_any_makes_none() {
    let mut story = story();
    story.cancel();
    let decision = story.reconcile(&observed(Vec::new()), 0);
    assert_eq!((story.phase(), decision.effect), ("Canceled", None));
}

#[test]
fn a_deadline_before_the_tenants_are_known_is_overdue() {
    let mut story = story();
    story.spec.starting_deadline_seconds = Some(60);
    let unknown = Observation {
        database: unreachable().database,
        ..observed(Vec::new())
    };
    story.reconcile(&unknown, 10);
    story.reconcile(&unknown, 60);
    assert_eq!(story.phase(), "Overdue");
}

#[test]
fn a_cluster_without_a_tenant_to_back_up_is_said_so() {
    let mut story = story();
    story.reconcile(&observation_of(None), 0);
    assert_eq!((story.phase(), story.reason()), ("Failed", "NoTenants"));
}

#[test]
fn a_strategy_whose_tenants_are_anothers_is_not_said_to_have_locked_ones() {
    let mut story = story();
    let mut none = observation_of(None);
    none.children.why_none = Some("tenant orders: it is another one's".to_owned());
    story.reconcile(&none, 0);
    let cause = story.status.cause.clone().unwrap();
    assert!(
        cause.message.ends_with("it is another one's"),
        "{}",
        cause.message
    );
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut story = followed();
    let before = story.status.clone();
    story.reconcile(&with([None; 3]), 500);
    assert_eq!(story.status, before);
}
