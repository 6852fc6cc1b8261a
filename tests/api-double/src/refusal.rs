//! Error answers of the API server: objects of kind Status.

use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code}): {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The value of `reason`, such as `Conflict`.
    pub reason: String,
    /// The text.
    pub message: String,
    /// Seconds in the header `Retry-After`.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// Creates a refusal without `Retry-After`.
    #[must_use]
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            message: message.into(),
            retry_after: None,
        }
    }

    /// Creates the refusal of a busy or broken server with this code.
    #[must_use]
    pub fn of_code(code: u16) -> Self {
        let reason = match code {
            403 => "Forbidden",
            409 => "Conflict",
            410 => "Expired",
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "InternalError",
        };
        let mut refusal = Self::new(code, reason, "the server is made to refuse it");
        refusal.retry_after = (code == 429).then_some(1);
        refusal
    }

    pub(crate) fn not_found(plural: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{plural} \"{name}\" not found"))
    }

    pub(crate) fn conflict(plural: &str, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {plural} \"{name}\": the object has been modified; \
             please apply your changes to the latest version and try again"
        );
        Self::new(409, "Conflict", message)
    }

    pub(crate) fn invalid(name: &str, problems: &[String]) -> Self {
        let message = format!("\"{name}\" is invalid: {}", problems.join("; "));
        Self::new(422, "Invalid", message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn expired() -> Self {
        Self::new(410, "Expired", "too old resource version")
    }

    /// Returns the Status object.
    #[must_use]
    pub fn status(&self) -> Value {
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        })
    }
}
