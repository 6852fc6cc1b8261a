//! Entry point of the operator.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use kube::Config;
use oceanbase_backup_operator::cli::{Cli, Command, Run};
use oceanbase_backup_operator::clock::Clock;
use oceanbase_backup_operator::controller::api_client;
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use oceanbase_backup_operator::{api, operator, shutdown, telemetry};
use tokio_util::sync::CancellationToken;

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(run) => {
            // With two threads, a slow reconcile pass does not delay the probes. Each further
            // thread costs memory.
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            let ended = runtime.block_on(start(run));
            // Shut down immediately: a process that lost the lease must not wait for a pending host
            // name lookup.
            runtime.shutdown_background();
            ended
        }
        Command::Crds => {
            let mut out = std::io::stdout().lock();
            for (_, text) in api::crd_files()? {
                writeln!(out, "---\n{text}")?;
            }
            Ok(())
        }
    }
}

async fn start(run: Run) -> Result<()> {
    // Both clients use the same provider. Without this line, each could choose another one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    telemetry::logging::start(run.log_format, &run.log_filter)?;
    let config = Config::infer()
        .await
        .context("no Kubernetes cluster is configured")?;
    let settings = run.settings(&config)?;
    let stop = CancellationToken::new();
    let running = operator::run(
        api_client::client(config)?,
        Arc::new(MySql),
        Clock::system(),
        settings,
        stop.clone(),
    );
    let ended = shutdown::when_asked(stop, Box::pin(running)).await?;
    Ok(ended.inspect_err(|error| tracing::error!(%error, "ended"))?)
}
