//! What the tests stand on.

pub(crate) mod cluster;
pub(crate) mod operator;
pub(crate) mod wait;
pub(crate) mod world;

pub(crate) use cluster::{apply, control_plane, kubectl};
pub(crate) use operator::Operator;
pub(crate) use wait::eventually;
pub(crate) use world::World;
