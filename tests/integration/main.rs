//! Tests with real parts: a real kube-apiserver, the operator as a process, and the simulated
//! OceanBase over TCP. One program, so that one control plane serves them all.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests wait in real time and panic where something is not as it should be"
)]

mod api_server;
mod architecture;
mod crd_files;
mod docs;
mod engine_grammar;
mod gitops;
mod kernel_tables;
mod monitoring;
mod packaging;
mod protocol;
mod simulation;
mod stories;
mod support;
