//! Explanations as users read them.

use super::*;

/// Returns the SCN this many microseconds and nanoseconds after an instant.
fn at(microseconds: u64, nanoseconds: u64) -> u64 {
    1_763_604_000_000_000_000 + microseconds * 1_000 + nanoseconds
}

fn says(sets: &[BackupSet], pieces: &[Piece], at: u64) -> String {
    explain(sets, pieces, Scn(at)).message()
}

/// Returns two stretches of log with a gap between them.
fn log() -> [Piece; 2] {
    [
        piece(1, at(0, 0), at(10, 7)),
        piece(3, at(20, 7), at(30, 7)),
    ]
}

#[test]
fn a_hole_is_told_with_the_points_around_it() {
    let sets = [full(1, at(0, 0), at(1, 7)), full(2, at(21, 0), at(22, 7))];
    assert_eq!(
        says(&sets, &log(), at(15, 0)),
        "cannot be recovered to 2025-11-20T02:00:00.000015Z: logs between \
         2025-11-20T02:00:00.000010Z and 2025-11-20T02:00:00.000021Z are missing; nearest points \
         are 2025-11-20T02:00:00.000010Z and 2025-11-20T02:00:00.000023Z"
    );
}

#[test]
fn the_points_that_are_named_can_be_recovered_to_as_they_are_written() {
    let sets = [full(1, at(0, 0), at(1, 7)), full(2, at(21, 0), at(22, 7))];
    let said = says(&sets, &log(), at(15, 0));
    let (_, points) = said.split_once("nearest points are ").unwrap();
    for point in points.split(" and ") {
        let Scn(point) = Scn::from_rfc3339(point).unwrap();
        assert!(says(&sets, &log(), point).starts_with("can be"), "{point}");
    }
}

#[test]
fn a_point_within_a_microsecond_is_named_by_its_number() {
    let alone = BackupSet {
        plus_archivelog: true,
        ..full(1, at(0, 0), at(1, 7))
    };
    assert_eq!(
        says(&[alone], &[], at(5, 0)),
        "cannot be recovered to 2025-11-20T02:00:00.000005Z: no logs are archived; nearest point \
         is 2025-11-20T02:00:00.000001Z (SCN 1763604000000001007)"
    );
}

#[test]
fn what_is_older_or_newer_than_everything_is_told_with_the_point_at_that_end() {
    let sets = [full(1, at(0, 0), at(1, 7))];
    assert_eq!(
        says(&sets, &log()[..1], at(1, 0)),
        "cannot be recovered to 2025-11-20T02:00:00.000001Z: the oldest point is \
         2025-11-20T02:00:00.000002Z"
    );
    assert_eq!(
        says(&sets, &log()[..1], at(15, 0)),
        "cannot be recovered to 2025-11-20T02:00:00.000015Z: logs are archived only up to \
         2025-11-20T02:00:00.000010Z; nearest point is 2025-11-20T02:00:00.000010Z"
    );
}

#[test]
fn a_broken_chain_is_told_by_the_numbers_of_its_sets() {
    let sets = [incremental(5, (3, 4), at(0, 0), at(1, 0))];
    assert_eq!(
        says(&sets, &log(), at(5, 0)),
        "cannot be recovered to 2025-11-20T02:00:00.000005Z: backup set 5 depends on set 3, which \
         does not exist any more"
    );
    let sets = [incremental(5, (0, 0), at(0, 0), at(1, 0))];
    assert_eq!(
        says(&sets, &log(), at(5, 0)),
        "cannot be recovered to 2025-11-20T02:00:00.000005Z: backup set 5 is incremental, and its \
         full set is not known"
    );
}

#[test]
fn what_can_be_recovered_is_told_with_what_it_is_made_of() {
    let sets = [
        full(1, at(0, 0), at(1, 0)),
        incremental(2, (1, 1), at(2, 0), at(3, 0)),
    ];
    for (point, expected) in [
        (
            at(2, 0),
            "can be recovered to 2025-11-20T02:00:00.000002Z from backup set 1 with one archive \
             piece",
        ),
        (
            at(5, 0),
            "can be recovered to 2025-11-20T02:00:00.000005Z from backup sets 1, 2 with one \
             archive piece",
        ),
    ] {
        assert_eq!(says(&sets, &log(), point), expected);
    }
}

#[test]
fn between_windows_alone_only_the_gap_is_known() {
    let sets = [full(1, at(0, 0), at(1, 7)), full(2, at(21, 0), at(22, 7))];
    let known = recoverable(&sets, &log());
    assert_eq!(
        explain_from_windows(&known, Scn(at(22, 0))).message(),
        "cannot be recovered to 2025-11-20T02:00:00.000022Z: no point between \
         2025-11-20T02:00:00.000010Z and 2025-11-20T02:00:00.000023Z can be recovered; nearest \
         points are 2025-11-20T02:00:00.000010Z and 2025-11-20T02:00:00.000023Z"
    );
}

#[test]
fn a_point_within_a_microsecond_is_told_as_it_was_given() {
    let sets = [full(1, at(0, 0), at(1, 7))];
    assert_eq!(
        says(&sets, &log()[..1], at(10, 8)),
        "cannot be recovered to 2025-11-20T02:00:00.000010008Z (SCN 1763604000000010008): logs are \
         archived only up to 2025-11-20T02:00:00.000010Z; nearest point is \
         2025-11-20T02:00:00.000010Z"
    );
}
