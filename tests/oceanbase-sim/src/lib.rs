//! A faithful model of OceanBase's backup and log archive that needs no OceanBase.
//!
//! One model has two interfaces: [`server`] speaks the MySQL protocol, [`Session`] answers in
//! process.
//!
//! ```
//! use oceanbase_sim::clock::ManualClock;
//! use oceanbase_sim::scenario::Scenario;
//! use oceanbase_sim::value::{Backend, End};
//! use oceanbase_sim::Simulator;
//!
//! let scenario = Scenario::new("4.3.5.2").tenant("orders");
//! let simulator = Simulator::new(&scenario, ManualClock::default()).unwrap();
//! let mut session = simulator.connect("root@orders", "").unwrap();
//! assert_eq!(session.execute("ALTER SYSTEM ARCHIVELOG").end, End::Complete);
//! ```
//!
//! * [`scenario`] the initial state of a cluster, its past included
//! * [`model`] tenants, archives, backups, storage, and their progress with time
//! * [`statement`] parses text; `execute` runs statements that change something
//! * [`views`] names, columns and types per server version; `catalog` their rows; [`select`]
//!   `SELECT` and `SHOW` over them
//! * `rows` row counts of a tenant's own tables
//! * [`fault`] injected faults
//! * [`log`] sent statements, their senders and their results
//! * [`clock`], [`error`], [`value`] time, the engine's errors, results of statements
//! * [`Simulator`], [`Session`] the model behind one lock, and a login to it
//! * [`server`] handshake, login, packets, TLS

mod catalog;
pub mod clock;
pub mod error;
mod execute;
pub mod fault;
pub mod log;
mod login;
pub mod model;
mod rows;
pub mod scenario;
pub mod select;
pub mod server;
mod session;
mod simulator;
pub mod statement;
pub mod value;
pub mod views;

pub use session::Session;
pub use simulator::Simulator;
