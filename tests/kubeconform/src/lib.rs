//! kubeconform of one version, for the tests of manifests, with the schemas of an API server.
//!
//! It is built from the Go module beside this crate on first use into `target/kubeconform`.
//! `KUBECONFORM_BIN` overrides it with version 0.8 or later.

mod schemas;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use control_plane::go::Program;

pub use control_plane::Error;
pub use schemas::write;

const PROGRAM: Program = Program {
    name: "kubeconform",
    source_dir: env!("CARGO_MANIFEST_DIR"),
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    tags: "",
    linker_flags: "-s -w",
    without_go: "KUBECONFORM_BIN can name a kubeconform that is there",
};

/// Returns a kubeconform that rejects unknown and duplicate fields and prints JSON. It reads
/// schemas only from this directory, where [`write`] puts them, and not from the network. Building
/// it once takes half a minute.
pub fn strict(schemas: &Path) -> Result<Command, Error> {
    #[allow(
        clippy::disallowed_methods,
        reason = "the command that runs the tests sets it to say that kubeconform is there"
    )]
    let there = env::var_os("KUBECONFORM_BIN").map(PathBuf::from);
    let mut command = Command::new(there.map_or_else(|| PROGRAM.binary(), Ok)?);
    command
        .args(["-strict", "-summary", "-output=json", "-schema-location"])
        .arg(schemas.join(schemas::NAMES));
    Ok(command)
}
