//! Progress of a log archive.

use std::sync::Arc;

use super::{Piece, Round, Tenant};

impl Tenant {
    /// Returns whether `later` shows the same tenant with a log archive that has advanced, and no
    /// other change.
    #[must_use]
    pub fn has_only_archived_on(&self, later: &Self) -> bool {
        let (Some(before), Some(after)) = (&self.round, &later.round) else {
            return false;
        };
        // The first progress creates a recovery window, which is a change.
        if before.checkpoint_scn <= before.start_scn {
            return false;
        }
        let expected = Self {
            round: Some(before.come_as_far_as(after)),
            pieces: Arc::new(come_as_far_as(&self.pieces, &later.pieces)),
            ..self.clone()
        };
        expected == *later
    }
}

impl Round {
    /// Returns the round with the progress of another one.
    fn come_as_far_as(&self, other: &Self) -> Self {
        Self {
            checkpoint_scn: other.checkpoint_scn,
            input_bytes: other.input_bytes,
            output_bytes: other.output_bytes,
            ..self.clone()
        }
    }
}

/// Returns the pieces with the progress that others show for growing pieces.
fn come_as_far_as(pieces: &[Piece], others: &[Piece]) -> Vec<Piece> {
    let mut pieces = pieces.to_vec();
    for (piece, other) in pieces.iter_mut().zip(others) {
        if !piece.frozen {
            piece.checkpoint_scn = other.checkpoint_scn;
            piece.output_bytes = other.output_bytes;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oceanbase::model::{RoundStatus, Scn};

    fn piece(id: i64, frozen: bool) -> Piece {
        Piece {
            dest_id: 1001,
            round_id: 1,
            id,
            start_scn: Scn(10),
            checkpoint_scn: Scn(20),
            end_scn: Scn(30),
            frozen,
            available: true,
            output_bytes: 2,
        }
    }

    /// Returns a tenant with a running archive, a frozen piece and a growing piece.
    fn archiving() -> Tenant {
        let round = Round {
            id: 1,
            status: RoundStatus::Doing,
            start_scn: Scn(10),
            checkpoint_scn: Scn(20),
            piece_id: 2,
            input_bytes: 4,
            output_bytes: 2,
            comment: String::new(),
            path: "file:///log".to_owned(),
        };
        Tenant {
            round: Some(round),
            pieces: Arc::new(vec![piece(1, true), piece(2, false)]),
            ..Tenant::plain(1002, "orders")
        }
    }

    fn is_progress(change: impl FnOnce(&mut Tenant, &mut Round, &mut Vec<Piece>)) -> bool {
        let before = archiving();
        let mut after = archiving();
        let mut round = after.round.take().unwrap();
        let mut pieces = after.pieces.to_vec();
        change(&mut after, &mut round, &mut pieces);
        after.round = Some(round);
        after.pieces = Arc::new(pieces);
        before.has_only_archived_on(&after)
    }

    #[test]
    fn how_far_the_archive_and_what_grows_of_it_have_come_is_progress() {
        assert!(is_progress(|_, round, _| round.checkpoint_scn = Scn(21)));
        assert!(is_progress(|_, round, _| round.input_bytes = 5));
        assert!(is_progress(|_, round, _| round.output_bytes = 3));
        assert!(is_progress(
            |_, _, pieces| pieces[1].checkpoint_scn = Scn(21)
        ));
        assert!(is_progress(|_, _, pieces| pieces[1].output_bytes = 3));
    }

    #[test]
    fn any_other_change_is_no_progress() {
        assert!(!is_progress(|tenant, _, _| tenant.name.push('2')));
        assert!(!is_progress(|tenant, _, _| tenant.locked = true));
        assert!(!is_progress(
            |_, round, _| round.status = RoundStatus::Interrupted
        ));
        assert!(!is_progress(|_, round, _| round.start_scn = Scn(11)));
        assert!(!is_progress(|_, round, _| round.piece_id = 3));
        assert!(!is_progress(|_, round, _| round.comment.push('x')));
        assert!(!is_progress(|_, _, pieces| pieces[0].output_bytes = 3));
        assert!(!is_progress(|_, _, pieces| pieces[1].frozen = true));
        assert!(!is_progress(|_, _, pieces| pieces[1].available = false));
        assert!(!is_progress(|_, _, pieces| pieces.truncate(1)));
        assert!(!is_progress(|_, _, pieces| pieces.push(piece(3, false))));
    }

    #[test]
    fn the_first_progress_of_a_round_is_a_change() {
        let mut before = archiving();
        before.round.as_mut().unwrap().checkpoint_scn = Scn(10);
        assert!(!before.has_only_archived_on(&archiving()));
    }

    #[test]
    fn a_round_that_begins_or_disappears_is_a_change() {
        let none = Tenant::plain(1002, "orders");
        assert!(!none.has_only_archived_on(&archiving()));
        assert!(!archiving().has_only_archived_on(&none));
    }
}
