//! A faithful model of OceanBase's backup and log archive, without an OceanBase.
//!
//! One model, two faces: [`server`] speaks the MySQL protocol, [`Session`] answers in process.
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
//! * [`scenario`] what a cluster looks like when it starts, its past included
//! * [`model`] tenants, archives, backups, stores, and how they move with time
//! * [`statement`] text to statements; `execute` statements that change something
//! * [`views`] names, columns and types per server version; `catalog` their rows; [`select`]
//!   `SELECT` and `SHOW` over them
//! * `rows` how many rows a tenant's own tables have
//! * [`fault`] what goes wrong on purpose
//! * [`log`] what was sent, by whom, and what came of it
//! * [`clock`], [`error`], [`value`] time, the engine's errors, what a statement answers
//! * [`Simulator`], [`Session`] all of it behind one lock, and one login to it
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
