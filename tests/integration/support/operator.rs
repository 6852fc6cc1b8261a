//! The operator as a process, as it is shipped.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::control_plane;

/// A running operator that looks at one namespace. Dropping it kills it.
pub(crate) struct Operator {
    child: Child,
    log: PathBuf,
}

impl Operator {
    /// Starts one; its log goes to a file beside the test program.
    pub(crate) fn start(namespace: &str, number: usize) -> Self {
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("operator-{namespace}-{number}.log"));
        let output = File::create(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_oceanbase-backup-operator"))
            .args([
                "run",
                "--namespace",
                namespace,
                "--http-address",
                "127.0.0.1:0",
            ])
            .args(["--log-format", "text"])
            .env("KUBECONFIG", control_plane().kubeconfig())
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// SIGKILL: nothing is written down any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
