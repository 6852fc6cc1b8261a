//! `cargo xtask bench`: resource costs and speed of the operator against the simulator.

mod gauge;
mod world;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use oceanbase_sim::Simulator;
use oceanbase_sim::fault::{Fault, NodeState};
use oceanbase_sim::log::Entry;
use oceanbase_sim::statement::Kind;

use crate::kubernetes::Kubernetes;
use crate::process::build;
use crate::say;
use gauge::Operator;

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Numbers of tenants of the cluster, one measurement for each number; none without a number.
    #[arg(long, value_delimiter = ',', num_args = 0.., default_value = "1,100,1000")]
    tenants: Vec<usize>,
    /// Target to build the operator for, such as `x86_64-unknown-linux-musl`, the target of the
    /// image (see deploy/Containerfile). The default is the target of this machine.
    #[arg(long)]
    target: Option<String>,
    /// Seconds for which the idle operator is measured. Checkpoints are written at most every five
    /// minutes, so less time says little about writes.
    #[arg(long, default_value_t = 330)]
    idle_seconds: u64,
    /// Number of backups that run one after the other to measure latencies.
    #[arg(long, default_value_t = 10)]
    backups: usize,
    /// Number of unreferenced Secrets of 128 KiB that are added to the last measurement. The memory
    /// is then measured again.
    #[arg(long, default_value_t = 600)]
    foreign_secrets: usize,
    /// Number of strategies, one for each tenant, that send their first backup at once.
    #[arg(long, default_value_t = 1000)]
    first_runs: usize,
}

/// Limit on simultaneous backups when backups start one after the other.
const AT_ONCE: usize = 64;

/// The busy polling continues for a minute after the last statement.
const CALM_AFTER: Duration = Duration::from_secs(75);

struct Stage {
    kubernetes: Kubernetes,
    programs: PathBuf,
}

struct Bench<'a> {
    kubernetes: &'a Kubernetes,
    namespace: String,
    simulator: Simulator,
    operator: Operator,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    say("Building a release of the operator ...");
    let programs = build(
        &["oceanbase-backup-operator"],
        true,
        arguments.target.as_deref(),
    )
    .await?;
    let kubernetes = Kubernetes::embedded().await?;
    kubernetes.install_definitions()?;
    let stage = Stage {
        kubernetes,
        programs,
    };
    let last = arguments.tenants.last().copied();
    for tenants in arguments.tenants.iter().copied() {
        say(&format!("\n{tenants} tenants"));
        let bench = stage.set(tenants).await?;
        bench
            .measure_idle(Duration::from_secs(arguments.idle_seconds))
            .await?;
        let backups = arguments.backups.min(tenants);
        bench.measure_backups("", backups).await?;
        if Some(tenants) == last {
            bench.measure_beside_a_silent_cluster(backups).await?;
            bench
                .measure_foreign_secrets(arguments.foreign_secrets)
                .await?;
        }
        bench.end().await?;
    }
    if arguments.first_runs > 0 {
        stage.measure_first_runs(arguments.first_runs).await?;
    }
    Ok(())
}

impl Stage {
    fn start(&self, namespace: &str) -> Result<Operator> {
        let kubeconfig = self.kubernetes.kubeconfig().context("no kubeconfig")?;
        Operator::start(&self.programs, kubeconfig, namespace)
    }

    /// Creates a cluster of this many tenants and waits until log backup runs and the operator is
    /// idle.
    async fn set(&self, tenants: usize) -> Result<Bench<'_>> {
        let namespace = format!("bench-{tenants}");
        let (simulator, endpoint) = world::simulate(tenants).await?;
        self.kubernetes.apply(&format!(
            "{}---{}---{}",
            world::namespace(&namespace),
            world::cluster(&namespace, "prod", &endpoint, AT_ONCE),
            world::strategy(&namespace, "all", "prod"),
        ))?;
        let operator = self.start(&namespace)?;
        let bench = Bench {
            kubernetes: &self.kubernetes,
            namespace,
            simulator,
            operator,
        };
        let began = Instant::now();
        bench.wait_until_all_archive(tenants).await?;
        say(&format!(
            "log backup of all runs after  {:>6.1} s",
            seconds(began.elapsed())
        ));
        tokio::time::sleep(CALM_AFTER).await;
        Ok(bench)
    }

    /// Measures how long it takes until each of these strategies has sent its first BACKUP.
    async fn measure_first_runs(&self, strategies: usize) -> Result<()> {
        say(&format!("\n{strategies} strategies at once"));
        let namespace = "bench-first";
        let (simulator, endpoint) = world::simulate(strategies).await?;
        self.kubernetes.apply(&format!(
            "{}---{}{}",
            world::namespace(namespace),
            world::cluster(namespace, "prod", &endpoint, strategies),
            world::first_runs(namespace, "prod", strategies),
        ))?;
        let began = Instant::now();
        let operator = self.start(namespace)?;
        let sent = || simulator.log(|log| log.of_kind(Kind::Backup).count());
        let mut made = None;
        while sent() < strategies {
            ensure!(
                began.elapsed() < Duration::from_mins(10),
                "{} of {strategies} backups were sent",
                sent()
            );
            if made.is_none() && self.kubernetes.count(namespace, "backuptasks")? >= strategies {
                made = Some(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        say(&format!(
            "all tasks are made after      {:>6.1} s",
            made.map_or(f64::NAN, seconds)
        ));
        say(&format!(
            "all BACKUPs are sent after    {:>6.1} s",
            seconds(began.elapsed())
        ));
        operator.stop().await
    }
}

impl Bench<'_> {
    async fn end(self) -> Result<()> {
        self.operator.stop().await
    }

    async fn wait_until_all_archive(&self, tenants: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let logs = self.kubernetes.list(&self.namespace, "logbackups")?;
            let running = logs
                .iter()
                .filter(|log| log["status"]["phase"] == "InProgress")
                .count();
            if running == tenants {
                return Ok(());
            }
            ensure!(
                began.elapsed() < Duration::from_mins(15),
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
        let before = self.operator.costs(&self.simulator)?;
        tokio::time::sleep(duration).await;
        let after = self.operator.costs(&self.simulator)?;
        let per_second = |count: u64| count_as_f64(count) / seconds(duration);
        self.show_memory("resident memory")?;
        say(&format!(
            "task objects beside it        {:>6}",
            self.kubernetes.count(&self.namespace, "backuptasks")?
        ));
        let statements = per_second(after.statements - before.statements);
        say(&format!(
            "statements                    {statements:>6.2} /s"
        ));
        say(&format!(
            "connections                   {:>6}",
            self.simulator.connections().current
        ));
        for (writer, count) in &after.writes {
            let count = count - before.writes.get(writer).copied().unwrap_or_default();
            let per_minute = per_second(count) * 60.0;
            say(&format!(
                "API writes                    {per_minute:>6.1} /min {writer}"
            ));
        }
        let load = seconds(after.cpu.saturating_sub(before.cpu)) / seconds(duration) * 100.0;
        say(&format!(
            "CPU                           {load:>6.2} % of a core"
        ));
        Ok(())
    }

    fn show_memory(&self, what: &str) -> Result<()> {
        let [resident, own] = ["VmRSS:", "RssAnon:"].map(|field| self.operator.mebibytes(field));
        say(&format!(
            "{what:<30}{:>6.1} MiB ({:.1} MiB its own)",
            resident?, own?
        ));
        Ok(())
    }

    /// Measures what a second cluster that accepts connections and never answers costs the first.
    async fn measure_beside_a_silent_cluster(&self, backups: usize) -> Result<()> {
        let (silent, endpoint) = world::simulate(backups).await?;
        self.kubernetes.apply(&format!(
            "{}---{}",
            world::cluster(&self.namespace, "silent", &endpoint, AT_ONCE),
            world::strategy(&self.namespace, "silent", "silent"),
        ))?;
        tokio::time::sleep(Duration::from_secs(10)).await;
        silent.inject(Fault::Node {
            is: NodeState::Silent,
        })?;
        tokio::time::sleep(Duration::from_secs(30)).await;
        self.measure_backups(", silent", backups).await
    }

    /// Measures the cost of unreferenced Secrets.
    async fn measure_foreign_secrets(&self, count: usize) -> Result<()> {
        // Earlier measurements used memory; only the increase by the Secrets counts.
        self.show_memory("before foreign Secrets")?;
        for first in (0..count).step_by(50) {
            let numbers = first..count.min(first + 50);
            let manifest = world::foreign_secrets(&self.namespace, numbers);
            // Created, not applied: the whole Secret would not fit into its annotation.
            let create = ["create", "--filename", "-"];
            self.kubernetes.kubectl(&create, Some(&manifest))?;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        self.show_memory(&format!("with {count} foreign Secrets"))
    }

    async fn measure_backups(&self, with: &str, count: usize) -> Result<()> {
        let (mut accepted, mut ended) = (Vec::new(), Vec::new());
        for number in 0..count {
            let (to_accept, to_end) = self.measure_backup(with, number).await?;
            accepted.push(to_accept);
            ended.push(to_end);
        }
        say(&format!(
            "{:<30}{}",
            format!("create to BACKUP accepted{with}"),
            spread(&mut accepted)
        ));
        say(&format!(
            "{:<30}{}",
            format!("job end to last phase{with}"),
            spread(&mut ended)
        ));
        Ok(())
    }

    /// Returns seconds from the object's creation to BACKUP, and from the job's end to the phase.
    async fn measure_backup(&self, with: &str, number: usize) -> Result<(f64, f64)> {
        let with = with.trim_start_matches([',', ' ']);
        let name = format!("backup{with}-{number}");
        let tenant = format!("tenant{number}");
        let manifest = world::task(&self.namespace, &name, &tenant);
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
                    &self.namespace,
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
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn count_as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Returns the smallest, middle and largest value.
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
