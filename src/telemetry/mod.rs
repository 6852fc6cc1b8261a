//! What the operator tells about itself: log lines, metrics, and the HTTP server that shows them.

pub mod family;
pub mod http;
pub mod log;
pub mod metrics;
pub mod page;

pub use metrics::Metrics;
