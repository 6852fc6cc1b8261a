//! `oceanbase-sim`: a simulated OceanBase node on a port.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::log::Entry;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::server::Server;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Number of kept statements; without a limit a node that serves for weeks would run out of memory.
const KEPT_STATEMENTS: usize = 10_000;

/// A simulated OceanBase node: backup and log archive over the MySQL protocol.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free port. The address is the first line that is
    /// printed.
    #[arg(long, default_value = "127.0.0.1:2881")]
    listen: SocketAddr,
    /// The scenario, in YAML. The default is a small cluster with two weeks of history.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// How many times faster than the engine; overrides the scenario.
    #[arg(long)]
    speed: Option<f64>,
    /// Certificate chain for TLS, in PEM.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key for TLS, in PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Print every statement and how it ended, secrets masked.
    #[arg(long)]
    print_statements: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let simulator = simulator(&arguments)?;
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
        _ => None,
    };
    let server = Server::bind(arguments.listen, Arc::new(simulator.clone()), tls)
        .await
        .with_context(|| format!("listening on {}", arguments.listen))?;
    let address = server.local_addr()?;
    simulator.set_address(&address.ip().to_string(), address.port());
    writeln!(std::io::stdout(), "{address}")?;
    tokio::select! {
        () = server.run() => Ok(()),
        stop = stop_signal() => stop.context("waiting for a signal to stop"),
    }
}

/// Waits for Ctrl-C, or for SIGTERM of a container runtime: process 1 has no default handler.
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

fn simulator(arguments: &Arguments) -> anyhow::Result<Simulator> {
    let text = match &arguments.scenario {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?
        }
        None => include_str!("../scenarios/demo.yaml").to_owned(),
    };
    let mut scenario = Scenario::parse(&text)?;
    scenario.speed = arguments.speed.unwrap_or(scenario.speed);
    let simulator = Simulator::new(&scenario, WallClock)?;
    simulator.log_mut(|log| log.keep(KEPT_STATEMENTS));
    if arguments.print_statements {
        simulator.print_statements(print);
    }
    Ok(simulator)
}

fn print(entry: &Entry) {
    // A closed standard output does not stop the server.
    let _ = writeln!(std::io::stdout(), "{entry}");
}

fn tls(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("reading {}", certificate.display()))?;
    let key =
        PrivateKeyDer::from_pem_file(key).with_context(|| format!("reading {}", key.display()))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("using the certificate")?;
    Ok(Arc::new(config))
}
