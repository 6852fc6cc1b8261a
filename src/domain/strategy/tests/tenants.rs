//! Assignment of tenants, and the resulting state of the strategy.

use super::*;
use crate::api::strategy::SkippedTenants;

pub(super) fn naming(name: &str, created: i64, tenants: &[&str]) -> CompetingStrategy {
    CompetingStrategy {
        name: name.to_owned(),
        full_name: (name.to_owned(), "default".to_owned()),
        created_at: at(created),
        tenants: Some(TenantSelection {
            names: tenants.iter().map(|&name| name.to_owned()).collect(),
            exclude: Vec::new(),
        }),
        access: Access::default(),
    }
}

fn matched_of(name: &str, rivals: &[CompetingStrategy], tenants: &[i64]) -> Vec<String> {
    let tenants: Vec<_> = tenants.iter().map(|id| tenant(*id)).collect();
    let matched = matched(name, rivals, tenants.iter(), &BTreeSet::new());
    matched.eligible.iter().map(|t| t.name.clone()).collect()
}

pub(super) fn cluster_level(name: &str, created: i64) -> CompetingStrategy {
    CompetingStrategy {
        tenants: None,
        ..naming(name, created, &[])
    }
}

#[test]
fn a_strategy_that_names_a_tenant_goes_before_one_on_cluster_level() {
    let rivals = [cluster_level("all", -90), naming("own", 0, &["t1002"])];
    assert_eq!(matched_of("all", &rivals, &[1002, 1004]), ["t1004"]);
    assert_eq!(matched_of("own", &rivals, &[1002, 1004]), ["t1002"]);
}

#[test]
fn of_two_on_the_same_level_the_older_one_wins_then_the_first_by_name() {
    let older = [naming("z", -90, &["t1002"]), naming("a", 0, &["t1002"])];
    assert_eq!(matched_of("z", &older, &[1002]), ["t1002"]);
    let same = [naming("z", 0, &["t1002"]), naming("a", 0, &["t1002"])];
    assert_eq!(matched_of("a", &same, &[1002]), ["t1002"]);
    let both = [cluster_level("z", -90), cluster_level("a", 0)];
    assert!(matched_of("a", &both, &[1002]).is_empty());
}

#[test]
fn a_strategy_that_loses_every_tenant_is_stalled() {
    let mut story = Story::of(&[1002]);
    story.observed.rivals = vec![
        naming("older", -90, &["t1002"]),
        naming("nightly", -60, &["t1002"]),
    ];
    story.reconcile(1);
    assert_eq!(story.failing(), [("t1002", "TenantAlreadyManaged")]);
    assert_eq!(story.is(types::STALLED), "True");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
}

pub(super) fn on_cluster_level(others: Vec<CompetingStrategy>, tenants: &[i64]) -> Story {
    let mut story = Story::of(tenants);
    story.observed.rivals = others;
    story.observed.rivals.push(cluster_level("nightly", -60));
    story
}

#[test]
fn a_strategy_on_cluster_level_that_loses_every_tenant_to_another_is_stalled() {
    let mut story = on_cluster_level(vec![cluster_level("older", -90)], &[1002, 1004]);
    story.reconcile(1);
    assert_eq!(story.is(types::STALLED), "True");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    let known = story.status.conditions.iter();
    let mut stalled = known.filter(|known| known.type_ == types::STALLED);
    assert!(stalled.next().unwrap().message.contains("'older'"));
    assert_eq!(story.events, ["StrategyStalled"]);
}

#[test]
fn a_strategy_on_cluster_level_that_others_name_all_tenants_of_waits_for_the_next_one() {
    let mut story = on_cluster_level(vec![naming("own", -90, &["t1002"])], &[1002]);
    story.reconcile(1);
    assert_eq!(
        (story.is(types::READY), story.is(types::STALLED)),
        ("True", "False")
    );
}

#[test]
fn a_strategy_on_cluster_level_to_which_a_locked_tenant_is_left_is_not_stalled() {
    let mut older = cluster_level("older", -90);
    older.access = only_orders();
    let mut story = on_cluster_level(vec![older], &[1002]);
    let mut locked = Tenant::clone(&tenant(1004));
    locked.locked = true;
    story
        .observed
        .database
        .as_mut()
        .unwrap()
        .push(Arc::new(locked));
    story.reconcile(1);
    assert_eq!(story.is(types::STALLED), "False");
}

#[test]
fn a_named_tenant_that_can_not_be_backed_up_is_unhealthy_and_the_strategy_stays_ready() {
    let mut story = Story::of(&[1002]);
    story.observed.rivals = vec![naming("nightly", -60, &["t1002", "gone", "all"])];
    story
        .observed
        .database
        .as_mut()
        .unwrap()
        .push(Arc::new(Tenant {
            name: "all".to_owned(),
            ..(*tenant(1006)).clone()
        }));
    story.reconcile(1);
    assert_eq!(
        story.failing(),
        [("all", "UnsafeTenantName"), ("gone", "TenantNotFound")]
    );
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.is(types::READY), "True");
}

#[test]
fn the_tenant_of_the_database_itself_is_not_called_missing() {
    let mut story = Story::of(&[1002]);
    story.observed.rivals = vec![naming("nightly", -60, &["t1002", "sys"])];
    story.reconcile(1);
    assert_eq!(story.failing(), [("sys", "UnsafeTenantName")]);
}

#[test]
fn a_failed_night_never_makes_the_strategy_unready() {
    let mut story = Story::of(&[1002]);
    story
        .observed
        .tasks
        .push(task("nightly-t1002-full-1", 1002, Some("Failed")));
    story.reconcile(1);
    assert_eq!(
        (story.is(types::READY), story.is(types::BACKUP_HEALTHY)),
        ("True", "False")
    );
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
}

#[test]
fn a_failure_of_a_tenant_that_is_not_the_strategys_any_more_is_forgotten() {
    let mut story = Story::of(&[1002]);
    story
        .observed
        .tasks
        .push(task("nightly-t1002-full-1", 1002, Some("Completed")));
    story
        .observed
        .tasks
        .push(task("nightly-t1004-full-1", 1004, Some("Failed")));
    story.reconcile(1);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
}

#[test]
fn a_canceled_backup_does_not_cover_up_a_failed_one() {
    let mut story = Story::of(&[1002]);
    story
        .observed
        .tasks
        .push(task("nightly-t1002-full-1", 1002, Some("Failed")));
    let canceled = ObservedTask {
        completed_at: Some(at(5)),
        ..task("nightly-t1002-full-2", 1002, Some("Canceled"))
    };
    story.observed.tasks.push(canceled);
    story.reconcile(1);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
}

#[test]
fn a_long_cause_fits_into_the_list_of_failing_tenants() {
    let mut story = Story::of(&[1002]);
    let failed = ObservedTask {
        cause: Some(crate::domain::cause("DatabaseError", &"ä".repeat(5_000))),
        ..task("nightly-t1002-full-1", 1002, Some("Failed"))
    };
    assert!(failed.cause.as_ref().unwrap().message.len() <= 4096);
    story.observed.tasks.push(failed);
    story.reconcile(1);
    let tenants = story.status.tenants.as_ref().unwrap();
    assert!(tenants.failing[0].message.len() <= 1024);
}

#[test]
fn a_cluster_that_is_being_connected_to_leaves_the_conditions_as_they_are() {
    let mut story = Story::of(&[1002]);
    story.reconcile(1);
    let before = story.status.clone();
    story.observed.database = Err(Blocker::waiting("Connecting", "soon"));
    story.reconcile(2);
    assert_eq!(story.status, before);
}

#[test]
fn what_is_known_survives_an_outage() {
    let mut story = Story::of(&[1002]);
    story
        .observed
        .tasks
        .push(task("nightly-t1002-full-1", 1002, Some("Completed")));
    story.reconcile(1);
    story.unreachable().ok();
    story.reconcile(2);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
    assert_eq!(
        (story.is(types::RECONCILING), story.is(types::STALLED)),
        ("True", "False")
    );
}

#[test]
fn the_console_sees_scheduling_before_the_first_slot_and_progress_after_it() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.incremental = None;
    story.reconcile(1);
    let phase = |story: &Story| story.status.phase.clone().unwrap();
    assert_eq!(phase(&story), "PendingBackupScheduling");
    story.create(121);
    story.reconcile(122);
    assert_eq!(phase(&story), "InProgress");
}

#[test]
fn an_impossible_schedule_is_stalled_with_its_reason() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.time_zone = "Mars/Olympus".to_owned();
    let decision = story.reconcile(1);
    assert_eq!((decision.effect, story.is(types::STALLED)), (None, "True"));
}

#[test]
fn a_status_that_is_read_back_decides_the_same() {
    let mut story = Story::of(&[1002, 1004]);
    story.spec.first_backup = FirstBackup::Immediately;
    story.pass_with_answer(61, |_| Err(Trouble::Error));
    let text = serde_json::to_string(&story.status).unwrap();
    let read: BackupStrategyStatus = serde_json::from_str(&text).unwrap();
    assert_eq!(read, story.status);
}

fn only_orders() -> Access {
    Access {
        tenants: vec!["t1002".to_owned()],
        ..Access::default()
    }
}

#[test]
fn a_named_tenant_that_the_cluster_s_object_does_not_allow_is_failing() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.rivals = vec![naming("nightly", -60, &["t1002", "t1004"])];
    story.observed.rivals[0].access = only_orders();
    story.reconcile(1);
    assert_eq!(story.failing(), [("t1004", "TenantNotAllowed")]);
}

#[test]
fn on_cluster_level_a_tenant_that_is_not_allowed_is_left_out_and_counted() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.rivals[0].access = only_orders();
    story.reconcile(1);
    let skipped = story.status.tenants.unwrap().skipped;
    assert_eq!(
        skipped,
        [SkippedTenants {
            reason: "TenantNotAllowed".to_owned(),
            count: 1
        }]
    );
}

#[test]
fn a_strategy_that_may_not_use_a_tenant_does_not_keep_it_from_another() {
    let mut older = cluster_level("older", -90);
    older.access = only_orders();
    let both = [older, cluster_level("own", 0)];
    assert_eq!(matched_of("own", &both, &[1002, 1004]), ["t1004"]);
    let mut naming = naming("naming", 0, &["t1004"]);
    naming.access = only_orders();
    let both = [naming, cluster_level("own", 0)];
    assert_eq!(matched_of("own", &both, &[1002, 1004]), ["t1002", "t1004"]);
}

#[test]
fn a_tenant_that_is_made_anew_gets_a_log_backup_and_a_first_backup_of_its_own() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    story.create(-30);
    story.observed.tasks[0].outcome = Some("Completed".to_owned());
    story.observed.with_full_backup.insert(TenantId(1002));
    let mut recreated = Tenant::clone(&tenant(1010));
    recreated.name = "t1002".to_owned();
    story.observed.database = Ok(vec![Arc::new(recreated)]);
    assert_eq!(story.create(-20), ["prod-t1010"]);
    assert_eq!(story.create(-19), ["nightly-t1010-full-202611212340z"]);
}

#[test]
fn what_the_tenant_before_it_failed_of_is_not_the_new_ones_trouble() {
    let mut story = Story::of(&[1002]);
    story.create(61);
    story.observed.tasks[0].outcome = Some("Failed".to_owned());
    story.observed.tasks[0].completed_at = Some(at(62));
    story.reconcile(63);
    assert_eq!(story.failing().len(), 1);
    let mut recreated = Tenant::clone(&tenant(1010));
    recreated.name = "t1002".to_owned();
    story.observed.database = Ok(vec![Arc::new(recreated)]);
    story.create(64);
    story.reconcile(65);
    assert_eq!(story.failing(), []);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "Unknown");
}

#[test]
fn a_named_tenant_that_is_dropped_is_not_forgotten() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.rivals[0].tenants = Some(TenantSelection {
        names: vec!["t1002".to_owned(), "t1004".to_owned()],
        exclude: Vec::new(),
    });
    story.reconcile(1);
    story.observed.database = Ok(vec![tenant(1004)]);
    story.reconcile(2);
    assert_eq!(story.failing(), [("t1002", "TenantNotFound")]);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.create(61), ["nightly-t1004-incr-202611220100z"]);
}

#[test]
fn a_tenant_of_the_cluster_level_that_is_dropped_is_no_trouble() {
    let mut story = Story::of(&[1002, 1004]);
    story.create(61);
    for task in &mut story.observed.tasks {
        task.outcome = Some("Failed".to_owned());
        task.completed_at = Some(at(62));
    }
    story.observed.tasks[1].outcome = Some("Completed".to_owned());
    story.observed.database = Ok(vec![tenant(1004)]);
    story.reconcile(63);
    assert_eq!(story.failing(), []);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
}

#[test]
fn a_strategy_that_names_its_tenants_is_for_no_other_even_where_nobody_else_is() {
    let rivals = [naming("own", 0, &["t1002"])];
    assert!(covers("own", &rivals, "t1002"));
    assert!(!covers("own", &rivals, "t1004"));
}

#[test]
fn a_recovered_tenant_is_left_out_until_a_strategy_names_it() {
    let rivals = [cluster_level("all", -90), naming("own", 0, &["t1004"])];
    let recovered = BTreeSet::from([TenantId(1004), TenantId(1006)]);
    let tenants: Vec<_> = [1002, 1004, 1006].map(tenant).into();
    let names = |of: &str| {
        let matched = matched(of, &rivals, tenants.iter(), &recovered);
        let names = matched.eligible.iter().map(|t| t.name.clone());
        (names.collect::<Vec<_>>(), matched.skipped)
    };
    let (of_all, skipped) = names("all");
    assert_eq!(of_all, ["t1002"]);
    let reasons: Vec<_> = skipped.iter().map(|of| (&*of.reason, of.count)).collect();
    assert_eq!(reasons, [("NamedByStrategy", 1), ("RecoveredTenant", 1)]);
    assert_eq!(names("own").0, ["t1004"]);
}
