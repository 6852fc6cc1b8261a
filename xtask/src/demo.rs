//! `cargo xtask demo`: the main job on an embedded control plane and a simulated OceanBase.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::kubernetes::Kubernetes;
use crate::process::{build, start, start_and_read_line};
use crate::say;

/// Options of the demo.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Use the current cluster of kubectl instead of an embedded one. The demo's namespace and the
    /// definitions stay there until the next demo recreates them.
    #[arg(long)]
    use_current_cluster: bool,
    /// Exit after everything was shown, instead of running until Ctrl-C.
    #[arg(long)]
    exit: bool,
}

const NAMESPACE: &str = "demo";
/// Label that distinguishes the demo's namespace from a user's namespace of the same name.
const LABEL: &str = "backup.oceanbase.io/made-by";

/// Kinds that the end of the demo shows, with their printed columns.
const KINDS: [&str; 8] = [
    "oceanbaseclusters",
    "backupstorages",
    "backupstrategies",
    "backuptasks",
    "logbackups",
    "recoverytasks",
    "cleanuptasks",
    "recoverydrills",
];

/// Limit on the whole demo; the incremental backup waits for the next full minute.
const PATIENCE: Duration = Duration::from_mins(4);

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    say("Building the operator and the simulator ...");
    let programs = build(&["oceanbase-backup-operator", "oceanbase-sim"], false, None).await?;
    say("Starting Kubernetes (the first time it is built, which takes some minutes) ...");
    let kubernetes = if arguments.use_current_cluster {
        Kubernetes::current().await?
    } else {
        Kubernetes::embedded().await?
    };
    let scenario = crate::root().join("xtask/demo/scenario.yaml");
    let (_simulator, address) = start_and_read_line(
        Command::new(programs.join("oceanbase-sim"))
            .args(["--listen", "127.0.0.1:0", "--scenario"])
            .arg(scenario),
    )
    .await?;
    say(&format!("A simulated OceanBase listens on {address}."));
    kubernetes.install_definitions()?;
    let mut command = Command::new(programs.join("oceanbase-backup-operator"));
    command.args([
        "run",
        "--watch-namespaces",
        NAMESPACE,
        "--http-address",
        "127.0.0.1:0",
    ]);
    command.args(["--log-format", "text"]);
    if let Some(kubeconfig) = kubernetes.kubeconfig() {
        command.env("KUBECONFIG", kubeconfig);
    }
    let log = programs.join("demo-operator.log");
    let _operator = start(&mut command, &log)?;
    say(&format!("The operator runs; its log is {}.", log.display()));
    make_room(&kubernetes)?;
    let manifest = include_str!("../demo/manifest.yaml").replace("ENDPOINT", &address);
    kubernetes.apply(&manifest)?;
    say("Applied: a cluster, a storage, one strategy for all tenants, and one backup by hand.");
    watch(&kubernetes).await?;
    show(&kubernetes)?;
    if arguments.exit {
        return Ok(());
    }
    say("\nEverything stays up until Ctrl-C. In another shell:");
    if let Some(kubeconfig) = kubernetes.kubeconfig() {
        say(&format!(
            "  export KUBECONFIG={}",
            kubeconfig.canonicalize()?.display()
        ));
    }
    say(&format!(
        "  kubectl --namespace {NAMESPACE} get backuptasks --watch"
    ));
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Deletes the objects of an earlier demo in the current cluster, whose database is gone. Without
/// the demo's label, a namespace of the same name is left alone.
fn make_room(kubernetes: &Kubernetes) -> Result<()> {
    let namespaces = kubernetes.kubectl(&["get", "namespaces", "--output", "json"], None)?;
    let namespaces: Value = serde_json::from_str(&namespaces)?;
    let mut namespaces = namespaces["items"].as_array().into_iter().flatten();
    let Some(there) = namespaces.find(|one| one["metadata"]["name"] == NAMESPACE) else {
        return Ok(());
    };
    ensure!(
        there["metadata"]["labels"][LABEL] == "demo",
        "there is a namespace '{NAMESPACE}' which no demo has made: delete it, or use another cluster"
    );
    kubernetes
        .kubectl(&["delete", "namespace", NAMESPACE], None)
        .map(drop)
}

/// Waits until log backup runs, a full and an incremental backup are complete, and a tenant is
/// recovered to a point between them.
async fn watch(kubernetes: &Kubernetes) -> Result<()> {
    let began = Instant::now();
    let mut told = Vec::new();
    loop {
        let tasks = kubernetes.list(NAMESPACE, "backuptasks")?;
        let logs = kubernetes.list(NAMESPACE, "logbackups")?;
        let completed = |kind: &str| {
            tasks.iter().any(|task| {
                let status = &task["status"];
                status["phase"] == "Completed" && status["type"] == kind
            })
        };
        let refused = tasks.iter().any(|task| task["status"]["phase"] == "Failed");
        let archives = !logs.is_empty()
            && logs
                .iter()
                .any(|log| log["status"]["phase"] == "InProgress");
        let recoveries = kubernetes.list(NAMESPACE, "recoverytasks")?;
        let recovered = recoveries
            .iter()
            .any(|task| task["status"]["phase"] == "Completed");
        if recoveries.is_empty()
            && completed("Incremental")
            && let Some(instant) = logs.iter().find_map(newest_instant)
        {
            let manifest = include_str!("../demo/recovery.yaml").replace("INSTANT", instant);
            kubernetes.apply(&manifest)?;
            say(&format!(
                "Applied: a recovery of tenant orders as it was at {instant}."
            ));
        }
        let steps = [
            (archives, "log backup runs"),
            (completed("Full"), "a full backup is complete"),
            (
                completed("Incremental"),
                "an incremental backup is complete",
            ),
            (
                refused,
                "a backup to a destination of another tool was refused",
            ),
            (recovered, "the tenant is recovered, as a new one"),
        ];
        for (reached, step) in steps {
            if reached && !told.contains(&step) {
                told.push(step);
                say(&format!("  {:>4} s  {step}", began.elapsed().as_secs()));
            }
        }
        if steps.iter().all(|(reached, _)| *reached) {
            return Ok(());
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "backups and recovery did not come to an end; tasks: {}, {}",
            Value::from(tasks),
            Value::from(recoveries)
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns the newest instant to which tenant orders can be recovered, as its log backup shows it.
fn newest_instant(log_backup: &Value) -> Option<&str> {
    let windows = log_backup["status"]["recoveryWindows"].as_array()?;
    let is_its = log_backup["spec"]["tenantName"] == "orders";
    windows.last().filter(|_| is_its)?["end"].as_str()
}

fn show(kubernetes: &Kubernetes) -> Result<()> {
    for kind in KINDS {
        say(&format!("\n$ kubectl --namespace {NAMESPACE} get {kind}"));
        say(kubernetes
            .kubectl(&["get", kind, "--namespace", NAMESPACE], None)?
            .trim_end());
    }
    say(&format!(
        "\n$ kubectl --namespace {NAMESPACE} describe backuptask ledger-by-hand"
    ));
    let describe = [
        "describe",
        "backuptask",
        "ledger-by-hand",
        "--namespace",
        NAMESPACE,
    ];
    say(kubernetes.kubectl(&describe, None)?.trim_end());
    Ok(())
}
