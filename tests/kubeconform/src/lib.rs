//! kubeconform of one version, for the tests of manifests, with the schemas of an API server.
//!
//! It comes out of the Go module beside this crate, built on first use into `target/kubeconform`. Where
//! `KUBECONFORM_BIN` names one, that is used: of version 0.8 or later.

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

/// A kubeconform that refuses unknown and double fields, asks no network for a schema but the ones that
/// [`write`] has put into this directory, and prints what it found as JSON. Building it takes half a
/// minute, once.
pub fn strict(schemas: &Path) -> Result<Command, Error> {
    #[allow(
        clippy::disallowed_methods,
        reason = "whoever runs the tests says by it that kubeconform is there"
    )]
    let there = env::var_os("KUBECONFORM_BIN").map(PathBuf::from);
    let mut command = Command::new(there.map_or_else(|| PROGRAM.binary(), Ok)?);
    command
        .args(["-strict", "-summary", "-output=json", "-schema-location"])
        .arg(schemas.join(schemas::NAMES));
    Ok(command)
}
