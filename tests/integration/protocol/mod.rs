//! The operator's MySQL client on a real wire: the simulator's, and servers that misbehave.

mod endpoints;
mod node;
mod sessions;
mod tls;
