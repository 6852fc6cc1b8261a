//! Stories of SIGKILL at statements and writes of a recovery. The simulation enumerates all points;
//! these are samples with real processes.
//!
//! The operator is killed before the effect of each point, or after it and before the answer.
//! Another operator takes over, and there must be exactly one recovery.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::log::StatementLog;
use oceanbase_sim::model::RestoreStage;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::tables::of_tables;
use super::{ALLOWED, recovery, resources, tenant};
use crate::stories::LOG_BACKUP;
use crate::support::kill::{self, Point};
use crate::support::proxy::{Moment, Proxy};
use crate::support::{World, eventually, scratch};

/// A tenant with a day of backups in the storage of every story.
const BACKED_UP: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: orders
    fullBackupSize: 1GiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 26h}]}
    backups: [{ago: 24h}]
    tables: [{name: shop.orders, rows: 1000}]
";

/// The object of the recovery, and its end without a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// The whole tenant.
    Completed,
    /// The database's job fails.
    Failed,
    /// A user cancels it while the database works.
    Canceled,
    /// One table.
    OfTables,
}

use Life::{Canceled, Completed, Failed, OfTables};
use Moment::{After, Before};
use Point::{Statement, Status};

const PLANS: [(Life, Point, Moment); 12] = [
    (Completed, Statement(Kind::CreateResourceUnit), After),
    (Completed, Statement(Kind::CreateResourcePool), Before),
    (Completed, Status("recoverytasks", "sends"), Before),
    (Completed, Status("recoverytasks", "sends"), After),
    (Completed, Statement(Kind::Restore), Before),
    (Completed, Statement(Kind::Restore), After),
    (Completed, Status("recoverytasks", "jobID"), Before),
    (Completed, Statement(Kind::ActivateStandby), After),
    (Failed, Statement(Kind::DropTenant), After),
    (Failed, Statement(Kind::DropResourcePool), After),
    (Canceled, Statement(Kind::CancelRestore), After),
    (OfTables, Statement(Kind::RecoverTable), After),
];

/// Creates a world with a proxy before its API server, whose operator will freeze at the point.
fn armed((life, point, moment): (Life, Point, Moment)) -> (World, Proxy) {
    let mut world = World::new("recovery-kill", BACKED_UP);
    let proxy = Proxy::start();
    world.kubeconfig = proxy.kubeconfig(scratch());
    world.edit("oceanbasecluster", "prod", ALLOWED);
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {recovery: {targetTenants: [orders]}}",
    );
    let name = || "restore_orders".to_owned();
    match life {
        Failed => world.inject(Fault::FailRestore {
            tenant: name(),
            at: RestoreStage::ConsistentScn,
            code: -9094,
            comment: None,
        }),
        Canceled => world.inject(Fault::HoldRestore {
            tenant: name(),
            at: RestoreStage::ConsistentScn,
        }),
        Completed | OfTables => {}
    }
    kill::arm(&world, &proxy, point, moment);
    world.start_operator();
    world.apply(LOG_BACKUP);
    eventually(
        "the log backup",
        || world.get("logbackup", "orders-log"),
        |logs| logs["status"]["recoveryWindows"][0].is_object(),
    );
    (world, proxy)
}

/// Kills the operator at the point and starts another one.
fn kill(plan: (Life, Point, Moment)) {
    let (life, ..) = plan;
    let (mut world, proxy) = armed(plan);
    world.apply(&match life {
        OfTables => of_tables("undo", "{}"),
        _ => recovery("undo", "{}"),
    });
    if life == Canceled {
        world.phase("recoverytask", "undo", "Restoring");
        world.edit("recoverytask", "undo", "spec: {cancel: true}");
    }
    kill::strike(&mut world, &proxy, &format!("{plan:?}"));
    let phase = match life {
        Completed | OfTables => "Completed",
        Failed => "Failed",
        Canceled => "Canceled",
    };
    let task = world.phase("recoverytask", "undo", phase);
    assert_one_recovery(&world, life, &task);
}

/// Checks that there is one job, and that only its requested result remains.
fn assert_one_recovery(world: &World, life: Life, task: &Value) {
    let statements = world.changing();
    let kind = match life {
        OfTables => Kind::RecoverTable,
        _ => Kind::Restore,
    };
    let took_effect = |log: &StatementLog| {
        let all = log.of_kind(kind);
        all.filter(|entry| entry.took_effect()).count()
    };
    assert_eq!(world.simulator.log(took_effect), 1, "{statements:#?}");
    let role = |name| tenant(world, name).map(|(role, _)| role);
    assert_eq!(role("orders").as_deref(), Some("PRIMARY"));
    let made = resources(world);
    let cleanup = &task["status"]["cleanup"];
    if life == Completed {
        assert_eq!(role("restore_orders").as_deref(), Some("PRIMARY"));
        assert_eq!(made.len(), 2, "{statements:#?}");
        assert!(cleanup.is_null(), "{cleanup}");
    } else {
        assert_eq!(role("restore_orders"), None, "{statements:#?}");
        assert!(made.is_empty(), "{made:?} {statements:#?}");
        assert!(cleanup["poolsDropped"][0].is_string(), "{cleanup}");
        assert!(cleanup["unitsDropped"][0].is_string(), "{cleanup}");
    }
    if life == Failed {
        assert_eq!(cleanup["tenantDropped"], "restore_orders");
    }
}

#[test]
fn a_kill_at_a_statement_or_write_of_a_recovery_leaves_one_recovery() {
    kill::each(&PLANS, kill);
}
