//! Tests of the steps after a restore: activation, following, upgrade.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::value::{Backend, End};

use crate::bench::{Bench, code};
use crate::restores::{orders, restore, shop, with_pool};

const ACTIVATE: &str = "ALTER SYSTEM ACTIVATE STANDBY TENANT = copy";
const ROLE: &str = "SELECT TENANT_ROLE, SWITCHOVER_STATUS FROM oceanbase.DBA_OB_TENANTS \
                    WHERE TENANT_NAME = 'copy'";

fn restored() -> Bench {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(3600);
    bench
}

#[test]
fn a_standby_becomes_primary_over_its_states() {
    let bench = restored();
    assert_eq!(bench.rows(ROLE), ["STANDBY|NORMAL"]);
    let mut session = bench.session("root@sys");
    session.execute("SET ob_query_timeout = 600000000");
    let reply = session.execute(ACTIVATE);
    assert_eq!(
        (code(&reply.end), reply.delay),
        (0, Duration::from_secs(15))
    );
    assert_eq!(
        bench.watch(ROLE, 60),
        [
            "STANDBY|PREPARE FLASHBACK",
            "STANDBY|FLASHBACK",
            "PRIMARY|SWITCHING TO PRIMARY",
            "PRIMARY|NORMAL"
        ]
    );
}

#[test]
fn an_activated_tenant_can_be_backed_up() {
    let bench = restored();
    bench.sys(ACTIVATE);
    bench.pass(60);
    for statement in [
        "SET LOG_ARCHIVE_DEST = 'LOCATION=file:///new/log'",
        "SET DATA_BACKUP_DEST = 'file:///new/data'",
        "ARCHIVELOG",
    ] {
        assert_eq!(bench.own("copy", &format!("ALTER SYSTEM {statement}")), 0);
    }
    bench.pass(60);
    assert_eq!(bench.own("copy", "ALTER SYSTEM BACKUP DATABASE"), 0);
}

#[test]
fn only_a_standby_is_activated() {
    let bench = restored();
    assert_eq!(
        bench.sys("ALTER SYSTEM ACTIVATE STANDBY TENANT = orders"),
        4179
    );
    assert_eq!(
        bench.sys("ALTER SYSTEM ACTIVATE STANDBY TENANT = nobody"),
        5160
    );
    assert_eq!(bench.sys("ALTER SYSTEM ACTIVATE STANDBY"), 1235);
    assert_eq!(bench.sys(&format!("{ACTIVATE} VERIFY")), 0);
    assert_eq!(bench.rows(ROLE), ["STANDBY|NORMAL"]);
    assert_eq!(bench.own("copy", "ALTER SYSTEM ACTIVATE STANDBY"), 4012);
    bench.pass(60);
    assert_eq!(bench.sys(ACTIVATE), 4179);
}

#[test]
fn a_tenant_in_restore_is_not_activated() {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(30);
    assert_eq!(bench.sys(ACTIVATE), 4179);
}

#[test]
fn a_failed_activation_stands_half_way_until_it_is_asked_for_again() {
    let bench = restored();
    bench.inject(Fault::FailActivation {
        tenant: "copy".to_owned(),
        code: 4016,
    });
    let mut session = bench.session("root@sys");
    session.execute("SET ob_query_timeout = 600000000");
    assert_eq!(code(&session.execute(ACTIVATE).end), 4016);
    bench.pass(600);
    assert_eq!(bench.rows(ROLE), ["STANDBY|FLASHBACK"]);
    assert_eq!(code(&session.execute(ACTIVATE).end), 0);
    bench.pass(60);
    assert_eq!(bench.rows(ROLE), ["PRIMARY|NORMAL"]);
}

#[test]
fn an_activation_can_be_refused_with_any_number() {
    let bench = restored();
    let refuse = "SIMULATE 'refuse: {on: {kind: activateStandby, tenant: copy}, code: 4179, \
                  message: no}'";
    assert_eq!(bench.sys(refuse), 0);
    assert_eq!(bench.sys(ACTIVATE), 4179);
    assert_eq!(bench.rows(ROLE), ["STANDBY|NORMAL"]);
}

#[test]
fn a_standby_stands_at_its_scn_until_it_may_follow() {
    let bench = shop();
    let scn = bench.simulator.now().minus(Duration::from_hours(5));
    bench.sys(&restore(&format!("UNTIL SCN = {scn}")));
    bench.pass(3600);
    let sync = "SELECT SYNC_SCN FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'copy'";
    assert_eq!(bench.rows(sync), [scn.to_string()]);
    let to = scn.plus(Duration::from_hours(1));
    let until = |scn| format!("ALTER SYSTEM RECOVER STANDBY TENANT = copy UNTIL SCN = {scn}");
    assert_eq!(bench.sys(&until(to)), 0);
    assert_eq!(bench.rows(sync), [to.to_string()]);
    assert_eq!(bench.sys(&until(scn)), 4179);
    let unlimited = "ALTER SYSTEM RECOVER STANDBY TENANT = copy UNTIL UNLIMITED";
    assert_eq!(bench.sys(unlimited), 0);
    let newest = bench.rows("SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG");
    assert_eq!(bench.rows(sync), newest);
}

#[test]
fn a_tenant_of_an_older_version_keeps_it_until_it_is_upgraded() {
    let mut here = Scenario::new("4.3.5.2");
    here.elsewhere.push(Scenario::new("4.2.1.8").with(orders()));
    let bench = with_pool(&here);
    bench.sys(&restore(""));
    bench.pass(3600);
    let compatible = "SELECT COMPATIBLE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'copy'";
    assert_eq!(bench.rows(compatible), ["4.2.1.8"]);
    let upgrade = "ALTER SYSTEM RUN UPGRADE JOB \"UPGRADE_ALL\" TENANT = copy";
    assert_eq!(bench.sys(upgrade), 4179);
    bench.sys(ACTIVATE);
    bench.pass(60);
    assert_eq!(bench.sys(upgrade), 0);
    let events = "SELECT VALUE3, VALUE5 FROM oceanbase.DBA_OB_CLUSTER_EVENT_HISTORY \
                  WHERE EVENT = 'UPGRADE_ALL'";
    assert_eq!(bench.rows(events), Vec::<String>::new());
    bench.pass(120);
    assert_eq!(bench.rows(events), ["4.3.5.2|1002"]);
    assert_eq!(bench.rows(compatible), ["4.3.5.2"]);
}

#[test]
fn a_failed_upgrade_leaves_no_event() {
    let mut here = Scenario::new("4.3.5.2");
    here.elsewhere.push(Scenario::new("4.2.1.8").with(orders()));
    let bench = with_pool(&here);
    bench.sys(&restore(""));
    bench.pass(3600);
    bench.sys(ACTIVATE);
    bench.pass(60);
    assert_eq!(bench.sys("SIMULATE 'failUpgrade: {tenant: copy}'"), 0);
    let upgrade = "ALTER SYSTEM RUN UPGRADE JOB \"UPGRADE_ALL\" TENANT = copy";
    assert_eq!(bench.ask("root@sys", upgrade).end, End::Complete);
    bench.pass(600);
    let events = "SELECT COUNT(*) FROM oceanbase.DBA_OB_CLUSTER_EVENT_HISTORY";
    assert_eq!(bench.rows(events), ["0"]);
}
