//! Log lines: text for people, JSON for machines.

use tracing_subscriber::EnvFilter;

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
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(filter)?);
    let started = match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log was started before: {error}"))
}
