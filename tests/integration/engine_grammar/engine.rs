//! The seekdb instance that this program shares.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, Weak, mpsc};
use std::time::Duration;

use oceanbase_backup_operator::oceanbase::client::{
    Account, Connect, QueryError, Rows, ServerError, Session, Tls,
};
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use tokio::sync::{Mutex, OwnedMutexGuard};

const PACKAGE: &str = "pylibseekdb==1.2.0";

/// Protects no real data: the database is new, empty, and deleted with the test.
const PASSWORD: &str = "grammar-7c21";

/// Limit on the start of the database; its library alone is 700 MB to read.
const START_TIMEOUT: Duration = Duration::from_mins(2);

/// Limit on any statement; creating a table takes half a minute beside other tests.
const PATIENCE: Duration = Duration::from_mins(2);

/// Definitions of the tables that replace views, by name.
pub(super) type Tables = BTreeMap<String, String>;

/// A running seekdb.
pub(super) struct Engine {
    port: u16,
    tables: Arc<Mutex<Tables>>,
    serving: Child,
}

/// Returns the engine that all tests share. The first caller starts it, and it ends with the last
/// one that holds it: an idle seekdb takes a quarter of a core from all other tests.
pub(super) fn engine() -> Arc<Engine> {
    static SHARED: std::sync::Mutex<Weak<Engine>> = std::sync::Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(engine) = shared.upgrade() {
        return engine;
    }
    match Engine::start() {
        Ok(engine) => {
            let engine = Arc::new(engine);
            *shared = Arc::downgrade(&engine);
            engine
        }
        Err(problem) => panic!("no engine to test the grammar with: {problem}"),
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.serving.stdin.take());
        let _ = self.serving.wait();
    }
}

impl Engine {
    fn start() -> Result<Self, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("seekdb-1.2.0");
        let python = python(&home)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = home.join(format!("run-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&directory).map_err(text)?;
        let log = directory.join("serve.log");
        let mut serving = Command::new(python)
            .arg(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("tests/integration/engine_grammar/serve.py"),
            )
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(text)?)
            .spawn()
            .map_err(text)?;
        let input = serving.stdin.as_mut().ok_or("no pipe to seekdb")?;
        writeln!(input, "{PASSWORD}").map_err(text)?;
        let output = serving.stdout.take().ok_or("no pipe from seekdb")?;
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for line in lines {
                if let Some(port) = line.strip_prefix("ready ") {
                    let _ = send.send(port.parse::<u16>());
                }
            }
        });
        if let Ok(Ok(port)) = receive.recv_timeout(START_TIMEOUT) {
            return Ok(Self {
                port,
                tables: Arc::default(),
                serving,
            });
        }
        let _ = serving.kill();
        let log = std::fs::read_to_string(log).unwrap_or_default();
        Err(format!("seekdb did not start: {log}"))
    }

    /// Returns root, with the password that was set before the port was opened.
    pub(super) fn account(&self) -> Account {
        Account {
            endpoints: vec![("127.0.0.1".to_owned(), self.port)],
            user: "root@sys".to_owned(),
            password: PASSWORD.into(),
            tls: Tls::Disabled,
        }
    }

    /// Logs in with the operator's own client.
    pub(super) async fn session(self: &Arc<Self>) -> Client {
        let session = MySql.connect(&self.account()).await.unwrap();
        Client {
            session,
            _engine: Arc::clone(self),
        }
    }

    /// Locks the tables, which tests would otherwise overwrite for each other.
    pub(super) async fn tables(&self) -> OwnedMutexGuard<Tables> {
        Arc::clone(&self.tables).lock_owned().await
    }
}

/// A session of the operator's own client.
pub(super) struct Client {
    session: Box<dyn Session>,
    /// Keeps the database running.
    _engine: Arc<Engine>,
}

impl Client {
    pub(super) async fn ask(&mut self, text: &str) -> Result<Rows, ServerError> {
        match self.session.query(text, PATIENCE).await {
            Ok(rows) => Ok(rows),
            Err(QueryError::Server(error)) => Err(error),
            Err(QueryError::Lost(why)) => panic!("{why}: {text}"),
        }
    }

    /// Returns the error number that a statement answers; 0 for none.
    pub(super) async fn code(&mut self, text: &str) -> u16 {
        self.ask(text).await.map_or_else(|error| error.code, |_| 0)
    }

    pub(super) async fn run(&mut self, text: &str) -> Rows {
        match self.ask(text).await {
            Ok(rows) => rows,
            Err(error) => panic!("{} {}: {text}", error.code, error.text),
        }
    }
}

/// Returns the Python of an environment with seekdb, which the first caller creates.
fn python(home: &Path) -> Result<PathBuf, String> {
    std::fs::create_dir_all(home).map_err(text)?;
    // The lock makes two test programs create it once. A killed program releases the lock.
    let lock = File::create(home.join("lock")).map_err(text)?;
    lock.lock().map_err(text)?;
    let (environment, ready) = (home.join("venv"), home.join("ready"));
    let python = environment.join("bin").join("python3");
    if ready.exists() {
        return Ok(python);
    }
    let _ = std::fs::remove_dir_all(&environment);
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment)
        .output()
        .map_err(|error| format!("install python3 (3.8 or later) with venv: {error}"))?;
    succeeded("install python3 with venv (Debian: python3-venv)", &made)?;
    let installed = Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PACKAGE,
        ])
        .output()
        .map_err(text)?;
    let advice = format!("pip must be able to install {PACKAGE} (x86-64 Linux, a package index)");
    succeeded(&advice, &installed)?;
    File::create(ready).map_err(text)?;
    Ok(python)
}

fn succeeded(advice: &str, output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{advice}: {}", said.trim()))
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn text(error: std::io::Error) -> String {
    error.to_string()
}
