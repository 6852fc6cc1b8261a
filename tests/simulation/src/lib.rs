//! Simulation of the whole operator against an API server and an OceanBase in process, under a
//! paused clock.
//!
//! A [workload](workload) runs once without faults. Every request, statement and event of that run
//! is a [point](plan::Point) with a name. A [plan](plan::Plan) is a workload and its faults: the
//! operator is killed, an answer is lost, a request is refused, an event comes late, a job fails,
//! or a clock jumps. Each plan runs in a world of its own. The [oracle](oracle) checks every change
//! and every statement. At the end the world must be the same as after the faultless run.
//!
//! * [`plan`] names of points, their faults, and the text that replays a plan
//! * [`workload`] user actions; [`passing`] reversible faults
//! * [`world`] API server, database, operator; [`request`] user requests; [`engine`] the operator's
//!   database interface; [`time`] the clock
//! * [`director`] counts points and injects faults; [`seat`] runs an operator's processes, one
//!   after the other
//! * [`oracle`] invariants after every step; [`digest`] and [`sent`] invariants at the end
//! * [`run`] one plan; [`enumerate`] all plans of a workload; [`campaign`] runs of many plans

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a simulation that is itself wrong panics"
)]

pub mod campaign;
pub mod digest;
pub mod director;
pub mod engine;
pub mod enumerate;
pub mod oracle;
pub mod passing;
pub mod plan;
pub mod request;
pub mod run;
pub mod seat;
pub mod sent;
pub mod time;
pub mod workload;
pub mod world;

pub use campaign::Campaign;
pub use plan::Plan;
pub use run::{Report, run};
