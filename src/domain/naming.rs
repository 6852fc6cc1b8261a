//! Names of objects that the operator makes: deterministic, so that a crash between making one and
//! writing it down makes it once.

use sha2::{Digest, Sha256};

use super::schedule::Slot;
use crate::api::BackupType;
use crate::oceanbase::model::{JobId, TenantId};

/// Longest name that also fits a label.
const LIMIT: usize = 63;

/// The task of one tenant for one slot: `<strategy>-t<tenantId>-<full|incr>-<yyyymmddhhmm>z`.
#[must_use]
pub fn task(strategy: &str, tenant: TenantId, slot: &Slot) -> String {
    shortened(strategy, &format!("-t{tenant}{}", of_slot(slot)))
}

/// How the names of a slot's tasks end.
#[must_use]
pub fn of_slot(slot: &Slot) -> String {
    let kind = match slot.ty {
        BackupType::Full => "full",
        BackupType::Incremental => "incr",
    };
    format!("-{kind}-{}z", slot.stamp())
}

/// The task of one tenant that a task for several makes: `<parent>-t<tenantId>`.
#[must_use]
pub fn child(parent: &str, tenant: TenantId) -> String {
    shortened(parent, &format!("-t{tenant}"))
}

/// The task that shows a job that somebody else started: `<strategy>-t<tenantId>-ext-<jobId>`.
#[must_use]
pub fn external(strategy: &str, tenant: TenantId, job: JobId) -> String {
    shortened(strategy, &format!("-t{tenant}-ext-{job}"))
}

/// The log backup of one tenant: `<cluster>-t<tenantId>`.
#[must_use]
pub fn log_backup(cluster: &str, tenant: TenantId) -> String {
    shortened(cluster, &format!("-t{tenant}"))
}

/// A short text that differs where `text` differs.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let number = digest.iter().take(5);
    let number = number.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:010x}")
}

/// `prefix` and `suffix`, the prefix cut and hashed where both are too long for a name.
fn shortened(prefix: &str, suffix: &str) -> String {
    if prefix.len() + suffix.len() <= LIMIT {
        return format!("{prefix}{suffix}");
    }
    let hash = fingerprint(prefix);
    let room = LIMIT.saturating_sub(suffix.len() + hash.len() + 1);
    let kept: String = prefix.chars().take(room).collect();
    format!("{}-{hash}{suffix}", kept.trim_end_matches(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot() -> Slot {
        Slot {
            at: "2026-11-21T18:00:00Z".parse().unwrap(),
            ty: BackupType::Full,
        }
    }

    #[test]
    fn a_task_is_named_by_strategy_tenant_type_and_slot_in_utc() {
        assert_eq!(
            task("nightly", TenantId(1002), &slot()),
            "nightly-t1002-full-202611211800z"
        );
    }

    #[test]
    fn long_names_are_cut_and_still_differ() {
        let one = task(&format!("{}a", "x".repeat(60)), TenantId(1002), &slot());
        let two = task(&format!("{}b", "x".repeat(60)), TenantId(1002), &slot());
        assert!(one.len() <= 63 && two.len() <= 63 && one != two);
    }

    #[test]
    fn a_cut_name_does_not_end_its_prefix_in_a_dot() {
        let name = log_backup(
            &format!("{}.{}", "x".repeat(46), "y".repeat(40)),
            TenantId(1002),
        );
        assert!(!name.contains(".-"), "{name}");
    }
}
