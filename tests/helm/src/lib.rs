//! Helm of one version, for the tests of the chart.
//!
//! It comes out of the Go module beside this crate, built on first use into `target/helm`. Where
//! `HELM_BIN` names a Helm, that one is used: of version 3.18 or later.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use control_plane::ControlPlane;
use control_plane::go::Program;

pub use control_plane::Error;

const PROGRAM: Program = Program {
    name: "helm",
    source_dir: env!("CARGO_MANIFEST_DIR"),
    package: "helm.sh/helm/v3/cmd/helm",
    tags: "",
    // Unstamped, `helm template` and `helm lint` take Kubernetes 1.20 for what they render for, and
    // refuse a chart that asks for more.
    linker_flags: "-s -w \
        -X helm.sh/helm/v3/internal/version.version=v3.22.0 \
        -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
        -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34 \
        -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 \
        -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
    without_go: "HELM_BIN can name a Helm that is there",
};

/// The path of Helm, after building it if that was not done before: a minute and a half.
pub fn binary() -> Result<PathBuf, Error> {
    #[allow(
        clippy::disallowed_methods,
        reason = "whoever runs the tests says by it that Helm is there"
    )]
    let there = env::var_os("HELM_BIN");
    there.map_or_else(|| PROGRAM.binary(), |program| Ok(program.into()))
}

/// A Helm for what needs no cluster, such as `lint` and `template`. It reads and writes nothing in
/// the caller's home directory, but in this one.
pub fn offline(scratch: &Path) -> Result<Command, Error> {
    let mut command = Command::new(binary()?);
    let home = scratch.join("helm");
    // A name that no server has: what asks one is to fail, not to reach the caller's cluster.
    command
        .env("KUBECONFIG", home.join("no-cluster"))
        .env("HOME", scratch)
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_DATA_HOME", home.join("data"));
    Ok(command)
}

/// A Helm that talks to a control plane as its administrator.
pub fn helm(plane: &ControlPlane) -> Result<Command, Error> {
    let mut command = offline(plane.directory())?;
    command.env("KUBECONFIG", plane.kubeconfig());
    Ok(command)
}
