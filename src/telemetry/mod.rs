//! What the operator tells about itself: log lines, metrics, and the HTTP server that shows them.

pub mod http;
pub mod logging;
pub mod metric;
pub mod metrics;
pub mod page;

pub use metrics::Metrics;
