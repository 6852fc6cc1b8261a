//! Flux's kustomize-controller of one version, and sources for it, for the tests of GitOps.
//!
//! It is built from the Go module beside this crate on first use into
//! `target/kustomize-controller`, which takes minutes. `KUSTOMIZE_CONTROLLER_BIN` overrides it. A
//! source is an `ExternalArtifact`: a tar file that is served here, because there is no Git server.

mod source;

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use control_plane::go::Program;

pub use source::{Artifact, Sources};

const PROGRAM: Program = Program {
    name: "kustomize-controller",
    source_dir: env!("CARGO_MANIFEST_DIR"),
    package: "github.com/fluxcd/kustomize-controller",
    tags: "",
    linker_flags: "-s -w",
    without_go: "KUSTOMIZE_CONTROLLER_BIN can name a kustomize-controller that is there",
};

/// Returns the definitions of Kustomization and ExternalArtifact, as in Flux 1.9.5, and of the
/// other watched kinds.
#[must_use]
pub fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crds")
}

/// A running kustomize-controller that watches one namespace. Dropping it kills it.
pub struct KustomizeController {
    child: Child,
    log: PathBuf,
}

impl KustomizeController {
    /// Starts a controller as the administrator of this kubeconfig. Its files go to this directory.
    ///
    /// # Errors
    /// It cannot be built or started.
    pub fn start(kubeconfig: &Path, namespace: &str, directory: &Path) -> io::Result<Self> {
        #[allow(
            clippy::disallowed_methods,
            reason = "the command that runs the tests sets it to say that the program is there"
        )]
        let named = env::var_os("KUSTOMIZE_CONTROLLER_BIN");
        let program = named.map_or_else(
            || PROGRAM.binary().map_err(io::Error::other),
            |path| Ok(path.into()),
        )?;
        let home = directory.join(format!("flux-{namespace}"));
        std::fs::create_dir_all(&home)?;
        let log = home.join("log");
        let child = Command::new(program)
            .args([
                "--feature-gates=ExternalArtifact=true",
                "--watch-all-namespaces=false",
                "--enable-leader-election=false",
                "--metrics-addr=0",
                "--health-addr=127.0.0.1:0",
                // Interval of checks of a dependency that is not ready; the default is half a
                // minute.
                "--requeue-dependency=1s",
                "--log-encoding=json",
            ])
            .env("KUBECONFIG", kubeconfig)
            .env("RUNTIME_NAMESPACE", namespace)
            .env("TMPDIR", &home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        Ok(Self { child, log })
    }

    /// Returns its log so far, line by line, as JSON.
    #[must_use]
    pub fn log(&self) -> Vec<serde_json::Value> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines = log.lines();
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

impl Drop for KustomizeController {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
