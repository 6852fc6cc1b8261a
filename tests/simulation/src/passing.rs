//! Faults of the database that can be reverted.

use oceanbase_sim::fault::{self, Fault};
use oceanbase_sim::model::{Role, TenantStatus};

/// Returns the fault that reverts a fault; `None` if nothing can.
#[must_use]
pub fn undone(fault: &Fault) -> Option<Fault> {
    Some(match fault.clone() {
        Fault::Lock { tenant, locked } => Fault::Lock {
            tenant,
            locked: !locked,
        },
        Fault::Role { tenant, .. } => Fault::Role {
            tenant,
            role: Role::Primary,
        },
        Fault::Status { tenant, .. } => Fault::Status {
            tenant,
            status: TenantStatus::Normal,
        },
        Fault::AlterSystem {
            tenant,
            user,
            granted,
        } => Fault::AlterSystem {
            tenant,
            user,
            granted: !granted,
        },
        Fault::Upgrading { on } => Fault::Upgrading { on: !on },
        _ => return None,
    })
}

/// Reads the faults of a text and their reverts; `None` if a fault cannot be reverted.
#[must_use]
pub fn read(text: &str) -> Option<(Vec<Fault>, Vec<Fault>)> {
    let faults = fault::parse(text).ok()?;
    let undone: Option<Vec<_>> = faults.iter().map(undone).collect();
    Some((faults, undone?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_taken_back_and_a_drop_is_not() {
        let (faults, undone) = read("lock: {tenant: orders, locked: true}").unwrap();
        assert_eq!(super::undone(&undone[0]).as_ref(), faults.first());
        assert_eq!(read("drop: {tenant: orders}"), None);
    }
}
