//! Operations that releases of OceanBase do not support, and the result of such a recovery.

use super::*;
use crate::oceanbase::model::Privileges;

fn of_storage() -> Value {
    let mut spec = spec();
    spec["source"] = json!({
        "storage": {
            "storageRef": {"name": "nfs"},
            "dataPath": "orders/data",
            "logPath": "orders/log",
            "tenantName": "orders",
        },
    });
    spec
}

fn on(version: &str, spec: Value) -> Story {
    let mut story = Story::new(spec);
    story.target().version = version.parse().unwrap();
    if let Ok(source) = &mut story.observed.source
        && story.spec.source.storage.is_some()
    {
        source.knowledge = Knowledge::Store;
    }
    story
}

fn condition<'a>(story: &'a Story, kind: &str) -> Option<&'a crate::api::Condition> {
    let mut all = story.status.conditions.iter();
    all.find(|condition| condition.type_ == kind)
}

#[test]
fn a_recovery_from_a_storage_proceeds_without_a_preview_and_says_so() {
    for version in ["4.0.0.0", "4.2.1.0", "4.3.1.0"] {
        let mut story = on(version, of_storage());
        let effect = story.pass(0);
        assert!(
            matches!(effect, Some(Effect::CreateUnit(_))),
            "{version}: {effect:?}"
        );
        let previewed = condition(&story, "Previewed").unwrap();
        assert_eq!(
            (&*previewed.status, &*previewed.reason),
            ("False", "NotSupportedByVersion")
        );
    }
}

#[test]
fn a_recovery_from_a_storage_is_previewed_first_where_that_works() {
    let mut story = on("4.2.1.8", of_storage());
    assert!(matches!(story.pass(0), Some(Effect::Preview(_))));
    assert!(condition(&story, "Previewed").is_none());
}

#[test]
fn a_preview_of_a_storage_fails_with_a_plan_where_the_release_has_none() {
    let mut spec = of_storage();
    spec["mode"] = json!("Preview");
    let mut story = on("4.2.1.0", spec);
    assert_eq!(story.pass(0), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "NotSupportedByVersion")
    );
    assert!(story.status.plan.as_ref().unwrap().resources.is_some());
}

#[test]
fn a_recovery_waits_until_its_target_is_upgraded_before_and_after_resources_are_there() {
    let mut story = Story::new(spec());
    story.target().is_upgrading = true;
    assert_eq!(story.pass(0), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Pending", "ClusterUpgrading")
    );
    story.target().is_upgrading = false;
    story.pass_with_answer(&Answer::Done, 10);
    story = story.with_resources(None);
    story.target().is_upgrading = true;
    assert_eq!(story.pass(20), None);
    assert_eq!(story.cause(), "ClusterUpgrading");
    story.target().is_upgrading = false;
    assert!(matches!(story.pass(3_600), Some(Effect::Restore { .. })));
}

#[test]
fn a_tenant_of_the_first_release_is_primary_when_the_database_says_that_it_was_activated() {
    let mut story = Story::running();
    story.target().version = "4.0.0.0".parse().unwrap();
    story = story.with_job(RestoreStatus::Success, Some("PRIMARY"));
    assert_eq!(story.pass(99), None, "the restore has ended");
    let effect = story.pass_with_answer(&Answer::Done, 100);
    assert!(matches!(effect, Effect::Activate { .. }), "{effect:?}");
    assert_eq!(story.phase(), "Completed");
    assert!(story.status.activated_time.is_some());
}

#[test]
fn a_restore_that_fails_of_its_pool_names_the_pool() {
    let mut story = Story::running().with_job(RestoreStatus::Fail, None);
    story.restores().restores[0].failure = Some(crate::oceanbase::error::explain_to_restore(-4626));
    story.pass(100);
    let cause = story.status.cause.clone().unwrap();
    assert_eq!(cause.reason, "PoolInUse");
    assert!(cause.message.contains(&resource()), "{}", cause.message);
}

#[test]
fn a_name_that_needs_quotes_is_refused_before_anything_is_sent_where_the_release_takes_none() {
    let mut with_hyphen = super::tables::tables_spec();
    with_hyphen["objects"] = json!({"tables": [{"from": "shop.orders", "to": "shop.orders-old"}]});
    for (version, is_refused) in [("4.2.1.0", true), ("4.2.1.3", false)] {
        let mut story = on(version, with_hyphen.clone());
        let name = story.spec.target.tenant_name.clone();
        story.target().tenant = Some(Arc::new(Tenant {
            name,
            ..tenant("PRIMARY")
        }));
        story.pass(0);
        let refused = story.cause() == "TableNameNotSupported";
        assert_eq!(refused, is_refused, "{version}: {:?}", story.status.cause);
        if is_refused {
            let message = &story.status.cause.as_ref().unwrap().message;
            assert!(message.contains("`shop`.`orders-old`"), "{message}");
        }
    }
}

#[test]
fn a_recovery_whose_account_lacks_a_privilege_is_refused_before_anything_is_changed() {
    let all = [
        "ALTER SYSTEM",
        "SUPER",
        "CREATE RESOURCE UNIT",
        "CREATE RESOURCE POOL",
    ];
    for lacking in all {
        let granted: Vec<_> = all.into_iter().filter(|it| *it != lacking).collect();
        let grant = format!("GRANT {} ON *.* TO 'backup'", granted.join(", "));
        let mut story = Story::new(spec());
        story.target().privileges = Some(Arc::new(Privileges::parse([&*grant])));
        assert_eq!(story.pass(0), None, "{lacking}");
        let cause = story.status.cause.clone().unwrap();
        assert_eq!(cause.reason, "MissingPrivilege");
        let expected = format!("GRANT {lacking} ON *.*");
        assert!(cause.message.contains(&expected), "{}", cause.message);
    }
}

#[test]
fn a_standby_in_pools_that_are_there_needs_neither_super_nor_resources() {
    let mut spec = spec();
    spec["target"]["role"] = json!("Standby");
    spec["target"]["resources"] = json!({"pools": [resource()]});
    let mut story = Story::new(spec).with_resources(None);
    let grants = ["GRANT ALTER SYSTEM ON *.* TO 'backup'"];
    story.target().privileges = Some(Arc::new(Privileges::parse(grants)));
    assert!(matches!(story.pass(0), Some(Effect::Restore { .. })));
}
