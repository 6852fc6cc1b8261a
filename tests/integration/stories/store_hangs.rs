//! Stories of a storage that hangs: setting a destination there takes a minute, which must delay no
//! other work.

use std::time::Duration;

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::statement::Kind;

use super::LOG_BACKUP;
use crate::support::{World, eventually};

const TENANTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: t1}
  - {name: t2}
  - {name: t3}
  - {name: t4}
  - {name: t5}
  - {name: t6}
  - {name: good, fullBackupSize: 1GiB}
";

const HUNG: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: hung}
spec: {type: NFS, nfs: {path: /hung}}
";

const BACK_UP_NOW: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: now}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, tenantName: good, type: Full}
";

/// Returns the destinations on the hanging storage that the database was asked to set.
fn asked(world: &World) -> usize {
    world.simulator.log(|log| {
        let set = log.of_kind(Kind::SetLogArchiveDest);
        set.filter(|entry| entry.text.contains("/hung")).count()
    })
}

fn phase_of(world: &World, tenant: &str) -> String {
    let object = world.get("logbackup", &format!("{tenant}-log"));
    let phase = object["status"]["phase"].as_str();
    phase.unwrap_or_default().to_owned()
}

#[test]
fn no_tenant_waits_for_another_one_s_store_that_hangs() {
    let world = World::started("store-hangs", TENANTS);
    let on = Trigger::next(Kind::SetLogArchiveDest).containing("/hung");
    let delay = Duration::from_secs(70);
    world.inject(Fault::Slow {
        on: on.times(100),
        delay,
    });
    world.apply(HUNG);
    let hung = ["t1", "t2", "t3", "t4", "t5", "t6"];
    for tenant in hung {
        let object = LOG_BACKUP.replace("orders", tenant);
        world.apply(&object.replace("{name: nfs}", "{name: hung}"));
    }
    eventually(
        "a statement that hangs",
        || asked(&world),
        |count| *count > 0,
    );
    world.apply(&LOG_BACKUP.replace("orders", "good"));
    world.phase("logbackup", "good-log", "InProgress");
    world.apply(BACK_UP_NOW);
    world.phase("backuptask", "now", "Completed");
    // One at a time, each for a minute.
    let at = world.simulator.log(|log| {
        let set = log.of_kind(Kind::SetLogArchiveDest);
        let hung = set.filter(|entry| entry.text.contains("/hung"));
        hung.map(|entry| entry.at).collect::<Vec<_>>()
    });
    let apart = at.windows(2).map(|pair| pair[1].since(pair[0]));
    let apart: Vec<_> = apart.collect();
    assert!(
        apart.iter().all(|time| *time >= Duration::from_secs(50)),
        "{apart:?}"
    );
    // Their state is shown, although none of them has had its turn.
    for tenant in hung {
        let ask = || phase_of(&world, tenant);
        eventually("a phase", ask, |phase| phase == "Starting");
    }
}
