//! Tables that are recovered into an existing tenant.

use super::*;
use crate::oceanbase::model::{RemapQuoting, Tables};

pub(super) const AUXILIARY: &str = "AUX_RECOVER$1700000000000000";

pub(super) fn tables_spec() -> Value {
    let mut asked = spec();
    asked["target"]["type"] = json!("ExistingTenant");
    asked["target"]["tenantName"] = json!("orders");
    asked["objects"] = json!({"tables": [{"from": "shop.orders", "to": "shop.orders_restored"}]});
    asked
}

pub(super) fn tables_key() -> RestoreKey {
    let reported = "shop.orders:shop.orders_restored";
    RestoreKey::of_tables(NAME, &identity().database(), reported)
}

pub(super) fn tables_resource() -> String {
    observation::resource_name(&tables_key())
}

/// The tenant that receives the tables.
pub(super) fn orders() -> Tenant {
    Tenant {
        id: TenantId(1002),
        name: "orders".to_owned(),
        ..tenant("PRIMARY")
    }
}

pub(super) fn auxiliary(status: &str) -> Tenant {
    Tenant {
        id: TenantId(1012),
        name: AUXILIARY.to_owned(),
        status: status.to_owned(),
        ..tenant("STANDBY")
    }
}

pub(super) fn table_job(status: RestoreStatus) -> Restore {
    Restore {
        tenant_name: "orders".to_owned(),
        tenant_id: None,
        auxiliary_tenant: Some(AUXILIARY.to_owned()),
        description: tables_key().as_str().to_owned(),
        percent: None,
        ..job(status)
    }
}

pub(super) fn word(word: &str) -> RestoreStatus {
    RestoreStatus::Restoring(word.to_owned())
}

/// Nothing has started yet.
pub(super) fn asked(spec: Value) -> Story {
    let mut story = Story::new(spec);
    story.target().tenant = Some(Arc::new(orders()));
    story
}

/// Unit and pool exist; the pool belongs to this tenant.
pub(super) fn with_created(mut story: Story, holder: Option<TenantId>) -> Story {
    let name = tables_resource();
    story.restores().units = vec![Unit {
        name: name.clone(),
        ..unit()
    }];
    story.restores().pools = vec![Pool {
        name: name.clone(),
        unit: name,
        ..pool(holder)
    }];
    story
}

pub(super) fn with_job_of_tables(mut story: Story, status: RestoreStatus) -> Story {
    story.restores().tables = vec![table_job(status)];
    story
}

fn refused(spec: Value, change: impl FnOnce(&mut Story)) -> String {
    let mut story = asked(spec);
    change(&mut story);
    assert_eq!(story.pass(0), None, "something was sent");
    assert_eq!(story.phase(), "Failed");
    story.cause().to_owned()
}

#[test]
fn a_unit_and_a_pool_are_made_for_the_auxiliary_tenant_and_then_the_statement_is_sent() {
    let mut story = asked(tables_spec());
    let name = tables_resource();
    assert_eq!(story.pass(0), Some(Effect::CreateUnit(name.clone())));
    let mut story = with_created(asked(tables_spec()), None);
    let expected = Effect::RecoverTables {
        tenant: TenantName::parse("orders").unwrap(),
        tenant_id: TenantId(1002),
        key: tables_key(),
        until: Some(Scn(1_700_000_010_123_456_000)),
        pools: vec![name],
    };
    assert_eq!(story.pass(0), Some(expected));
    let status = &story.status;
    assert_eq!(status.step.as_deref(), Some("Restoring"));
    assert_eq!(status.key.as_deref(), Some(tables_key().as_str()));
}

#[test]
fn what_can_not_be_asked_for_is_refused_before_anything_is_looked_at() {
    let with = |pointer: &str, value: Value| {
        let mut asked = tables_spec();
        *asked.pointer_mut(pointer).unwrap() = value;
        asked
    };
    let twice = json!([{"from": "a.b"}, {"from": "a.c", "to": "a.b"}]);
    let both = json!({"tables": [{"from": "a.b"}], "databases": [{"from": "a"}]});
    let mut standby = tables_spec();
    standby["target"]["role"] = json!("Standby");
    let mut threads = tables_spec();
    threads["target"]["concurrency"] = json!(4);
    for (asked, reason) in [
        (with("/objects/tables/0/from", json!("a`.b")), "InvalidSpec"),
        (with("/objects/tables/0/to", json!("b")), "InvalidSpec"),
        (with("/objects/tables", twice), "DuplicateName"),
        (with("/objects", both), "InvalidSpec"),
        (with("/objects", json!({})), "InvalidSpec"),
        (with("/objects", Value::Null), "InvalidSpec"),
        (with("/target/type", json!("NewTenant")), "InvalidSpec"),
        (standby, "InvalidSpec"),
        (threads, "InvalidSpec"),
    ] {
        let shown = asked.to_string();
        let silent = |story: &mut Story| {
            story.observed.target = Err(Blocker::outage());
        };
        assert_eq!(refused(asked, silent), reason, "{shown}");
    }
}

#[test]
fn databases_are_asked_for_as_a_whole() {
    let mut whole = tables_spec();
    whole["objects"] = json!({"databases": [{"from": "shop", "to": "old"}, {"from": "pay"}]});
    let read =
        crate::domain::recovery::parse_tables(&serde_json::from_value(whole).unwrap()).unwrap();
    let Some(read @ Tables::OfDatabases(_)) = read else {
        panic!("{read:?}");
    };
    assert_eq!(read.names(), "`shop`.*,`pay`.*");
    assert_eq!(
        read.renames(RemapQuoting::Quoted).as_deref(),
        Some("`shop`.*:`old`.*")
    );
}

#[test]
fn a_tenant_that_can_not_get_tables_is_refused() {
    let reason = |change: &dyn Fn(&mut Story)| refused(tables_spec(), change);
    let changed = |change: &dyn Fn(&mut Tenant)| {
        reason(&|story: &mut Story| {
            let mut tenant = orders();
            change(&mut tenant);
            story.target().tenant = Some(Arc::new(tenant));
        })
    };
    let old = |story: &mut Story| story.target().version = Version([4, 2, 0, 0]);
    assert_eq!(reason(&old), "UnsupportedServerVersion");
    let gone = |story: &mut Story| story.target().tenant = None;
    assert_eq!(reason(&gone), "TenantNotFound");
    let standby = changed(&|tenant| tenant.role = "STANDBY".to_owned());
    assert_eq!(standby, "TenantNotPrimary");
}

#[test]
fn a_tenant_that_is_locked_or_not_normal_gets_its_tables_later() {
    let locked: fn(&mut Tenant) = |tenant| tenant.locked = true;
    let creating: fn(&mut Tenant) = |tenant| tenant.status = "CREATING".to_owned();
    for (change, reason) in [(locked, "TenantLocked"), (creating, "TenantNotNormal")] {
        let mut story = asked(tables_spec());
        let mut tenant = orders();
        change(&mut tenant);
        story.target().tenant = Some(Arc::new(tenant));
        assert_eq!(story.pass(0), None);
        assert_eq!((story.phase(), story.cause()), ("Pending", reason));
        story.target().tenant = Some(Arc::new(orders()));
        story.pass(60);
        assert!(story.status.step.is_some());
    }
}

#[test]
fn tables_that_others_bring_into_the_tenant_are_waited_for() {
    let mut story = asked(tables_spec());
    let mut other = table_job(word("IMPORTING"));
    other.description = "by hand".to_owned();
    story.restores().tables = vec![other];
    assert_eq!(story.pass(0), None);
    let shown = (story.phase(), story.cause());
    assert_eq!(shown, ("Pending", "WaitingForRunningRecovery"));
}

#[test]
fn views_that_are_refused_are_waited_for_and_hold_up_no_recovery_of_a_tenant() {
    let refuse = |mut story: Story| {
        story.restores().tables_refused = Some(failure(FailureClass::Permanent));
        story.pass(0);
        story.status.step.is_some()
    };
    assert!(!refuse(asked(tables_spec())));
    assert!(refuse(Story::new(spec())));
}

#[test]
fn a_preview_says_what_is_not_recovered_and_changes_nothing() {
    let mut preview = tables_spec();
    preview["mode"] = json!("Preview");
    let mut story = asked(preview);
    assert_eq!(story.pass(0), None);
    assert_eq!(story.phase(), "Completed");
    let plan = story.status.plan.clone().unwrap();
    assert!(plan.warnings[1].contains("foreign keys"), "{plan:?}");
}

#[test]
fn a_key_that_was_used_for_other_tables_is_refused() {
    for objects in [
        json!({"tables": [{"from": "shop.items", "to": "shop.orders_restored"}]}),
        json!({"tables": [{"from": "shop.orders", "to": "shop.orders_2"}]}),
        json!({"databases": [{"from": "shop", "to": "old"}]}),
    ] {
        for status in [
            RestoreStatus::Success,
            RestoreStatus::Fail,
            word("IMPORTING"),
        ] {
            let mut other = tables_spec();
            other["objects"] = objects.clone();
            let before = |story: &mut Story| story.restores().tables = vec![table_job(status)];
            assert_eq!(refused(other, before), "IdempotencyKeyUsed");
        }
    }
}

#[test]
fn the_order_of_the_tables_makes_no_other_request() {
    let mut asked_for = tables_spec();
    let (one, other) = (json!({"from": "a.b"}), json!({"from": "a.c", "to": "a.d"}));
    asked_for["objects"] = json!({"tables": [one, other]});
    let mut first = asked(asked_for.clone());
    first.pass(0);
    asked_for["objects"] = json!({"tables": [other, {"from": "a.b", "to": "a.b"}]});
    let mut second = asked(asked_for);
    second.pass(0);
    assert!(first.status.key.is_some());
    assert_eq!(first.status.key, second.status.key);
}

#[test]
fn an_object_that_is_applied_again_recovers_nothing() {
    let again = |status| {
        let mut story = with_job_of_tables(asked(tables_spec()), status);
        assert_eq!(story.pass(0), None);
        (story.phase().to_owned(), story.cause().to_owned())
    };
    let shown = |phase: &str, cause: &str| (phase.to_owned(), cause.to_owned());
    let ended = again(RestoreStatus::Success);
    assert_eq!(ended, shown("Completed", "AlreadyRecovered"));
    assert_eq!(
        again(RestoreStatus::Fail),
        shown("Failed", "AlreadyAttempted")
    );
    assert_eq!(again(word("IMPORTING")), shown("Importing", ""));
}

#[test]
fn a_recovery_of_the_tenant_by_the_same_name_is_not_taken_for_one_of_its_tables() {
    let mut story = asked(tables_spec());
    story.restores().restores = vec![job(RestoreStatus::Success)];
    assert_eq!(story.pass(0), Some(Effect::CreateUnit(tables_resource())));
}
