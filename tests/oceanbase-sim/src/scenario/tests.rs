use super::*;
use crate::Simulator;
use crate::clock::{Clock, ManualClock};
use crate::fault::Fault;
use crate::model::{FileStatus, SetStatus};
use crate::scenario::{BackupSpec, PlannedFault, RoundSpec};

const DAY: Duration = Duration::from_hours(24);

fn built(text: &str) -> World {
    Scenario::parse(text)
        .unwrap()
        .build(ManualClock::default().now())
        .unwrap()
}

fn problem(text: &str) -> String {
    let scenario = Scenario::parse(text);
    match scenario.and_then(|scenario| scenario.build(ManualClock::default().now())) {
        Ok(_) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_demo_has_a_window_and_a_gap() {
    let world = built(include_str!("../../scenarios/demo.yaml"));
    let orders = world.tenant("orders").unwrap();
    assert_eq!(orders.archive.history.len(), 1);
    assert!(orders.archive.is_doing());
    assert_eq!(orders.backups.sets.len(), 5);
}

#[test]
fn an_incremental_of_the_past_stands_on_the_set_before_it() {
    let world = built(include_str!("../../scenarios/demo.yaml"));
    let sets = &world.tenant("orders").unwrap().backups.sets;
    let chain: Vec<_> = sets
        .iter()
        .map(|set| (set.id.0, set.prev_full.0, set.prev_inc.0))
        .collect();
    assert_eq!(
        chain,
        [(1, 0, 0), (2, 1, 1), (3, 0, 0), (4, 3, 3), (5, 3, 3)]
    );
}

#[test]
fn a_failed_set_of_the_past_is_incomplete() {
    let world = built(include_str!("../../scenarios/demo.yaml"));
    let set = &world.tenant("orders").unwrap().backups.sets[3];
    assert_eq!(
        (set.status, set.file_status),
        (SetStatus::Failed, FileStatus::Incomplete)
    );
}

#[test]
fn old_pieces_can_be_deleted_already() {
    let mut tenant = TenantSpec::new("orders").ready(DAY * 10);
    tenant.archive.as_mut().unwrap().deleted_before = Some(DAY * 7);
    let world = Scenario::new("4.3.5.2")
        .with(tenant)
        .build(ManualClock::default().now());
    let pieces = world
        .unwrap()
        .tenant("orders")
        .unwrap()
        .archive
        .pieces
        .clone();
    let deleted = pieces
        .iter()
        .filter(|piece| piece.file_status == FileStatus::Deleted)
        .count();
    assert_eq!((pieces.len(), deleted), (11, 3));
}

#[test]
fn a_misspelt_field_names_itself() {
    let text = "version: \"4.3.5.2\"\ntenants:\n  - {name: orders, pasword: x}\n";
    assert!(problem(text).contains("pasword"), "{}", problem(text));
}

#[test]
fn what_contradicts_itself_is_refused_with_the_tenant_named() {
    for (tenant, expected) in [
        ("{name: t, id: 1003}", "ids are even"),
        ("{name: sys}", "of this name already"),
        ("{name: t, backups: [{ago: 1d}]}", "needs a dataDest"),
        ("{name: t, dataDest: \"nfs:///x\"}", "not a valid uri"),
        (
            "{name: t, archive: {dest: \"LOCATION=file:///x\", rounds: [{from: 9d}, {from: 2d}]}}",
            "one that runs is not the last",
        ),
    ] {
        let found = problem(&format!("version: \"4.3.5.2\"\ntenants: [{tenant}]\n"));
        assert!(
            found.starts_with("tenant `") && found.contains(expected),
            "{tenant}: {found}"
        );
    }
}

#[test]
fn a_version_of_another_line_is_refused() {
    for version in ["3.2.4.1", "new", "5.0.0.0"] {
        assert!(
            problem(&format!("version: \"{version}\"")).contains("V4 version"),
            "{version}"
        );
    }
}

#[test]
fn planned_faults_happen_at_their_time() {
    let clock = ManualClock::default();
    let mut scenario = Scenario::new("4.3.5.2").with(TenantSpec::new("orders").ready(DAY));
    scenario.faults.push(PlannedFault {
        after: DAY,
        fault: Fault::InterruptArchive {
            tenant: "orders".to_owned(),
            comment: None,
        },
    });
    let simulator = Simulator::new(&scenario, clock.clone()).unwrap();
    let status = || simulator.world(|world| world.tenant("orders").unwrap().archive.status());
    let before = status();
    clock.advance(DAY * 2);
    assert_eq!(
        (before, status()),
        (Some(RoundStatus::Doing), Some(RoundStatus::Interrupted))
    );
}

#[test]
fn an_interrupted_round_is_where_a_scenario_can_begin() {
    let mut tenant = TenantSpec::new("orders").ready(DAY);
    let rounds = &mut tenant.archive.as_mut().unwrap().rounds;
    *rounds = vec![RoundSpec {
        from: DAY * 3,
        until: Some(DAY),
        interrupted: true,
    }];
    let world = Scenario::new("4.3.5.2")
        .with(tenant)
        .build(ManualClock::default().now());
    let status = world.unwrap().tenant("orders").unwrap().archive.status();
    assert_eq!(status, Some(RoundStatus::Interrupted));
}

#[test]
fn a_backup_of_the_past_does_not_end_in_the_future() {
    let mut tenant = TenantSpec::new("orders").ready(DAY);
    tenant.backups.push(BackupSpec {
        took: DAY,
        ..TenantSpec::new("x")
            .backup(BackupType::Full, DAY / 2)
            .backups
            .remove(0)
    });
    let scenario = Scenario::new("4.3.5.2").with(tenant);
    assert!(scenario.build(ManualClock::default().now()).is_err());
}
