//! Everything specific to OceanBase. It never imports kube.
//!
//! * [`model`] IDs, states and rows, as values
//! * [`version`] versions of a server; [`capability`] features of each release
//! * [`destination`] destinations of backups, in OceanBase's syntax
//! * [`statement`] statements that change something, rendered from validated values
//! * [`restore_password`] passwords that protect backups
//! * [`query`] queries and the parsing of their rows
//! * [`error`] error numbers and their explanations
//! * [`client`] interface to the database: text in, rows out; [`mysql`] is the implementation
//! * [`reflector`] repeated reads of a cluster; `snapshot` is one such read
//! * [`sender`] sends commands after their precondition was checked
//! * [`credentials`] accounts for logins
//! * [`cluster`] one OceanBaseCluster object; [`problem`] reasons why it cannot be read
//! * [`database`] snapshot of one database and commands to it; [`lanes`] send permits
//! * [`trigger`] notices to the controllers; `reader_signal` signal to the reader of one object
//! * [`registry`] all clusters; `databases` all databases that they lead to
//! * [`lease_guard`] time for which this process may act

pub mod capability;
pub mod client;
pub mod cluster;
pub mod credentials;
pub mod database;
mod databases;
pub mod destination;
pub mod error;
pub mod lanes;
pub mod lease_guard;
pub mod model;
pub mod mysql;
pub mod problem;
pub mod query;
mod reader_signal;
pub mod reflector;
pub mod registry;
pub mod restore_password;
pub mod sender;
mod snapshot;
pub mod statement;
mod sync;
#[cfg(test)]
pub(crate) mod testing;
pub mod trigger;
pub mod version;
