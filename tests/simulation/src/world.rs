//! API server, database and operator of one run.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api_double::{Double, Kinds, Peace};
use futures::future::select_all;
use kube::Client;
use oceanbase_backup_operator::controller::{api_client, leader_election};
use oceanbase_backup_operator::oceanbase::reflector::Intervals;
use oceanbase_backup_operator::operator::{self, Settings};
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::{Simulator, fault};
use serde_json::Value;
use tokio::time::sleep;
use tower::Layer;

use crate::director::Director;
use crate::engine::Engine;
use crate::oracle::{LEASE, Oracle, PASSWORD};
use crate::plan::{Fault, SECOND};
use crate::request::send;
use crate::seat::Seat;
use crate::time::Time;
use crate::workload::{Action, NAMESPACE, Workload};

/// How long it takes until another operator runs.
const RESTART: Duration = Duration::from_secs(5);

/// How much later the second operator begins, so that the first one leads.
const HEAD_START: Duration = Duration::from_secs(1);

/// The operators' own namespace.
const OPERATORS: &str = "oceanbase-backup";

/// How often the garbage collector of Kubernetes runs.
const GARBAGE: Duration = Duration::from_secs(10);

/// The definitions, as they are shipped.
const DEFINITIONS: [&str; 8] = [
    include_str!("../../../crds/backupstorages.yaml"),
    include_str!("../../../crds/backupstrategies.yaml"),
    include_str!("../../../crds/backuptasks.yaml"),
    include_str!("../../../crds/cleanuptasks.yaml"),
    include_str!("../../../crds/logbackups.yaml"),
    include_str!("../../../crds/oceanbaseclusters.yaml"),
    include_str!("../../../crds/recoverydrills.yaml"),
    include_str!("../../../crds/recoverytasks.yaml"),
];

/// Returns the served kinds.
#[must_use]
pub fn kinds() -> Kinds {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    KINDS
        .get_or_init(|| Kinds::with_definitions(DEFINITIONS).unwrap())
        .clone()
}

/// API server, database and operator of one run.
pub struct World {
    /// The time.
    pub time: Time,
    /// The API server.
    pub double: Double,
    /// The database.
    pub simulator: Simulator,
    /// The source of faults.
    pub director: Director,
    /// The checks.
    pub oracle: Oracle,
    /// The processes of operators.
    pub seats: Vec<Seat>,
}

impl World {
    /// Creates a world without events.
    #[must_use]
    pub fn new(workload: &Workload, faults: &[Fault]) -> Self {
        let time = Time::begin();
        let for_double = time.clone();
        let double = Double::new(kinds(), move || for_double.now());
        let mut scenario = Scenario::parse(&workload.scenario).unwrap();
        PASSWORD.clone_into(&mut scenario.sys_password);
        let simulator = Simulator::new(&scenario, time.clone()).unwrap();
        let director = Director::new(time.clone(), faults);
        director.knows(&double, &simulator);
        let oracle = Oracle::new(time.clone(), workload, faults);
        let seat = |prefix| Seat::new(prefix, &director, &oracle, &time);
        let mut seats = vec![seat("")];
        if workload.has_second {
            seats.push(seat(SECOND));
        }
        let for_changes = (oracle.clone(), simulator.clone());
        double.witness(move |change| for_changes.0.change(&for_changes.1, change));
        Self {
            time,
            double,
            simulator,
            director,
            oracle,
            seats,
        }
    }

    /// Runs the user actions and the operator to the end. Returns `false` when the operator ended
    /// by itself.
    pub async fn live(&self, workload: &Workload) -> bool {
        let mut people = pin!(self.people(workload));
        let seats = self.seats.iter().zip(0..);
        let mut operators =
            select_all(seats.map(|(seat, nth)| Box::pin(self.operators(workload, seat, nth))));
        let mut garbage = pin!(self.garbage());
        tokio::select! {
            biased;
            () = &mut people => true,
            _ = &mut operators => false,
            () = &mut garbage => true,
        }
    }

    /// Runs one operator process after the other, until one ends unexpectedly.
    async fn operators(&self, workload: &Workload, seat: &Seat, nth: u32) {
        sleep(HEAD_START * nth).await;
        loop {
            let stop = seat.begin();
            let engine = Engine {
                simulator: self.simulator.clone(),
                seat: seat.clone(),
                oracle: self.oracle.clone(),
                arriving: Arc::default(),
            };
            let service = || self.double.service(&seat.actor(), Arc::new(seat.clone()));
            // Limited as the operator's own client: few requests at a time, each with a deadline.
            let client = Client::new(api_client::limits().layer(service()), "default");
            let lease = workload.has_second.then(|| leader_election::Settings {
                client: Client::new(service(), "default"),
                namespace: OPERATORS.to_owned(),
                identity: seat.actor(),
                duration: LEASE,
            });
            let settings = Settings {
                namespaces: workload
                    .namespaces
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                intervals: Intervals {
                    idle: workload.idle,
                    ..Intervals::default()
                },
                lease,
                ..Settings::default()
            };
            let operator = operator::run(
                client,
                Arc::new(engine),
                seat.time().clock(),
                settings,
                stop.clone(),
            );
            match seat.run(operator).await {
                None | Some(Err(operator::Error::Lease(_))) => {}
                Some(Ok(())) if stop.is_cancelled() => {}
                Some(_) => return,
            }
            sleep(RESTART).await;
        }
    }

    async fn people(&self, workload: &Workload) {
        let client = self.double.client_of("person", Arc::new(Peace));
        for (at, action) in &workload.steps {
            self.time.until(*at).await;
            self.act(&client, action).await;
        }
        self.time.until(workload.length).await;
    }

    async fn act(&self, client: &Client, action: &Action) {
        let done = match action {
            Action::Apply(manifests) => apply(client, manifests).await,
            Action::Edit {
                plural,
                name,
                change,
            } => {
                let change: Value = serde_saphyr::from_str(change).unwrap();
                let media_type = "application/merge-patch+json";
                send(
                    client,
                    "PATCH",
                    &path(home(plural), plural, name),
                    media_type,
                    &change,
                )
                .await
                .map(drop)
            }
            Action::Delete { plural, name } => {
                let media_type = "application/json";
                send(
                    client,
                    "DELETE",
                    &path(home(plural), plural, name),
                    media_type,
                    &Value::Null,
                )
                .await
                .map(drop)
            }
            Action::Database(yaml) => {
                for fault in fault::parse(yaml).unwrap() {
                    let done = self.simulator.inject(fault);
                    // Faults of the configuration of a dropped tenant cannot happen.
                    assert!(
                        done.is_ok() || self.director.struck().0.is_some(),
                        "{done:?}"
                    );
                }
                Ok(())
            }
        };
        done.unwrap_or_else(|error| panic!("{action:?}: {error}"));
    }

    async fn garbage(&self) {
        loop {
            sleep(GARBAGE).await;
            // The result is ignored because the collector runs again.
            let _ = self.double.collect_garbage();
        }
    }
}

async fn apply(client: &Client, manifests: &str) -> Result<(), kube::Error> {
    for manifest in manifests.split("\n---\n") {
        let object: Value = serde_saphyr::from_str(manifest).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let plural = match text(&object["kind"]).to_lowercase().as_str() {
            "backupstrategy" => "backupstrategies".to_owned(),
            kind => format!("{kind}s"),
        };
        let name = text(&object["metadata"]["name"]);
        let namespace = object["metadata"]["namespace"].as_str();
        let path = path(namespace.unwrap_or(home(&plural)), &plural, &name);
        let path = format!("{path}?fieldManager=person");
        let media_type = "application/apply-patch+yaml";
        send(client, "PATCH", &path, media_type, &object).await?;
    }
    Ok(())
}

/// Returns the namespace of objects that name none.
fn home(plural: &str) -> &'static str {
    match plural {
        "leases" => OPERATORS,
        _ => NAMESPACE,
    }
}

fn path(namespace: &str, plural: &str, name: &str) -> String {
    let group = match plural {
        "secrets" => "api/v1",
        "leases" => "apis/coordination.k8s.io/v1",
        _ => "apis/backup.oceanbase.io/v1alpha1",
    };
    format!("/{group}/namespaces/{namespace}/{plural}/{name}")
}
