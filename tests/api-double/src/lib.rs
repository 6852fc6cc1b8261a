//! A Kubernetes API server in process, for tests under tokio's paused clock.
//!
//! It is as strict as the real one where an operator could rely on it. This covers resource
//! versions and conflicts, lists in pages, watches with history, bookmarks and 410. It also covers
//! the status subresource, generation, finalizers, owners, defaults, schemas and CEL rules of
//! custom resources. A script runs against both to keep them equal.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use api_double::{Double, Kinds, Peace};
//! use k8s_openapi::api::core::v1::Secret;
//!
//! let double = Double::new(Kinds::default(), || jiff::Timestamp::UNIX_EPOCH);
//! let client = double.client(std::sync::Arc::new(Peace));
//! let secrets = kube::Api::<Secret>::namespaced(client, "payments");
//! assert!(secrets.list(&Default::default()).await.unwrap().items.is_empty());
//! # });
//! ```
//!
//! * [`kinds`] the served kinds, read from definitions; [`schema`] the schemas of their objects
//! * [`store`] the objects and their history; `read`, `write`, `watch` and `garbage` operations on
//!   them
//! * [`call`] parsed requests; [`refusal`] error answers
//! * [`gate`] fault injection of tests; `service` the connection of a client

pub mod call;
mod garbage;
pub mod gate;
pub mod kinds;
mod read;
pub mod refusal;
pub mod schema;
mod service;
pub mod store;
#[cfg(test)]
mod tests;
mod watch;
mod write;

pub use call::{Call, Verb};
pub use gate::{EventFate, Fate, Gate, Moment, Peace};
pub use kinds::Kinds;
pub use refusal::Refusal;
pub use service::{Answer, Service};
pub use store::{Change, Double, Key};
