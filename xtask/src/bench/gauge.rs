//! Measurements of the operator's process and of its metrics.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use oceanbase_sim::Simulator;
use oceanbase_sim::log::StatementLog;
use tokio::process::{Child, Command};

use crate::process::start;

/// Costs of an operator so far.
pub(super) struct Costs {
    pub(super) statements: u64,
    /// Writes to the API, by the labels of their metric.
    pub(super) writes: BTreeMap<String, u64>,
    pub(super) cpu: Duration,
}

/// A running operator.
pub(super) struct Operator {
    process: Child,
    /// The address of its metrics.
    metrics: String,
}

impl Operator {
    /// Starts the release build in this directory, for the objects of one namespace.
    pub(super) fn start(programs: &Path, kubeconfig: &Path, namespace: &str) -> Result<Self> {
        // Free now, and no other part of this command takes a port in between.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let metrics = port.to_string();
        let mut command = Command::new(programs.join("oceanbase-backup-operator"));
        command
            .args([
                "run",
                "--watch-namespaces",
                namespace,
                "--http-address",
                &metrics,
            ])
            .env("KUBECONFIG", kubeconfig);
        let log = programs.join(format!("{namespace}-operator.log"));
        Ok(Self {
            process: start(&mut command, &log)?,
            metrics,
        })
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    pub(super) fn costs(&self, simulator: &Simulator) -> Result<Costs> {
        let text = self.scrape()?;
        let writes = text.lines().filter_map(|line| {
            let (writer, count) = line
                .strip_prefix("obbackup_kubernetes_api_writes_total")?
                .rsplit_once(' ')?;
            Some((writer.to_owned(), count.parse().ok()?))
        });
        Ok(Costs {
            statements: simulator.log(StatementLog::total),
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
        let id = self.process.id().context("the operator has ended")?;
        Ok(std::fs::read_to_string(format!("/proc/{id}/{name}"))?)
    }

    /// Returns a field of /proc/<id>/status.
    pub(super) fn mebibytes(&self, field: &str) -> Result<f64> {
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
        /// Clock ticks a second, the same on every relevant Linux (`sysconf(_SC_CLK_TCK)`).
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
