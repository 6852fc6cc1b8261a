use std::sync::Mutex;

use futures::FutureExt;
use futures::future::BoxFuture;
use oceanbase_sim::fault::{Fault, NodeState};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::*;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::lease_guard::LeaseGuard;
use crate::oceanbase::model::{Answer, TenantName};
use crate::oceanbase::registry::Clusters;
use crate::oceanbase::statement::Command;
use crate::oceanbase::testing::{InProcess, PASSWORD, account, lock};
use crate::oceanbase::trigger::Trigger;

mod credentials;
mod late;
mod permits;
mod shared;

/// Credentials that a test can change: those of the second object, if it has its own, and those of
/// all others.
#[derive(Clone)]
struct Changeable(
    Arc<Mutex<Result<Account, CredentialsError>>>,
    Arc<Mutex<Option<Result<Account, CredentialsError>>>>,
);

impl Credentials for Changeable {
    fn account<'a>(
        &'a self,
        key: &'a ClusterKey,
    ) -> BoxFuture<'a, Result<Account, CredentialsError>> {
        let own = lock(&self.1).clone().filter(|_| key.name == "second");
        let account = own.unwrap_or_else(|| lock(&self.0).clone());
        async move { account }.boxed()
    }
}

/// Cluster that is being read, under a paused clock.
struct Desk {
    node: InProcess,
    credentials: Changeable,
    clusters: Clusters,
    triggers: broadcast::Receiver<Trigger>,
    key: ClusterKey,
    _running: JoinSet<()>,
}

impl Desk {
    fn new() -> Self {
        let node = InProcess::new();
        let credentials = Changeable(Arc::new(Mutex::new(Ok(account()))), Arc::default());
        let (clusters, readers) = Clusters::new(
            Arc::new(node.clone()),
            Arc::new(credentials.clone()),
            Intervals::default(),
            node.time.clock(),
            Metrics::new().unwrap(),
            LeaseGuard::always(),
        );
        let key = ClusterKey {
            namespace: "default".to_owned(),
            name: "prod".to_owned(),
        };
        let triggers = clusters.triggers();
        let mut running = JoinSet::new();
        running.spawn(readers.run());
        clusters.watch(&key);
        Self {
            node,
            credentials,
            clusters,
            triggers,
            key,
            _running: running,
        }
    }

    fn inject(&self, fault: Fault) {
        self.node.simulator.inject(fault).unwrap();
    }

    fn node(&self, is: NodeState) {
        self.inject(Fault::Node { is });
    }

    /// Returns whether the cluster is up; otherwise the reason.
    fn state(&self) -> Result<(), &'static str> {
        match self.clusters.state(&self.key) {
            ClusterState::Up(_) => Ok(()),
            ClusterState::Down(problem) => Err(problem.reason),
            ClusterState::Connecting => Err("Connecting"),
        }
    }

    /// Returns the number of reads within this time.
    async fn reads_in(&self, seconds: u64) -> usize {
        let before = self.node.count("TENANT_TYPE = 'USER'");
        sleep(Duration::from_secs(seconds)).await;
        self.node.count("TENANT_TYPE = 'USER'") - before
    }

    fn triggers(&mut self) -> Vec<Option<Vec<String>>> {
        let triggers = std::iter::from_fn(|| self.triggers.try_recv().ok());
        triggers
            .map(|trigger| trigger.tenants.map(|names| names.iter().cloned().collect()))
            .collect()
    }

    async fn backup(&self) {
        let command = Command::Backup {
            tenant: TenantName::parse("orders").unwrap(),
            tenant_id: crate::oceanbase::model::TenantId(1002),
            incremental: false,
            key: JobKey::new("8b1d", 1).unwrap(),
            plus_archivelog: false,
            password: None,
            slots: 2,
        };
        let mut permit = self.clusters.permit(&self.key, &Lane::Serial).unwrap();
        assert_eq!(permit.send(&command).await, Answer::Done);
    }
}

async fn a_moment() {
    sleep(Duration::from_millis(10)).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_cluster_is_read_every_fifteen_seconds() {
    let desk = Desk::new();
    a_moment().await;
    assert_eq!(desk.reads_in(60).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_read_every_two_seconds_while_our_backup_runs() {
    let desk = Desk::new();
    a_moment().await;
    desk.inject(Fault::Hold {
        tenant: "orders".to_owned(),
        at: oceanbase_sim::model::Stage::Doing,
    });
    desk.backup().await;
    sleep(Duration::from_mins(2)).await;
    assert_eq!(desk.reads_in(60).await, 30);
}

#[tokio::test(start_paused = true)]
async fn the_pace_is_idle_again_when_the_backup_has_ended() {
    let desk = Desk::new();
    a_moment().await;
    desk.backup().await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(desk.reads_in(60).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_command_is_followed_by_a_read_at_once() {
    let desk = Desk::new();
    a_moment().await;
    let before = desk.node.count("TENANT_TYPE = 'USER'");
    desk.backup().await;
    a_moment().await;
    assert_eq!(desk.node.count("TENANT_TYPE = 'USER'") - before, 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_cluster_is_read_on_one_connection() {
    let desk = Desk::new();
    sleep(Duration::from_hours(1)).await;
    assert_eq!(desk.node.simulator.connections().logins, 1);
}

#[tokio::test(start_paused = true)]
async fn sets_and_pieces_are_read_every_five_minutes() {
    let desk = Desk::new();
    a_moment().await;
    let before = desk.node.count("CDB_OB_BACKUP_SET_FILES");
    sleep(Duration::from_hours(1)).await;
    let reads = desk.node.count("CDB_OB_BACKUP_SET_FILES") - before;
    assert!((11..=12).contains(&reads), "{reads}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_does_not_answer_is_tried_more_and_more_seldom() {
    let desk = Desk::new();
    desk.node(NodeState::Refusing);
    sleep(Duration::from_mins(4)).await;
    let attempts = lock(&desk.node.attempts).clone();
    let pauses: Vec<_> = attempts
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_secs())
        .collect();
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_does_not_answer_is_down_and_says_so_once() {
    let mut desk = Desk::new();
    desk.node(NodeState::Refusing);
    sleep(Duration::from_mins(10)).await;
    assert_eq!(desk.state(), Err("Unreachable"));
    assert_eq!(desk.triggers(), [None]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_answers_again_is_up_and_wakes_everybody() {
    let mut desk = Desk::new();
    desk.node(NodeState::Refusing);
    sleep(Duration::from_mins(10)).await;
    desk.triggers();
    desk.node(NodeState::Serving);
    sleep(Duration::from_mins(1)).await;
    assert_eq!((desk.state(), desk.triggers()), (Ok(()), vec![None]));
}

#[tokio::test(start_paused = true)]
async fn the_first_pause_is_short_again_after_a_cluster_had_answered() {
    let desk = Desk::new();
    desk.node(NodeState::Refusing);
    sleep(Duration::from_mins(10)).await;
    desk.node(NodeState::Serving);
    sleep(Duration::from_mins(2)).await;
    desk.node(NodeState::Refusing);
    sleep(Duration::from_mins(1)).await;
    desk.node(NodeState::Serving);
    sleep(Duration::from_secs(33)).await;
    assert_eq!(desk.state(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_once_is_not_reported() {
    let mut desk = Desk::new();
    a_moment().await;
    desk.triggers();
    desk.inject(Fault::KillConnections);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(desk.state(), Ok(()));
    assert!(!desk.triggers().contains(&None));
}

#[tokio::test(start_paused = true)]
async fn a_changed_tenant_wakes_its_objects_only() {
    let mut desk = Desk::new();
    a_moment().await;
    desk.triggers();
    desk.inject(Fault::Lock {
        tenant: "billing".to_owned(),
        locked: true,
    });
    sleep(Duration::from_secs(20)).await;
    let triggers = desk.triggers();
    // Other tenants archive and advance.
    let named = |names: &Option<Vec<String>>| {
        let names = names.as_deref().unwrap_or_default();
        names.iter().any(|name| name == "billing")
    };
    assert!(triggers.iter().any(named), "{triggers:?}");
    assert!(!triggers.contains(&None));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_needs_somebody_s_help() {
    let desk = Desk::new();
    lock(&desk.credentials.0).as_mut().unwrap().password = "wrong".into();
    sleep(Duration::from_secs(1)).await;
    let ClusterState::Down(problem) = desk.clusters.state(&desk.key) else {
        panic!("not down");
    };
    assert!(problem.permanent && problem.reason == "AccessDenied");
    assert!(!problem.message.contains("`clusterName`"), "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_s_name_in_a_login_that_is_refused_is_named_as_a_cause() {
    let desk = Desk::new();
    lock(&desk.credentials.0).as_mut().unwrap().user = "root@sys#obprod".to_owned();
    sleep(Duration::from_secs(1)).await;
    let ClusterState::Down(problem) = desk.clusters.state(&desk.key) else {
        panic!("not down");
    };
    assert_eq!(problem.reason, "AccessDenied");
    assert!(problem.message.contains("`clusterName`"), "{problem:?}");
}

fn change_password(desk: &Desk, password: &str) {
    desk.inject(Fault::Password {
        tenant: "sys".to_owned(),
        user: "root".to_owned(),
        password: password.to_owned(),
    });
}

#[tokio::test(start_paused = true)]
async fn a_password_that_changes_under_a_session_is_not_reported_while_the_session_lasts() {
    let desk = Desk::new();
    a_moment().await;
    change_password(&desk, "new");
    sleep(Duration::from_mins(10)).await;
    assert_eq!(desk.state(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_password_that_changed_is_found_out_at_the_next_login() {
    let desk = Desk::new();
    a_moment().await;
    change_password(&desk, "new");
    desk.inject(Fault::KillConnections);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(desk.state(), Err("AccessDenied"));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_an_object_is_forgotten() {
    let desk = Desk::new();
    a_moment().await;
    *lock(&desk.credentials.0) = Err(CredentialsError::Gone);
    desk.clusters.reload(&desk.key);
    sleep(Duration::from_secs(1)).await;
    assert!(desk.clusters.states().is_empty());
    assert_eq!(desk.node.simulator.connections().current, 0);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_settled_again_by_the_read_after_the_command() {
    let desk = Desk::new();
    a_moment().await;
    let ClusterState::Up(before) = desk.clusters.state(&desk.key) else {
        panic!("not up");
    };
    desk.backup().await;
    a_moment().await;
    let ClusterState::Up(after) = desk.clusters.state(&desk.key) else {
        panic!("not up");
    };
    let settled = |snapshot| desk.clusters.is_settled(&desk.key, "orders", snapshot);
    assert_eq!((settled(&before), settled(&after)), (false, true));
}

#[test]
fn the_double_logs_in_with_the_password_that_it_was_given() {
    use secrecy::ExposeSecret;
    assert_eq!(account().password.expose_secret(), PASSWORD);
}
