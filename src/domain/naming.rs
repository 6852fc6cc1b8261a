//! Deterministic names of objects that the operator creates. After a crash between the creation and
//! its record, the operator creates the object only once.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::schedule::Slot;
use crate::api::BackupType;
use crate::oceanbase::model::{Identity, JobId, Tenant, TenantId};

/// Longest name that also fits a label.
const LIMIT: usize = 63;

/// Returns the name of one tenant's task for one slot:
/// `<strategy>-t<tenantID>-<full|incr>-<yyyymmddhhmm>z`.
#[must_use]
pub fn task(strategy: &str, tenant: TenantId, slot: &Slot) -> String {
    shortened(strategy, &format!("-t{tenant}{}", of_slot(slot)))
}

/// Returns the suffix of the names of a slot's tasks.
#[must_use]
pub fn of_slot(slot: &Slot) -> String {
    let kind = match slot.ty {
        BackupType::Full => "full",
        BackupType::Incremental => "incr",
    };
    format!("-{kind}-{}z", slot.stamp())
}

/// Returns the name of one tenant's verification for one slot:
/// `<drill>-t<tenantID>-verify-<yyyymmddhhmm>z`, in UTC.
#[must_use]
pub fn verification(drill: &str, tenant: TenantId, slot: Timestamp) -> String {
    let stamp = slot.strftime("%Y%m%d%H%M");
    shortened(drill, &format!("-t{tenant}-verify-{stamp}z"))
}

/// Returns the name of one tenant's child of a task for several tenants: `<parent>-t<tenantID>`.
#[must_use]
pub fn child(parent: &str, tenant: TenantId) -> String {
    shortened(parent, &format!("-t{tenant}"))
}

/// Returns the name of the task that mirrors an external job: `<strategy>-t<tenantID>-ext-<jobID>`.
#[must_use]
pub fn external(strategy: &str, tenant: TenantId, job: JobId) -> String {
    shortened(strategy, &format!("-t{tenant}-ext-{job}"))
}

/// Returns the name of the same task if a job of an earlier database has that name. Job numbers
/// repeat in the new database. The form is `<strategy>-t<tenantID>-ext-<jobID>-<yyyymmddhhmmss>z`,
/// with the job's start in UTC.
#[must_use]
pub fn external_since(
    strategy: &str,
    tenant: TenantId,
    job: JobId,
    started_at: Timestamp,
) -> String {
    let stamp = started_at.strftime("%Y%m%d%H%M%S");
    shortened(strategy, &format!("-t{tenant}-ext-{job}-{stamp}z"))
}

/// Returns the name of the task that mirrors a cleanup of the database:
/// `<strategy>-t<tenantID>-clean-<jobID>`.
#[must_use]
pub fn cleanup(strategy: &str, tenant: TenantId, job: JobId) -> String {
    shortened(strategy, &format!("-t{tenant}-clean-{job}"))
}

/// Returns the name of the same task if a job of an earlier database has that name. Job numbers
/// repeat in the new database. The form is
/// `<strategy>-t<tenantID>-clean-<jobID>-<yyyymmddhhmmss>z`, with the job's start in UTC.
#[must_use]
pub fn cleanup_since(
    strategy: &str,
    tenant: TenantId,
    job: JobId,
    started_at: Timestamp,
) -> String {
    let stamp = started_at.strftime("%Y%m%d%H%M%S");
    shortened(strategy, &format!("-t{tenant}-clean-{job}-{stamp}z"))
}

/// Returns the name of one tenant's log backup: `<cluster>-t<tenantID>`.
#[must_use]
pub fn log_backup(cluster: &str, tenant: TenantId) -> String {
    shortened(cluster, &format!("-t{tenant}"))
}

/// Returns a tenant's directory of data backups below the storage's directory, by a strategy's
/// template.
///
/// `in_use` lists directories below the storage's directory that the tenant's backups use or used.
/// If the template contains the cluster's number, an existing directory is kept under another
/// cluster name. The first match is used. The cluster's name can change, and existing backups are
/// not moved.
#[must_use]
pub fn data_path(
    template: Option<&str>,
    identity: &Identity,
    tenant: &Tenant,
    in_use: impl IntoIterator<Item = impl AsRef<str>>,
) -> String {
    path(template.unwrap_or(DATA), identity, tenant, in_use)
}

/// Returns the directory of archived logs in the same way.
#[must_use]
pub fn log_path(
    template: Option<&str>,
    identity: &Identity,
    tenant: &Tenant,
    in_use: impl IntoIterator<Item = impl AsRef<str>>,
) -> String {
    path(template.unwrap_or(LOGS), identity, tenant, in_use)
}

const DATA: &str = "{clusterName}-{clusterId}/{tenantName}-{tenantId}/data";
const LOGS: &str = "{clusterName}-{clusterId}/{tenantName}-{tenantId}/log";
const CLUSTER_NAME: &str = "{clusterName}";

fn path(
    template: &str,
    identity: &Identity,
    tenant: &Tenant,
    in_use: impl IntoIterator<Item = impl AsRef<str>>,
) -> String {
    // Only if the number identifies the cluster: any text could be a name.
    let names_cluster = template.contains("{clusterId}");
    let template = template
        .replace("{tenantId}", &tenant.id.to_string())
        .replace("{tenantName}", &tenant.name)
        .replace("{clusterId}", &identity.cluster_id.to_string());
    let mut in_use = in_use.into_iter();
    let pinned = in_use.find(|path| names_cluster && is_by_some_name(&template, path.as_ref()));
    // The cluster's name comes last: it may be any text and must not be read as a template.
    let by_name = || template.replace(CLUSTER_NAME, &identity.cluster_name);
    pinned.map_or_else(by_name, |path| path.as_ref().to_owned())
}

/// Returns whether a template with only the cluster's name left yields the path for some name.
fn is_by_some_name(template: &str, path: &str) -> bool {
    let mut parts = template.split(CLUSTER_NAME);
    let before = parts.next().unwrap_or_default();
    let locations = parts.count();
    let around = template.len() - locations * CLUSTER_NAME.len();
    let Some(length) = path
        .len()
        .checked_sub(around)
        .and_then(|left| left.checked_div(locations))
    else {
        return false;
    };
    // A part of a directory's name, which has passed the engine's checks.
    let name = path.get(before.len()..before.len() + length);
    name.is_some_and(|name| {
        !name.is_empty() && !name.contains('/') && template.replace(CLUSTER_NAME, name) == path
    })
}

/// Returns a short text that differs if `text` differs.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    format!("{:010x}", number(text))
}

/// Returns the offset of a tenant in a spread, in `0..spread` seconds. The offset is the same in
/// every slot and differs between clusters, which all number their tenants alike.
#[must_use]
pub fn share_of_spread(cluster: &str, tenant: TenantId, spread: i64) -> i64 {
    let number = i64::try_from(number(&format!("{cluster}/{tenant}"))).unwrap_or_default();
    number.checked_rem(spread).unwrap_or_default()
}

/// Returns forty pseudorandom bits.
fn number(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    let bytes = digest.iter().take(5);
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Joins `prefix` and `suffix`; if they are too long for a name, the prefix is cut and hashed.
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

    fn identity(name: &str) -> Identity {
        Identity {
            cluster_name: name.to_owned(),
            cluster_id: 7,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn tenant(id: i64) -> Tenant {
        Tenant::plain(id, "orders")
    }

    #[test]
    fn a_directory_is_named_by_cluster_and_tenant() {
        let path = data_path(None, &identity("obprod"), &tenant(1002), None::<&str>);
        assert_eq!(path, "obprod-7/orders-1002/data");
        let path = log_path(None, &identity("obprod"), &tenant(1002), None::<&str>);
        assert_eq!(path, "obprod-7/orders-1002/log");
    }

    #[test]
    fn a_directory_in_use_outlives_the_name_of_the_cluster() {
        let in_use = "obprod-7/orders-1002/log";
        let path = log_path(None, &identity("renamed"), &tenant(1002), [in_use]);
        assert_eq!(path, in_use);
    }

    #[test]
    fn the_first_directory_that_the_template_makes_stands() {
        let template = Some("{clusterName}/{clusterId}/{tenantId}/{clusterName}.log");
        let in_use = [
            "hand-made",
            "a/7/1002/b.log",
            "old/7/1002/old.log",
            "a/7/1002/a.log",
        ];
        let path = log_path(template, &identity("renamed"), &tenant(1002), in_use);
        assert_eq!(path, "old/7/1002/old.log");
    }

    #[test]
    fn without_the_number_of_the_cluster_a_directory_of_another_name_is_somebody_elses() {
        let template = Some("{clusterName}/{tenantName}-{tenantId}/data");
        let in_use = ["dba/orders-1002/data"];
        let path = data_path(template, &identity("obprod"), &tenant(1002), in_use);
        assert_eq!(path, "obprod/orders-1002/data");
    }

    #[test]
    fn a_directory_that_differs_by_more_than_the_name_of_the_cluster_is_another() {
        for other in [
            "obprod-8/orders-1002/data",
            "obprod-7/orders-1004/data",
            "obprod-7/billing-1002/data",
            "obprod-7/orders-1002/log",
            "-7/orders-1002/data",
            "a/b-7/orders-1002/data",
            "obprod-7/orders-1002/data/x",
            "\u{e9}-7/orders-1002",
            "",
        ] {
            let path = data_path(None, &identity("renamed"), &tenant(1002), [other]);
            assert_eq!(path, "renamed-7/orders-1002/data", "{other}");
        }
    }

    #[test]
    fn a_template_without_the_name_of_the_cluster_makes_one_directory() {
        let template = Some("{tenantId}/data");
        let path = data_path(template, &identity("renamed"), &tenant(1002), ["x/data"]);
        assert_eq!(path, "1002/data");
    }

    #[test]
    fn shares_of_a_spread_lie_in_it_and_apart() {
        let share = |tenant| share_of_spread("prod", TenantId(tenant), 3_600);
        let shares: Vec<i64> = (0..100).map(|i| share(1002 + 2 * i)).collect();
        assert!(shares.iter().all(|share| (0..3_600).contains(share)));
        // Each quarter of the hour has its share.
        let quarters = (0..4).map(|i| shares.iter().filter(|s| **s / 900 == i).count());
        assert!(quarters.min() > Some(10), "{shares:?}");
    }

    #[test]
    fn without_a_spread_every_share_is_nothing() {
        assert_eq!(share_of_spread("prod", TenantId(1002), 0), 0);
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
