//! Backup and recovery of OceanBase as Kubernetes objects.
//!
//! The map of the house. Imports point down this list, and to [`api`], [`clock`] and
//! [`telemetry`] from wherever they are needed; a test asserts it.
//!
//! * [`cli`] flags and environment
//! * [`operator`] puts everything together
//! * [`stop`] the graceful stop, when it is asked for
//! * [`controller`] the Kubernetes shell: observe, write the status, perform
//! * [`domain`] decisions: pure, without clock and I/O
//! * [`oceanbase`] everything that knows OceanBase: statements, views, readers
//! * [`api`] what users write: one file per kind, schemas and validation, no behaviour
//! * [`telemetry`] logs, metrics, probes
//! * [`clock`] the time, as a value

pub mod api;
pub mod cli;
pub mod clock;
pub mod controller;
pub mod domain;
pub mod oceanbase;
pub mod operator;
pub mod shutdown;
pub mod telemetry;
