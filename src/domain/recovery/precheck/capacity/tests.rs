use serde_json::{Value, json};

use super::*;
use crate::oceanbase::model::{Cpu, Pool};

const V4_2: Version = Version([4, 2, 5, 0]);
const V4_3: Version = Version([4, 3, 5, 2]);
const OWN: &str = "obr_own";

/// A unit of 2 CPU, 8 GiB of memory and 24 GiB of log disk in each zone, with these changes.
fn spec(change: &Value) -> RecoveryTaskSpec {
    let unit = json!({"maxCPU": "2", "memory": "8Gi", "logDisk": "24Gi"});
    let mut create = json!({"unit": unit, "unitCount": 1});
    for (field, value) in change.as_object().unwrap() {
        create[field] = value.clone();
    }
    serde_json::from_value(json!({
        "source": {"tenant": {"clusterRef": {"name": "prod"}, "tenantName": "orders"}},
        "until": {"type": "Latest"},
        "target": {
            "type": "NewTenant",
            "clusterRef": {"name": "lab"},
            "tenantName": "restore_orders",
            "resources": {"create": create},
        },
    }))
    .unwrap()
}

/// Free capacity that is just enough for the unit.
fn enough() -> Capacity {
    Capacity {
        cpu: Some(Cpu(2000)),
        memory: Some(8 * GIB),
        log_disk: Some(24 * GIB),
    }
}

fn server(number: u8, zone: &str, left: Capacity) -> Server {
    Server {
        address: format!("10.0.0.{number}:2882"),
        zone: zone.to_owned(),
        free: left,
    }
}

fn restores(servers: Vec<Server>) -> Restores {
    let mut zones: Vec<_> = servers.iter().map(|server| server.zone.clone()).collect();
    zones.dedup();
    Restores {
        zones,
        servers: Some(servers),
        ..Restores::default()
    }
}

/// Returns why it is refused; `None` if it is not.
fn refused(change: &Value, servers: Vec<Server>) -> Option<String> {
    let blocker = room(&spec(change), V4_3, &restores(servers), OWN).err()?;
    assert!(!blocker.permanent, "{blocker:?}");
    let is_capacity = [RESOURCES_NOT_ENOUGH, SERVERS_NOT_ENOUGH].contains(&blocker.reason);
    assert!(is_capacity, "{blocker:?}");
    Some(blocker.message)
}

fn in_one_zone(left: &[Capacity]) -> Vec<Server> {
    let numbered = (1..).zip(left);
    numbered
        .map(|(number, left)| server(number, "zone1", *left))
        .collect()
}

#[test]
fn what_fits_exactly_fits() {
    assert_eq!(refused(&json!({}), in_one_zone(&[enough()])), None);
}

#[test]
fn the_least_bit_short_of_anything_is_too_little() {
    let short = [
        Capacity {
            cpu: Some(Cpu(1999)),
            ..enough()
        },
        Capacity {
            memory: Some(8 * GIB - 1),
            ..enough()
        },
        Capacity {
            log_disk: Some(24 * GIB - 1),
            ..enough()
        },
    ];
    for left in short {
        assert!(
            refused(&json!({}), in_one_zone(&[left])).is_some(),
            "{left:?}"
        );
    }
}

#[test]
fn the_message_says_where_what_is_asked_what_is_left_and_what_to_do() {
    let left = |memory| Capacity {
        memory: Some(memory),
        ..enough()
    };
    let servers = in_one_zone(&[left(GIB), left(8 * GIB - 1), left(0)]);
    assert_eq!(
        refused(&json!({}), servers).unwrap(),
        "zone 'zone1' lacks free resources: the recovery needs a unit of 2 CPU, 8 GiB of memory, \
         24 GiB of log disk on each of 1 server(s), but at most 0 of the 3 server(s) of the zone \
         can take one. The best other server, 10.0.0.2:2882, has 2 CPU, 7.99 GiB of memory, 24 GiB \
         of log disk free beside the units of all pools: drop unused resource pools or add \
         servers, and the recovery begins; or create a new RecoveryTask with a smaller unit or \
         other zones"
    );
}

#[test]
fn each_zone_must_have_room() {
    let nothing = Capacity {
        cpu: Some(Cpu(0)),
        ..enough()
    };
    let servers = vec![server(1, "zone1", enough()), server(2, "zone2", nothing)];
    let message = refused(&json!({}), servers.clone()).unwrap();
    assert!(message.contains("'zone2'"), "{message}");
    assert_eq!(refused(&json!({"zones": ["zone1"]}), servers), None);
}

#[test]
fn a_server_takes_one_unit_only() {
    let plenty = Capacity {
        cpu: Some(Cpu(64_000)),
        memory: Some(512 * GIB),
        log_disk: Some(2048 * GIB),
    };
    let scant = Capacity {
        memory: Some(GIB),
        ..enough()
    };
    let two = json!({"unitCount": 2});
    let message = refused(&two, in_one_zone(&[plenty, scant])).unwrap();
    let says = |text: &str| assert!(message.contains(text), "{text}: {message}");
    says("at most 1 of the 2 server(s) of the zone");
    says("The best other server, 10.0.0.2:2882, has 2 CPU, 1 GiB of memory");
    let message = refused(&two, in_one_zone(&[plenty])).unwrap();
    assert!(
        message.contains(
            "the zone has only 1 server(s), and OceanBase puts no two units of a tenant on one \
             server"
        ),
        "{message}"
    );
    assert_eq!(refused(&two, in_one_zone(&[plenty, enough()])), None);
}

#[test]
fn what_is_not_known_refuses_nothing() {
    let unknown = [
        Capacity::default(),
        Capacity {
            cpu: None,
            ..enough()
        },
        Capacity {
            memory: None,
            ..enough()
        },
        Capacity {
            log_disk: None,
            ..enough()
        },
    ];
    for left in unknown {
        assert_eq!(refused(&json!({}), in_one_zone(&[left])), None, "{left:?}");
    }
    let scant = Capacity {
        memory: Some(0),
        ..Capacity::default()
    };
    let one_is_silent = in_one_zone(&[scant, Capacity::default()]);
    assert_eq!(refused(&json!({}), one_is_silent), None);
    assert!(refused(&json!({}), in_one_zone(&[scant])).is_some());
}

#[test]
fn where_the_database_shows_no_servers_it_answers_itself() {
    let mut unseen = restores(Vec::new());
    unseen.zones = vec!["zone1".to_owned()];
    assert!(room(&spec(&json!({})), V4_3, &unseen, OWN).is_ok());
}

#[test]
fn servers_that_are_not_read_yet_are_waited_for() {
    let unread = Restores::default();
    let spec = spec(&json!({}));
    let blocker = room(&spec, V4_3, &unread, OWN).unwrap_err();
    assert!(!blocker.permanent && needs_servers(&spec, &unread, OWN));
    assert!(!needs_servers(&spec, &restores(Vec::new()), OWN));
}

#[test]
fn the_own_pool_that_stands_already_has_taken_its_room() {
    let mut left_over = restores(in_one_zone(&[Capacity {
        memory: Some(0),
        ..enough()
    }]));
    let spec = spec(&json!({}));
    assert!(room(&spec, V4_3, &left_over, OWN).is_err());
    left_over.pools = vec![Pool {
        id: 1,
        name: OWN.to_owned(),
        tenant_id: None,
        unit_count: 1,
        unit_id: 1,
        unit: OWN.to_owned(),
        zones: vec!["zone1".to_owned()],
    }];
    assert!(room(&spec, V4_3, &left_over, OWN).is_ok());
}

#[test]
fn pools_that_are_given_have_their_units() {
    let mut given = spec(&json!({}));
    given.target.resources.create = None;
    let restores = restores(in_one_zone(&[Capacity {
        memory: Some(0),
        ..enough()
    }]));
    assert!(room(&given, V4_3, &restores, OWN).is_ok());
}

#[test]
fn log_disk_that_is_left_out_is_what_the_database_takes_at_least() {
    let left = |gib: u64| Capacity {
        log_disk: Some(gib * GIB),
        ..enough()
    };
    let mut spec = spec(&json!({}));
    let create = spec.target.resources.create.as_mut().unwrap();
    create.unit.log_disk = None;
    let is_refused = |version, gib| {
        let restores = restores(in_one_zone(&[left(gib)]));
        room(&spec, version, &restores, OWN).is_err()
    };
    assert!(is_refused(V4_2, 23) && !is_refused(V4_2, 24));
    assert!(is_refused(V4_3, 7) && !is_refused(V4_3, 8));
}
