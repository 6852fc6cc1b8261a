//! Tests of the operator's MySQL client over TCP, with the simulator and with misbehaving servers.

mod endpoints;
mod node;
mod sessions;
mod tls;
