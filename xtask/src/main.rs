//! The project's own commands: `cargo xtask --help`.

#![allow(
    clippy::disallowed_methods,
    reason = "commands look at the real clock and environment"
)]

mod bench;
mod conformance;
mod demo;
mod docs;
mod ending;
mod generated;
mod image;
mod kubernetes;
mod preview;
mod process;
mod reference;
mod simulate;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check on a database of your choice what the operator assumes about it: before production, with a
    /// scratch tenant.
    Conformance(conformance::Arguments),
    /// Show the main job: a strategy starts log backup, a full and an incremental backup.
    Demo(demo::Arguments),
    /// Write what is generated: the custom resource definitions of all kinds to crds/, the manifests that
    /// hold them to deploy/, Argo CD's settings, and the chart's copies and table of values.
    Crds,
    /// Make the operator's image without a container engine, and its bill of materials.
    Image(image::Arguments),
    /// Write the pages of fields of all kinds to docs/reference/.
    Reference,
    /// Write the pages and rules that are made of the code: metrics, errors of the database, alerts.
    Docs,
    /// Measure memory, statements, connections, API writes and latencies against the simulator.
    Bench(bench::Arguments),
    /// Run the whole operator under a paused clock, with faults at exact points.
    Simulate(simulate::Arguments),
}

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Demo(arguments) => ending::until_interrupted(demo::run(arguments)),
        Command::Bench(arguments) => ending::until_interrupted(bench::run(arguments)),
        Command::Image(arguments) => ending::until_interrupted(image::run(arguments)),
        // It undoes what it has done before it ends.
        Command::Conformance(arguments) => conformance::run(&arguments),
        // These start nothing: a signal ends them as it ends any program.
        Command::Crds => generated::write().map(|()| ExitCode::SUCCESS),
        Command::Reference => reference::write().map(|()| ExitCode::SUCCESS),
        Command::Docs => docs::write().map(|()| ExitCode::SUCCESS),
        Command::Simulate(arguments) => simulate::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}

/// The root of the workspace.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Prints a line for whoever runs the command.
fn say(line: &str) {
    use std::io::Write;
    // Nobody reads: nothing to be done about it.
    let _ = writeln!(std::io::stdout(), "{line}");
}
