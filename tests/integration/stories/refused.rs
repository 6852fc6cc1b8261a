//! Stories of objects that the API server rejects permanently.

use std::time::Duration;

use super::EVERYBODY;
use crate::support::{World, apply, eventually, kubectl, within};

/// Returns seventy tenants, `t0` to `t69`.
fn seventy_tenants() -> String {
    let tenants: Vec<String> = (0..70)
        .map(|nth| format!("  - {{name: t{nth}, fullBackupSize: 1GiB}}\n"))
        .collect();
    let tenants = tenants.concat();
    format!("version: '4.3.5.2'\ncluster: {{name: obprod, id: 7}}\nspeed: 200\ntenants:\n{tenants}")
}

const LOG_BACKUP_OF_T1: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: probe}
spec: {clusterRef: {name: prod}, tenantName: t1, storageRef: {name: nfs}, state: Stopped}
";

/// Rejects log backups of all tenants but `t0` in a world's namespace, until it is dropped.
struct Refusal {
    name: String,
}

impl Refusal {
    fn of(world: &World) -> Self {
        let name = format!("no-log-backups-{}", world.namespace);
        let namespace = &world.namespace;
        let policy = format!(
            "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}
    resourceRules:
      - apiGroups: [backup.oceanbase.io]
        apiVersions: ['*']
        operations: [CREATE]
        resources: [logbackups]
  validations: [{{expression: \"object.spec.tenantName == 't0'\", message: log backups are full}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec: {{policyName: {name}, validationActions: [Deny]}}
"
        );
        apply(namespace, &policy).unwrap();
        // The API server takes some time to apply it.
        let is_refused = || {
            let made = apply(namespace, LOG_BACKUP_OF_T1).is_ok();
            if made {
                world.kubectl(&["delete", "logbackup", "probe"]).unwrap();
            }
            !made
        };
        eventually("a refusal", is_refused, |is_refused| *is_refused);
        Self { name }
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        for kind in [
            "validatingadmissionpolicybinding",
            "validatingadmissionpolicy",
        ] {
            let _ = kubectl(&["delete", kind, &self.name]);
        }
    }
}

#[test]
fn a_tenant_is_backed_up_though_log_backups_of_many_others_are_refused() {
    let mut world = World::new("refused", &seventy_tenants());
    let _refusal = Refusal::of(&world);
    world.start_operator();
    world.apply(&EVERYBODY.replace("'0 0 1 1 *'", "'* * * * *'"));
    world.phase("logbackup", "prod-t1002", "InProgress");
    let completed = || {
        let tasks = world.list("backuptask");
        let of_t0 = tasks
            .iter()
            .filter(|task| task["spec"]["tenantName"] == "t0");
        of_t0
            .filter(|task| task["status"]["phase"] == "Completed")
            .count()
    };
    let patience = Duration::from_mins(4);
    within(patience, "a backup of t0", completed, |count| *count > 0);
    let strategy = world.get("backupstrategy", "nightly");
    let unmade = strategy["status"]["unmade"].as_array().unwrap();
    assert!(!unmade.is_empty());
    for one in unmade {
        let (name, message) = (
            one["name"].as_str().unwrap(),
            one["message"].as_str().unwrap(),
        );
        let own =
            format!("the operator retries: logbackups.backup.oceanbase.io \"{name}\" is forbidden");
        assert!(message.contains(&own), "{message}");
        assert!(!message.contains("Status {"), "{message}");
    }
}
