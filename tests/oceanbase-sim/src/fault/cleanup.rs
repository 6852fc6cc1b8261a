//! Faults of cleanup, and of the keys of storage.

use super::apply::existing;
use super::{Fault, FaultError};
use crate::error::result_text;
use crate::model::{Doom, Hold, World};

pub(super) fn apply(world: &mut World, fault: Fault) -> Result<(), FaultError> {
    match fault {
        Fault::FailCleanup {
            tenant,
            code,
            comment,
        } => {
            let comment = comment.unwrap_or_else(|| result_text(code).to_owned());
            existing(world.doom_cleanup(&tenant, Doom { code, comment }), tenant)
        }
        Fault::HoldCleanup { tenant, at } => {
            existing(world.hold_cleanup(&tenant, Hold::At(at)), tenant)
        }
        Fault::ReleaseCleanup { tenant } => {
            existing(world.hold_cleanup(&tenant, Hold::Released), tenant)
        }
        Fault::RotateKey { path, access_key } => {
            world.rotate_key(&path, &access_key);
            Ok(())
        }
        other => super::restore::apply(world, other),
    }
}
