//! Why backups are kept and deleted, in single cases; random histories are in `histories`.

use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::oceanbase::model::{ArchiveDest, DeletePolicy, Deletion};

mod histories;
mod simulator;

const HERE: i64 = 1001;
const ELSEWHERE: i64 = 1002;

/// Returns a data set that needs logs from this instant on, and can be recovered to shortly after
/// it.
pub(super) fn full(id: i64, at: u64) -> BackupSet {
    BackupSet {
        id: BackupSetId(id),
        dest_id: HERE,
        full: true,
        prev_full_id: BackupSetId(0),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: Scn(at),
        min_restore_scn: Scn(at + 1),
        ended_at: Some(Scn(at + 1).at()),
        input_bytes: 200,
        output_bytes: 100,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.3.5.0".to_owned(),
        path: "file:///data".to_owned(),
    }
}

fn incremental(id: i64, at: u64, on: (i64, i64)) -> BackupSet {
    BackupSet {
        full: false,
        prev_full_id: BackupSetId(on.0),
        prev_inc_id: BackupSetId(on.1),
        ..full(id, at)
    }
}

fn failed(id: i64, at: u64) -> BackupSet {
    BackupSet {
        success: false,
        available: false,
        ..full(id, at)
    }
}

pub(super) fn piece(id: i64, start: u64, end: u64) -> Piece {
    Piece {
        dest_id: HERE,
        round_id: 1,
        id,
        start_scn: Scn(start),
        checkpoint_scn: Scn(end),
        end_scn: Scn(end),
        frozen: true,
        available: true,
        output_bytes: 10,
    }
}

/// Returns four full sets with a piece each, and a window from 35 on.
fn four() -> RetainedItems {
    RetainedItems {
        sets: vec![full(1, 10), full(2, 20), full(3, 30), full(4, 40)],
        pieces: vec![
            piece(1, 0, 10),
            piece(2, 10, 20),
            piece(3, 20, 30),
            piece(4, 30, 40),
            Piece {
                checkpoint_scn: Scn(45),
                frozen: false,
                ..piece(5, 40, 50)
            },
        ],
        data_dest: Some(HERE),
        log_dest: Some(HERE),
        has_policy: true,
        window_start: Some(Scn(35)),
        checks_logs: true,
    }
}

fn whys(held: &RetainedItems, kind: Kind) -> Vec<RetentionReason> {
    let items = held.judged().into_iter();
    let of_kind = items.filter(|item| item.kind == kind);
    of_kind.map(|item| item.why).collect()
}

#[test]
fn what_is_before_the_full_set_that_the_window_needs_goes() {
    let anchor = BackupSetId(3);
    let (sets, pieces) = (whys(&four(), Kind::Set), whys(&four(), Kind::Piece));
    let expired = RetentionReason::Expired { anchor };
    assert_eq!(
        sets,
        [
            expired.clone(),
            expired,
            RetentionReason::Anchor,
            RetentionReason::NewestFull
        ]
    );
    let before = RetentionReason::LogsBefore { anchor };
    assert_eq!(
        pieces,
        [
            before.clone(),
            before.clone(),
            before,
            RetentionReason::InsideWindow,
            RetentionReason::Running
        ]
    );
}

#[test]
fn nothing_expires_while_no_full_set_reaches_back_to_the_window_s_start() {
    let mut held = four();
    held.window_start = Some(Scn(5));
    assert!(held.judged().iter().all(|item| !item.why.goes()));
}

#[test]
fn a_failed_set_goes_when_it_is_older_than_the_window_and_a_running_one_stays() {
    let mut held = four();
    held.sets[2] = failed(3, 30);
    held.sets.push(failed(5, 50));
    held.sets.push(BackupSet {
        ended_at: None,
        ..failed(6, 60)
    });
    let whys = whys(&held, Kind::Set);
    assert_eq!(whys[2], RetentionReason::Failed);
    assert_eq!(
        whys[4..],
        [RetentionReason::FailedLately, RetentionReason::Running]
    );
}

#[test]
fn a_full_set_without_its_logs_is_no_anchor_from_4_4_2_on() {
    let mut held = four();
    held.pieces.remove(3);
    held.pieces[3].start_scn = Scn(41);
    assert_eq!(held.anchor().map(|set| set.id.0), Some(2));
    assert_eq!(whys(&held, Kind::Set)[2], RetentionReason::WithoutLogs);
    held.checks_logs = false;
    assert_eq!(held.anchor().map(|set| set.id.0), Some(3));
}

#[test]
fn the_base_of_an_incremental_set_that_is_kept_is_kept() {
    let mut held = four();
    held.sets.push(incremental(5, 50, (1, 2)));
    let whys = whys(&held, Kind::Set);
    let needed = RetentionReason::NeededByIncremental(BackupSetId(5));
    assert_eq!(whys[..2], [needed.clone(), needed]);
}

#[test]
fn incremental_sets_before_the_anchor_go_with_their_full_set() {
    let mut held = four();
    held.sets[1] = incremental(2, 20, (1, 0));
    let goes: Vec<_> = whys(&held, Kind::Set)
        .iter()
        .map(RetentionReason::goes)
        .collect();
    assert_eq!(goes, [true, true, false, false]);
}

#[test]
fn an_incremental_set_between_the_anchor_and_the_window_stays_and_is_not_said_to_lack_its_logs() {
    let mut held = four();
    held.sets.push(incremental(5, 32, (3, 0)));
    for checks_logs in [false, true] {
        held.checks_logs = checks_logs;
        let newer = RetentionReason::NewerThanAnchor(BackupSetId(3));
        assert_eq!(whys(&held, Kind::Set)[4], newer);
    }
}

#[test]
fn a_set_whose_deletion_has_begun_goes_once_it_is_older_than_the_window() {
    let mut held = four();
    held.sets[0].available = false;
    held.sets[3].available = false;
    let whys = whys(&held, Kind::Set);
    assert_eq!(whys[0], RetentionReason::HalfDeleted);
    assert!(!whys[3].goes());
}

#[test]
fn what_lies_in_another_destination_stays() {
    let mut held = four();
    held.sets[0].dest_id = ELSEWHERE;
    held.pieces[0].dest_id = ELSEWHERE;
    assert_eq!(whys(&held, Kind::Set)[0], RetentionReason::OtherDestination);
    assert_eq!(
        whys(&held, Kind::Piece)[0],
        RetentionReason::OtherDestination
    );
}

#[test]
fn without_a_policy_nothing_goes_and_a_window_of_nothing_never_expires() {
    let mut held = four();
    held.window_start = None;
    assert_eq!(whys(&held, Kind::Set)[0], RetentionReason::NeverExpires);
    held.has_policy = false;
    assert_eq!(whys(&held, Kind::Set)[0], RetentionReason::NoPolicy);
}

/// Returns why these are not deleted.
fn refused(held: &RetainedItems, asked: &Deletion) -> Option<&'static str> {
    refusal(held, asked, &held.plan(asked)).map(|refusal| refusal.reason)
}

fn without_policy() -> RetainedItems {
    RetainedItems {
        has_policy: false,
        window_start: None,
        ..four()
    }
}

#[test]
fn sets_that_are_named_go_where_nothing_needs_them() {
    let asked = Deletion::Sets(vec![1, 2]);
    let held = without_policy();
    assert_eq!(refused(&held, &asked), None);
    let going: Vec<_> = held
        .plan(&asked)
        .into_iter()
        .filter(|item| item.why.goes())
        .map(|item| (item.kind, item.id))
        .collect();
    assert_eq!(going, [(Kind::Set, 1), (Kind::Set, 2)]);
}

#[test]
fn sets_are_refused_that_the_database_would_refuse_later() {
    let sets = |ids: &[i64]| Deletion::Sets(ids.to_vec());
    assert_eq!(refused(&four(), &sets(&[1])), Some("DeletePolicyActive"));
    let mut held = without_policy();
    assert_eq!(refused(&held, &sets(&[9])), Some("BackupSetNotFound"));
    assert_eq!(refused(&held, &sets(&[1, 4])), Some("LastRestorableChain"));
    held.sets.push(incremental(5, 50, (4, 0)));
    assert_eq!(refused(&held, &sets(&[5])), Some("LastRestorableChain"));
    held.sets[1] = incremental(2, 20, (1, 0));
    assert_eq!(refused(&held, &sets(&[1])), Some("NeededByIncremental"));
    assert_eq!(refused(&held, &sets(&[1, 2])), None);
    held.sets[2].dest_id = ELSEWHERE;
    assert_eq!(
        refused(&held, &sets(&[1, 2, 3])),
        Some("MultipleDestinations")
    );
    held.sets.push(BackupSet {
        ended_at: None,
        ..failed(6, 60)
    });
    assert_eq!(refused(&held, &sets(&[6])), Some("BackupSetRunning"));
}

#[test]
fn a_failed_set_may_go_however_new_it_is() {
    let mut held = without_policy();
    held.sets.push(failed(5, 50));
    assert_eq!(refused(&held, &Deletion::Sets(vec![5])), None);
}

#[test]
fn pieces_go_oldest_first_and_only_before_the_logs_of_the_oldest_full_set() {
    let pieces = |ids: &[i64]| Deletion::Pieces(ids.to_vec());
    assert_eq!(refused(&four(), &pieces(&[1])), Some("DeletePolicyActive"));
    let held = without_policy();
    assert_eq!(refused(&held, &pieces(&[1])), None);
    assert_eq!(refused(&held, &pieces(&[2])), Some("PiecesNotInSequence"));
    assert_eq!(refused(&held, &pieces(&[1, 2])), Some("NeededByLogs"));
    assert_eq!(refused(&held, &pieces(&[5])), Some("PieceActive"));
    assert_eq!(refused(&held, &pieces(&[7])), Some("PieceNotFound"));
    let bare = RetainedItems {
        sets: Vec::new(),
        ..held
    };
    assert_eq!(refused(&bare, &pieces(&[1])), Some("NoFullBackup"));
}

#[test]
fn the_last_backups_that_can_be_recovered_from_are_kept_wherever_they_lie() {
    let mut held = without_policy();
    held.data_dest = Some(ELSEWHERE);
    let all = Deletion::Sets(vec![1, 2, 3, 4]);
    let refusal = refusal(&held, &all, &held.plan(&all)).unwrap();
    assert_eq!(refusal.reason, "LastRestorableChain");
    assert!(refusal.message.contains("set 4 "), "{}", refusal.message);
    assert_eq!(refused(&held, &Deletion::Sets(vec![1, 2, 3])), None);
}

#[test]
fn pieces_where_logs_do_not_go_any_more_may_go_although_there_is_a_policy() {
    let mut held = four();
    held.log_dest = Some(ELSEWHERE);
    assert_eq!(refused(&held, &Deletion::Pieces(vec![1])), None);
    let needed = Deletion::Pieces(vec![1, 2]);
    assert_eq!(refused(&held, &needed), Some("NeededByLogs"));
}

#[test]
fn what_is_obsolete_needs_a_policy_to_be_so() {
    assert_eq!(refused(&four(), &Deletion::Obsolete), None);
    assert_eq!(
        refused(&without_policy(), &Deletion::Obsolete),
        Some("DeletePolicyMissing")
    );
}

#[test]
fn a_tenant_s_destinations_are_told_by_where_its_backups_go_now() {
    let moved = BackupSet {
        dest_id: ELSEWHERE,
        path: "file:///new".to_owned(),
        ..full(2, 20)
    };
    let tenant = Tenant {
        data_dest: Some("file:///new".to_owned()),
        log_dest: Some(ArchiveDest {
            dest_id: Some(1003),
            ..ArchiveDest::default()
        }),
        policies: vec![DeletePolicy {
            name: "default".to_owned(),
            recovery_window: "7d".to_owned(),
        }],
        sets: Arc::new(vec![full(1, 10), moved]),
        ..Tenant::plain(1002, "orders")
    };
    let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    let held = RetainedItems::of(&tenant, Version([4, 4, 2, 0]), now);
    assert_eq!(
        (held.data_dest, held.log_dest),
        (Some(ELSEWHERE), Some(1003))
    );
    let start = held.window_start.unwrap().at();
    assert_eq!(start, "2026-11-15T00:00:00Z".parse().unwrap());
}

#[test]
fn windows_are_read_as_they_were_typed() {
    let days = |text| window(text).map(|window| window.as_secs());
    assert_eq!(days("7d"), days("168h"));
    assert_eq!(days("90"), Some(90));
    assert_eq!([days(""), days("0"), days("soon")], [None; 3]);
}
