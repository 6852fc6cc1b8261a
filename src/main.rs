//! The operator's program.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use kube::client::ClientBuilder;
use oceanbase_backup_operator::cli::{Cli, Command, Run};
use oceanbase_backup_operator::clock::Clock;
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use oceanbase_backup_operator::{api, operator, telemetry};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tower::limit::ConcurrencyLimitLayer;

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(run) => {
            // Two threads: one slow pass does not hold up probes, and each more costs memory.
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?
                .block_on(start(run))
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

/// The client of the current cluster. A start looks at every object at once; without a limit each
/// of them would open a connection of its own, and their memory would stay.
async fn client() -> Result<kube::Client> {
    const REQUESTS_AT_ONCE: usize = 8;
    let config = kube::Config::infer()
        .await
        .context("no Kubernetes cluster is configured")?;
    let limit = ConcurrencyLimitLayer::new(REQUESTS_AT_ONCE);
    Ok(ClientBuilder::try_from(config)?.with_layer(&limit).build())
}

async fn start(run: Run) -> Result<()> {
    // Both clients use the same provider; without this each could look for its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    telemetry::log::start(run.log_format, &run.log_filter)?;
    let client = client().await?;
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let running = operator::run(
        client,
        Arc::new(MySql),
        Clock::system(),
        run.settings(),
        stop.clone(),
    );
    let asked = async {
        tokio::select! { one = terminate.recv() => one, one = interrupt.recv() => one }
    };
    tokio::pin!(running);
    tokio::select! {
        ended = &mut running => ended.map_err(Into::into),
        Some(()) = asked => {
            tracing::info!("stopping");
            stop.cancel();
            running.await.map_err(Into::into)
        }
    }
}
