//! The connection of a client: it receives requests and sends answers.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use serde_json::Value;
use tokio::time::sleep;
use tower::BoxError;
use tower::ServiceBuilder;
use tower::retry::RetryLayer;
use tower::util::BoxCloneSyncService;

use crate::call::{Call, Verb};
use crate::gate::{Fate, Gate, Moment};
use crate::refusal::Refusal;
use crate::store::Double;

/// The service below a client.
pub type Service = BoxCloneSyncService<Request<Body>, Answer, BoxError>;

/// The answer of the service.
pub type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

impl Double {
    /// Returns a client with the retries of a client from a kubeconfig. Its changes are attributed
    /// to the operator.
    pub fn client(&self, gate: Arc<dyn Gate>) -> kube::Client {
        self.client_of("operator", gate)
    }

    /// Returns the client of an actor.
    pub fn client_of(&self, actor: &str, gate: Arc<dyn Gate>) -> kube::Client {
        kube::Client::new(self.service(actor, gate), "default")
    }

    /// Returns the service for a client of an actor with layers of its own.
    pub fn service(&self, actor: &str, gate: Arc<dyn Gate>) -> Service {
        let (double, actor) = (self.clone(), Arc::<str>::from(actor));
        let service = tower::service_fn(move |request: Request<Body>| {
            let (double, gate, actor) = (double.clone(), Arc::clone(&gate), Arc::clone(&actor));
            async move { double.serve(request, gate, &actor).await }
        });
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(RetryPolicy::server_retry()))
            .service(service);
        BoxCloneSyncService::new(service)
    }

    async fn serve(
        &self,
        request: Request<Body>,
        gate: Arc<dyn Gate>,
        actor: &str,
    ) -> Result<Answer, BoxError> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await?;
        let call = match Call::read(&parts, &body) {
            Ok(call) => call,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        let mut stale = 0;
        let mut lost_after = None;
        let mut answer_in = Duration::ZERO;
        match gate.call(&call) {
            Fate::Serve => {}
            Fate::Never(Moment::Before) => return pending().await,
            Fate::Silence(until_broken) => {
                sleep(until_broken).await;
                return Err(lost());
            }
            Fate::Lose(Moment::Before) => return Err(lost()),
            Fate::Refuse(refusal) => return Ok(refused(&refusal)),
            Fate::Late(pause) if call.verb.is_writing() => {
                return self.arrive_late(call, gate, actor, pause).await;
            }
            Fate::Late(pause) => sleep(pause).await,
            Fate::AnswerLate(pause) => answer_in = pause,
            Fate::Stale(by) => stale = by,
            fate @ (Fate::Never(Moment::After) | Fate::Lose(Moment::After)) => {
                lost_after = Some(fate);
            }
        }
        let answer = self.answer(&call, gate, actor, stale);
        if !answer_in.is_zero() {
            sleep(answer_in).await;
        }
        match lost_after {
            Some(Fate::Never(_)) => pending().await,
            Some(_) => Err(lost()),
            None => Ok(answer.unwrap_or_else(|refusal| refused(&refusal))),
        }
    }

    /// Serves a write that is under way, even if its sender is gone.
    async fn arrive_late(
        &self,
        call: Call,
        gate: Arc<dyn Gate>,
        actor: &str,
        pause: Duration,
    ) -> Result<Answer, BoxError> {
        let (double, actor) = (self.clone(), actor.to_owned());
        #[allow(
            clippy::disallowed_methods,
            reason = "the caller may have stopped waiting for it"
        )]
        let arrival = tokio::spawn(async move {
            sleep(pause).await;
            double.answer(&call, gate, &actor, 0)
        });
        let answer = arrival.await?;
        Ok(answer.unwrap_or_else(|refusal| refused(&refusal)))
    }

    fn answer(
        &self,
        call: &Call,
        gate: Arc<dyn Gate>,
        actor: &str,
        stale: u64,
    ) -> Result<Answer, Refusal> {
        let kind = self.0.kinds.get(&call.group, &call.plural)?;
        let is_status = call.subresource == "status" && kind.has_status;
        if !(call.subresource.is_empty() || is_status) {
            return Err(Refusal::not_found(&call.plural, &call.subresource));
        }
        match call.verb {
            Verb::Get => Ok(whole(200, &self.read(kind, call)?)),
            Verb::List => Ok(whole(200, &self.pages(kind, call, stale)?)),
            Verb::Watch => {
                let lines = self.watch(kind, call, gate)?;
                let frames = lines.map(|line| line.map(http_body::Frame::data));
                let body = StreamBody::new(frames).boxed_unsync();
                Ok(Response::new(body))
            }
            _ => {
                let (object, is_new) = self.write(kind, call, actor)?;
                Ok(whole(if is_new { 201 } else { 200 }, &object))
            }
        }
    }
}

fn whole(code: u16, body: &Value) -> Answer {
    let body = Full::new(Bytes::from(body.to_string()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    answer
}

fn refused(refusal: &Refusal) -> Answer {
    let mut answer = whole(refusal.code, &refusal.status());
    if let Some(seconds) = refusal.retry_after {
        let headers = answer.headers_mut();
        headers.insert(http::header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn lost() -> BoxError {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer").into()
}
