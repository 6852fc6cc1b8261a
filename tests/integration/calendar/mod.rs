//! Stories that wait for slots of a schedule, which begin at minutes of the wall clock.
//!
//! The test harness starts tests in the order of their names. These tests mostly wait, so they are
//! a module of their own, which comes early: the others work meanwhile.

mod blackout;
mod missed;
mod schedule;
mod suspend;
mod suspend_midway;
