//! Tests of the suite against simulated clusters, unmodified and altered.

mod altered;
mod flags;
mod foreign;
mod releases;

use std::sync::Arc;
use std::time::Duration;

use oceanbase_backup_operator::oceanbase::client::{Account, Tls};
use oceanbase_backup_operator::oceanbase::model::TableName;
use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::server::Server;

use super::report::{Line, Report};
use super::run_suite;
use super::settings::{Settings, scratch_tenant};
use super::storage::Storage;

/// The password of the account.
const PASSWORD: &str = "open-sesame";

/// A running simulated cluster.
struct World {
    simulator: Simulator,
    endpoint: (String, u16),
}

/// A cluster with a scratch tenant and another tenant, which has backups.
fn scenario(version: &str) -> Scenario {
    let mut scratch = TenantSpec::new("scratch").table("shop.orders", 1000, 0);
    // Large enough for a backup that can be canceled.
    scratch.full_backup_size = 30 << 30;
    Scenario::new(version)
        .speed(100.0)
        .sys_password(PASSWORD)
        .with(scratch)
        .with(TenantSpec::new("orders").ready(Duration::from_hours(24)))
}

impl World {
    async fn serve(scenario: &Scenario) -> Self {
        let simulator = Simulator::new(scenario, WallClock).unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(address, Arc::new(simulator.clone()), None);
        let server = server.await.unwrap();
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());
        let endpoint = (address.ip().to_string(), address.port());
        Self {
            simulator,
            endpoint,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            account: Account {
                endpoints: vec![self.endpoint.clone()],
                user: "root@sys".to_owned(),
                password: PASSWORD.to_owned().into(),
                tls: Tls::Disabled,
            },
            storage: Storage::parse("file:///conformance").unwrap(),
            tenant: scratch_tenant("scratch").unwrap(),
            allows_recovery: true,
            table: TableName::parse("shop.orders"),
            timeout: Duration::from_secs(30),
            poll_interval: Duration::from_millis(10),
            started_at: "2026-11-20T02:00:00Z".parse().unwrap(),
        }
    }

    async fn run(&self) -> Report {
        run_suite(self.settings(), std::future::pending())
            .await
            .unwrap()
    }

    /// Runs the suite, interrupts it when the world reaches a state, and checks the leftovers.
    async fn interrupt(&self, is_time: impl Fn(&Self) -> bool) {
        let end_signal = async {
            while !is_time(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(2)
        };
        let report = run_suite(self.settings(), end_signal).await.unwrap();
        let expected = "The run comes to its end: interrupted by signal 2";
        assert_eq!(bad(&report), [expected]);
        self.assert_nothing_is_left();
    }

    /// Checks that only files and recovered tables of a run remain in the cluster.
    fn assert_nothing_is_left(&self) {
        self.simulator.world(|world| {
            let names: Vec<_> = world.tenants.iter().map(|tenant| &tenant.name).collect();
            assert_eq!(names, ["scratch", "orders"]);
            let scratch = world.tenant("scratch").unwrap();
            assert!(!scratch.archive.log_mode && scratch.archive.is_stopped());
            assert!(scratch.archive_dest.is_none() && scratch.data_dest.is_none());
            assert!(scratch.policies.is_empty());
            assert!(scratch.backups.jobs.is_empty());
            for name in ["scratch_conf_pool", "scratch_conf_none"] {
                assert!(world.resources.pool(name).is_none(), "{name}");
            }
            for name in ["scratch_conf_unit", "scratch_conf_low"] {
                assert!(world.resources.config(name).is_none(), "{name}");
            }
        });
    }
}

/// Returns assumptions and observations of the lines that a DBA must check.
fn bad(report: &Report) -> Vec<String> {
    let text = |line: &Line| format!("{}: {}", line.assumption, line.observation);
    report.lines_to_act_on().map(text).collect()
}
