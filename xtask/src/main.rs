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
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Allocates faster than the C library: thousands of simulated days are mostly small strings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check on a database of your choice what the operator assumes about it. Run it with a scratch
    /// tenant before production.
    Conformance(conformance::Arguments),
    /// Show the main job: a strategy starts log backup, a full and an incremental backup.
    Demo(demo::Arguments),
    /// Write the generated files: the custom resource definitions to crds/, their manifests to
    /// deploy/, Argo CD's settings, and the chart's copies and table of values.
    Crds,
    /// Build the operator's image without a container engine, and its bill of materials.
    Image(image::Arguments),
    /// Write the field reference of all kinds to docs/reference/.
    Reference,
    /// Write the pages and rules that are generated from the code: metrics, database errors,
    /// alerts.
    Docs,
    /// Measure memory, statements, connections, API writes and latencies against the simulator.
    Bench(bench::Arguments),
    /// Run the whole operator under a paused clock, with faults at exact points.
    Simulate(simulate::Arguments),
    /// Run all tests, and print where their time goes.
    Test(test::Arguments),
}

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Demo(arguments) => ending::until_interrupted(demo::run(arguments)),
        Command::Bench(arguments) => ending::until_interrupted(bench::run(arguments)),
        Command::Image(arguments) => ending::until_interrupted(image::run(arguments)),
        // It undoes its changes before it ends.
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        // These start no other program, so the default signal handling is enough.
        Command::Crds => generated::write().map(|()| ExitCode::SUCCESS),
        Command::Reference => reference::write().map(|()| ExitCode::SUCCESS),
        Command::Docs => docs::write().map(|()| ExitCode::SUCCESS),
        Command::Simulate(arguments) => simulate::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}

/// Returns the root of the workspace.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Prints a line for the user of the command.
fn say(line: &str) {
    use std::io::Write;
    // A closed standard output is ignored.
    let _ = writeln!(std::io::stdout(), "{line}");
}
