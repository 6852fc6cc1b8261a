//! Tests of uninstalling as docs/install.md describes: the documented order does not hang, and
//! another order has a way out.

use oceanbase_sim::statement::Kind;

use crate::support::installation::{Installation, SYSTEM};
use crate::support::world::{NFS, cluster, secret};
use crate::support::{Node, eventually};

const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

const STRATEGY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  firstBackup: Immediately
  schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}
  retention: {policy: Unmanaged}
";

/// Returns the commands of one section of the document, each on one line.
fn documented(after: &str) -> Vec<String> {
    let text = include_str!("../../../docs/install.md");
    let (_, rest) = text.split_once(after).unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let lines = block.replace("\\\n", " ");
    let lines = lines.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Runs commands of the document unchanged, in a shell with `kubectl`.
fn run(here: &Installation, commands: &[String]) {
    let script = commands.join("\n");
    here.shell(&script).unwrap();
}

fn definitions(here: &Installation) -> usize {
    let crds = here.get(&["crd"]);
    crds["items"].as_array().unwrap().len()
}

#[test]
fn uninstalling_in_the_documented_order_hangs_nowhere_and_leaves_the_database_alone() {
    let here = Installation::new();
    let node = Node::start(SCENARIO);
    let operator = here.start_operator();
    here.kubectl(&["create", "namespace", "shop"]).unwrap();
    for manifest in [
        &secret(crate::support::world::PASSWORD),
        &cluster("prod", node.port),
        NFS,
        STRATEGY,
    ] {
        let apply = ["apply", "--namespace", "shop", "--filename=-"];
        here.kubectl_with(&apply, manifest).unwrap();
    }
    eventually(
        "a completed task",
        || here.get(&["backuptasks", "--namespace", "shop"]),
        |tasks| tasks["items"][0]["status"]["phase"] == "Completed",
    );
    let changing = || node.simulator.log(|log| log.changing().count());
    let before = changing();

    run(&here, &documented("2. Delete the objects"));
    for kind in [
        "backupstrategies",
        "backuptasks",
        "cleanuptasks",
        "logbackups",
        "oceanbaseclusters",
        "recoverydrills",
        "recoverytasks",
    ] {
        let left = here.get(&[kind, "--all-namespaces"]);
        assert_eq!(left["items"].as_array().unwrap().len(), 0, "{kind}");
    }
    run(&here, &documented("3. Delete the operator"));
    drop(operator);
    run(&here, &documented("4. Delete the rest"));
    assert_eq!(definitions(&here), 0);
    assert!(here.kubectl(&["get", "namespace", SYSTEM]).is_err());
    assert_eq!(changing(), before);
    assert_eq!(
        node.simulator.log(|log| log.of_kind(Kind::Backup).count()),
        1
    );

    // Again, but the operator is deleted before its objects.
    here.apply_all();
    here.await_definitions();
    let finalized = STRATEGY.replace(
        "{name: nightly}",
        "{name: nightly, finalizers: [backup.oceanbase.io/stop]}",
    );
    let apply = ["apply", "--namespace", "shop", "--filename=-"];
    here.kubectl_with(&apply, &finalized).unwrap();
    run(&here, &documented("3. Delete the operator"));
    let definition = "crd/backupstrategies.backup.oceanbase.io";
    let hangs = here.kubectl(&["delete", definition, "--timeout=3s"]);
    assert!(hangs.unwrap_err().contains("timed out"));
    run(&here, &documented("**Deleted in another order?**"));
    let wait = ["wait", "--for=delete", definition, "--timeout=60s"];
    here.kubectl(&wait).unwrap();
}
