//! Backup and recovery of OceanBase as Kubernetes objects.
//!
//! Modules from top to bottom. Imports point only down this list; a test checks this. Every module
//! may import [`api`], [`clock`] and [`telemetry`].
//!
//! * [`cli`] flags and environment variables
//! * [`operator`] assembly of all parts
//! * [`shutdown`] graceful shutdown on a signal
//! * [`controller`] Kubernetes side: observe, write the status, act
//! * [`domain`] decisions: pure functions without clock or I/O
//! * [`oceanbase`] everything specific to OceanBase: statements, views, readers
//! * [`api`] what users write: one file per kind, with schema and validation but no behavior
//! * [`telemetry`] logs, metrics and probes
//! * [`clock`] current time as a parameter

pub mod api;
pub mod cli;
pub mod clock;
pub mod controller;
pub mod domain;
pub mod oceanbase;
pub mod operator;
pub mod shutdown;
pub mod telemetry;

/// Allocates in the tests. Walks through all states make millions of small strings, and the
/// allocator of the C library takes half of their time.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
