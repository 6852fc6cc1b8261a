//! A running Prometheus.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A Prometheus that scrapes one target each second. Dropping it kills it.
pub struct Prometheus {
    child: Child,
    log: PathBuf,
}

impl Prometheus {
    /// Starts a Prometheus with this directory, this target and these rules.
    ///
    /// # Errors
    /// It cannot be built or started.
    pub fn start(directory: &Path, target: SocketAddr, rules: &Path) -> io::Result<Self> {
        let program = crate::prometheus().map_err(io::Error::other)?;
        fs::create_dir_all(directory)?;
        let configuration = directory.join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{}']\n\
             scrape_configs:\n\
             - job_name: operator\n  \
               honor_labels: true\n  \
               static_configs: [{{targets: ['{target}'], labels: {{namespace: system}}}}]\n",
            rules.display()
        );
        fs::write(&configuration, text)?;
        let log = directory.join("prometheus.log");
        let child = Command::new(program)
            .arg("--config.file")
            .arg(configuration)
            .arg("--storage.tsdb.path")
            .arg(directory.join("data"))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        Ok(Self { child, log })
    }

    /// Returns the answer of a path of its API, such as `/api/v1/rules`; `None` while it does not
    /// listen.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(self.address()?).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .ok()?;
        // HTTP 1.0 answers are not chunked.
        let request = format!("GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// Returns its present answer to a query.
    #[must_use]
    pub fn query(&self, query: &str) -> Option<Value> {
        let mut encoded = String::new();
        for byte in query.bytes() {
            let _ = write!(encoded, "%{byte:02X}");
        }
        self.get(&format!("/api/v1/query?query={encoded}"))
    }

    /// Returns the address that it logged.
    fn address(&self) -> Option<SocketAddr> {
        let log = fs::read_to_string(&self.log).ok()?;
        let line = log.lines().find(|line| line.contains("Listening on"))?;
        let address = line.split("address=").nth(1)?;
        address
            .split_whitespace()
            .next()?
            .trim_matches('"')
            .parse()
            .ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
