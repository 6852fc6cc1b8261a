//! `cargo xtask bench`: what the operator costs and how fast it is, against the simulator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::log::Entry;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::server::Server;
use oceanbase_sim::statement::Kind;
use tokio::process::{Child, Command};

use crate::kubernetes::Kubernetes;
use crate::process::{build, start};
use crate::say;

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Tenants of the one cluster.
    #[arg(long, default_value_t = 100)]
    tenants: usize,
    /// How long the idle operator is watched, in seconds; checkpoints are written every five
    /// minutes, so that less than that says little about writes.
    #[arg(long, default_value_t = 330)]
    idle_seconds: u64,
    /// How many backups are started one after the other to measure latencies.
    #[arg(long, default_value_t = 10)]
    backups: usize,
}

const NAMESPACE: &str = "bench";

/// What the operator has cost so far.
struct Costs {
    statements: u64,
    /// Writes to the API, by the labels of their metric.
    writes: BTreeMap<String, u64>,
    cpu: Duration,
}

struct Bench {
    kubernetes: Kubernetes,
    simulator: Simulator,
    operator: Child,
    metrics: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let tenants = arguments.tenants;
    say("Building a release of the operator ...");
    let programs = build(&["oceanbase-backup-operator"], true).await?;
    let kubernetes = Kubernetes::embedded()?;
    kubernetes.install_definitions()?;
    let (simulator, endpoint) = simulate(tenants).await?;
    kubernetes.apply(&manifest(&endpoint))?;
    let metrics = "127.0.0.1:18089".to_owned();
    let mut command = Command::new(programs.join("oceanbase-backup-operator"));
    command.args(["run", "--namespace", NAMESPACE, "--http-address", &metrics]);
    command.env(
        "KUBECONFIG",
        kubernetes.kubeconfig().context("no kubeconfig")?,
    );
    let operator = start(&mut command, &programs.join("bench-operator.log"))?;
    let bench = Bench {
        kubernetes,
        simulator,
        operator,
        metrics,
    };
    let began = Instant::now();
    bench.wait_until_all_archive(tenants).await?;
    say(&format!(
        "log backup of {tenants} tenants runs after {:.1} s",
        seconds(began.elapsed())
    ));
    // The busy pace goes on for a minute after the last statement.
    tokio::time::sleep(Duration::from_secs(75)).await;
    bench
        .measure_idle(Duration::from_secs(arguments.idle_seconds))
        .await?;
    bench.measure_backups(arguments.backups.min(tenants)).await
}

async fn simulate(tenants: usize) -> Result<(Simulator, String)> {
    let names = (0..tenants).map(|number| format!("tenant{number}"));
    let scenario = names.fold(Scenario::new("4.3.5.2"), |scenario, name| {
        scenario.tenant(&name)
    });
    let simulator = Simulator::new(&scenario.speed(300.0).sys_password("bench"), WallClock)?;
    simulator.log_mut(|log| log.keep(10_000));
    let address = "127.0.0.1:0".parse()?;
    let server = Server::bind(address, Arc::new(simulator.clone()), None).await?;
    let endpoint = server.local_addr()?.to_string();
    tokio::spawn(server.run());
    Ok((simulator, endpoint))
}

fn manifest(endpoint: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: sys, namespace: {NAMESPACE}}}
stringData: {{password: bench}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: OceanBaseCluster
metadata: {{name: prod, namespace: {NAMESPACE}}}
spec:
  endpoints: ['{endpoint}']
  credentialsSecretRef: {{name: sys}}
  tls: {{mode: Disabled}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: nfs, namespace: {NAMESPACE}}}
spec: {{type: NFS, nfs: {{path: /ob-backup}}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: all, namespace: {NAMESPACE}}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  schedule: {{cron: {{full: '0 0 1 1 *'}}}}
"
    )
}

impl Bench {
    async fn wait_until_all_archive(&self, tenants: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let logs = self.kubernetes.list(NAMESPACE, "logbackups")?;
            let running = logs
                .iter()
                .filter(|log| log["status"]["phase"] == "InProgress")
                .count();
            if running == tenants {
                return Ok(());
            }
            ensure!(
                began.elapsed() < Duration::from_mins(5),
                "{running} of {tenants} run"
            );
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn measure_idle(&self, duration: Duration) -> Result<()> {
        say(&format!(
            "watching the idle operator for {} s ...",
            duration.as_secs()
        ));
        let before = self.costs()?;
        tokio::time::sleep(duration).await;
        let after = self.costs()?;
        let per_second = |count: u64| count_as_f64(count) / seconds(duration);
        let [resident, own] = ["VmRSS:", "RssAnon:"].map(|field| self.mebibytes(field));
        say(&format!(
            "resident memory        {:>8.1} MiB ({:.1} MiB its own)",
            resident?, own?
        ));
        let statements = per_second(after.statements - before.statements);
        say(&format!("statements             {statements:>8.2} /s"));
        say(&format!(
            "connections            {:>8}",
            self.simulator.connections().current
        ));
        for (writer, count) in &after.writes {
            let count = count - before.writes.get(writer).copied().unwrap_or_default();
            let per_minute = per_second(count) * 60.0;
            say(&format!(
                "API writes             {per_minute:>8.1} /min {writer}"
            ));
        }
        let load = seconds(after.cpu.saturating_sub(before.cpu)) / seconds(duration) * 100.0;
        say(&format!("CPU                    {load:>8.2} % of a core"));
        Ok(())
    }

    async fn measure_backups(&self, count: usize) -> Result<()> {
        let (mut accepted, mut ended) = (Vec::new(), Vec::new());
        for number in 0..count {
            let (to_accept, to_end) = self.measure_backup(number).await?;
            accepted.push(to_accept);
            ended.push(to_end);
        }
        say(&format!(
            "create to BACKUP accepted     {}",
            spread(&mut accepted)
        ));
        say(&format!(
            "job end to terminal phase     {}",
            spread(&mut ended)
        ));
        Ok(())
    }

    /// Seconds from the object's creation to BACKUP, and from the job's end to the phase.
    async fn measure_backup(&self, number: usize) -> Result<(f64, f64)> {
        let name = format!("backup-{number}");
        let tenant = format!("tenant{number}");
        let manifest = format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec: {{strategyRef: {{name: all}}, tenantName: {tenant}, type: Full}}
"
        );
        let created_at = Timestamp::now();
        self.kubernetes.apply(&manifest)?;
        let backup = |entry: &&Entry| entry.kind == Kind::Backup && entry.concerns(&tenant);
        let began = Instant::now();
        loop {
            let task = self.kubernetes.kubectl(
                &[
                    "get",
                    "backuptask",
                    &name,
                    "--namespace",
                    NAMESPACE,
                    "--output",
                    "json",
                ],
                None,
            )?;
            let seen_at = Timestamp::now();
            let task: serde_json::Value = serde_json::from_str(&task)?;
            if task["status"]["phase"] == "Completed" {
                let sent = self
                    .simulator
                    .log(|log| {
                        log.entries()
                            .filter(backup)
                            .map(|entry| entry.at.0)
                            .next_back()
                    })
                    .context("BACKUP is not in the statement log")?;
                let ended = self.job_end(&tenant).context("the job has no end")?;
                let at = |scn: u64| Timestamp::from_nanosecond(i128::from(scn));
                let to_accept = created_at.duration_until(at(sent)?).as_secs_f64();
                return Ok((to_accept, at(ended)?.duration_until(seen_at).as_secs_f64()));
            }
            ensure!(
                began.elapsed() < Duration::from_mins(1),
                "{name} does not end"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn job_end(&self, tenant: &str) -> Option<u64> {
        self.simulator.world(|world| {
            let tenant = world.tenant(tenant)?;
            let ended = tenant.backups.history.iter().filter_map(|job| job.ended_at);
            ended.map(|scn| scn.0).max()
        })
    }

    fn costs(&self) -> Result<Costs> {
        let text = self.scrape()?;
        let writes = text.lines().filter_map(|line| {
            let (writer, count) = line
                .strip_prefix("obbackup_api_writes_total")?
                .rsplit_once(' ')?;
            Some((writer.to_owned(), count.parse().ok()?))
        });
        Ok(Costs {
            statements: self.simulator.log(oceanbase_sim::log::StatementLog::total),
            writes: writes.collect(),
            cpu: self.cpu()?,
        })
    }

    fn scrape(&self) -> Result<String> {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&self.metrics)?;
        write!(stream, "GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    fn proc_file(&self, name: &str) -> Result<String> {
        let id = self.operator.id().context("the operator has ended")?;
        Ok(std::fs::read_to_string(format!("/proc/{id}/{name}"))?)
    }

    fn mebibytes(&self, field: &str) -> Result<f64> {
        let status = self.proc_file("status")?;
        let line = status
            .lines()
            .find(|line| line.starts_with(field))
            .context("no such field")?;
        let kib: f64 = line
            .split_whitespace()
            .nth(1)
            .context("no value")?
            .parse()?;
        Ok(kib / 1024.0)
    }

    fn cpu(&self) -> Result<Duration> {
        /// Clock ticks a second, the same on every Linux that matters (`sysconf(_SC_CLK_TCK)`).
        const TICKS: u64 = 100;
        let stat = self.proc_file("stat")?;
        let (_, fields) = stat.rsplit_once(") ").context("no fields")?;
        let fields: Vec<_> = fields.split(' ').collect();
        let tick = |at: usize| -> Result<u64> { Ok(fields.get(at).context("no field")?.parse()?) };
        Ok(Duration::from_millis(
            (tick(11)? + tick(12)?) * 1000 / TICKS,
        ))
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn count_as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Smallest, middle and largest value.
fn spread(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or_default();
    let last = values.len().saturating_sub(1);
    format!(
        "{:>6.2} s  (min {:.2}, max {:.2})",
        at(last / 2),
        at(0),
        at(last)
    )
}
