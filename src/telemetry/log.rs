//! Log lines: text for people, JSON for machines.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    #[default]
    Json,
}

/// Starts logging to standard output. `filter` is a level, or directives such as
/// `info,kube=debug`.
///
/// # Errors
/// Directives that can not be understood, or a log that was started before.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    let registry = registry().with(filter.parse::<Targets>()?);
    let started = match format {
        Format::Text => registry.with(fmt::layer()).try_init(),
        Format::Json => registry
            .with(fmt::layer().json().flatten_event(true))
            .try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log was started before: {error}"))
}
