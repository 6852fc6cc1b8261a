//! Flags and environment become settings; nobody else reads either.

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::operator::Settings;
use crate::telemetry::log::Format;

/// Backup and recovery of OceanBase as Kubernetes objects.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator against the current cluster (in a Pod: its own).
    Run(Run),
    /// Print the custom resource definitions as YAML.
    Crds,
}

/// Flags of `run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The only namespace whose objects are looked at; all of them when left out.
    #[arg(long, env = "WATCH_NAMESPACE")]
    pub namespace: Option<String>,
    /// Where /metrics, /healthz and /readyz are served.
    #[arg(long, env = "HTTP_ADDRESS", default_value = "0.0.0.0:8080")]
    pub http_address: SocketAddr,
    /// Send a Secret only to hosts that its annotation `backup.oceanbase.io/endpoints` lists.
    #[arg(long, env = "REQUIRE_SECRET_BINDING")]
    pub require_secret_binding: bool,
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: Format,
    /// Which log lines are written: a level, or directives such as `info,kube_runtime=debug`.
    /// Other crates' lines are left out wherever they could quote a Secret, whatever stands here.
    #[arg(long, env = "LOG_FILTER", default_value = "info,kube_runtime=warn")]
    pub log_filter: String,
}

impl Run {
    /// The settings that the flags make.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            namespace: self.namespace.clone(),
            http_address: Some(self.http_address),
            require_secret_binding: self.require_secret_binding,
            ..Settings::default()
        }
    }
}
