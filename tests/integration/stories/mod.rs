//! One test per user story.

mod schedule;
