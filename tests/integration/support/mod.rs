//! Helpers of the integration tests.

pub(crate) mod account;
pub(crate) mod api;
pub(crate) mod canary;
pub(crate) mod cluster;
pub(crate) mod installation;
pub(crate) mod kill;
pub(crate) mod node;
pub(crate) mod operator;
pub(crate) mod proxy;
pub(crate) mod reasons;
pub(crate) mod sample;
pub(crate) mod wait;
pub(crate) mod world;

pub(crate) use cluster::{apply, control_plane, kubectl, scratch};
pub(crate) use node::Node;
pub(crate) use operator::Operator;
pub(crate) use wait::{eventually, within};
pub(crate) use world::World;
