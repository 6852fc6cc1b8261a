//! What the operator tells about itself: log lines, metrics, and the HTTP server that shows them.

pub mod http;
pub mod log;
pub mod metrics;

pub use metrics::Metrics;
