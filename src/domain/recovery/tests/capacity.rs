//! Servers without capacity for the units to create.

use super::tables::{asked, tables_spec};
use super::*;
use crate::oceanbase::model::{Capacity, Server};

/// A server of this zone with this much free CPU, GiB of memory and GiB of log disk.
pub(super) fn server(zone: &str, (cpu, memory, log_disk): (u32, u64, u64)) -> Server {
    Server {
        address: "10.0.0.1:2882".to_owned(),
        zone: zone.to_owned(),
        free: Capacity {
            cpu: Some(Cpu(cpu * 1000)),
            memory: Some(memory << 30),
            log_disk: Some(log_disk << 30),
        },
    }
}

/// The unit of the spec has 2 CPU and 4 GiB of memory; the second value is smaller.
const ENOUGH: (u32, u64, u64) = (2, 4, 12);
const SCANT: (u32, u64, u64) = (2, 3, 12);

impl Story {
    fn with_server(mut self, left: (u32, u64, u64)) -> Self {
        self.restores().servers = Some(vec![server("zone1", left)]);
        self
    }

    fn wants_servers(&self) -> bool {
        let task = Task {
            generation: self.generation,
            name: NAME,
            spec: &self.spec,
            status: &self.status,
        };
        wants_servers(&task, &self.observed)
    }
}

fn preview() -> Value {
    let mut preview = spec();
    preview["mode"] = json!("Preview");
    preview
}

#[test]
fn it_waits_for_room_before_anything_is_created_and_begins_when_there_is_some() {
    for story in [Story::new(spec()), asked(tables_spec())] {
        let mut story = story.with_server((0, 0, 0));
        assert_eq!(story.pass(0), None, "something was sent");
        let waits = ("Pending", "ResourcesNotEnough");
        assert_eq!((story.phase(), story.cause()), waits);
        story.restores().servers = None;
        assert_eq!(story.pass(30), None);
        assert_eq!((story.phase(), story.cause()), waits, "read again");
        let mut story = story.with_server((8, 64, 256));
        assert!(matches!(story.pass(60), Some(Effect::CreateUnit(_))));
    }
}

#[test]
fn a_preview_does_not_wait_for_room() {
    let mut story = Story::new(preview()).with_server((0, 0, 0));
    assert_eq!(story.pass(0), None);
    let failed = ("Failed", "ResourcesNotEnough");
    assert_eq!((story.phase(), story.cause()), failed);
}

#[test]
fn with_just_enough_room_it_is_begun() {
    let mut story = Story::new(spec()).with_server(ENOUGH);
    assert!(matches!(story.pass(0), Some(Effect::CreateUnit(_))));
    let mut story = Story::new(preview()).with_server(ENOUGH);
    story.pass(0);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn nothing_is_sent_before_the_servers_are_read() {
    let mut story = Story::new(spec());
    story.restores().servers = None;
    assert!(story.wants_servers());
    assert_eq!(story.pass(0), None);
    assert_eq!((story.phase(), story.cause()), ("Pending", "Reading"));
    let mut story = story.with_server(ENOUGH);
    assert!(!story.wants_servers());
    assert!(story.pass(1).is_some());
}

#[test]
fn the_servers_are_read_only_when_nothing_else_stands_in_the_way() {
    let mut unread = Story::new(spec());
    unread.restores().servers = None;
    let wants = |change: &dyn Fn(&mut Story)| {
        let mut story = unread.clone();
        change(&mut story);
        story.wants_servers()
    };
    assert!(wants(&|_| {}));
    assert!(wants(&|story| story.target().restores = None));
    let waiting = || Blocker::waiting("Waiting", "for something");
    assert!(!wants(&|story| story.observed.turn = Some(waiting())));
    assert!(!wants(&|story| story.observed.secrets = Some(waiting())));
    assert!(!wants(&|story| story.observed.forbidden = Some(waiting())));
    assert!(!wants(&|story| story.observed.source = Err(waiting())));
    assert!(!wants(&|story| story.observed.target = Err(waiting())));
    assert!(!wants(&|story| *story = story.clone().with_resources(None)));
    assert!(!wants(&|story| {
        story.restores().refused = Some(failure(FailureClass::Permanent));
    }));
}

#[test]
fn a_recovery_that_has_begun_is_not_held_up_by_its_own_units() {
    let mut story = Story::new(spec()).with_server(ENOUGH);
    story.pass_with_answer(&Answer::Done, 0);
    story.restores().units = vec![unit()];
    let mut story = story.with_server(SCANT);
    let created = story.pass_with_answer(&Answer::Done, 1);
    assert!(matches!(created, Effect::CreatePool(_)), "{created:?}");
    story.restores().servers = None;
    let mut story = story.with_resources(None);
    assert!(!story.wants_servers());
    assert!(matches!(story.pass(2), Some(Effect::Restore { .. })));
}

#[test]
fn an_object_that_is_applied_again_goes_on_with_the_pool_that_it_has_made() {
    let mut story = Story::new(spec()).with_resources(None).with_server(SCANT);
    assert!(matches!(story.pass(0), Some(Effect::Restore { .. })));
}

#[test]
fn who_waits_for_another_verification_is_not_refused_for_the_room_that_it_takes() {
    let mut story = Story::new(spec()).with_server(SCANT);
    story.observed.turn = Some(Blocker::waiting("WaitingForVerification", "another runs"));
    story.pass(0);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Pending", "WaitingForVerification")
    );
}
