//! Recovery windows of a tenant in the database's snapshot.

use super::{Recoverable, recoverable};
use crate::oceanbase::model::{Piece, Tenant};

/// Returns what a tenant can be restored to.
#[must_use]
pub fn of_tenant(tenant: &Tenant) -> Recoverable {
    recoverable(&tenant.sets, &pieces_of(tenant))
}

/// Returns the pieces, with the current piece advanced to the checkpoint of its round. Pieces are
/// read less often than rounds. The current piece is available once its checkpoint has passed its
/// start.
#[must_use]
pub fn pieces_of(tenant: &Tenant) -> Vec<Piece> {
    let mut pieces = tenant.pieces.to_vec();
    if let Some(round) = &tenant.round {
        let is_written = |piece: &&mut Piece| piece.id == round.piece_id && !piece.frozen;
        for piece in pieces.iter_mut().filter(is_written) {
            piece.checkpoint_scn = piece.checkpoint_scn.max(round.checkpoint_scn);
            piece.available |= piece.checkpoint_scn > piece.start_scn;
        }
    }
    pieces
}
