//! The whole operator against an API server and an OceanBase in process, under a paused clock.
//!
//! A [workload](workload) runs once in peace; every request, statement and event of that run is a
//! [point](plan::Point) with a name. A [plan](plan::Plan) is a workload and what goes wrong at
//! which points: the operator is killed before or after it, an answer is lost, a request is refused,
//! an event comes late, a job fails, a clock jumps. Each plan runs in a world of its own, the
//! [oracle](oracle) looks at every change and every statement, and at the end the world must be as
//! after the run in peace.
//!
//! * [`plan`] names of points, what goes wrong there, and the text that replays it
//! * [`workload`] what people do; [`passing`] what is taken back
//! * [`world`] API server, database, operator; [`request`] what people send; [`engine`] the database's seam; [`time`] the clock
//! * [`director`] counts points and makes things go wrong; [`seat`] where an operator's processes
//!   run, one or two at a time
//! * [`oracle`] what must hold after every step; [`digest`] and [`sent`] what must hold at
//!   the end
//! * [`run`] one plan; [`enumerate`] all plans of a workload; [`campaign`] many of them at a time

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
