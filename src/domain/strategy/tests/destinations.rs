//! The destinations that hold backups of the strategy's tenants, and since when they are unused.

use super::*;
use crate::api::alert::Alert;
use crate::domain::time;

fn location(storage: &str, held: &[(i64, i64, bool)]) -> DestinationContents {
    let tenants = held.iter().map(|(id, bytes, in_use)| {
        let held = TenantContents {
            bytes: *bytes,
            in_use: *in_use,
            first: (*bytes > 0).then(|| at(-100)),
            last: (*bytes > 0).then(|| at(-10)),
        };
        (TenantId(*id), held)
    });
    DestinationContents {
        storage: storage.to_owned(),
        path: format!("s3://ob-backup/{storage}"),
        tenants: tenants.collect(),
    }
}

/// Returns name, bytes, since and until of each destination, with times in minutes.
fn destinations(story: &Story) -> Vec<(&str, i64, i64, Option<i64>)> {
    let minutes = |time: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Time| {
        at(0).duration_until(time.0).as_mins()
    };
    let locations = story.status.destinations.iter();
    locations
        .map(|location| {
            let since = location.since.as_ref().map(minutes).unwrap();
            let until = location.until.as_ref().map(minutes);
            (&*location.storage, location.bytes, since, until)
        })
        .collect()
}

#[test]
fn a_place_is_listed_once_something_goes_there_and_all_tenants_count() {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.locations = vec![location("main", &[])];
    story.reconcile(0);
    assert_eq!(destinations(&story), []);
    story.observed.locations = vec![location("main", &[(1002, 0, true)])];
    story.reconcile(1);
    assert_eq!(destinations(&story), [("main", 0, 1, None)]);
    story.observed.locations = vec![location("main", &[(1002, 50, true), (1004, 7, true)])];
    story.reconcile(6);
    assert_eq!(destinations(&story), [("main", 57, 1, None)]);
}

#[test]
fn a_tenant_of_another_strategy_does_not_count() {
    let mut story = Story::of(&[1002]);
    story.observed.locations = vec![location("main", &[(1002, 50, true), (1004, 7, true)])];
    story.reconcile(0);
    assert_eq!(destinations(&story), [("main", 50, -100, None)]);
}

#[test]
fn what_stays_at_an_old_place_is_told_once_and_listed_after_the_new_one() {
    let mut story = Story::of(&[1002]);
    story.observed.locations = vec![location("old", &[(1002, 50, true)])];
    story.reconcile(0);
    story.observed.locations = vec![
        location("old", &[(1002, 50, false)]),
        location("new", &[(1002, 0, true)]),
    ];
    story.reconcile(5);
    story.reconcile(6);
    let expected = [("new", 0, 5, None), ("old", 50, -100, Some(5))];
    assert_eq!(destinations(&story), expected);
    let reported = story.events.iter();
    let reported = reported.filter(|event| **event == "PreviousDestinationRetained");
    assert_eq!(reported.count(), 1);
}

#[test]
fn backups_at_a_place_from_before_are_found_and_end_with_the_newest() {
    let mut story = Story::of(&[1002]);
    story.observed.locations = vec![location("old", &[(1002, 50, false)])];
    story.reconcile(0);
    assert_eq!(destinations(&story), [("old", 50, -100, Some(-10))]);
    assert!(
        story
            .events
            .iter()
            .all(|event| *event != "PreviousDestinationRetained")
    );
}

#[test]
fn a_place_that_is_used_again_is_open_again() {
    let mut story = Story::of(&[1002]);
    story.observed.locations = vec![location("main", &[(1002, 50, false)])];
    story.reconcile(0);
    story.observed.locations = vec![location("main", &[(1002, 50, true)])];
    story.reconcile(1);
    assert_eq!(destinations(&story), [("main", 50, -100, None)]);
}

#[test]
fn bytes_that_move_a_little_are_not_written_and_those_that_go_are() {
    let mut story = Story::of(&[1002]);
    story.observed.locations = vec![location("main", &[(1002, 1000, true)])];
    story.reconcile(0);
    for (bytes, minutes, shown) in [
        (1009, 5, 1000),
        (1010, 4, 1000),
        (1010, 6, 1010),
        (0, 10, 1010),
        (0, 11, 0),
    ] {
        story.observed.locations = vec![location("main", &[(1002, bytes, true)])];
        story.reconcile(minutes);
        assert_eq!(destinations(&story)[0].1, shown);
    }
}

#[test]
fn bytes_of_several_places_are_written_in_one_pass() {
    let mut story = Story::of(&[1002]);
    let mut both = |minutes: i64, old: i64, new: i64| {
        story.observed.locations = vec![
            location("old", &[(1002, old, true)]),
            location("new", &[(1002, new, true)]),
        ];
        story.reconcile(minutes);
        let mut bytes: Vec<_> = destinations(&story).iter().map(|known| known.1).collect();
        bytes.sort_unstable();
        bytes
    };
    assert_eq!(both(0, 10, 100), [10, 100]);
    assert_eq!(both(6, 10, 200), [10, 200]);
    assert_eq!(both(7, 20, 200), [10, 200], "it was written a minute ago");
    assert_eq!(both(11, 20, 300), [20, 300]);
}

#[test]
fn bytes_are_not_written_at_once_after_an_alert_that_recovered() {
    let mut story = Story::of(&[1002]);
    let mut shown = |minutes: i64, bytes: i64| {
        story.observed.locations = vec![location("main", &[(1002, bytes, true)])];
        story.reconcile(minutes);
        story.status.alerts = vec![Alert {
            id: "1".to_owned(),
            type_: "base_backup_fail".to_owned(),
            status: "Recovered".to_owned(),
            last_generated_time: Some(time(at(6))),
            recovered_time: Some(time(at(7))),
            ..Alert::default()
        }];
        destinations(&story)[0].1
    };
    assert_eq!(shown(0, 50), 50);
    assert_eq!(shown(8, 100), 50, "the alert was written two minutes ago");
    assert_eq!(shown(11, 100), 100);
}

#[test]
fn while_the_database_is_silent_the_destinations_stay() {
    let mut story = Story::of(&[1002]);
    story.observed.locations = vec![location("main", &[(1002, 50, true)])];
    story.reconcile(0);
    story.observed.locations.clear();
    story.observed.database = Err(Blocker::outage());
    story.reconcile(1);
    assert_eq!(destinations(&story), [("main", 50, -100, None)]);
}

#[test]
fn of_more_than_twenty_places_those_go_first_that_hold_nothing() {
    let mut story = Story::of(&[1002]);
    let empty = |number: i64| crate::api::strategy::DestinationRecord {
        storage: format!("s{number}"),
        path: format!("s3://ob-backup/s{number}"),
        since: Some(time(at(-1000))),
        until: Some(time(at(-number))),
        bytes: i64::from(number != 3),
        bytes_time: None,
    };
    story.status.destinations = (1..=20).map(empty).collect();
    story.observed.locations = vec![location("main", &[(1002, 50, true)])];
    story.reconcile(0);
    let names: Vec<_> = destinations(&story)
        .iter()
        .map(|known| known.0.to_owned())
        .collect();
    assert_eq!(names.len(), 20);
    assert_eq!(names[0], "main");
    assert!(!names.contains(&"s3".to_owned()) && names.contains(&"s20".to_owned()));
}
