//! Everything that knows OceanBase. It never imports kube.
//!
//! * [`model`] ids, states and rows, as values
//! * [`version`] versions of a server; [`capability`] which release can do what
//! * [`destination`] where backups go, as OceanBase writes it
//! * [`command`] statements that change something, rendered from checked values
//! * [`password`] what whoever restores a backup must give
//! * [`view`] queries, and the reading of their rows
//! * [`error`] error numbers, explained
//! * [`client`] the seam: text in, rows out; [`mysql`] is its real side
//! * [`reflector`] reads a cluster again and again; `snapshot` is one such read
//! * [`sender`] sends commands, looking first where their guard says so
//! * [`credentials`] whom to log in as
//! * [`cluster`] one object that describes a cluster; [`problem`] what keeps it from being read
//! * [`database`] what is read of one database, and the way of commands to it; [`permits`] who may send
//!   them now
//! * [`clusters`] all of these, and who leads where
//! * [`lease_guard`] for how long this process may act

pub mod capability;
pub mod client;
pub mod cluster;
pub mod credentials;
pub mod database;
pub mod destination;
pub mod error;
pub mod lanes;
pub mod lease_guard;
pub mod model;
pub mod mysql;
pub mod problem;
pub mod query;
pub mod reflector;
pub mod registry;
pub mod restore_password;
pub mod sender;
mod snapshot;
pub mod statement;
#[cfg(test)]
pub(crate) mod testing;
pub mod version;
