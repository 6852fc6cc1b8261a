//! Tests of the whole operator under a paused clock, with faults at exact points, and a comparison
//! of the API double with an API server.

mod changes;
mod faults;
mod honest;
mod peace;
mod recoveries;
mod script;
