//! Recovery windows compared with a point-by-point oracle, on random small histories.

use proptest::prelude::*;

use super::history::{END, histories, leads_to, restorable, restorable_points, sets};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_point_lies_in_a_window_exactly_when_some_set_leads_to_it(
        sets in sets(), history in histories(),
    ) {
        let sound: Vec<&BackupSet> = sets.iter().filter(|set| restorable(set, &sets)).collect();
        let found = recoverable(&sets, &history.pieces);
        for point in 0..END {
            let expected = sound.iter().any(|set| leads_to(set, point, &history));
            let inside = found.windows.iter().any(|window| window.contains(Scn(point)));
            prop_assert_eq!(inside, expected, "point {} of {:?} in {:?}", point, sets, history);
        }
        for set in &sets {
            let logged = leads_to(set, set.min_restore_scn.0, &history);
            let expected = sound.contains(&set) && (set.plus_archivelog || logged);
            let listed = found.points.iter().any(|point| point.backup_set_id == set.id);
            prop_assert_eq!(listed, expected, "set {} of {:?} in {:?}", set.id, sets, history);
        }
    }

    #[test]
    fn windows_come_sorted_with_holes_between_them(sets in sets(), history in histories()) {
        let found = recoverable(&sets, &history.pieces).windows;
        prop_assert!(found.iter().all(|window| window.start_scn < window.end_scn));
        prop_assert!(found.windows(2).all(|pair| pair[0].end_scn.0 + 1 < pair[1].start_scn.0));
    }

    #[test]
    fn windows_and_points_alone_are_all_that_can_be_restored_to(
        sets in sets(), history in histories(),
    ) {
        let spans = recoverable(&sets, &history.pieces).spans();
        let reported = (0..=END).filter(|point| spans.iter().any(|span| span.contains(Scn(*point))));
        prop_assert_eq!(reported.collect::<Vec<_>>(), restorable_points(&sets, &history));
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(sets in sets(), history in histories()) {
        let found = recoverable(&sets, &history.pieces);
        let pieces: Vec<Piece> = history.pieces.into_iter().rev().collect();
        let turned: Vec<BackupSet> = sets.into_iter().rev().collect();
        prop_assert_eq!(recoverable(&turned, &pieces), found);
    }
}
