//! Tests of the definitions in `crds/`, of `deploy/` and of its samples with a real API server.

mod client;
mod coverage;
mod deployed;
mod installed;
mod printed;
mod samples;
mod schema;
mod status;
mod table;
mod uninstall;
