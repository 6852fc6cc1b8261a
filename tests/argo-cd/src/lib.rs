//! Argo CD for the tests, run by its own code: the settings of `argocd-cm`, its Lua engine, its
//! comparison of live and desired objects, and its sync with waves and hooks.
//!
//! The program is built from the Go module beside this crate on first use into `target/argo-cd`,
//! which takes minutes. Each call starts it once.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use control_plane::go::Program;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const PROGRAM: Program = Program {
    name: "argo-cd",
    source_dir: env!("CARGO_MANIFEST_DIR"),
    package: ".",
    tags: "",
    linker_flags: "-s -w",
    without_go: "nothing else can stand for it",
};

/// Argo CD with the customizations of one ConfigMap.
#[derive(Clone, Debug)]
pub struct ArgoCd {
    settings: PathBuf,
}

/// Argo CD's health of an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// Healthy, Suspended, Progressing, Missing, Degraded or Unknown.
    pub status: String,
    /// The reason.
    #[serde(default)]
    pub message: String,
}

/// A request of an action to the API server.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// `create`, or `patch` of the object itself.
    pub operation: String,
    /// The new object, or the merge patch.
    pub body: Value,
}

/// The end of a sync.
#[derive(Clone, Debug, Deserialize)]
pub struct Operation {
    /// Succeeded, Failed or Error; Running after three minutes without an end.
    pub phase: String,
    /// The reason.
    pub message: String,
    /// The results of the objects.
    pub resources: Vec<Synced>,
}

/// The result of one object in a sync.
#[derive(Clone, Debug, Deserialize)]
pub struct Synced {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its kind of hook, such as `PreSync`; empty if it is not a hook.
    pub hook: String,
    /// Synced, `SyncFailed`, Pruned or `PruneSkipped`; empty for a hook.
    pub status: String,
    /// Of its health: Running, Succeeded, Failed or Error.
    pub phase: String,
    /// The message of Argo CD.
    pub message: String,
    /// Its position in the sync, from 1.
    pub order: i64,
}

/// An object that differs from its desired state.
#[derive(Clone, Debug, Deserialize)]
pub struct Difference {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Argo CD's method of comparison: three-way, structured-merge or server-side.
    pub by: String,
    /// The live state, without what Argo CD does not compare.
    pub live: String,
    /// The predicted state.
    pub predicted: String,
}

impl ArgoCd {
    /// Reads this file of a ConfigMap `argocd-cm`.
    #[must_use]
    pub fn new(settings: &Path) -> Self {
        Self {
            settings: settings.to_owned(),
        }
    }

    /// Returns the health of each object; `None` for a kind without a script.
    pub fn health(&self, objects: &[Value]) -> io::Result<Vec<Option<Health>>> {
        let input = Value::from(objects).to_string();
        self.run(&["health"], &[], &input, None)
    }

    /// Returns the names of the actions that each object offers, in alphabetical order.
    pub fn actions(&self, objects: &[Value]) -> io::Result<Vec<Vec<String>>> {
        #[derive(Deserialize)]
        struct Action {
            name: String,
        }
        let input = Value::from(objects).to_string();
        let found: Vec<Vec<Action>> = self.run(&["actions"], &[], &input, None)?;
        let names = |actions: Vec<Action>| actions.into_iter().map(|it| it.name).collect();
        Ok(found.into_iter().map(names).collect())
    }

    /// Returns the requests of an action of an object.
    pub fn action(&self, object: &Value, name: &str) -> io::Result<Vec<Request>> {
        self.run(&["action"], &[name], &object.to_string(), None)
    }

    /// Creates an Application with manifests for a namespace of this kubeconfig's cluster.
    #[must_use]
    pub fn application(&self, kubeconfig: &Path, name: &str, namespace: &str) -> Application {
        Application {
            argo: self.clone(),
            kubeconfig: kubeconfig.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        }
    }

    fn run<T: DeserializeOwned>(
        &self,
        command: &[&str],
        arguments: &[&str],
        input: &str,
        kubeconfig: Option<&Path>,
    ) -> io::Result<T> {
        let program = PROGRAM.binary().map_err(io::Error::other)?;
        let mut child = Command::new(program)
            .args(command)
            .arg(&self.settings)
            .args(arguments)
            // A file that does not exist: without a cluster, a request must fail and not reach the
            // caller's cluster.
            .env("KUBECONFIG", kubeconfig.unwrap_or(Path::new("no-cluster")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(io::Error::other(complaint));
        }
        serde_json::from_slice(&output.stdout).map_err(io::Error::other)
    }
}

/// An Application: manifests of Git, and their destination.
#[derive(Clone, Debug)]
pub struct Application {
    argo: ArgoCd,
    kubeconfig: PathBuf,
    name: String,
    namespace: String,
}

impl Application {
    /// Applies manifests, wave by wave, and waits as Argo CD does.
    pub fn sync(&self, manifests: &str) -> io::Result<Operation> {
        self.ask("sync", &[], manifests)
    }

    /// Does the same, and deletes objects that are no longer among them.
    pub fn sync_and_prune(&self, manifests: &str) -> io::Result<Operation> {
        self.ask("sync", &["prune"], manifests)
    }

    /// Returns the differences between manifests and cluster, by each of Argo CD's methods.
    pub fn diff(&self, manifests: &str) -> io::Result<Vec<Difference>> {
        self.ask("diff", &[], manifests)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        command: &str,
        options: &[&str],
        manifests: &str,
    ) -> io::Result<T> {
        let place: [&str; 2] = [&self.name, &self.namespace];
        let arguments = [&place[..], options].concat();
        self.argo
            .run(&[command], &arguments, manifests, Some(&self.kubeconfig))
    }
}
