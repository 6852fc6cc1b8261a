//! Client of the Kubernetes API with few concurrent requests and a timeout for each.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderValue, Request};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tokio::time::timeout;
use tower::layer::util::Stack;
use tower::limit::ConcurrencyLimitLayer;
use tower::{BoxError, Layer, Service};

/// Maximum number of concurrent requests. At startup every object is reconciled at once: without a
/// limit, each pass would open a connection, and the memory would remain allocated.
const REQUESTS_AT_ONCE: usize = 8;

/// Timeout of a request. The API server itself gives up after a minute. A connection that a
/// firewall has dropped never answers, and its pass and object would be blocked forever.
pub const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Maximum silence of a watch. The API server ends each watch within five minutes.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(295);

/// Creates a client of this cluster.
///
/// # Errors
/// The configuration has no usable address or certificates.
pub fn client(mut config: Config) -> kube::Result<Client> {
    config.read_timeout.get_or_insert(IDLE_TIMEOUT);
    // Becomes the field manager of each written field.
    let program = HeaderValue::from_static("oceanbase-backup-operator");
    config.headers.push((USER_AGENT, program));
    // A proxy from the environment cannot reach loopback addresses of this machine.
    config
        .proxy_url
        .take_if(|_| is_loopback(&config.cluster_url));
    let builder = ClientBuilder::try_from(config)?;
    Ok(builder.with_layer(&limits()).build())
}

fn is_loopback(address: &http::Uri) -> bool {
    let host = address.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Returns the layers that the operator adds to a client.
#[must_use]
pub fn limits() -> Stack<RequestTimeouts, ConcurrencyLimitLayer> {
    Stack::new(
        RequestTimeouts,
        ConcurrencyLimitLayer::new(REQUESTS_AT_ONCE),
    )
}

/// Sets a timeout for each request that is not a watch.
#[derive(Clone, Copy)]
pub struct RequestTimeouts;

impl<S> Layer<S> for RequestTimeouts {
    type Service = InTime<S>;

    fn layer(&self, inner: S) -> InTime<S> {
        InTime(inner)
    }
}

/// Service that answers in time or fails.
#[derive(Clone)]
pub struct InTime<S>(S);

impl<S> Service<Request<Body>> for InTime<S>
where
    S: Service<Request<Body>, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let query = request.uri().query().unwrap_or_default();
        let is_watch = query.split('&').any(|pair| pair == "watch=true");
        let answer = self.0.call(request);
        Box::pin(async move {
            if is_watch {
                return answer.await.map_err(Into::into);
            }
            match timeout(REQUEST_TIMEOUT, answer).await {
                Ok(answer) => answer.map_err(Into::into),
                Err(_) => Err("the API server did not answer within a minute".into()),
            }
        })
    }
}

/// Returns the message of the API server for a failed request. The debug text of the whole error is
/// too long for a status.
pub(in crate::controller) fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(refusal) if !refusal.message.is_empty() => refusal.message.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use kube::core::Status;
    use tower::service_fn;

    use super::*;

    #[test]
    fn no_proxy_is_asked_for_this_machine() {
        for here in [
            "https://127.0.0.1:6443",
            "https://[::1]:6443",
            "https://localhost",
        ] {
            assert!(is_loopback(&here.parse().unwrap()), "{here}");
        }
        assert!(!is_loopback(&"https://10.96.0.1".parse().unwrap()));
    }

    /// Returns the result of a request that the API server never answers.
    async fn unanswered(path: &str) -> Option<Result<(), String>> {
        let server = service_fn(|_| std::future::pending::<Result<(), BoxError>>());
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = RequestTimeouts.layer(server).call(request);
        let answer = timeout(Duration::from_mins(10), answer).await.ok()?;
        Some(answer.map_err(|error| error.to_string()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_never_answered_fails() {
        let error = unanswered("/api/v1/namespaces/ns/secrets/sys").await;
        let why = "the API server did not answer within a minute";
        assert_eq!(error, Some(Err(why.to_owned())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_may_be_silent() {
        assert_eq!(unanswered("/api/v1/pods?limit=5&watch=true").await, None);
    }

    #[test]
    fn of_a_refusal_the_servers_words_are_told() {
        let refusal = Status::failure("exceeded quota: tasks", "Forbidden").with_code(403);
        let error = kube::Error::Api(Box::new(refusal));
        assert_eq!(said(&error), "exceeded quota: tasks");
    }

    #[tokio::test]
    async fn an_answer_is_passed_on() {
        let server = service_fn(|_| std::future::ready(Ok::<_, BoxError>(7)));
        let request = Request::get("/version").body(Body::empty()).unwrap();
        let answer = RequestTimeouts.layer(server).call(request);
        assert_eq!(answer.now_or_never().unwrap().unwrap(), 7);
    }
}
