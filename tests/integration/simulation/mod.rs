//! The whole operator under a paused clock, with faults at exact points; and the script that keeps
//! the API double honest.

mod changes;
mod faults;
mod honest;
mod peace;
mod recoveries;
mod script;
