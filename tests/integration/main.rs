//! Tests with a real kube-apiserver, the operator as a process, and the simulated OceanBase over
//! TCP. They are one program so that they share one control plane.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests wait in real time and panic where something is not as it should be"
)]

/// Allocates faster than the C library, which counts: this process is also the simulated database.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod api_server;
mod architecture;
mod calendar;
mod crd_files;
mod docs;
mod engine_grammar;
mod gitops;
mod kernel_tables;
mod monitoring;
mod packaging;
mod prose;
mod protocol;
mod simulation;
mod stories;
mod support;
