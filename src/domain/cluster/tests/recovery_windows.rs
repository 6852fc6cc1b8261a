//! The combined recovery windows of a cluster's tenants (console S62).

use super::*;
use crate::oceanbase::model::Piece;

/// The piece that a round writes, from ten minutes before the first second.
fn piece(checkpoint: i64) -> Piece {
    Piece {
        dest_id: 1001,
        round_id: 1,
        id: 1,
        start_scn: scn(-600),
        checkpoint_scn: scn(checkpoint),
        end_scn: scn(86_400),
        frozen: false,
        available: true,
        output_bytes: 1,
    }
}

/// A set of a backup that ended at this second.
fn logged(backup: i64) -> BackupSet {
    BackupSet {
        start_replay_scn: scn(backup - 10),
        ..set(backup)
    }
}

/// A tenant that can be recovered from the end of its backup to its checkpoint.
fn recoverable(id: i64, backup: i64, checkpoint: i64) -> Tenant {
    let doing = round(RoundStatus::Doing, checkpoint);
    Tenant {
        pieces: Arc::new(vec![piece(checkpoint)]),
        ..tenant(id, Some(doing), vec![logged(backup)])
    }
}

fn stopped(tenant: Tenant) -> Tenant {
    let round = tenant.round.map(|round| Round {
        status: RoundStatus::Stop,
        ..round
    });
    Tenant { round, ..tenant }
}

/// The windows in seconds, as the status shows them.
fn windows(status: &OceanBaseClusterStatus) -> Vec<(i64, i64)> {
    let from = |at: Timestamp| at.as_second() - 1_800_000_000;
    let shown = status.recovery_windows.iter();
    shown
        .map(|window| (from(window.start.0), from(window.end.0)))
        .collect()
}

#[test]
fn the_windows_of_all_tenants_are_one_where_they_overlap() {
    let mut fixture = Fixture::default();
    let tenants = vec![
        stopped(recoverable(1002, -500, -400)),
        recoverable(1004, -300, 0),
        recoverable(1006, -200, -20),
    ];
    let status = fixture.reconcile(&shows(tenants), 0);
    assert_eq!(windows(status), [(-500, -400), (-300, 0)]);
}

#[test]
fn the_newest_fifty_windows_are_shown() {
    let tenants = (0..60_i64).map(|n| {
        let backup = n * 100 - 580;
        stopped(recoverable(1002 + 2 * n, backup, backup + 50))
    });
    let mut fixture = Fixture::default();
    let shown = windows(fixture.reconcile(&shows(tenants.collect()), 0));
    assert_eq!((shown.len(), shown[0]), (50, (420, 470)));
}

#[test]
fn an_end_that_moves_on_is_written_every_five_minutes() {
    let mut fixture = Fixture::default();
    let ends = [0, 15, 299, 300, 301, 599, 600];
    let written = ends.map(|end| {
        let status = fixture.reconcile(&shows(vec![recoverable(1002, -300, end)]), end);
        windows(status)[0].1
    });
    assert_eq!(written, [0, 0, 0, 300, 300, 300, 600]);
}

#[test]
fn tenants_that_are_far_apart_are_written_together_every_five_minutes() {
    let mut fixture = Fixture::default();
    let mut writes = Vec::new();
    let mut before = OceanBaseClusterStatus::default();
    for second in 0..900 {
        // The first lags behind the other's backup: each has its own end, and both move.
        let tenants = vec![
            recoverable(1002, -550, second / 7 * 7 - 520),
            recoverable(1004, 500, second / 11 * 11 + 510),
        ];
        let status = fixture.reconcile(&shows(tenants), second);
        if *status != before {
            before = status.clone();
            writes.push(second);
        }
    }
    assert_eq!(writes, [0, 301, 602]);
}

#[test]
fn a_start_that_moves_is_written_at_once() {
    let mut fixture = Fixture::default();
    let newer = recoverable(1002, -300, 0);
    let older = BackupSet {
        id: BackupSetId(0),
        ..logged(-500)
    };
    let both = Tenant {
        sets: Arc::new(vec![older, logged(-300)]),
        ..newer.clone()
    };
    fixture.reconcile(&shows(vec![both]), 0);
    let status = fixture.reconcile(&shows(vec![newer]), 1);
    assert_eq!(windows(status), [(-300, 0)]);
}

#[test]
fn an_end_that_falls_back_is_written_at_once() {
    let mut fixture = Fixture::default();
    let furthest = |end| vec![recoverable(1002, -300, 0), recoverable(1004, -300, end)];
    fixture.reconcile(&shows(furthest(60)), 60);
    let status = fixture.reconcile(&shows(furthest(30)), 61);
    assert_eq!(windows(status), [(-300, 30)]);
}

#[test]
fn whatever_else_is_written_brings_the_windows_up_to_date() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(vec![recoverable(1002, -300, 0)]), 0);
    let archived = recoverable(1002, -300, 40);
    let status = fixture.reconcile(&shows(vec![stopped(archived)]), 40);
    assert_eq!(windows(status), [(-300, 40)]);
}

#[test]
fn the_windows_stand_while_the_cluster_does_not_answer() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(vec![recoverable(1002, -300, 0)]), 0);
    let gone = hidden(Blocker::outage());
    assert_eq!(windows(fixture.reconcile(&gone, 1_000)), [(-300, 0)]);
}
