//! Queries on restores, pools, units and zones, from tables to values.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    Capacity, Cpu, JobId, Pool, Restore, RestoreKey, RestoreStatus, Scn, Server, TenantId, Unit,
};
use oceanbase_backup_operator::oceanbase::query::{self, Query, RestoreQuery};

use super::jobs::{BEGAN, ENDED, at};
use super::rows::Desk;

const KEY: &str = "obr/00112233445566778899aabbccddeeff";
const KEY_LITERAL: &str = "'obr/00112233445566778899aabbccddeeff'";

/// Columns that are read, and those between: text types, even for numbers.
const COLUMNS: &str = "JOB_ID bigint(20) NOT NULL, RESTORE_TENANT_NAME longtext, \
    RESTORE_TENANT_ID longtext, BACKUP_TENANT_NAME longtext, BACKUP_TENANT_ID longtext, \
    BACKUP_CLUSTER_NAME longtext, BACKUP_DEST longtext, RESTORE_OPTION longtext, \
    RESTORE_SCN longtext, STATUS longtext, START_TIMESTAMP timestamp(6) NULL, \
    BACKUP_SET_LIST longtext, BACKUP_PIECE_LIST longtext, TOTAL_BYTES bigint(20), \
    FINISH_BYTES bigint(20), DESCRIPTION longtext";
const PERCENTS: &str = ", RESTORE_PROGRESS decimal(6,2), RECOVER_PROGRESS decimal(6,2)";
const ENDS: &str = ", FINISH_TIMESTAMP timestamp(6) NULL, COMMENT longtext";

type Cells = Vec<(&'static str, &'static str)>;

/// The row of sys.
fn of_sys(status: &'static str) -> Cells {
    vec![
        ("JOB_ID", "3"),
        ("RESTORE_TENANT_NAME", "'copy'"),
        ("RESTORE_TENANT_ID", "'1006'"),
        ("BACKUP_TENANT_NAME", "'orders'"),
        ("BACKUP_CLUSTER_NAME", "'obprod'"),
        ("BACKUP_DEST", "'s3://b/d?access_key=sesame'"),
        ("RESTORE_SCN", "'4611686018427387903'"),
        ("STATUS", status),
        ("START_TIMESTAMP", BEGAN.1),
        (
            "BACKUP_SET_LIST",
            "'s3://b/d/backup_set_1_full?access_key=sesame,file:///d/2'",
        ),
        ("BACKUP_PIECE_LIST", "''"),
        ("DESCRIPTION", KEY_LITERAL),
    ]
}

fn restore() -> Restore {
    Restore {
        job_id: JobId(3),
        tenant_name: "copy".to_owned(),
        tenant_id: Some(TenantId(1006)),
        auxiliary_tenant: None,
        source_tenant: "orders".to_owned(),
        source_cluster: "obprod".to_owned(),
        scn: Scn(4_611_686_018_427_387_903),
        status: RestoreStatus::CreateTenant,
        started_at: Some(at(BEGAN.0)),
        ended_at: None,
        description: KEY.to_owned(),
        percent: None,
        recover_percent: None,
        total_bytes: None,
        finished_bytes: None,
        sets: ["s3://b/d/backup_set_1_full", "file:///d/2"]
            .map(str::to_owned)
            .into(),
        pieces: Vec::new(),
        failure: None,
    }
}

/// Returns the same row in the views of all tenants.
fn of(desk: &Desk, tenant: &'static str, mut row: Cells) -> Cells {
    if desk.version.can(Capability::TenantRole) {
        row.push(("TENANT_ID", tenant));
    }
    row
}

async fn table(desk: &mut Desk, name: &str, more: &str, rows: &[Cells]) {
    let whose = if name.starts_with("CDB_") && desk.version.can(Capability::TenantRole) {
        "TENANT_ID bigint(20) NOT NULL, "
    } else {
        ""
    };
    desk.make(name, &format!("{whose}{COLUMNS}{more}"), rows)
        .await;
}

fn key() -> RestoreKey {
    RestoreKey::parse(KEY).unwrap()
}

/// Runs the queries that read all restores.
pub(super) async fn restores(desk: &mut Desk) {
    running(desk).await;
    ended(desk).await;
    preview(desk).await;
    pools(desk).await;
    units(desk).await;
    zones(desk).await;
    servers(desk).await;
    data_version(desk).await;
}

async fn running(desk: &mut Desk) {
    let has_percents = desk.version.can(Capability::RestoreProgress);
    let sys = of(desk, "1", of_sys("'WAIT_TENANT_RESTORE_FINISH'"));
    let own: Cells = vec![
        ("JOB_ID", "3"),
        ("STATUS", "'RESTORING'"),
        ("TOTAL_BYTES", "9223372036854775807"),
        ("FINISH_BYTES", "3074457345618258602"),
    ];
    let mut own = of(desk, "1006", own);
    if has_percents {
        own.extend([("RESTORE_PROGRESS", "57.89"), ("RECOVER_PROGRESS", "0.00")]);
    }
    let percents = if has_percents { PERCENTS } else { "" };
    table(desk, "CDB_OB_RESTORE_PROGRESS", percents, &[own, sys]).await;
    let answer = desk.ask(&RestoreQuery::Progress.into()).await;
    let expected = Restore {
        status: RestoreStatus::Restoring("RESTORING".to_owned()),
        total_bytes: Some(i64::MAX),
        finished_bytes: Some(3_074_457_345_618_258_602),
        // Without the column it is counted from bytes.
        percent: Some(if has_percents { 57 } else { 33 }),
        recover_percent: has_percents.then_some(0),
        ..restore()
    };
    let read = query::restores(&answer, false);
    assert_eq!((read.rows, read.unreadable), (vec![expected], Vec::new()));
    let by_key = desk.ask(&RestoreQuery::ProgressByKey(key()).into()).await;
    let by_key = query::restores(&by_key, false).rows;
    let waiting = Restore {
        status: RestoreStatus::WaitTenant,
        ..restore()
    };
    assert_eq!(by_key, [waiting]);
    let rows = [of_sys("'CREATE_TENANT'")];
    table(desk, "DBA_OB_RESTORE_PROGRESS", percents, &rows).await;
    let own = desk
        .ask(&RestoreQuery::OwnProgressByKey(key()).into())
        .await;
    assert_eq!(query::restores(&own, false).rows, [restore()]);
}

async fn ended(desk: &mut Desk) {
    let mut failed = of_sys("'FAIL'");
    failed.extend([
        ("FINISH_TIMESTAMP", ENDED.1),
        (
            "COMMENT",
            "'(ROOTSERVICE)addr: h:1, result: -9071(no), trace_id: Y'",
        ),
    ]);
    // A microsecond before the second in the query.
    let mut before = of_sys("'SUCCESS'");
    before[0] = ("JOB_ID", "2");
    before[8] = ("START_TIMESTAMP", "usec_to_time(1774745999999999)");
    before[11] = ("DESCRIPTION", "'by hand'");
    let rows = [of(desk, "1", failed.clone()), of(desk, "1", before)];
    table(desk, "CDB_OB_RESTORE_HISTORY", ENDS, &rows).await;
    let answer = desk.ask(&RestoreQuery::History(at(BEGAN.0)).into()).await;
    let mut read = query::restores(&answer, true).rows;
    assert_eq!(read.len(), 1);
    let failure = read[0].failure.take().unwrap();
    assert_eq!(failure.reason, "StoragePermissionDenied");
    let expected = Restore {
        status: RestoreStatus::Fail,
        ended_at: Some(at(ENDED.0)),
        ..restore()
    };
    assert_eq!(read, [expected]);
    let by_key = desk.ask(&RestoreQuery::HistoryByKey(key()).into()).await;
    assert_eq!(query::restores(&by_key, true).rows.len(), 1);
    table(desk, "DBA_OB_RESTORE_HISTORY", ENDS, &[failed]).await;
    let own = desk.ask(&RestoreQuery::OwnHistoryByKey(key()).into()).await;
    assert_eq!(query::restores(&own, true).rows.len(), 1);
}

/// Checks the statement, which the engine knows; without a preview it shows nothing.
async fn preview(desk: &mut Desk) {
    let preview = Query::from(RestoreQuery::Preview);
    let text = preview.text(desk.version);
    desk.asked.insert(preview.name());
    assert_eq!(desk.code(&text).await, 1235);
    assert_eq!(desk.code(&text.replace("PREVIEW", "PREEVIEW")).await, 1064);
}

async fn pools(desk: &mut Desk) {
    let free: [(&str, &str); 6] = [
        ("RESOURCE_POOL_ID", "1001"),
        ("NAME", "'p1'"),
        ("TENANT_ID", "NULL"),
        ("UNIT_COUNT", "2"),
        ("UNIT_CONFIG_ID", "1005"),
        ("ZONE_LIST", "'zone1;zone2'"),
    ];
    desk.fill("DBA_OB_RESOURCE_POOLS", &[&free]).await;
    let read = query::pools(&desk.ask(&RestoreQuery::Pools.into()).await);
    let expected = Pool {
        id: 1001,
        name: "p1".to_owned(),
        tenant_id: None,
        unit_count: 2,
        unit_id: 1005,
        unit: String::new(),
        zones: ["zone1", "zone2"].map(str::to_owned).into(),
    };
    assert_eq!((read.rows, read.unreadable), (vec![expected], Vec::new()));
}

async fn units(desk: &mut Desk) {
    let unit: [(&str, &str); 5] = [
        ("UNIT_CONFIG_ID", "1005"),
        ("NAME", "'u1'"),
        ("MAX_CPU", "2.5"),
        ("MEMORY_SIZE", "9223372036854775807"),
        ("LOG_DISK_SIZE", "25769803776"),
    ];
    desk.fill("DBA_OB_UNIT_CONFIGS", &[&unit]).await;
    let read = query::units(&desk.ask(&RestoreQuery::Units.into()).await);
    let expected = Unit {
        id: 1005,
        name: "u1".to_owned(),
        max_cpu: Cpu(2500),
        memory: (1 << 63) - 1,
        log_disk: 24 << 30,
    };
    assert_eq!((read.rows, read.unreadable), (vec![expected], Vec::new()));
}

async fn zones(desk: &mut Desk) {
    let unit = |tenant, zone| [("TENANT_ID", tenant), ("ZONE", zone)];
    let sys = unit("1", "'zone1'");
    let rows: [&[_]; 3] = [&sys, &sys, &unit("1002", "'zone2'")];
    desk.fill("DBA_OB_UNITS", &rows).await;
    let read = query::zones(&desk.ask(&RestoreQuery::Zones.into()).await);
    assert_eq!(read.rows, ["zone1"]);
}

async fn servers(desk: &mut Desk) {
    let port = ("SVR_PORT", "2882");
    let of_one = [("SVR_IP", "'10.0.0.1'"), port, ("ZONE", "'zone1'")];
    let silent = [("SVR_IP", "'10.0.0.2'"), port, ("ZONE", "'zone2'")];
    desk.fill("DBA_OB_SERVERS", &[&of_one, &silent]).await;
    let capacity = [
        of_one[0],
        port,
        ("CPU_CAPACITY", "16"),
        ("CPU_CAPACITY_MAX", "17.6"),
        ("MEM_CAPACITY", "9223372036854775807"),
        ("LOG_DISK_CAPACITY", "107374182400"),
    ];
    desk.fill("GV$OB_SERVERS", &[&capacity]).await;
    let unit = |status, memory| {
        [
            of_one[0],
            port,
            ("STATUS", status),
            ("MAX_CPU", "2.5"),
            ("MIN_CPU", "1"),
            ("MEMORY_SIZE", memory),
            ("LOG_DISK_SIZE", "25769803776"),
        ]
    };
    let (active, deleting) = (unit("'ACTIVE'", "7"), unit("'DELETING'", "1000"));
    let rows: [&[_]; 3] = [&active, &active, &deleting];
    desk.fill("DBA_OB_UNITS", &rows).await;
    let servers = desk.ask(&RestoreQuery::Servers.into()).await;
    let capacities = desk.ask(&RestoreQuery::Capacities.into()).await;
    let units = desk.ask(&RestoreQuery::PlacedUnits.into()).await;
    let mut read = query::servers(&servers, &capacities, &units);
    read.sort_by(|one, other| one.zone.cmp(&other.zone));
    let server = |address: &str, zone: &str, left| Server {
        address: address.to_owned(),
        zone: zone.to_owned(),
        free: left,
    };
    let left = Capacity {
        cpu: Some(Cpu(12_600)),
        memory: Some((1 << 63) - 15),
        log_disk: Some(52 << 30),
    };
    let expected = [
        server("10.0.0.1:2882", "zone1", left),
        server("10.0.0.2:2882", "zone2", Capacity::default()),
    ];
    assert_eq!(read, expected);
}

async fn data_version(desk: &mut Desk) {
    if !desk.version.can(Capability::TenantCompatible) {
        return;
    }
    let sys = [("TENANT_ID", "1"), ("COMPATIBLE", "'4.2.1.8'")];
    let user = [("TENANT_ID", "1002"), ("COMPATIBLE", "'4.1.0.0'")];
    desk.fill("DBA_OB_TENANTS", &[&sys, &user]).await;
    let read = query::data_version(&desk.ask(&RestoreQuery::DataVersion.into()).await);
    assert_eq!(read.rows, ["4.2.1.8"]);
}
