//! Reads of locations with limits.

use super::*;
use crate::oceanbase::model::StorageLimits;

/// Sets limits for the log location of `orders`.
fn limited(desk: &mut Desk, iops: &str) {
    let columns = "TENANT_ID, PATH, ENDPOINT, MAX_IOPS, MAX_BANDWIDTH";
    let row = ["1002", "s3://b/log", "host=h", iops, "0"].map(Some);
    let view = "CDB_OB_BACKUP_STORAGE_INFO";
    desk.views.set(view, columns, &[&row]);
}

/// Returns the requests per second of each location with limits; `None` while not known.
fn known(tenants: &BTreeMap<TenantId, Arc<Tenant>>, id: i64) -> Option<Vec<i64>> {
    let limited = tenants[&TenantId(id)].limited.as_ref()?;
    let of = |limits: StorageLimits| limits.max_iops;
    Some(limited.iter().map(|location| of(location.limits)).collect())
}

#[tokio::test(start_paused = true)]
async fn limits_that_can_not_be_read_any_more_are_not_known() {
    let mut desk = Desk::new();
    limited(&mut desk, "800");
    let (tenants, _) = desk.read(true).await;
    assert_eq!(known(&tenants, 1002), Some(vec![800]));
    limited(&mut desk, "soon");
    for depth in [ReadScope::AfterCommand, ReadScope::Full] {
        let (tenants, _) = desk.read_as_deep_as(depth).await;
        assert_eq!(known(&tenants, 1002), None, "{depth:?}");
    }
}

/// An unplanned full read delays the next planned one.
#[tokio::test(start_paused = true)]
async fn a_read_that_goes_full_by_itself_looks_at_them_too() {
    let mut desk = Desk::new();
    desk.read(true).await;
    limited(&mut desk, "800");
    desk.rounds("DOING", "2");
    let (tenants, was_full) = desk.read(false).await;
    assert!(was_full);
    assert_eq!(known(&tenants, 1002), Some(vec![800]));
}

#[tokio::test(start_paused = true)]
async fn those_of_a_new_tenant_are_known_with_it() {
    let mut desk = Desk::new();
    desk.views.tenants(&[("1002", "orders", "PRIMARY")]);
    desk.read(true).await;
    let both = [("1002", "orders", "PRIMARY"), ("1006", "new", "PRIMARY")];
    desk.views.tenants(&both);
    let (tenants, _) = desk.read(false).await;
    assert_eq!(known(&tenants, 1006), Some(Vec::new()));
}
