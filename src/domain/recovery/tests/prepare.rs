//! Checks before anything is changed.

use super::*;
use crate::oceanbase::model::{BackupSet, BackupSetId, Piece};

fn refused(spec: Value, change: impl FnOnce(&mut Story)) -> (String, String) {
    let mut story = Story::new(spec);
    change(&mut story);
    let effect = story.pass(0);
    assert_eq!(effect, None, "something was sent");
    assert_eq!(story.phase(), "Failed");
    let cause = story.status.cause.clone().unwrap();
    (cause.reason, cause.message)
}

fn refused_with(change: impl FnOnce(&mut Story)) -> String {
    refused(spec(), change).0
}

#[test]
fn a_unit_then_a_pool_then_the_statement() {
    let mut story = Story::new(spec());
    let name = resource();
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 0),
        Effect::CreateUnit(name.clone())
    );
    story.restores().units = vec![unit()];
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 1),
        Effect::CreatePool(name.clone())
    );
    story = story.with_resources(None);
    let effect = story.pass(2);
    let Some(Effect::Restore { pools, until, .. }) = effect else {
        panic!("{effect:?}");
    };
    assert_eq!(
        (pools, until),
        (vec![name], Some(Scn(1_700_000_010_123_456_000)))
    );
}

#[test]
fn the_intent_stands_in_the_status_before_the_statement_is_sent() {
    let mut story = Story::new(spec()).with_resources(None);
    assert!(matches!(story.pass(0), Some(Effect::Restore { .. })));
    let status = &story.status;
    assert_eq!(status.step.as_deref(), Some("Restoring"));
    assert_eq!(status.key.as_deref(), Some(restore_key().as_str()));
    assert_eq!(status.restore_scn.as_deref(), Some("1700000010123456000"));
}

#[test]
fn an_instant_becomes_an_scn_to_the_microsecond_whatever_its_offset() {
    let mut with_time = spec();
    with_time["until"] = json!({"type": "Time", "time": "2023-11-15T06:13:30.123456+08:00"});
    let mut story = Story::new(with_time);
    story.pass(0);
    assert_eq!(
        story.status.restore_scn.as_deref(),
        Some("1700000010123456000")
    );
    assert_eq!(
        story.status.restore_time.as_deref(),
        Some("2023-11-14T22:13:30.123456Z")
    );
}

#[test]
fn the_latest_point_is_fixed_before_anything_is_sent() {
    let mut latest = spec();
    latest["until"] = json!({"type": "Latest"});
    let mut story = Story::new(latest);
    story.pass(0);
    assert_eq!(story.status.restore_scn, Some(WINDOW.end_scn.to_string()));
}

#[test]
fn what_is_forbidden_is_refused() {
    let reason = refused_with(|story| {
        story.observed.forbidden = Some(Blocker::permanent("RecoveryForbidden", "no"));
    });
    assert_eq!(reason, "RecoveryForbidden");
}

#[test]
fn a_tenant_that_exists_is_never_touched() {
    let reason = refused_with(|story| {
        story.target().tenant = Some(Arc::new(tenant("PRIMARY")));
    });
    assert_eq!(reason, "TenantExists");
}

#[test]
fn a_tenant_that_somebody_else_restores_is_left_to_them() {
    let reason = refused_with(|story| {
        let mut other = job(RestoreStatus::CreateTenant);
        other.description = "by hand".to_owned();
        story.restores().restores = vec![other];
    });
    assert_eq!(reason, "RestoreInProgress");
}

#[test]
fn an_older_target_is_refused() {
    let reason = refused_with(|story| story.target().version = Version([4, 2, 5, 0]));
    assert_eq!(reason, "VersionNotRestorable");
}

#[test]
fn a_point_outside_the_windows_is_refused_with_the_nearest_window() {
    let mut late = spec();
    late["until"] = json!({"type": "SCN", "scn": "1700009999000000000"});
    let (_, message) = refused(late, |_| {});
    assert!(message.contains("2023-11-14T23:13:20"), "{message}");
}

#[test]
fn a_pool_must_exist_and_be_free() {
    let mut with_pools = spec();
    with_pools["target"]["resources"] = json!({"pools": ["spare"]});
    assert_eq!(refused(with_pools.clone(), |_| {}).0, "PoolNotFound");
    let (reason, _) = refused(with_pools, |story| {
        let mut taken = pool(Some(TenantId(1002)));
        taken.name = "spare".to_owned();
        story.restores().pools = vec![taken];
    });
    assert_eq!(reason, "PoolInUse");
}

#[test]
fn what_can_not_stand_in_a_statement_is_refused_before_anything_is_looked_at() {
    for (pointer, value) in [
        ("/target/tenantName", "restore_'"),
        ("/target/resources/create/unit/maxCPU", "2'"),
        ("/target/resources/create/unit/memory", "lots"),
    ] {
        let mut hostile = spec();
        *hostile.pointer_mut(pointer).unwrap() = json!(value);
        let (reason, _) = refused(hostile, |story| {
            story.observed.target = Err(Blocker::outage());
        });
        assert_eq!(reason, "InvalidSpec", "{pointer}");
    }
}

#[test]
fn a_secret_must_be_there_before_anything_is_changed() {
    let mut story = Story::new(spec());
    story.observed.secrets = Some(Blocker::waiting("SecretNotFound", "not yet"));
    assert_eq!(story.pass(0), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Pending", "SecretNotFound")
    );
}

#[test]
fn a_zone_must_exist() {
    let mut elsewhere = spec();
    elsewhere["target"]["resources"]["create"]["zones"] = json!(["zone9"]);
    assert_eq!(refused(elsewhere, |_| {}).0, "ZoneNotFound");
}

#[test]
fn what_may_come_right_is_waited_for() {
    let mut story = Story::new(spec());
    story.observed.source = Err(Blocker::waiting("LogBackupNotFound", "not yet"));
    assert_eq!(story.pass(0), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Pending", "LogBackupNotFound")
    );
}

#[test]
fn nothing_is_begun_after_the_instant_that_was_given() {
    let mut limited = spec();
    limited["notAfterTime"] = json!(at(100).to_string());
    let mut story = Story::new(limited);
    story.observed.source = Err(Blocker::waiting("LogBackupNotFound", "not yet"));
    let decision = story.decide(None, 90);
    assert_eq!(decision.next, Next::At(at(100)));
    story.pass(100);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "NotAfterTimePassed")
    );
}

#[test]
fn a_preview_changes_nothing() {
    let mut preview = spec();
    preview["mode"] = json!("Preview");
    let mut story = Story::new(preview);
    assert_eq!(story.pass(0), None);
    assert_eq!(story.phase(), "Completed");
    assert!(story.status.plan.as_ref().unwrap().window.is_some());
}

#[test]
fn nothing_is_sent_after_the_instant_that_was_given_and_what_was_made_is_dropped() {
    let mut limited = spec();
    limited["notAfterTime"] = json!(at(100).to_string());
    let mut story = Story::new(limited);
    story.pass_with_answer(&Answer::Done, 90);
    story = story.with_resources(None);
    assert_eq!(story.pass(100), Some(Effect::DropPool(resource())));
    assert_eq!(story.cause(), "NotAfterTimePassed");
}

#[test]
fn a_store_is_previewed_at_a_point_only() {
    let mut of_storage = spec();
    of_storage["mode"] = json!("Preview");
    of_storage["until"] = json!({"type": "Latest"});
    let (reason, _) = refused(of_storage, |story| {
        story.observed.source.as_mut().unwrap().knowledge = Knowledge::Store;
    });
    assert_eq!(reason, "PreviewNeedsPoint");
}

#[test]
fn a_release_without_preview_is_not_asked_about_a_point() {
    let mut of_storage = spec();
    of_storage["mode"] = json!("Preview");
    of_storage["until"] = json!({"type": "Latest"});
    let (reason, _) = refused(of_storage, |story| {
        story.target().version = Version([4, 2, 1, 0]);
        story.observed.source.as_mut().unwrap().knowledge = Knowledge::Store;
    });
    assert_eq!(reason, "NotSupportedByVersion");
}

/// A full set of this version at the window's start, and a piece that reaches the window's end.
fn live(tenant_compatible: &str) -> Knowledge {
    let set = BackupSet {
        id: BackupSetId(3),
        dest_id: 2001,
        full: true,
        prev_full_id: BackupSetId(0),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: WINDOW.start_scn,
        min_restore_scn: WINDOW.start_scn,
        ended_at: None,
        input_bytes: 0,
        output_bytes: 0,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: tenant_compatible.to_owned(),
        path: "file:///old/data".to_owned(),
    };
    let piece = Piece {
        dest_id: 1001,
        round_id: 1,
        id: 1,
        start_scn: WINDOW.start_scn,
        checkpoint_scn: WINDOW.end_scn,
        end_scn: WINDOW.end_scn,
        frozen: false,
        available: true,
        output_bytes: 1,
    };
    Knowledge::Live {
        sets: Arc::new(vec![set]),
        pieces: vec![piece],
    }
}

#[test]
fn the_version_of_the_backups_counts_and_not_that_of_their_cluster_today() {
    let mut story = Story::new(spec());
    let source = story.observed.source.as_mut().unwrap();
    source.version = Some(Version([4, 4, 2, 0]));
    source.knowledge = live("4.3.5.0");
    assert!(matches!(story.pass(0), Some(Effect::CreateUnit(_))));
    let reason = refused_with(|story| {
        story.observed.source.as_mut().unwrap().knowledge = live("4.4.2.0");
    });
    assert_eq!(reason, "VersionNotRestorable");
}

#[test]
fn a_backup_that_lies_elsewhere_is_named_with_its_place() {
    let (reason, message) = refused(spec(), |story| {
        let source = story.observed.source.as_mut().unwrap();
        source.elsewhere = vec![BackupSetId(3)];
        source.knowledge = live("4.3.5.2");
    });
    assert_eq!(reason, "BackupsInOtherDestination");
    assert!(message.contains("file:///old/data"), "{message}");
}

#[test]
fn backups_that_go_elsewhere_while_resources_are_made_are_not_looked_for_where_they_were() {
    let mut story = Story::new(spec());
    story.observed.source.as_mut().unwrap().knowledge = live("4.3.5.2");
    assert!(matches!(story.pass(0), Some(Effect::CreateUnit(_))));
    let mut story = story.with_resources(None);
    story.observed.source.as_mut().unwrap().elsewhere = vec![BackupSetId(3)];
    assert!(matches!(story.pass(1), Some(Effect::DropPool(_))));
    assert_eq!(story.cause(), "BackupsInOtherDestination");
}

#[test]
fn a_point_that_can_not_be_reached_any_more_ends_the_recovery_before_it_is_sent() {
    let mut story = Story::new(spec());
    story.observed.source.as_mut().unwrap().knowledge = live("4.3.5.2");
    story.pass(0);
    let mut story = story.with_resources(None);
    if let Knowledge::Live { pieces, .. } = &mut story.observed.source.as_mut().unwrap().knowledge {
        pieces.clear();
    }
    assert!(matches!(story.pass(1), Some(Effect::DropPool(_))));
    assert_eq!(story.cause(), "LogsNotArchivedYet");
}

#[test]
fn replicas_and_leaders_are_in_zones_in_which_the_tenant_has_units() {
    for (field, text) in [
        ("locality", "F@zone1,F@zone9"),
        ("locality", "FULL{1}@zone2"),
        ("primaryZone", "zone1;zone9"),
        ("primaryZone", "zone2"),
    ] {
        let mut placed = spec();
        placed["target"][field] = json!(text);
        placed["target"]["resources"]["create"]["zones"] = json!(["zone1"]);
        let (reason, message) = refused(placed, |story| {
            story.restores().zones = vec!["zone1".to_owned(), "zone2".to_owned()];
        });
        assert_eq!(reason, "ZoneNotFound", "{field} {text}");
        assert!(message.contains(field), "{message}");
    }
    for (field, text) in [("locality", "F@zone1"), ("primaryZone", "RANDOM")] {
        let mut placed = spec();
        placed["target"][field] = json!(text);
        let mut story = Story::new(placed);
        assert!(story.pass(0).is_some(), "{field} {text}");
    }
}

#[test]
fn leaders_in_a_pool_that_is_there_are_in_its_zones() {
    let mut placed = spec();
    placed["target"]["resources"] = json!({"pools": [resource()]});
    placed["target"]["primaryZone"] = json!("zone2");
    let (reason, _) = refused(placed, |story| {
        story.restores().zones.push("zone2".to_owned());
        story.restores().pools = vec![pool(None)];
    });
    assert_eq!(reason, "ZoneNotFound");
}

#[test]
fn the_point_that_is_asked_for_is_shown_also_where_it_is_refused() {
    let mut late = spec();
    late["until"] = json!({"type": "SCN", "scn": "1700009999000000000"});
    let mut story = Story::new(late);
    story.pass(0);
    let shown = story.status.restore_time.as_deref();
    assert_eq!(
        (story.phase(), shown),
        ("Failed", Some("2023-11-15T00:59:59Z"))
    );
}
