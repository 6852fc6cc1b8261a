//! Prometheus and promtool of one version, for the tests of metrics, alerts and dashboards.
//!
//! They are built from the Go module beside this crate on first use into `target/prometheus` and
//! `target/promtool`. `PROMETHEUS_BIN` and `PROMTOOL_BIN` override them with version 3 or later.

mod server;

use std::env;
use std::path::PathBuf;

use control_plane::go::Program;

pub use control_plane::Error;
pub use server::Prometheus;

const PROMETHEUS: Program = Program {
    name: "prometheus",
    source_dir: env!("CARGO_MANIFEST_DIR"),
    package: "github.com/prometheus/prometheus/cmd/prometheus",
    tags: TAGS,
    linker_flags: "-s -w",
    without_go: "PROMETHEUS_BIN can name a Prometheus that is there",
};

const PROMTOOL: Program = Program {
    name: "promtool",
    package: "github.com/prometheus/prometheus/cmd/promtool",
    without_go: "PROMTOOL_BIN can name a promtool that is there",
    ..PROMETHEUS
};

/// Without service discovery of all clouds, which is most of the build.
const TAGS: &str = "remove_all_sd";

/// Returns the path of promtool, after building it if needed.
pub fn promtool() -> Result<PathBuf, Error> {
    named_or_built("PROMTOOL_BIN", &PROMTOOL)
}

/// Returns the path of Prometheus, after building it if needed.
pub fn prometheus() -> Result<PathBuf, Error> {
    named_or_built("PROMETHEUS_BIN", &PROMETHEUS)
}

fn named_or_built(variable: &str, program: &Program) -> Result<PathBuf, Error> {
    #[allow(
        clippy::disallowed_methods,
        reason = "the command that runs the tests sets it to say that the program is there"
    )]
    let named = env::var_os(variable);
    named.map_or_else(|| program.binary(), |path| Ok(path.into()))
}
