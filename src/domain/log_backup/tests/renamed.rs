//! A renamed tenant.

use super::*;

#[test]
fn a_renamed_tenant_is_called_by_its_new_name_and_nothing_is_sent() {
    let mut story = Story::running();
    let renamed = Observation {
        renamed: Some(Renamed {
            name: "purchases".to_owned(),
            path: "prod-1/orders-1002/log".to_owned(),
        }),
        ..without_tenant()
    };
    let decision = story.reconcile(&renamed, 10);
    assert_eq!((story.reason(), decision.effect), ("TenantRenamed", None));
    let message = &story.status.cause.as_ref().unwrap().message;
    for reported in ["`tenantName: purchases`", "`path: prod-1/orders-1002/log`"] {
        assert!(message.contains(reported), "{message}");
    }
}
