//! Tests of a recovery: scenarios, and all states that it can reach.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::domain::recovery_windows::{Recoverable, Window};
use crate::oceanbase::model::{
    BackgroundAnswer, Cpu, Failure, FailureClass, Identity, JobId, Pool, Restore, RestoreStatus,
    Restores, Scn, Tenant, Unit,
};
use crate::oceanbase::version::Version;

mod activate;
mod capacity;
mod clean_up;
mod idempotency;
mod prepare;
mod releases;
mod restore;
mod state_space;
mod table_import;
mod tables;
mod verification;

const SECOND: u64 = 1_000_000_000;
const NAME: &str = "payments/undo";
const WINDOW: Window = Window {
    start_scn: Scn(1_700_000_000 * SECOND),
    end_scn: Scn(1_700_003_600 * SECOND),
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn spec() -> Value {
    json!({
        "source": {"tenant": {"clusterRef": {"name": "prod"}, "tenantName": "orders"}},
        "until": {"type": "SCN", "scn": "1700000010123456000"},
        "target": {
            "type": "NewTenant",
            "clusterRef": {"name": "lab"},
            "tenantName": "restore_orders",
            "resources": {"create": {"unit": {"maxCPU": "2", "memory": "4Gi"}}},
        },
    })
}

fn identity() -> Identity {
    Identity {
        cluster_name: "oblab".to_owned(),
        cluster_id: 7,
        created_at: at(-1_000),
    }
}

fn restore_key() -> RestoreKey {
    RestoreKey::new(NAME, &identity().database())
}

fn resource() -> String {
    observation::resource_name(&restore_key())
}

fn tenant(role: &str) -> Tenant {
    let status = if role == "RESTORE" {
        "RESTORE"
    } else {
        "NORMAL"
    };
    Tenant {
        status: status.to_owned(),
        role: role.to_owned(),
        switchover_status: Some("NORMAL".to_owned()),
        archive_log: Some(false),
        ..Tenant::plain(1010, "restore_orders")
    }
}

fn job(status: RestoreStatus) -> Restore {
    Restore {
        job_id: JobId(3),
        tenant_name: "restore_orders".to_owned(),
        tenant_id: Some(TenantId(1010)),
        auxiliary_tenant: None,
        source_tenant: "orders".to_owned(),
        source_cluster: "obprod".to_owned(),
        scn: Scn(1_700_000_010_123_456_000),
        ended_at: status.is_terminal().then(|| at(60)),
        failure: matches!(status, RestoreStatus::Fail).then(|| failure(FailureClass::Permanent)),
        status,
        started_at: Some(at(1)),
        description: restore_key().as_str().to_owned(),
        percent: Some(40),
        recover_percent: None,
        total_bytes: None,
        finished_bytes: None,
        sets: vec!["file:///backup/data/set_1".to_owned()],
        pieces: vec!["file:///backup/log/piece_1".to_owned()],
    }
}

fn failure(class: FailureClass) -> Failure {
    Failure {
        code: -9094,
        reason: "LogStreamRestoreFailed",
        message: "a log stream could not be restored".to_owned(),
        class,
        passing: false,
    }
}

fn pool(tenant_id: Option<TenantId>) -> Pool {
    Pool {
        id: 1,
        name: resource(),
        tenant_id,
        unit_count: 1,
        unit_id: 1,
        unit: resource(),
        zones: vec!["zone1".to_owned()],
    }
}

fn unit() -> Unit {
    Unit {
        id: 1,
        name: resource(),
        max_cpu: Cpu::parse("2").unwrap(),
        memory: 4 << 30,
        log_disk: 12 << 30,
    }
}

/// A task with its observed state.
#[derive(Clone)]
struct Story {
    generation: i64,
    spec: RecoveryTaskSpec,
    status: RecoveryTaskStatus,
    observed: Observation,
}

impl Story {
    fn new(spec: Value) -> Self {
        let target = ObservedTarget {
            identity: identity(),
            version: Version([4, 3, 5, 2]),
            is_upgrading: false,
            privileges: None,
            tenant: None,
            auxiliary: None,
            settled: true,
            restores: Some(Arc::new(Restores {
                zones: vec!["zone1".to_owned()],
                servers: Some(Vec::new()),
                ..Restores::default()
            })),
        };
        Self {
            generation: 1,
            spec: serde_json::from_value(spec).unwrap(),
            status: RecoveryTaskStatus::default(),
            observed: Observation {
                forbidden: None,
                secrets: None,
                turn: None,
                source: Ok(ObservedSource {
                    tenant_id: Some(TenantId(1002)),
                    log_backup: Some("prod-t1002".to_owned()),
                    version: Some(Version([4, 3, 5, 2])),
                    elsewhere: Vec::new(),
                    knowledge: Knowledge::Reported(Recoverable {
                        windows: vec![WINDOW],
                        points: Vec::new(),
                    }),
                }),
                target: Ok(target),
                handed_over: None,
                intent_age: Duration::ZERO,
            },
        }
    }

    fn target(&mut self) -> &mut ObservedTarget {
        self.observed.target.as_mut().unwrap()
    }

    fn restores(&mut self) -> &mut Restores {
        Arc::make_mut(self.target().restores.as_mut().unwrap())
    }

    /// The unit and the pool exist, and the pool has this owner.
    fn with_resources(mut self, holder: Option<TenantId>) -> Self {
        self.restores().units = vec![unit()];
        self.restores().pools = vec![pool(holder)];
        self
    }

    /// The database shows the job, and the tenant in its current state.
    fn with_job(mut self, status: RestoreStatus, role: Option<&str>) -> Self {
        self.restores().restores = vec![job(status)];
        self.target().tenant = role.map(|role| Arc::new(tenant(role)));
        self
    }

    /// The tenant is a primary tenant with an older data version than its cluster.
    fn of_older_version(mut self) -> Self {
        let mut older = tenant("PRIMARY");
        older.compatible = Some("4.2.1.8".to_owned());
        self.target().tenant = Some(Arc::new(older));
        self.restores().data_version = Some("4.3.5.2".to_owned());
        self
    }

    fn without_job(mut self) -> Self {
        self.restores().restores.clear();
        self
    }

    fn canceled(mut self) -> Self {
        self.spec.cancel = Some(true);
        self
    }

    fn decide(&self, answer: Option<(&Effect, &Answer)>, second: i64) -> RecoveryDecision {
        let task = Task {
            generation: self.generation,
            name: NAME,
            spec: &self.spec,
            status: &self.status,
        };
        decide(&task, &self.observed, answer, at(second))
    }

    /// Runs one pass and returns its effect.
    fn pass(&mut self, second: i64) -> Option<Effect> {
        let decision = self.decide(None, second);
        self.status = decision.status;
        decision.effect
    }

    fn on_answer(&mut self, effect: &Effect, answer: &Answer, second: i64) {
        self.status = self.decide(Some((effect, answer)), second).status;
    }

    /// Runs one pass and answers its effect.
    fn pass_with_answer(&mut self, answer: &Answer, second: i64) -> Effect {
        let effect = self.pass(second).expect("an effect");
        self.on_answer(&effect, answer, second);
        effect
    }

    fn phase(&self) -> &str {
        self.status.phase.as_deref().unwrap_or_default()
    }

    fn cause(&self) -> &str {
        self.status.cause.as_ref().map_or("", |cause| &cause.reason)
    }

    /// Unit and pool were created and RESTORE was handed over.
    fn sent() -> Self {
        let mut story = Self::new(spec());
        story.pass_with_answer(&Answer::Done, 0);
        story = story.with_resources(None);
        let effect = story.pass_with_answer(&Answer::HandedOver, 0);
        assert!(matches!(effect, Effect::Restore { .. }), "{effect:?}");
        story.observed.handed_over = Some(BackgroundAnswer::Sending);
        story
    }

    /// The database's job runs.
    fn running() -> Self {
        let restoring = RestoreStatus::Restoring("RESTORING".to_owned());
        let mut story = Self::sent()
            .with_resources(Some(TenantId(1010)))
            .with_job(restoring, Some("RESTORE"));
        story.pass(2);
        story
    }
}
