//! Leftovers of restores are removed only if they certainly belong to the restore.

use super::*;

fn drop_tenant(id: i64) -> Recovery {
    Recovery::DropTenant {
        verified: false,
        tenant: copy(),
        tenant_id: TenantId(id),
        key: key(),
    }
}

fn cancel() -> Recovery {
    Recovery::CancelRestore {
        tenant: copy(),
        key: key(),
    }
}

#[tokio::test(start_paused = true)]
async fn only_our_restore_of_this_tenant_is_canceled_and_only_while_it_runs() {
    let mut views = Views::new();
    assert!(is_withheld(&views.send(cancel()).await));
    views.restore(RUNNING, "CREATE_TENANT", "by hand");
    assert!(is_withheld(&views.send(cancel()).await));
    views.restore_of(RUNNING, "other", "1006", "CREATE_TENANT", KEY);
    assert!(is_withheld(&views.send(cancel()).await));
    views.restore(RUNNING, "RESTORE_FAIL", KEY);
    assert!(is_withheld(&views.send(cancel()).await));
    assert_eq!(views.given.count("CANCEL RESTORE"), 0);
    views.restore(RUNNING, "CREATE_TENANT", KEY);
    assert_eq!(views.send(cancel()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_restore_has_left_is_dropped() {
    let mut views = Views::new();
    views.given.tenants(&[("1006", "copy", "RESTORE")]);
    views.restore(ENDED, "FAIL", KEY);
    assert_eq!(views.send(drop_tenant(1006)).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn no_tenant_is_dropped_that_is_not_what_our_failed_restore_has_left() {
    let cases = [
        ("1006", "copy", ENDED, "SUCCESS", KEY, 1006),
        ("1006", "copy", ENDED, "FAIL", "by hand", 1006),
        ("1006", "copy", RUNNING, "CREATE_TENANT", KEY, 1006),
        ("1008", "copy", ENDED, "FAIL", KEY, 1006),
        ("1008", "copy", ENDED, "FAIL", KEY, 1008),
        ("1006", "else", ENDED, "FAIL", KEY, 1006),
    ];
    for (id, name, view, status, key, wanted) in cases {
        let mut views = Views::new();
        views.given.tenants(&[(id, name, "RESTORE")]);
        views.restore(view, status, key);
        let answer = views.send(drop_tenant(wanted)).await;
        assert!(is_withheld(&answer), "{id} {name} {view} {status} {key}");
        assert_eq!(views.given.count("DROP TENANT"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_was_restored_is_dropped_only_where_it_was_restored_for_a_while() {
    let verified = |id| Recovery::DropTenant {
        verified: true,
        tenant: copy(),
        tenant_id: TenantId(id),
        key: key(),
    };
    for (id, status, key, wanted, expected) in [
        ("1006", "SUCCESS", KEY, 1006, true),
        ("1006", "FAIL", KEY, 1006, true),
        ("1006", "SUCCESS", "by hand", 1006, false),
        ("1008", "SUCCESS", KEY, 1006, false),
        ("1008", "SUCCESS", KEY, 1008, false),
    ] {
        let mut views = Views::new();
        views.given.tenants(&[(id, "copy", "STANDBY")]);
        views.restore(ENDED, status, key);
        let answer = views.send(verified(wanted)).await;
        assert_eq!(
            answer == Answer::Done,
            expected,
            "{id} {status} {key} {wanted}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_can_not_cancel_drops_what_is_being_restored() {
    let mut views = Views::new();
    views.given.tenants(&[("1006", "copy", "RESTORE")]);
    views.restore(RUNNING, "WAIT_TENANT_RESTORE_FINISH", KEY);
    assert!(is_withheld(&views.send(drop_tenant(1006)).await));
    views.version = Version([4, 1, 0, 0]);
    assert_eq!(views.send(drop_tenant(1006)).await, Answer::Done);
}

const POOLS: &str = "RESOURCE_POOL_ID, NAME, TENANT_ID, UNIT_COUNT, UNIT_CONFIG_ID, ZONE_LIST";

fn pool(views: &Views, tenant: Option<&str>) {
    let row = [
        Some("1001"),
        Some("p1"),
        tenant,
        Some("1"),
        Some("7"),
        Some("z1"),
    ];
    views.given.set("DBA_OB_RESOURCE_POOLS", POOLS, &[&row]);
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_dropped_only_while_no_tenant_holds_it() {
    let mut views = Views::new();
    let drop_pool = || Recovery::DropPool {
        tenant: copy(),
        pool: ResourceName::parse("p1").unwrap(),
    };
    assert!(is_withheld(&views.send(drop_pool()).await));
    pool(&views, Some("1006"));
    assert!(is_withheld(&views.send(drop_pool()).await));
    pool(&views, None);
    assert_eq!(views.send(drop_pool()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_unit_is_dropped_only_while_no_pool_uses_it() {
    let mut views = Views::new();
    let drop_unit = || Recovery::DropUnit {
        tenant: copy(),
        unit: ResourceName::parse("u1").unwrap(),
    };
    let columns = "UNIT_CONFIG_ID, NAME, MAX_CPU, MEMORY_SIZE, LOG_DISK_SIZE";
    let unit = ["7", "u1", "2", "1", "1"].map(Some);
    views.given.set("DBA_OB_UNIT_CONFIGS", columns, &[&unit]);
    pool(&views, None);
    assert!(is_withheld(&views.send(drop_unit()).await));
    views.given.set("DBA_OB_RESOURCE_POOLS", POOLS, &[]);
    assert_eq!(views.send(drop_unit()).await, Answer::Done);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_activated_only_while_it_is_the_standby_that_was_restored() {
    let activate = || Recovery::ActivateStandby {
        tenant: copy(),
        tenant_id: TenantId(1006),
    };
    for (id, role, expected) in [
        ("1006", "STANDBY", true),
        ("1006", "PRIMARY", false),
        ("1006", "RESTORE", false),
        ("1008", "STANDBY", false),
    ] {
        let mut views = Views::new();
        views.given.tenants(&[(id, "copy", role)]);
        let answer = views.send(activate()).await;
        assert_eq!(answer == Answer::Done, expected, "{id} {role}: {answer:?}");
    }
}
