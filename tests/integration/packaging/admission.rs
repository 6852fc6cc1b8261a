//! The optional admission policies: who may write tasks that restore or delete, and who may name a
//! Secret.

use serde_json::json;

use crate::support::installation::{Installation, OPERATOR};
use crate::support::wait::eventually;
use crate::support::world::{DRILL, cluster};

const RECOVERY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {name: undo}
spec:
  source: {tenant: {clusterRef: {name: prod}, tenantName: orders}}
  until: {type: Latest}
  target: {type: NewTenant, clusterRef: {name: prod}, tenantName: restore_orders, resources: {pools: [spare]}}
";

const CLEANUP: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {name: what-would-go}
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Preview, target: {type: Obsolete}}
";

/// Creates an installation with the policies. In namespace `shop`, `alice` may write all of the
/// operator's kinds and read one Secret.
fn guarded() -> Installation {
    let here = Installation::new();
    let directory = format!("{}/deploy/admission", env!("CARGO_MANIFEST_DIR"));
    here.kubectl(&["apply", "--kustomize", &directory]).unwrap();
    here.kubectl(&["create", "namespace", "shop"]).unwrap();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "alice"},
        "rules": [
            {"apiGroups": ["backup.oceanbase.io"], "resources": ["*"], "verbs": ["*"]},
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["prod-sys"], "verbs": ["get"]},
        ],
    });
    let apply = ["apply", "--namespace=shop", "--filename=-"];
    here.kubectl_with(&apply, &role.to_string()).unwrap();
    let bind = [
        "create",
        "rolebinding",
        "alice",
        "--role=alice",
        "--user=alice",
        "--namespace=shop",
    ];
    here.kubectl(&bind).unwrap();
    here
}

/// Checks whether this user may apply a manifest in `shop`.
fn applies(here: &Installation, person: &[&str], manifest: &str) -> Result<String, String> {
    let apply = [
        "apply",
        "--dry-run=server",
        "--namespace=shop",
        "--filename=-",
    ];
    here.kubectl_with(&[&apply[..], person].concat(), manifest)
}

#[test]
fn only_named_groups_write_tasks_that_restore_or_delete_and_nobody_names_a_secret_that_is_not_theirs()
 {
    let here = guarded();
    let alice = ["--as=alice"];
    // The API server activates a policy some time after its creation.
    let refused = eventually(
        "a refusal",
        || applies(&here, &alice, RECOVERY),
        Result::is_err,
    );
    let refusal = refused.unwrap_err();
    assert!(
        refusal.contains("only members of oceanbase-backup:recovery may write a RecoveryTask"),
        "{refusal}"
    );
    let refusal = applies(&here, &alice, CLEANUP).unwrap_err();
    assert!(refusal.contains("may write a CleanupTask"), "{refusal}");
    let refusal = applies(&here, &alice, DRILL).unwrap_err();
    assert!(refusal.contains("may write a RecoveryDrill"), "{refusal}");
    let member = ["--as=alice", "--as-group=oceanbase-backup:recovery"];
    applies(&here, &member, DRILL).unwrap();
    for task in [RECOVERY, CLEANUP] {
        applies(&here, &member, task).unwrap();
        let operator = format!("--as={OPERATOR}");
        let create = [
            "create",
            "--dry-run=server",
            "--namespace=shop",
            "--filename=-",
            &operator,
        ];
        here.kubectl_with(&create, task).unwrap();
    }

    let own = cluster("prod", 2881);
    let refused = eventually(
        "a refusal",
        || applies(&here, &alice, &own.replace("prod-sys", "of-somebody-else")),
        Result::is_err,
    );
    let refusal = refused.unwrap_err();
    assert!(
        refusal.contains("names a Secret that you are not allowed to read"),
        "{refusal}"
    );
    applies(&here, &alice, &own).unwrap();
}
