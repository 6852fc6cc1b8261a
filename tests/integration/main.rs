//! Tests with real parts: a real kube-apiserver, the operator as a process, and the simulated
//! OceanBase over TCP. One program, so that one control plane serves them all.

mod api_server;
mod architecture;
mod crd_files;
mod engine_grammar;
mod protocol;
mod stories;
mod support;
