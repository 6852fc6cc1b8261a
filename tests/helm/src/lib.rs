//! Helm of one version, for the tests of the chart.
//!
//! It is built from the Go module beside this crate on first use into `target/helm`. `HELM_BIN`
//! overrides it with a Helm of version 3.18 or later.

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
    // Without a version, `helm template` and `helm lint` assume Kubernetes 1.20, and reject a chart
    // that requires more.
    linker_flags: "-s -w \
        -X helm.sh/helm/v3/internal/version.version=v3.22.0 \
        -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
        -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34 \
        -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 \
        -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
    without_go: "HELM_BIN can name a Helm that is there",
};

/// Returns the path of Helm, after building it if needed, which takes a minute and a half.
pub fn binary() -> Result<PathBuf, Error> {
    #[allow(
        clippy::disallowed_methods,
        reason = "the command that runs the tests sets it to say that Helm is there"
    )]
    let there = env::var_os("HELM_BIN");
    there.map_or_else(|| PROGRAM.binary(), |program| Ok(program.into()))
}

/// Returns a Helm for commands without a cluster, such as `lint` and `template`. It uses this
/// directory instead of the caller's home directory.
pub fn offline(scratch: &Path) -> Result<Command, Error> {
    let mut command = Command::new(binary()?);
    let home = scratch.join("helm");
    // A server that does not exist: a request must fail and not reach the caller's cluster.
    command
        .env("KUBECONFIG", home.join("no-cluster"))
        .env("HOME", scratch)
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_DATA_HOME", home.join("data"));
    Ok(command)
}

/// Returns a Helm for a control plane with the administrator's rights.
pub fn helm(plane: &ControlPlane) -> Result<Command, Error> {
    let mut command = offline(plane.directory())?;
    command.env("KUBECONFIG", plane.kubeconfig());
    Ok(command)
}
