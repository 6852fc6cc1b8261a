//! Tests of the API server's treatment of spec and status.

use serde_json::{Value, json};

use super::client::{Body, collection, object, send};

fn storage() -> Value {
    json!({"type": "NFS", "nfs": {"path": "/ob-backup"}, "capacityAlertPercent": 80})
}

/// Creates a `BackupStorage`.
fn stored(name: &str, object: &Value) -> Value {
    let stored = send(&collection("backupstorages"), Body::Object(object));
    let stored = stored.unwrap();
    assert_eq!(stored["metadata"]["name"], name);
    stored
}

#[test]
fn a_fresh_object_of_each_kind_is_marked_as_not_yet_observed() {
    let reference = json!({"name": "prod"});
    let specs = [
        (
            "OceanBaseCluster",
            "oceanbaseclusters",
            json!({"endpoints": ["ob:2881"], "credentials": {"secretRef": reference}, "tls": {"mode": "Disabled"}}),
        ),
        ("BackupStorage", "backupstorages", storage()),
        (
            "BackupStrategy",
            "backupstrategies",
            json!({"clusterRef": reference, "storageRef": reference, "schedule": {"timeZone": "UTC", "full": {"cron": "0 2 * * *"}}, "retention": {"policy": "Unmanaged"}}),
        ),
        (
            "BackupTask",
            "backuptasks",
            json!({"strategyRef": reference, "tenantName": "orders", "type": "Full"}),
        ),
        (
            "LogBackup",
            "logbackups",
            json!({"clusterRef": reference, "storageRef": reference, "tenantName": "orders"}),
        ),
        (
            "RecoveryTask",
            "recoverytasks",
            json!({
                "source": {"tenant": {"clusterRef": reference, "tenantName": "orders"}},
                "until": {"type": "Latest"},
                "target": {
                    "type": "NewTenant",
                    "clusterRef": reference,
                    "tenantName": "restore_orders",
                    "resources": {"pools": ["spare"]},
                },
            }),
        ),
        (
            "CleanupTask",
            "cleanuptasks",
            json!({
                "clusterRef": reference,
                "tenantName": "orders",
                "mode": "Preview",
                "target": {"type": "Obsolete"},
            }),
        ),
        (
            "RecoveryDrill",
            "recoverydrills",
            json!({
                "strategyRef": reference,
                "schedule": {"timeZone": "UTC", "cron": "0 4 * * *"},
                "target": {"clusterRef": reference, "resources": {"pools": ["spare"]}},
            }),
        ),
    ];
    for (kind, plural, spec) in specs {
        let made = send(
            &collection(plural),
            Body::Object(&object(kind, "fresh", &spec)),
        )
        .unwrap();
        assert_eq!(made["status"], json!({"observedGeneration": -1}), "{kind}");
    }
}

#[test]
fn a_status_that_comes_with_a_new_object_is_dropped() {
    let mut object = object("BackupStorage", "with-status", &storage());
    object["status"] = json!({"observedGeneration": 1, "inUseBy": 7});
    let stored = stored("with-status", &object);
    assert_eq!(stored["status"], json!({"observedGeneration": -1}));
}

#[test]
fn a_status_that_comes_with_an_edit_is_dropped() {
    stored("edited", &object("BackupStorage", "edited", &storage()));
    let path = collection("backupstorages") + "/edited";
    let edited = send(&path, Body::Merge(&json!({"status": {"inUseBy": 7}}))).unwrap();
    assert_eq!(edited["status"], json!({"observedGeneration": -1}));
}

#[test]
fn a_spec_that_comes_with_a_status_is_dropped() {
    stored("observed", &object("BackupStorage", "observed", &storage()));
    let path = collection("backupstorages") + "/observed/status";
    let edit = json!({"spec": {"type": "S3"}, "status": {"inUseBy": 7}});
    let observed = send(&path, Body::Merge(&edit)).unwrap();
    assert_eq!(observed["spec"], storage());
}

#[test]
fn a_status_does_not_count_as_a_generation() {
    stored("counted", &object("BackupStorage", "counted", &storage()));
    let path = collection("backupstorages") + "/counted/status";
    let counted = send(&path, Body::Merge(&json!({"status": {"inUseBy": 7}}))).unwrap();
    assert_eq!(counted["metadata"]["generation"], 1);
}

#[test]
fn two_conditions_of_one_type_are_refused() {
    stored("twice", &object("BackupStorage", "twice", &storage()));
    let path = collection("backupstorages") + "/twice/status";
    let condition = json!({
        "type": "Ready", "status": "True", "reason": "Applied", "message": "",
        "lastTransitionTime": "2026-11-21T18:00:00Z",
    });
    let edit = json!({"status": {"conditions": [condition, condition]}});
    let refusal = send(&path, Body::Merge(&edit)).unwrap_err();
    assert!(
        refusal
            .message
            .contains("status.conditions[1]: Duplicate value"),
        "{}",
        refusal.message
    );
}

#[test]
fn a_condition_with_a_sentence_as_reason_is_refused() {
    stored("worded", &object("BackupStorage", "worded", &storage()));
    let path = collection("backupstorages") + "/worded/status";
    for (field, value) in [
        ("reason", json!("a sentence")),
        ("type", json!("two words")),
        ("observedGeneration", json!(-1)),
    ] {
        let mut condition = json!({
            "type": "Ready", "status": "True", "reason": "Applied", "message": "",
            "lastTransitionTime": "2026-11-21T18:00:00Z",
        });
        condition[field] = value;
        let edit = json!({"status": {"conditions": [condition]}});
        let refusal = send(&path, Body::Merge(&edit)).unwrap_err().message;
        let at = format!("status.conditions[0].{field}");
        assert!(refusal.contains(&at), "{refusal}");
    }
}

#[test]
fn a_field_that_is_unknown_is_dropped_where_the_client_does_not_ask_to_be_told() {
    let mut spec = storage();
    spec["color"] = json!("green");
    let stored = stored("pruned", &object("BackupStorage", "pruned", &spec));
    assert_eq!(stored["spec"], storage());
}

/// Helm charts write `null` for an unset value.
#[test]
fn a_field_that_is_null_counts_as_left_out() {
    let mut spec = storage();
    spec["s3"] = Value::Null;
    let object = object("BackupStorage", "with-null", &spec);
    send(&collection("backupstorages"), Body::Object(&object)).unwrap();
}

#[test]
fn a_reference_that_is_null_is_no_reference() {
    let spec = json!({"strategyRef": null, "tenantName": "orders", "type": "Full"});
    let object = object("BackupTask", "without-reference", &spec);
    let refusal = send(&collection("backuptasks"), Body::Object(&object)).unwrap_err();
    assert!(
        refusal.message.contains("must have either `strategyRef`"),
        "{}",
        refusal.message
    );
}
