//! Why there is no control plane.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// What kept the control plane from being built or started.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No `go` on the PATH.
    #[error(
        "no Go on the PATH: install Go 1.26 or later (https://go.dev/dl), from which the tests \
         build {program} in {}; {without_go}", source_dir.display()
    )]
    GoMissing {
        /// What was to be built.
        program: &'static str,
        /// Where its Go module is.
        source_dir: PathBuf,
        /// What else can be done.
        without_go: &'static str,
    },
    /// The Go compiler refused, or a module could not be fetched.
    #[error("go build in {} failed ({status}):\n{output}", source_dir.display())]
    Build {
        /// Where the Go module is.
        source_dir: PathBuf,
        /// How `go` ended.
        status: std::process::ExitStatus,
        /// What `go` wrote to stderr.
        output: String,
    },
    /// The supervisor ended before the API server was ready.
    #[error("the control plane did not start:\n{report}")]
    Start {
        /// The supervisor's own words, with the last lines of the log of the server it blames.
        report: String,
    },
    /// A file, directory or program could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// The same text as `Display`: tests unwrap this error, and a log of twenty lines with escaped line
/// ends is unreadable.
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
