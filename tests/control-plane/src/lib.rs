//! A real Kubernetes control plane (etcd, kube-apiserver, kube-controller-manager) and the kubectl
//! of the same version, for tests and the demo.
//!
//! The Go program beside this crate contains the servers; [`binary`] builds it on first use. If
//! `KUBEBUILDER_ASSETS` names a directory of envtest binaries, those are used. The servers end with
//! the process that started them, in every case. Its end of a pipe closes, and the supervisor at
//! the other end kills them. A [`ControlPlane`] may therefore be a `static`.

mod binary;
mod error;
pub mod go;
mod lock;
mod scratch;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

pub use crate::binary::binary;
use crate::error::At;
pub use crate::error::Error;
use crate::scratch::Scratch;

/// A running control plane; dropping it ends every process and removes its directory.
///
/// RBAC is enforced. The service account admission plugin is off, so a Pod can be created before
/// its namespace has a default service account. Tokens of service accounts can be requested
/// nevertheless. There is no scheduler and no kubelet.
pub struct ControlPlane {
    program: PathBuf,
    ready: ReadyLine,
    // Order matters: the servers write into the directory until the supervisor has killed them.
    _supervisor: Supervisor,
    scratch: Scratch,
}

/// The supervisor's output when the API server answers.
#[derive(Deserialize)]
struct ReadyLine {
    kubeconfig: PathBuf,
    server: String,
    token: String,
}

impl ControlPlane {
    /// Starts a control plane and blocks until its API server is ready. This takes about three
    /// seconds, or minutes if the program must be built first.
    pub fn start() -> Result<Self, Error> {
        let program = binary()?;
        let scratch = Scratch::create(&binary::PROGRAM.home()?)?;
        let log_path = scratch.path().join("supervisor.log");
        let log = File::create(&log_path).at("create", &log_path)?;
        let mut child = Command::new(&program)
            .args(["up", "--dir"])
            .arg(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C in a terminal must only reach the starter, which may end its clients before
            // their API server.
            .process_group(0)
            .spawn()
            .at("start", &program)?;
        let stdout = child.stdout.take();
        let supervisor = Supervisor(child);

        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout)
                .read_line(&mut line)
                .at("read the output of", &program)?;
        }
        let Ok(ready) = serde_json::from_str(&line) else {
            drop(supervisor);
            let report = fs::read_to_string(&log_path).unwrap_or_default();
            return Err(Error::Start {
                report: line + &report,
            });
        };
        Ok(Self {
            program,
            ready,
            _supervisor: supervisor,
            scratch,
        })
    }

    /// Returns the administrator's kubeconfig, with the server's certificate authority inside.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.ready.kubeconfig
    }

    /// Returns a directory for files of the user. It is removed with the control plane, or, if that
    /// is never dropped, at the next start.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.scratch.path()
    }

    /// Returns the API server's address, `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.ready.server
    }

    /// Returns the administrator's bearer token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.ready.token
    }

    /// Returns a kubectl for this API server with the administrator's rights. It does not use the
    /// caller's home directory.
    #[must_use]
    pub fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("kubectl")
            // Most commands end before their garbage is worth a collection.
            .env("GOGC", "400")
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.scratch.path())
            .env("KUBECACHEDIR", self.scratch.path().join("kubectl-cache"));
        command
    }
}

/// The Go program's `up`, which ends when its stdin does.
struct Supervisor(Child);

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
