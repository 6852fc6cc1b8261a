//! Watches of all objects.
//!
//! * [`caches`]: caches of all objects; `merged`: watches of several namespaces merged into one
//! * [`malformed`]: objects that cannot be read
//! * [`triggers`]: objects to requeue after a change

pub mod caches;
pub mod malformed;
mod merged;
pub mod triggers;
