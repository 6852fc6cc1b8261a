//! Stories of a tenant that is recovered in another cluster.

use oceanbase_sim::fault::{Fault, NodeState};

use super::*;
use crate::support::Node;
use crate::support::world::cluster;

const ALONE: &str = "
version: '4.3.5.2'
cluster: {name: obsite, id: 8}
speed: 200
";

/// Creates a world in which `orders` can be recovered, and a second cluster, `site`, as the target.
fn with_site(story: &str, scenario: &str) -> (World, Node) {
    let world = recoverable(story);
    let site = Node::start(scenario);
    site.simulator.sees(&world.simulator);
    world.apply(&cluster("site", site.port));
    world.edit("oceanbasecluster", "site", ALLOWED);
    let there = ("oceanbasecluster", "site");
    world.condition(there, "Ready", "True", "Accepted");
    (world, site)
}

fn roles(site: &Node) -> Vec<Option<String>> {
    let tenants = |cluster: &oceanbase_sim::model::World| {
        let tenant = cluster.tenant("restore_orders");
        vec![tenant.map(|tenant| format!("{:?}", tenant.role))]
    };
    site.simulator.world(tenants)
}

const TO_SITE: &str = "target: {clusterRef: {name: site}}";

#[test]
fn a_tenant_of_a_cluster_that_is_down_is_recovered_in_another_one() {
    let (world, site) = with_site("recovery-down", ALONE);
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    let source = ("oceanbasecluster", "prod");
    world.condition(source, "Reachable", "False", "Unreachable");
    world.apply(&recovery("undo", TO_SITE));
    let task = world.phase("recoverytask", "undo", "Completed");
    let warning = &task["status"]["plan"]["warnings"][0];
    assert!(warning.as_str().unwrap().contains("does not answer"));
    assert_eq!(roles(&site), [Some("Primary".to_owned())]);
}

#[test]
fn a_tenant_whose_cluster_nobody_describes_any_more_is_recovered_from_its_store() {
    let (world, site) = with_site("recovery-orphan", ALONE);
    let scn = window(&world)["endSCN"].as_str().unwrap().to_owned();
    for (kind, name) in [("backupstrategy", "nightly"), ("oceanbasecluster", "prod")] {
        world
            .kubectl(&["delete", kind, name, "--timeout=60s"])
            .unwrap();
    }
    world.apply(&from_store("undo", &scn, TO_SITE));
    world.phase("recoverytask", "undo", "Completed");
    assert_eq!(roles(&site), [Some("Primary".to_owned())]);
}

#[test]
fn a_tenant_is_not_recovered_to_an_older_version() {
    let older = ALONE.replace("4.3.5.2", "4.2.5.1");
    let (world, site) = with_site("recovery-version", &older);
    world.apply(&recovery("undo", TO_SITE));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "VersionNotRestorable");
    assert_eq!(site.simulator.log(|log| log.changing().count()), 0);
}
