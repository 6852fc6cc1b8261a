//! Sources: tar files behind an HTTP server of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A server of published sources, until the process ends.
pub struct Sources {
    address: SocketAddr,
    files: Files,
}

/// One revision of a source, as an `ExternalArtifact` shows it.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its URL.
    pub url: String,
    /// `sha256:…` of the tar file.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
}

impl Sources {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// No port is free.
    pub fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let files = Files::default();
        let served = Arc::clone(&files);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that disconnects retries.
                let _ = answer(connection, &served);
            }
        });
        Ok(Self { address, files })
    }

    /// Publishes files: path and text.
    ///
    /// # Errors
    /// A path is longer than a tar file can hold.
    pub fn publish(&self, files: &BTreeMap<String, String>) -> io::Result<Artifact> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, path, text.as_bytes())?;
        }
        let bytes = tar.into_inner()?.finish()?;
        let digest = Sha256::digest(&bytes)
            .iter()
            .fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
        let name = format!("/{digest}.tar.gz");
        let artifact = Artifact {
            url: format!("http://{}{name}", self.address),
            digest: format!("sha256:{digest}"),
            size: bytes.len(),
        };
        let mut held = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(name, bytes);
        Ok(artifact)
    }
}

fn answer(mut connection: TcpStream, files: &Files) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && connection.read(&mut byte)? == 1 {
        request.extend(byte);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let held = files.lock().unwrap_or_else(PoisonError::into_inner);
    let found = held.get(path).cloned();
    drop(held);
    let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    if !request.starts_with("HEAD") {
        connection.write_all(&body)?;
    }
    connection.flush()
}
