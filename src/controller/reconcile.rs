//! Reconcile pass over one object, the same for every kind.
//!
//! # Flow
//!
//! ```text
//! observe ─> decide ─> write the status ─> perform ─> decide with the answer ─> write the status
//! ```
//!
//! # Guarantees
//!
//! * A status is written by PUT under the resourceVersion that was read, and only if it differs. A
//!   pass on an older version gets a conflict and is requeued.
//! * An effect that needs an intent is performed only in a pass whose own write stored the intent.
//! * The lease is checked before each status write, and so before each effect.
//! * An object that needs the finalizer gets it before any other step.
//!
//! # Assumptions
//!
//! * Decisions are pure: an unchanged observation leads to the same status and effect.
//! * The watch delivers every own write, possibly late.
//!
//! # Caveats
//!
//! * An effect that needs no intent may be performed twice.
//! * Changes of finalizers and deletions of expired objects do not check the lease; only the
//!   resourceVersion protects them.
//! * Without a send permit, the intent is not written. The object shows [`Reconcile::waiting`]
//!   instead.

mod deletion;
mod expiry;
mod finalizer;
mod kind;
mod outcome;
mod run;
mod status_writer;
#[cfg(test)]
mod tests;

pub use expiry::Expiry;
pub use kind::Reconcile;
pub(super) use kind::identity;
pub use outcome::Error;
pub use run::{error_policy, reconcile};
