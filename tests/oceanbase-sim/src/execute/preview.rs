//! `ALTER SYSTEM RESTORE … PREVIEW` and `SHOW RESTORE PREVIEW`.
//!
//! PREVIEW keeps texts in the session. SHOW reads the storage, so every error about storage, window
//! and passwords comes from SHOW.

use super::restore::{check_until, read, source_texts};
use super::{Caller, Carried};
use crate::error;
use crate::model::{Privilege, Reading, World};
use crate::statement::Until;
use crate::value::{Column, ColumnType, ResultSet, SqlError};
use crate::views::Version;

/// The first release of each line with a working preview. Earlier releases keep the SCN and the
/// time in one variable, and SHOW finds neither.
const WORKS: [Version; 3] = [
    Version([4, 2, 1, 7]),
    Version([4, 2, 3, 0]),
    Version([4, 3, 2, 0]),
];

/// The last PREVIEW of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preview {
    destinations: Vec<String>,
    until: Until,
}

/// Records the request in the session.
pub(super) fn ask(
    world: &World,
    from: Option<&str>,
    until: &Until,
    carried: &mut Carried,
) -> Result<(), SqlError> {
    let destinations = source_texts(from, &carried.sources)?;
    if world.version.has(&WORKS) {
        if matches!(until, Until::Latest) {
            return Err(error::not_allowed(
                "restore preview must have a scn or timestamp, otherwise",
            ));
        }
        check_until(until)?;
    }
    carried.preview = Some(Preview {
        destinations,
        until: until.clone(),
    });
    Ok(())
}

/// Reads the storage. Once rows are returned, the session forgets the preview and the passwords of
/// SET DECRYPTION.
pub(super) fn show(
    world: &World,
    caller: &Caller,
    carried: &mut Carried,
) -> Result<ResultSet, SqlError> {
    if world.version < Version::V4_2_1 {
        return Err(error::not_supported("show restore preview is"));
    }
    if !caller.is_sys() {
        return Err(error::operation_not_allowed());
    }
    if !caller.privileges.contains(&Privilege::Select) {
        return Err(error::select_denied(
            &caller.user,
            "__tenant_virtual_show_restore_preview",
        ));
    }
    let Some(preview) = &carried.preview else {
        return Err(error::not_supported(
            "show restore preview before ALTER SYSTEM RESTORE PREVIEW is",
        ));
    };
    if !world.version.has(&WORKS) {
        return Err(error::invalid_argument());
    }
    let sources = world.sources(&preview.destinations)?;
    let (_, reading) = read(world, &sources, &preview.until, &carried.decryption)?;
    carried.preview = None;
    carried.decryption.clear();
    Ok(preview_rows(&reading))
}

fn preview_rows(reading: &Reading) -> ResultSet {
    let column = |name: &str, ty| Column {
        name: name.to_owned(),
        ty,
    };
    let row = |kind: &str, id: u64, path: String, description: String| {
        vec![
            Some(kind.to_owned()),
            Some(id.to_string()),
            Some(path),
            Some(description),
        ]
    };
    let sets = reading.sets.iter().map(|set| {
        let kind = set.backup_type.name().to_ascii_lowercase();
        let path = set
            .uri
            .stored_below(&format!("backup_set_{}_{kind}", set.id));
        let description = format!("min_restore_scn: {}", set.min_restore);
        row("BACKUP_SET", set.id.0, path, description)
    });
    let pieces = reading.pieces.iter().map(|piece| {
        let (dest, round, id) = (piece.dest, piece.round, piece.id);
        let path = piece
            .uri
            .stored_below(&format!("piece_d{dest}r{round}p{id}"));
        let description = format!(
            "start_scn: {}, checkpoint_scn: {}",
            piece.start, piece.checkpoint
        );
        row("BACKUP_PIECE", id.0, path, description)
    });
    ResultSet {
        columns: vec![
            column("BACKUP_TYPE", ColumnType::Varchar(20)),
            column("BACKUP_ID", ColumnType::BigInt),
            column("PREVIEW_PATH", ColumnType::Varchar(2048)),
            column("BACKUP_DESC", ColumnType::Varchar(4096)),
        ],
        rows: sets.chain(pieces).collect(),
    }
}
