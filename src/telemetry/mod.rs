//! Telemetry of the operator: log lines, metrics, and the HTTP server that serves them.

pub mod http;
pub mod logging;
pub mod metric;
pub mod metrics;

pub use metrics::Metrics;
