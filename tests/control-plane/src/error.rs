//! Reasons for a missing control plane.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The reason why the control plane was not built or started.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No `go` on the PATH.
    #[error(
        "no Go on the PATH: install Go 1.26 or later (https://go.dev/dl), from which the tests \
         build {program} in {}; {without_go}", source_dir.display()
    )]
    GoMissing {
        /// The program to build.
        program: &'static str,
        /// The directory of its Go module.
        source_dir: PathBuf,
        /// The alternative to Go.
        without_go: &'static str,
    },
    /// The Go compiler failed, or a module could not be fetched.
    #[error("go build in {} failed ({status}):\n{output}", source_dir.display())]
    Build {
        /// The directory of the Go module.
        source_dir: PathBuf,
        /// The exit status of `go`.
        status: std::process::ExitStatus,
        /// The output of `go` on stderr.
        output: String,
    },
    /// The supervisor ended before the API server was ready.
    #[error("the control plane did not start:\n{report}")]
    Start {
        /// The supervisor's report, with the last log lines of the failed server.
        report: String,
    },
    /// A file, directory or program could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The attempted action.
        action: &'static str,
        /// The affected path.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

/// The same text as `Display`: tests unwrap this error, and twenty log lines with escaped line ends
/// are unreadable.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Names the file in an I/O error.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            action,
            path: path.to_owned(),
            source,
        })
    }
}
