//! The project's own commands: `cargo xtask --help`.

mod crds;

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
    /// Write the custom resource definitions of all kinds to crds/.
    Crds,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Crds => crds::write(),
    }
}

/// The root of the workspace.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
