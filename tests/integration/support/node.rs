//! A simulated OceanBase on a port.

use std::sync::Arc;

use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::server::Server;
use tokio::task::JoinHandle;

use super::api::runtime;
use super::world::PASSWORD;

/// A simulated OceanBase on a port. Dropping it closes the port.
pub(crate) struct Node {
    pub(crate) simulator: Simulator,
    pub(crate) port: u16,
    server: JoinHandle<()>,
}

impl Node {
    /// Simulates a scenario; `root@sys` has the password of every story.
    pub(crate) fn start(scenario: &str) -> Self {
        let mut scenario = Scenario::parse(scenario).unwrap();
        PASSWORD.clone_into(&mut scenario.sys_password);
        let simulator = Simulator::new(&scenario, WallClock).unwrap();
        let login = Arc::new(simulator.clone());
        let address = "127.0.0.1:0".parse().unwrap();
        let server = runtime()
            .block_on(Server::bind(address, login, None))
            .unwrap();
        let port = server.local_addr().unwrap().port();
        Self {
            simulator,
            port,
            server: runtime().spawn(server.run()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.abort();
    }
}
