//! The operator as a process, as it is shipped.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{canary, eventually, scratch};

/// The longest log of a story. Everything is logged: more than this would be a flood for whoever
/// asks for it.
const LONGEST_LOG: usize = 4 << 20;

/// A running operator that looks at one namespace and logs everything. Dropping it kills it, and
/// asserts that the API server forbade it nothing and that it logged no value of a Secret.
pub(crate) struct Operator {
    child: Child,
    log: PathBuf,
}

impl Operator {
    /// Starts one that talks to the API server of this kubeconfig; its log goes to a file beside
    /// the test program.
    pub(crate) fn start(kubeconfig: &Path, namespace: &str, number: usize) -> Self {
        Self::start_with(kubeconfig, namespace, number, &[])
    }

    /// The same with further arguments.
    pub(crate) fn start_with(
        kubeconfig: &Path,
        namespace: &str,
        number: usize,
        arguments: &[&str],
    ) -> Self {
        let log = scratch().join(format!("operator-{namespace}-{number}.log"));
        let _ = std::fs::remove_file(&log);
        let output = File::options().create(true).append(true).open(&log);
        let output = output.unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_oceanbase-backup-operator"))
            .args(["run", "--watch-namespaces", namespace])
            .args(["--http-address", "127.0.0.1:0"])
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("LOG_FILTER", "trace")
            .env("LOG_FORMAT", "text")
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

    /// SIGTERM, as a Pod that is deleted gets it: how it ended, and how long that took.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        self.signal("TERM");
        self.wait()
    }

    /// SIGSTOP: it stands still, and its clocks go on.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT: it goes on where it stood.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        // The shell's own: a small image has no other.
        let kill = format!("kill -s {name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it ends by itself: how, and how long that took. The time for which it could have run
    /// and had no processor does not count: that is the machine's, which runs other stories beside.
    pub(crate) fn wait(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let queued_before = self.queued().unwrap_or_default();
        let mut queued = queued_before;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let waited = queued.saturating_sub(queued_before);
                return (status, began.elapsed().saturating_sub(waited));
            }
            assert!(began.elapsed() < Duration::from_mins(2), "it does not end");
            queued = self.queued().unwrap_or(queued);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// For how long its first thread, on which it watches its lease, was ready and had no processor; `None`
    /// where the kernel does not count that.
    fn queued(&self) -> Option<Duration> {
        let counted = format!("/proc/{}/schedstat", self.child.id());
        let counted = std::fs::read_to_string(counted).ok()?;
        let nanoseconds = counted.split_whitespace().nth(1)?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }

    /// The file that it logs to.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Where its HTTP server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = eventually(
            "the address of metrics and probes",
            || self.http_address(),
            Option::is_some,
        );
        address.unwrap()
    }

    /// Asks a page of its HTTP server: status and body.
    pub(crate) fn page(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// The address that it logged.
    fn http_address(&self) -> Option<SocketAddr> {
        // Colours of the terminal stand between the words.
        let log = self.log();
        let line = log
            .lines()
            .find(|line| line.contains("serving metrics and probes"))?;
        let at = line.find("127.0.0.1:")?;
        let address = line.get(at..)?;
        let end = address
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')
            .unwrap_or(address.len());
        address.get(..end)?.parse().ok()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What failed is said already; a second panic would end the whole program.
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        // What an admission policy denies says so too, and is no lack of rights.
        let refused = |line: &&str| line.contains("forbidden") && !line.contains("denied request");
        let refused: Vec<&str> = log.lines().filter(refused).collect();
        assert!(refused.is_empty(), "{refused:#?}");
        assert_eq!(canary::leak("the operator's log", &log), None);
        assert!(log.len() < LONGEST_LOG, "{}", self.log.display());
    }
}
