//! A change of the logs' destination, step by step.

use super::*;
use crate::api::condition::types::STORAGE_MIGRATED;
use crate::api::log_backup::StorageChangePolicy;
use crate::domain::log_backup::ObservedMigration;

const OLD: &str = "file:///log";

/// A tenant whose logs go to the old location, while another one is requested.
fn away(tenant: Tenant, busy: Option<&str>) -> Observation {
    let mut observed = observed(tenant);
    if let Ok(database) = &mut observed.database {
        database.destination = ObservedDestination::Elsewhere(OLD.to_owned());
    }
    observed.switch = Some(ObservedMigration {
        to: "file:///new".to_owned(),
        data_from: Some("file:///data".to_owned()),
        busy: busy.map(str::to_owned),
    });
    observed
}

fn stopped() -> Tenant {
    Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stop))
    }
}

/// The same tenant after its logs go to the new location.
fn there(mut tenant: Tenant) -> Tenant {
    let dest = tenant.log_dest.as_mut().unwrap();
    "file:///new".clone_into(&mut dest.path);
    tenant
}

fn leave() -> Effect {
    Effect::Leave {
        tenant: TenantName::parse("orders").unwrap(),
        from: OLD.to_owned(),
    }
}

fn set() -> Effect {
    Effect::Switch {
        tenant: TenantName::parse("orders").unwrap(),
        from: OLD.to_owned(),
    }
}

/// Log backup runs at the old location, and its strategy has edited it.
fn edited() -> Story {
    let mut story = Story::running();
    story.spec.storage_change_policy = StorageChangePolicy::StopAndSwitch;
    story.spec.storage_ref = LocalReference::new("new");
    story.generation += 1;
    story
}

impl Story {
    fn step(&self) -> &str {
        let known = self.status.storage_migration.as_ref();
        known.map_or("", |known| known.step.as_str())
    }
}

#[test]
fn a_move_is_announced_before_anything_is_sent() {
    let mut story = edited();
    let decision = story.reconcile(&away(doing(), None), 1);
    assert_eq!((decision.effect, story.step()), (None, "Announced"));
    assert_eq!(decision.event.unwrap().reason, "StorageMigrationScheduled");
    assert_eq!(
        story.condition(STORAGE_MIGRATED),
        ("False", "StorageMigrationScheduled")
    );
    assert_eq!(story.phase(), "InProgress");
}

#[test]
fn log_backup_is_stopped_the_place_set_and_log_backup_started() {
    let mut story = edited();
    story.reconcile(&away(doing(), None), 1);
    assert_eq!(
        story.reconcile(&away(doing(), None), 2).effect,
        Some(leave())
    );
    assert_eq!(story.step(), "Stopping");
    let stopping = tenant(Some(RoundStatus::Stopping));
    assert_eq!(story.reconcile(&away(stopping, None), 30).effect, None);
    assert_eq!(
        story.reconcile(&away(stopped(), None), 60).effect,
        Some(set())
    );
    assert_eq!(story.step(), "Setting");
    let start = Effect::Start(TenantName::parse("orders").unwrap());
    assert_eq!(
        story.reconcile(&observed(there(stopped())), 70).effect,
        Some(start)
    );
    assert_eq!(story.step(), "Starting");
    let again = || there(in_round(2, RoundStatus::Doing));
    story.reconcile(&observed(again()), 100);
    assert_eq!(story.step(), "AwaitingFullBackup");
    assert!(story.status.full_backup_wanted_since.is_some());
    let mut with_full = again();
    with_full.sets = Arc::new(vec![full_set(200)]);
    story.reconcile(&observed(with_full.clone()), 300);
    assert_eq!(story.status.full_backup_wanted_since, None);
    assert_eq!(
        story.condition(STORAGE_MIGRATED),
        ("True", "StorageMigrated")
    );
    assert_eq!(story.reconcile(&observed(with_full), 301).effect, None);
}

#[test]
fn while_something_of_the_tenant_runs_log_backup_goes_on() {
    let mut story = edited();
    let busy = || away(doing(), Some("backup job 7"));
    story.reconcile(&busy(), 1);
    assert_eq!(story.reconcile(&busy(), 2).effect, None);
    assert_eq!(story.reconcile(&busy(), 3600).effect, None);
    let known = story.status.conditions.iter();
    let mut known = known.filter(|known| known.type_ == STORAGE_MIGRATED);
    assert!(known.next().unwrap().message.contains("backup job 7"));
    assert_eq!(
        story.reconcile(&away(doing(), None), 3601).effect,
        Some(leave())
    );
}

#[test]
fn what_runs_does_not_keep_an_interrupted_round_from_being_ended() {
    let mut story = edited();
    let broken = || {
        let tenant = tenant(Some(RoundStatus::Interrupted));
        away(tenant, Some("BackupTask 'now'"))
    };
    story.reconcile(&broken(), 1);
    assert_eq!(story.reconcile(&broken(), 2).effect, Some(leave()));
}

#[test]
fn a_place_that_somebody_else_has_set_is_never_left() {
    let mut story = edited();
    let mut theirs = away(doing(), None);
    if let Ok(database) = &mut theirs.database {
        database.destination = ObservedDestination::Elsewhere("file:///theirs".to_owned());
    }
    assert_eq!(story.reconcile(&theirs, 1).effect, None);
    assert_eq!(story.reason(), "DestinationInUse");
}

#[test]
fn without_the_policy_nothing_moves() {
    let mut story = edited();
    story.spec.storage_change_policy = StorageChangePolicy::Refuse;
    assert_eq!(story.reconcile(&away(doing(), None), 1).effect, None);
    assert_eq!(story.reason(), "DestinationInUse");
}

#[test]
fn an_edit_that_is_taken_back_before_anything_was_sent_leaves_nothing() {
    let mut story = edited();
    story.reconcile(&away(doing(), Some("backup job 7")), 1);
    story.generation += 1;
    assert_eq!(story.reconcile(&observed(doing()), 2).effect, None);
    assert_eq!(story.status.storage_migration, None);
}

#[test]
fn an_edit_that_is_taken_back_while_log_backup_stops_has_it_go_on_where_it_was() {
    let mut story = edited();
    story.reconcile(&away(doing(), None), 1);
    assert_eq!(
        story.reconcile(&away(doing(), None), 2).effect,
        Some(leave())
    );
    story.generation += 1;
    let start = Effect::Start(TenantName::parse("orders").unwrap());
    assert_eq!(
        story.reconcile(&observed(stopped()), 60).effect,
        Some(start)
    );
    assert_eq!(story.step(), "Returning");
    story.reconcile(&observed(in_round(2, RoundStatus::Doing)), 100);
    assert_eq!(story.step(), "Returned");
    assert_eq!(
        story.condition(STORAGE_MIGRATED),
        ("False", "AwaitingFullBackup")
    );
    let mut known = story.status.conditions.iter();
    let reported = known.find(|known| known.type_ == STORAGE_MIGRATED).unwrap();
    assert!(
        !reported.message.contains("file:///new"),
        "{}",
        reported.message
    );
    let mut with_full = in_round(2, RoundStatus::Doing);
    with_full.sets = Arc::new(vec![full_set(200)]);
    story.reconcile(&observed(with_full), 300);
    assert_eq!(story.status.storage_migration, None);
    let mut known = story.status.conditions.iter();
    assert!(known.all(|known| known.type_ != STORAGE_MIGRATED));
}

#[test]
fn an_edit_that_is_taken_back_after_the_new_place_was_set_moves_the_logs_back() {
    let mut story = edited();
    story.reconcile(&away(doing(), None), 1);
    story.reconcile(&away(doing(), None), 2);
    assert_eq!(
        story.reconcile(&away(stopped(), None), 60).effect,
        Some(set())
    );
    // Reverted before log backup was started there.
    story.generation += 1;
    let back = || {
        let mut observed = away(there(stopped()), None);
        if let Ok(database) = &mut observed.database {
            database.destination = ObservedDestination::Elsewhere("file:///new".to_owned());
        }
        observed.switch.as_mut().unwrap().to = OLD.to_owned();
        observed
    };
    assert_eq!(story.reconcile(&back(), 70).effect, None);
    assert_eq!(story.step(), "Announced");
    let set = Effect::Switch {
        tenant: TenantName::parse("orders").unwrap(),
        from: "file:///new".to_owned(),
    };
    assert_eq!(story.reconcile(&back(), 72).effect, Some(set));
}

#[test]
fn a_place_that_differs_by_its_host_alone_is_moved_to() {
    let mut story = edited();
    let to_host = |tenant: Tenant| {
        let mut observed = away(tenant, None);
        observed.switch.as_mut().unwrap().to = OLD.to_owned();
        observed
    };
    story.reconcile(&to_host(doing()), 1);
    assert_eq!(story.reconcile(&to_host(doing()), 2).effect, Some(leave()));
    assert_eq!(story.reconcile(&to_host(stopped()), 60).effect, Some(set()));
    story.reconcile(&observed(stopped()), 70);
    story.reconcile(&observed(in_round(2, RoundStatus::Doing)), 100);
    assert_eq!(story.step(), "AwaitingFullBackup");
    let known = story.status.storage_migration.as_ref().unwrap();
    assert!(known.data_from.is_some());
}

#[test]
fn a_move_that_was_taken_back_and_is_wanted_again_is_announced_again() {
    let mut story = edited();
    story.reconcile(&away(doing(), None), 1);
    story.reconcile(&away(doing(), None), 2);
    story.reconcile(&observed(stopped()), 60);
    assert_eq!(story.step(), "Returning");
    let decision = story.reconcile(&away(doing(), None), 70);
    assert_eq!((decision.effect, story.step()), (None, "Announced"));
}

#[test]
fn a_stopped_log_backup_is_moved_when_it_is_to_run() {
    let mut story = edited();
    story.spec.state = DesiredState::Stopped;
    assert_eq!(story.reconcile(&away(stopped(), None), 1).effect, None);
    assert_eq!(story.reason(), "StorageMigrationPending");
    story.edit(DesiredState::Running);
    story.reconcile(&away(stopped(), None), 2);
    assert_eq!(
        story.reconcile(&away(stopped(), None), 3).effect,
        Some(set())
    );
}

#[test]
fn a_full_backup_is_wanted_although_heals_make_none() {
    let mut story = edited();
    story.spec.interruption.policy = InterruptionPolicy::Report;
    story.reconcile(&away(doing(), None), 1);
    story.reconcile(&away(doing(), None), 2);
    story.reconcile(&observed(there(in_round(2, RoundStatus::Doing))), 100);
    story.reconcile(&observed(there(in_round(2, RoundStatus::Doing))), 101);
    assert!(story.status.full_backup_wanted_since.is_some());
}
