//! Faults of restores and of the steps after them.

use super::apply::find;
use super::{Fault, FaultError};
use crate::model::{RestoreDoom, World, server_comment};

pub(super) fn apply(world: &mut World, fault: Fault) -> Result<(), FaultError> {
    match fault {
        Fault::FailRestore {
            tenant,
            at,
            code,
            comment,
        } => {
            let doom = RestoreDoom {
                stage: at,
                code,
                comment: comment.unwrap_or_else(|| server_comment(code)),
            };
            world.doom_restore(&tenant, doom);
        }
        Fault::HoldRestore { tenant, at } => world.hold_restore(&tenant, at),
        Fault::SlowRestore { tenant, reads } => world.restores.read_for(&tenant, reads),
        Fault::ReleaseRestore { tenant } => world.release_restore(&tenant),
        Fault::FailActivation { tenant, code } => {
            world.failing_activations.insert(tenant, code);
        }
        Fault::FailRecoverTable { tenant, at, code } => world.doom_recovery(&tenant, at, code),
        Fault::HoldRecoverTable { tenant, at } => world.hold_recovery(&tenant, at),
        Fault::FailUpgrade { tenant } => world.doom_upgrade(&tenant),
        Fault::DropTable { tenant, table } => {
            let now = world.now();
            let mut tables = find(world, &tenant)?.tables.iter_mut();
            let name = |table: &crate::model::Table| {
                format!("{}.{}", table.name.database, table.name.table)
            };
            let found = tables.find(|known| known.dropped_at.is_none() && name(known) == table);
            let found = found.ok_or(FaultError::NoTable(table))?;
            found.dropped_at = Some(now);
        }
        _ => {}
    }
    Ok(())
}
