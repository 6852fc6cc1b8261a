//! The shipped operator as a process.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{canary, eventually, scratch};

/// Limit on the log of a story. With TRACE enabled, more than this would be useless to a reader.
const LONGEST_LOG: usize = 4 << 20;

/// A running operator that watches one namespace and logs everything. Dropping it kills it, and
/// checks that no request was forbidden and that no value of a Secret was logged.
pub(crate) struct Operator {
    child: Child,
    log: PathBuf,
}

impl Operator {
    /// Starts an operator for the API server of this kubeconfig; its log goes to a file beside the
    /// test program.
    pub(crate) fn start(kubeconfig: &Path, namespace: &str, number: usize) -> Self {
        Self::start_with(kubeconfig, namespace, number, &[])
    }

    /// Does the same with further arguments.
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

    /// Sends SIGKILL: no further log is written.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM, as to a deleted Pod, and returns exit status and duration.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        self.signal("TERM");
        self.wait()
    }

    /// Sends SIGSTOP: it freezes, and its clocks continue.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Sends SIGCONT: it continues.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        // The shell's own: a small image has no other.
        let kill = format!("kill -s {name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it ends by itself, and returns exit status and duration. Time in which it was
    /// runnable without a processor does not count, because other stories use the machine too.
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

    /// Returns how long its first thread, which watches its lease, was runnable without a
    /// processor. `None` if the kernel does not count it.
    fn queued(&self) -> Option<Duration> {
        let counted = format!("/proc/{}/schedstat", self.child.id());
        let counted = std::fs::read_to_string(counted).ok()?;
        let nanoseconds = counted.split_whitespace().nth(1)?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }

    /// Returns its log file.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log
    }

    /// Returns the log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Returns whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Returns the address of its HTTP server.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = eventually(
            "the address of metrics and probes",
            || self.http_address(),
            Option::is_some,
        );
        address.unwrap()
    }

    /// Sends a GET request to its HTTP server, and returns the status and the body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
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

    /// Returns the address that it logged.
    fn http_address(&self) -> Option<SocketAddr> {
        // Terminal colours are between the words.
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
        // The failure is reported already; a second panic would end the whole program.
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        // Denials by an admission policy have the same text, and are not missing rights.
        let refused = |line: &&str| line.contains("forbidden") && !line.contains("denied request");
        let refused: Vec<&str> = log.lines().filter(refused).collect();
        assert!(refused.is_empty(), "{refused:#?}");
        assert_eq!(canary::leak("the operator's log", &log), None);
        assert!(log.len() < LONGEST_LOG, "{}", self.log.display());
    }
}
