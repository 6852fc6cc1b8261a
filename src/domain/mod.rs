//! Decisions: the state of an object and the next step. They are pure and total: no clock, no I/O,
//! no `Result`. Failures are values.
//!
//! Each kind has `decide`, which maps the object and the observed state to a [`Decision`]. The
//! driver writes the status first and performs the effect afterwards. After a crash, the operator
//! recognizes unfinished work from the observed state (a job's key, a child's name), never from
//! memory.

mod accepted_statement;
mod attempt;
pub mod authorization;
mod backoff;
pub mod backup;
mod blocker;
mod cause;
pub mod children;
pub mod cleanup;
pub mod cluster;
pub mod condition;
mod decision;
pub mod drill;
#[cfg(test)]
mod kstatus;
pub mod log_backup;
pub mod naming;
mod observation;
mod outcome;
pub mod recovery;
pub mod recovery_windows;
pub mod retention;
pub mod schedule;
pub mod storage;
pub mod strategy;
pub mod tenant;
mod time;

pub use blocker::Blocker;
pub use cause::cause;
pub(crate) use cause::shortened;
pub(crate) use decision::deletion_timeout;
pub use decision::{Decision, Event, Finalization, Next};
pub(crate) use observation::pin;
pub use observation::{ObservedDestination, ObservedTenant, database_id, pinned};
pub use time::{duration_text, time, time_from};
