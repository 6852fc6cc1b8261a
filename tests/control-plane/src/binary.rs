//! The Go program beside this crate.

use std::path::PathBuf;

use crate::error::Error;
use crate::go::Program;

/// The program.
pub(crate) const PROGRAM: Program = Program {
    name: "control-plane",
    source_dir: env!("CARGO_MANIFEST_DIR"),
    package: ".",
    tags: "",
    // Unstamped, the server calls itself `v0.0.0-master+$Format:%H$`: kubectl then prints a parse
    // error and Helm refuses every chart that states a `kubeVersion`.
    linker_flags: "-s -w \
        -X k8s.io/component-base/version.gitVersion=v1.34.4 \
        -X k8s.io/component-base/version.gitMajor=1 \
        -X k8s.io/component-base/version.gitMinor=34 \
        -X k8s.io/component-base/version.gitCommit=unknown \
        -X k8s.io/component-base/version.gitTreeState=clean",
    without_go: "KUBEBUILDER_ASSETS can replace etcd and kube-apiserver, but their supervisor and \
                 kubectl still come from that build",
};

/// Returns the path of the Go program, after building it if its source has changed since the last
/// build.
///
/// Callers in other threads and processes wait for a running build.
pub fn binary() -> Result<PathBuf, Error> {
    PROGRAM.binary()
}
