//! Tests of units and pools.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::scenario::{Scenario, ServerSpec, TenantSpec};

use crate::bench::Bench;

const UNIT: &str = "CREATE RESOURCE UNIT u MAX_CPU 2, MEMORY_SIZE '8G'";
const POOL: &str = "CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')";

fn cluster() -> Bench {
    Bench::just(&Scenario::new("4.3.5.2").tenant("orders"))
}

#[test]
fn every_tenant_and_sys_hold_a_pool() {
    let pools = "SELECT NAME, TENANT_ID FROM oceanbase.DBA_OB_RESOURCE_POOLS ORDER BY TENANT_ID";
    assert_eq!(cluster().rows(pools), ["sys_pool|1", "pool_orders|1002"]);
}

#[test]
fn sys_has_a_unit_in_every_zone() {
    let mut scenario = Scenario::new("4.3.5.2");
    scenario.zones = vec!["zone1".to_owned(), "zone2".to_owned()];
    let zones = "SELECT ZONE FROM oceanbase.DBA_OB_UNITS WHERE TENANT_ID = 1 ORDER BY ZONE";
    assert_eq!(Bench::just(&scenario).rows(zones), ["zone1", "zone2"]);
}

#[test]
fn a_unit_has_the_engines_defaults_for_what_is_left_out() {
    let bench = cluster();
    assert_eq!(bench.sys(UNIT), 0);
    let unit = "SELECT MAX_CPU, MIN_CPU, MEMORY_SIZE, LOG_DISK_SIZE \
                FROM oceanbase.DBA_OB_UNIT_CONFIGS WHERE NAME = 'u'";
    assert_eq!(bench.rows(unit), ["2.00|2.00|8589934592|25769803776"]);
}

#[test]
fn what_is_there_is_not_created_again() {
    let bench = cluster();
    let if_not_exists = |text: &str| {
        text.replace("UNIT u", "UNIT IF NOT EXISTS u")
            .replace("POOL p", "POOL IF NOT EXISTS p")
    };
    assert_eq!([bench.sys(UNIT), bench.sys(UNIT)], [0, 4649]);
    assert_eq!([bench.sys(POOL), bench.sys(POOL)], [0, 4651]);
    assert_eq!(bench.sys(&if_not_exists(UNIT)), 0);
    assert_eq!(bench.sys(&if_not_exists(POOL)), 0);
}

#[test]
fn what_is_used_is_not_dropped() {
    let bench = cluster();
    bench.sys(UNIT);
    bench.sys(POOL);
    assert_eq!(bench.sys("DROP RESOURCE UNIT u"), 4634);
    assert_eq!(bench.sys("DROP RESOURCE POOL pool_orders"), 4626);
    assert_eq!(bench.sys("DROP RESOURCE POOL p"), 0);
    assert_eq!(bench.sys("DROP RESOURCE UNIT u"), 0);
}

#[test]
fn what_is_not_there_is_dropped_only_with_if_exists() {
    let bench = cluster();
    assert_eq!(bench.sys("DROP RESOURCE POOL p"), 4650);
    assert_eq!(bench.sys("DROP RESOURCE UNIT u"), 4648);
    assert_eq!(bench.sys("DROP TENANT copy"), 5157);
    assert_eq!(bench.sys("DROP RESOURCE POOL IF EXISTS p"), 0);
    assert_eq!(bench.sys("DROP RESOURCE UNIT IF EXISTS u"), 0);
    assert_eq!(bench.sys("DROP TENANT IF EXISTS copy FORCE"), 0);
}

#[test]
fn sizes_have_a_minimum() {
    let bench = cluster();
    let unit = |sizes: &str| bench.sys(&format!("CREATE RESOURCE UNIT small {sizes}"));
    assert_eq!(unit("MAX_CPU 2"), 4277);
    for (sizes, text) in [
        (
            "MAX_CPU 0.5, MEMORY_SIZE '8G'",
            "invalid MAX_CPU value, min value is 1",
        ),
        (
            "MAX_CPU 1, MEMORY_SIZE '512M'",
            "invalid MEMORY_SIZE value, min value is 1073741824",
        ),
        (
            "MAX_CPU 1, MEMORY_SIZE '8G', LOG_DISK_SIZE '1G'",
            "invalid LOG_DISK_SIZE value, min value is 2147483648",
        ),
        (
            "MAX_CPU 1, MEMORY_SIZE '8G', MAX_IOPS 100",
            "invalid MAX_IOPS value, min value is 1024",
        ),
    ] {
        let refused = bench.refused(&format!("CREATE RESOURCE UNIT small {sizes}"));
        assert_eq!(refused, (4659, text.to_owned()));
    }
    assert_eq!(
        bench.refused("CREATE RESOURCE UNIT u MAX_CPU 1, MIN_CPU 2, MEMORY_SIZE '8G'"),
        (
            1210,
            "Incorrect arguments to MIN_CPU, MIN_CPU is greater than MAX_CPU".to_owned()
        )
    );
}

#[test]
fn a_legal_unit_may_be_too_small_for_a_pool() {
    let small = "CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'";
    let pool = "CREATE RESOURCE POOL p UNIT = 'small', UNIT_NUM = 1";
    let bench = cluster();
    assert_eq!(bench.sys(small), 0);
    let text = "unit MEMORY_SIZE less than __min_full_resource_pool_memory not supported";
    assert_eq!(bench.refused(pool), (1235, text.to_owned()));
    let lowered = "version: 4.3.5.2\nminFullResourcePoolMemory: 1GiB\n";
    let bench = Bench::just(&Scenario::parse(lowered).unwrap());
    assert_eq!([bench.sys(small), bench.sys(pool)], [0, 0]);
}

#[test]
fn a_pool_is_refused_for_the_first_of_several_reasons() {
    let bench = cluster();
    bench.inject(Fault::StopServer {
        zone: "zone1".to_owned(),
        stopped: true,
    });
    bench.sys("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'");
    bench.sys("CREATE RESOURCE UNIT huge MAX_CPU 99, MEMORY_SIZE '8G'");
    let pool = |name: &str, unit: &str, count: u32| {
        bench.sys(&format!(
            "CREATE RESOURCE POOL {name} UNIT = '{unit}', UNIT_NUM = {count}"
        ))
    };
    assert_eq!(pool("sys_pool", "nowhere", 2), 4648);
    assert_eq!(pool("sys_pool", "small", 2), 4656);
    assert_eq!(pool("sys_pool", "small", 1), 4651);
    assert_eq!(pool("p", "small", 1), 1235);
    assert_eq!(pool("p", "huge", 1), 4734);
    bench.inject(Fault::StopServer {
        zone: "zone1".to_owned(),
        stopped: false,
    });
    assert_eq!(pool("p", "huge", 1), 4733);
}

#[test]
fn a_server_holds_so_many_units_and_no_more() {
    let mut scenario = Scenario::new("4.3.5.2").with(TenantSpec::new("orders"));
    scenario.server = Some(ServerSpec {
        cpu: 16.0,
        memory: 20 << 30,
        log_disk: 200 << 30,
    });
    let bench = Bench::just(&scenario);
    bench.sys(UNIT);
    // sys and orders have 8 GiB each.
    let (code, text) = bench.refused(POOL);
    assert_eq!(code, 4733);
    assert_eq!(
        text,
        "zone 'zone1' resource not enough to hold 1 unit. You can check resource info by views: \
         DBA_OB_UNITS, GV$OB_UNITS, GV$OB_SERVERS.\nserver '\"127.0.0.1:2882\"' MEMORY resource not \
         enough\n"
    );
}

#[test]
fn servers_show_what_they_have_and_what_tenants_hold_of_it() {
    let mut scenario = Scenario::new("4.3.5.2").tenant("orders");
    scenario.zones = vec!["zone1".to_owned(), "zone2".to_owned()];
    scenario.server = Some(ServerSpec {
        cpu: 16.0,
        memory: 32 << 30,
        log_disk: 200 << 30,
    });
    let bench = Bench::just(&scenario);
    // A free pool takes room, and no server shows this.
    bench.sys(UNIT);
    bench.sys(POOL);
    let servers = "SELECT SVR_PORT, ZONE, STATUS FROM oceanbase.DBA_OB_SERVERS";
    assert_eq!(
        bench.rows(servers),
        ["2882|zone1|ACTIVE", "2883|zone2|ACTIVE"]
    );
    let capacities = "SELECT SVR_PORT, CPU_CAPACITY, CPU_CAPACITY_MAX, CPU_ASSIGNED_MAX, \
                      MEM_CAPACITY, MEM_ASSIGNED, LOG_DISK_CAPACITY, LOG_DISK_ASSIGNED \
                      FROM oceanbase.GV$OB_SERVERS WHERE ZONE = 'zone1'";
    let gib = |gib: u64| (gib << 30).to_string();
    let expected = ["2882", "16", "16.00", "4.00"]
        .map(str::to_owned)
        .into_iter();
    let expected = expected.chain([32, 16, 200, 48].map(gib));
    assert_eq!(
        bench.rows(capacities),
        [expected.collect::<Vec<_>>().join("|")]
    );
    let units = "SELECT SVR_PORT FROM oceanbase.DBA_OB_UNITS WHERE ZONE = 'zone1'";
    assert_eq!(bench.rows(units), ["2882", "2882", "2882"]);
}

#[test]
fn a_user_tenant_has_no_say_in_resources() {
    let bench = cluster();
    assert_eq!(bench.own("orders", UNIT), 1227);
    assert_eq!(bench.own("orders", "DROP TENANT orders"), 1227);
}

#[test]
fn a_dropped_tenant_without_force_stands_for_long() {
    let bench = cluster();
    assert_eq!(bench.sys("DROP TENANT orders"), 0);
    bench.pass(3600);
    let status = "SELECT STATUS FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'orders'";
    assert_eq!(bench.rows(status), ["DROPPING"]);
    assert_eq!(bench.sys("DROP RESOURCE POOL pool_orders"), 4626);
}
