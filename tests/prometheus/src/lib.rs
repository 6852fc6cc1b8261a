//! Prometheus and promtool of one version, for the tests of metrics, alerts and dashboards.
//!
//! They come out of the Go module beside this crate, built on first use into `target/prometheus` and
//! `target/promtool`. Where `PROMETHEUS_BIN` or `PROMTOOL_BIN` names one, that is used: of version 3 or
//! later.

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

/// Without the clients of all clouds in which targets can be looked for: they are most of the build.
const TAGS: &str = "remove_all_sd";

/// The path of promtool, after building it if that was not done before.
pub fn promtool() -> Result<PathBuf, Error> {
    named_or_built("PROMTOOL_BIN", &PROMTOOL)
}

/// The path of Prometheus, after building it if that was not done before.
pub fn prometheus() -> Result<PathBuf, Error> {
    named_or_built("PROMETHEUS_BIN", &PROMETHEUS)
}

fn named_or_built(variable: &str, program: &Program) -> Result<PathBuf, Error> {
    #[allow(
        clippy::disallowed_methods,
        reason = "whoever runs the tests says by it that the program is there"
    )]
    let named = env::var_os(variable);
    named.map_or_else(|| program.binary(), |path| Ok(path.into()))
}
