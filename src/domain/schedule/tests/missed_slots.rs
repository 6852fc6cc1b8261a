//! Results of slots that became due.

use super::*;

const SIX_HOURS: SignedDuration = SignedDuration::from_hours(6);

fn judge(spec: ScheduleSpec, after: &str, now: &str) -> Due {
    in_zone("UTC", spec).due(at(after), at(now), SIX_HOURS)
}

fn skipping(spec: ScheduleSpec) -> ScheduleSpec {
    ScheduleSpec {
        missed_run_policy: MissedRunPolicy::Skip,
        ..spec
    }
}

#[test]
fn nothing_is_due_before_the_first_slot() {
    let due = judge(
        cron(Some("0 2 * * *"), None),
        "2026-02-01T02:00:00Z",
        "2026-02-02T01:59:59Z",
    );
    assert_eq!(due, Due::default());
}

#[test]
fn a_slot_is_due_at_its_very_instant_and_never_again_once_it_is_the_anchor() {
    let daily = || cron(Some("0 2 * * *"), None);
    let slot = "2026-02-02T02:00:00Z";
    assert_eq!(
        judge(daily(), "2026-02-01T02:00:00Z", slot).run.unwrap().at,
        at(slot)
    );
    assert_eq!(judge(daily(), slot, "2026-02-02T05:00:00Z"), Due::default());
}

#[test]
fn an_anchor_in_the_future_makes_nothing_due() {
    let due = judge(
        cron(Some("* * * * *"), None),
        "2026-02-03T00:00:00Z",
        "2026-02-02T00:00:00Z",
    );
    assert_eq!(due, Due::default());
}

#[test]
fn of_several_missed_slots_the_latest_runs() {
    let due = judge(
        cron(Some("0 * * * *"), None),
        "2026-02-02T00:00:00Z",
        "2026-02-02T03:30:00Z",
    );
    assert_eq!(due.run.unwrap().at, at("2026-02-02T03:00:00Z"));
    let missed: Vec<String> = due.missed.newest.iter().map(Slot::stamp).collect();
    assert_eq!(missed, ["202602020200", "202602020100"]);
}

#[test]
fn the_deadline_is_kept_to_the_instant() {
    let daily = || cron(Some("0 2 * * *"), None);
    let just = judge(daily(), "2026-02-02T00:00:00Z", "2026-02-02T08:00:00Z");
    let late = judge(
        daily(),
        "2026-02-02T00:00:00Z",
        "2026-02-02T08:00:00.000000001Z",
    );
    assert_eq!((just.run.is_some(), just.missed.count), (true, 0));
    assert_eq!((late.run.is_some(), late.missed.count), (false, 1));
}

#[test]
fn an_incremental_slot_beside_a_full_one_is_superseded() {
    let due = judge(
        cron_both("0 2 * * SUN", "0 2 * * *"),
        "2026-01-31T12:00:00Z",
        "2026-02-01T02:00:01Z",
    );
    assert_eq!(due.run.unwrap().ty, BackupType::Full);
    assert_eq!((due.missed.count, due.superseded.count), (0, 1));
    assert_eq!(due.superseded.newest[0].ty, BackupType::Incremental);
}

#[test]
fn on_a_last_day_that_is_also_named_the_full_backup_wins() {
    let spec = monthly("02:00", &[], &[30], Some(BackupType::Full));
    let due = judge(spec, "2026-04-29T12:00:00Z", "2026-04-30T02:00:00Z");
    assert_eq!(due.run.unwrap().ty, BackupType::Full);
    assert_eq!(due.superseded.count, 1);
}

#[test]
fn an_outage_of_some_hours_does_not_cost_the_full_backup_before_an_incremental_one() {
    let due = judge(
        cron_both("0 2 * * SUN", "0 * * * *"),
        "2026-02-01T01:30:00Z",
        "2026-02-01T04:30:00Z",
    );
    let run = due.run.unwrap();
    assert_eq!(
        (run.ty, run.at),
        (BackupType::Full, at("2026-02-01T02:00:00Z"))
    );
    let superseded: Vec<String> = due.superseded.newest.iter().map(Slot::stamp).collect();
    assert_eq!(superseded, ["202602010400", "202602010300", "202602010200"]);
    assert_eq!(due.missed.count, 0);
}

#[test]
fn incremental_slots_before_the_full_one_that_runs_are_missed() {
    let due = judge(
        cron_both("0 2 * * SUN", "30 0,1 * * *"),
        "2026-02-01T00:00:00Z",
        "2026-02-01T02:30:00Z",
    );
    assert_eq!(due.run.unwrap().ty, BackupType::Full);
    assert_eq!((due.missed.count, due.superseded.count), (2, 0));
}

#[test]
fn a_full_slot_past_its_deadline_gives_way_to_the_newest_incremental_one() {
    let due = judge(
        cron_both("0 2 * * SUN", "0 * * * *"),
        "2026-02-01T01:30:00Z",
        "2026-02-01T08:00:01Z",
    );
    let run = due.run.unwrap();
    assert_eq!(
        (run.ty, run.at),
        (BackupType::Incremental, at("2026-02-01T08:00:00Z"))
    );
    // The full slot at 02:00 and 03:00 to 07:00; the incremental slot at 02:00 coincided with the
    // full one.
    assert_eq!((due.missed.count, due.superseded.count), (6, 1));
}

#[test]
fn of_two_full_slots_that_may_both_run_the_newer_one_does() {
    let due = judge(
        cron_both("0 2,4 * * SUN", "0 3,5 * * *"),
        "2026-02-01T01:30:00Z",
        "2026-02-01T05:30:00Z",
    );
    assert_eq!(due.run.unwrap().at, at("2026-02-01T04:00:00Z"));
    assert_eq!((due.missed.count, due.superseded.count), (2, 1));
}

#[test]
fn skip_prefers_the_full_slot_only_within_its_grace() {
    let spec = || skipping(cron_both("0 2 * * SUN", "3-59/3 2 * * *"));
    let within = judge(spec(), "2026-02-01T01:30:00Z", "2026-02-01T02:04:00Z");
    let after = judge(spec(), "2026-02-01T01:30:00Z", "2026-02-01T02:06:00Z");
    let kind = |due: &Due| due.run.unwrap().ty;
    assert_eq!(kind(&within), BackupType::Full);
    assert_eq!(kind(&after), BackupType::Incremental);
}

#[test]
fn skip_runs_only_what_is_punctual() {
    let daily = || skipping(cron(Some("0 2 * * *"), None));
    let punctual = judge(daily(), "2026-02-02T00:00:00Z", "2026-02-02T02:05:00Z");
    let late = judge(daily(), "2026-02-02T00:00:00Z", "2026-02-02T02:05:01Z");
    assert_eq!((punctual.run.is_some(), punctual.missed.count), (true, 0));
    assert_eq!((late.run.is_some(), late.missed.count), (false, 1));
}

#[test]
fn decades_of_backlog_are_cut_short_and_say_so() {
    let due = judge(
        cron_both("* * * * *", "* * * * *"),
        "1990-01-01T00:00:00Z",
        "2026-02-02T03:30:00Z",
    );
    assert_eq!(due.run.unwrap().at, at("2026-02-02T03:30:00Z"));
    assert_eq!(due.missed.count + due.superseded.count + 1, MAX_COUNTED);
    assert_eq!(
        (due.missed.newest.len(), due.superseded.newest.len()),
        (MAX_LISTED, MAX_LISTED)
    );
    assert!(due.truncated);
}

#[test]
fn a_backlog_that_is_counted_to_its_end_is_not_called_cut_short() {
    let now = at("2026-02-02T03:30:00Z");
    let backlog = |minutes| {
        let schedule = in_zone("UTC", cron(Some("* * * * *"), None));
        schedule.due(now - SignedDuration::from_mins(minutes), now, SIX_HOURS)
    };
    assert!(!backlog(i64::from(MAX_COUNTED)).truncated);
    assert!(backlog(i64::from(MAX_COUNTED) + 1).truncated);
}
