//! Stories of a strategy's retention, which becomes the database's delete policies.

use oceanbase_sim::fault::{Fault, Moment, Trigger};
use oceanbase_sim::statement::Kind;

use super::{TWO_TENANTS, nightly_without_first_backup};
use crate::support::{World, eventually};

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");

fn nightly(retention: &str) -> String {
    let spec = nightly_without_first_backup().replace("  tenants: {names: [orders]}\n", "");
    spec.replace("{policy: Unmanaged}", retention)
}

/// Creates a world in which each tenant can be recovered to any time of the last seven days.
fn seven_days(story: &str) -> World {
    let world = World::started(story, TWO_TENANTS);
    world.apply(&nightly("{policy: RecoveryWindow, recoveryWindowDays: 7}"));
    world.condition(STRATEGY, "RetentionApplied", "True", "Applied");
    world
}

impl World {
    /// Returns the window of a tenant's policy `default` in the database.
    fn window(&self, tenant: &str) -> Option<String> {
        self.simulator.world(|cluster| {
            let policies = &cluster.tenant(tenant).unwrap().policies;
            policies
                .first()
                .map(|policy| policy.recovery_window.clone())
        })
    }

    fn retain(&self, days: u32) {
        let change = format!("spec: {{retention: {{recoveryWindowDays: {days}}}}}");
        self.edit(STRATEGY.0, STRATEGY.1, &change);
    }
}

#[test]
fn each_tenant_gets_the_window_an_edit_changes_it_and_deleting_leaves_it() {
    let world = seven_days("retention");
    let windows = || ["orders", "billing"].map(|tenant| world.window(tenant));
    assert_eq!(windows(), ["7d", "7d"].map(|w| Some(w.to_owned())));
    world.retain(30);
    let wider = ["30d", "30d"].map(|w| Some(w.to_owned()));
    eventually("wider windows", windows, |windows| *windows == wider);
    world.condition(STRATEGY, "RetentionApplied", "True", "Applied");
    assert_eq!(world.count(Kind::DropDeletePolicy), 2);
    assert_eq!(world.count(Kind::AddDeletePolicy), 4);
    world.forget_statements();
    world
        .kubectl(&["delete", "backupstrategy", "nightly", "--timeout=30s"])
        .unwrap();
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn a_window_is_set_although_the_operator_dies_between_drop_and_add() {
    let mut world = seven_days("retention-crash");
    world.inject(Fault::Stall {
        on: Trigger::next(Kind::AddDeletePolicy),
        when: Moment::BeforeExecuting,
    });
    world.forget_statements();
    world.retain(30);
    eventually(
        "an ADD that is not answered",
        || world.count(Kind::AddDeletePolicy),
        |count| *count == 1,
    );
    let without = ["orders", "billing"].map(|tenant| world.window(tenant));
    assert!(without.contains(&None), "{without:?}");
    world.kill_operator();
    world.start_operator();
    for tenant in ["orders", "billing"] {
        eventually(
            "the wider window",
            || world.window(tenant),
            |window| window.as_deref() == Some("30d"),
        );
    }
    world.condition(STRATEGY, "RetentionApplied", "True", "Applied");
}

#[test]
fn a_policy_of_a_dba_is_told_and_left_alone_until_drift_is_put_right() {
    let world = World::new("retention-drift", TWO_TENANTS);
    world.sql("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '3d' TENANT orders");
    let mut world = world;
    world.start_operator();
    world.apply(&nightly("{policy: RecoveryWindow, recoveryWindowDays: 7}"));
    let object = world.condition(STRATEGY, "RetentionApplied", "False", "PolicyDrift");
    assert!(object.to_string().contains("'3d'"));
    eventually(
        "the other tenant's window",
        || world.window("billing"),
        |window| window.as_deref() == Some("7d"),
    );
    assert_eq!(world.count(Kind::DropDeletePolicy), 0);
    world.edit(
        STRATEGY.0,
        STRATEGY.1,
        "spec: {logBackup: {driftPolicy: Enforce}}",
    );
    world.condition(STRATEGY, "RetentionApplied", "True", "Applied");
    assert_eq!(world.window("orders").as_deref(), Some("7d"));
}

#[test]
fn a_tenant_whose_policy_is_refused_holds_back_no_other() {
    let world = World::started("retention-refused", TWO_TENANTS);
    world.inject(Fault::Refuse {
        on: Trigger::next(Kind::AddDeletePolicy)
            .about("orders")
            .times(2),
        code: 4016,
        message: "internal error".to_owned(),
    });
    world.apply(&nightly("{policy: RecoveryWindow, recoveryWindowDays: 7}"));
    eventually(
        "the other tenant's window",
        || world.window("billing"),
        |window| window.as_deref() == Some("7d"),
    );
    world.condition(STRATEGY, "RetentionApplied", "True", "Applied");
    assert_eq!(world.window("orders").as_deref(), Some("7d"));
}

#[test]
fn the_next_strategy_changes_the_window_of_the_one_before_and_not_a_dbas() {
    let world = seven_days("retention-next");
    let inherited = |object: &serde_json::Value| {
        let annotations = &object["metadata"]["annotations"];
        let text = annotations["backup.oceanbase.io/inherited"].as_str();
        text.unwrap_or_default().to_owned()
    };
    eventually(
        "both windows to be passed on",
        || world.list("logbackup"),
        |all| {
            all.iter()
                .all(|object| inherited(object).contains("\"recoveryWindow\":\"7d\""))
        },
    );
    world
        .kubectl(&["delete", "backupstrategy", "nightly", "--timeout=30s"])
        .unwrap();
    // Meanwhile a DBA replaces one of the two policies.
    world.sql("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT billing");
    world
        .sql("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '3d' TENANT billing");
    let next = nightly("{policy: RecoveryWindow, recoveryWindowDays: 30}");
    world.apply(&next.replace("nightly", "next"));
    eventually(
        "the window of the next strategy",
        || world.window("orders"),
        |window| window.as_deref() == Some("30d"),
    );
    let name = ("backupstrategy", "next");
    let object = world.condition(name, "RetentionApplied", "False", "PolicyDrift");
    let applied = crate::support::world::condition_of(&object, "RetentionApplied");
    assert!(applied["message"].as_str().unwrap().contains("billing"));
    assert_eq!(world.window("billing").as_deref(), Some("3d"));
}
