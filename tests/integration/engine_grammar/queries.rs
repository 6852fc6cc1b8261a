//! Tests of queries on tables with the view's columns, for each version: the operator must read the
//! inserted values back.

use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    ArchiveDest, DeletePolicy, Privilege, Round, RoundStatus, Scn, TenantId,
};
use oceanbase_backup_operator::oceanbase::query::{self, Query, TenantRow};
use oceanbase_backup_operator::oceanbase::version::Version;

use super::cleanups::cleanups;
use super::jobs::{BEGAN, job_history, progress, running_jobs};
use super::restores::restores;
use super::rows::{Cells, Desk};
use super::sets::{pieces, sets};
use super::stores::stores;
use super::tables::tables;

/// Unchecked queries, and the reasons.
const EXCEPTIONS: [(&str, &str); 3] = [
    (
        "identity",
        "GV$OB_PARAMETERS is a view of this engine and cannot be replaced: it is read as it is, \
         the same for every version",
    ),
    (
        "lag_targets",
        "this engine has one tenant, and no TENANT_ID in GV$OB_PARAMETERS: it is asked without",
    ),
    (
        "version",
        "functions, not a view: this engine answers its own version, whatever the columns",
    ),
];

/// The largest SCN, 2^62 - 1.
pub(super) const MAX_SCN: Scn = Scn(4_611_686_018_427_387_903);
pub(super) const MAX_SCN_TEXT: &str = "4611686018427387903";

async fn tenants(desk: &mut Desk) {
    let has_role = desk.version.can(Capability::TenantRole);
    let mut orders = vec![
        ("TENANT_ID", "1002"),
        ("TENANT_NAME", "'orders'"),
        ("TENANT_TYPE", "'USER'"),
        ("STATUS", "'NORMAL'"),
        ("LOCKED", "'NO'"),
    ];
    let mut longest = vec![
        ("TENANT_ID", "9223372036854775807"),
        ("TENANT_NAME", "REPEAT('t', 63)"),
        ("TENANT_TYPE", "'USER'"),
        ("STATUS", "'CREATING_STANDBY'"),
        ("LOCKED", "'YES'"),
    ];
    if has_role {
        orders.extend([("TENANT_ROLE", "'PRIMARY'"), ("LOG_MODE", "'ARCHIVELOG'")]);
        longest.extend([("TENANT_ROLE", "'STANDBY'"), ("LOG_MODE", "'NOARCHIVELOG'")]);
        for row in [&mut orders, &mut longest] {
            row.push(("SWITCHOVER_STATUS", "'NORMAL'"));
        }
    }
    let meta = [("TENANT_ID", "1001"), ("TENANT_TYPE", "'META'")];
    desk.fill("DBA_OB_TENANTS", &[&orders, &longest, &meta])
        .await;
    let answer = desk.ask(&Query::Tenants).await;
    let mut read = query::tenants(desk.version, &answer).unwrap();
    read.sort_by_key(|row| row.id);
    let row = |id, name: &str, status: &str, role: &str, locked, archive_log| TenantRow {
        id: TenantId(id),
        name: name.to_owned(),
        status: status.to_owned(),
        role: (if has_role { role } else { "PRIMARY" }).to_owned(),
        locked,
        archive_log: has_role.then_some(archive_log),
        switchover_status: has_role.then(|| "NORMAL".to_owned()),
        compatible: desk
            .version
            .can(Capability::TenantCompatible)
            .then(String::new),
    };
    let long = "t".repeat(63);
    let expected = [
        row(1002, "orders", "NORMAL", "PRIMARY", false, true),
        row(i64::MAX, &long, "CREATING_STANDBY", "STANDBY", true, false),
    ];
    assert_eq!(read, expected);
}

async fn rounds(desk: &mut Desk) {
    let doing = [
        ("TENANT_ID", "1002"),
        ("ROUND_ID", "9223372036854775807"),
        ("STATUS", "'DOING'"),
        ("START_SCN", "1774746000123456789"),
        ("CHECKPOINT_SCN", MAX_SCN_TEXT),
        ("USED_PIECE_ID", "77"),
        ("INPUT_BYTES", "9223372036854775807"),
        ("OUTPUT_BYTES", "4096"),
        ("COMMENT", "'größe 🦀 it''s'"),
        ("PATH", "'s3://b/d?host=h&access_id=a&encrypt_key=8F'"),
    ];
    let prepare = [
        ("TENANT_ID", "1004"),
        ("ROUND_ID", "0"),
        ("STATUS", "'PREPARE'"),
        ("START_SCN", "0"),
        ("CHECKPOINT_SCN", "0"),
        ("USED_PIECE_ID", "0"),
        ("INPUT_BYTES", "0"),
        ("OUTPUT_BYTES", "0"),
    ];
    desk.fill("CDB_OB_ARCHIVELOG", &[&doing, &prepare]).await;
    let read = query::rounds(&desk.ask(&Query::Rounds).await).unwrap();
    let doing = Round {
        id: i64::MAX,
        status: RoundStatus::Doing,
        start_scn: Scn(1_774_746_000_123_456_789),
        checkpoint_scn: MAX_SCN,
        piece_id: 77,
        input_bytes: i64::MAX,
        output_bytes: 4096,
        comment: "größe 🦀 it's".to_owned(),
        path: "s3://b/d".to_owned(),
    };
    let prepare = Round {
        id: 0,
        status: RoundStatus::Prepare,
        start_scn: Scn(0),
        checkpoint_scn: Scn(0),
        piece_id: 0,
        input_bytes: 0,
        output_bytes: 0,
        comment: String::new(),
        path: String::new(),
    };
    let expected = [(TenantId(1002), doing), (TenantId(1004), prepare)];
    assert_eq!(read, expected.into());
}

async fn archive_dests(desk: &mut Desk) {
    let attribute = |tenant, number, name, value| {
        [
            ("TENANT_ID", tenant),
            ("DEST_NO", number),
            ("NAME", name),
            ("VALUE", value),
        ]
    };
    let rows = [
        attribute("1002", "0", "'path'", "'file:///ob/log'"),
        attribute("1002", "0", "'binding'", "'OPTIONAL'"),
        attribute("1002", "0", "'piece_switch_interval'", "'1d'"),
        attribute("1002", "0", "'state'", "'ENABLE'"),
        attribute("1002", "0", "'dest_id'", "'1001'"),
        attribute("1002", "1", "'path'", "'file:///another'"),
        attribute("1004", "0", "'state'", "'DEFER'"),
    ];
    let rows: Vec<Cells> = rows.iter().map(|row| &row[..]).collect();
    desk.fill("CDB_OB_ARCHIVE_DEST", &rows).await;
    let read = query::archive_dests(&desk.ask(&Query::ArchiveDests).await).unwrap();
    let expected = ArchiveDest {
        path: "file:///ob/log".to_owned(),
        binding: "OPTIONAL".to_owned(),
        piece_switch_interval: "1d".to_owned(),
        enabled: true,
        dest_id: Some(1001),
    };
    assert_eq!(read, [(TenantId(1002), expected)].into());
    let of_one = desk.ask(&Query::ArchiveDestOf(TenantId(1002))).await;
    assert_eq!(query::archive_dests(&of_one).unwrap(), read);
    let of_another = desk.ask(&Query::ArchiveDestOf(TenantId(1004))).await;
    assert_eq!(of_another.rows.len(), 1);
}

async fn data_dests(desk: &mut Desk) {
    let parameter = |tenant, name, value| [("TENANT_ID", tenant), ("NAME", name), ("VALUE", value)];
    let rows = [
        parameter("1002", "'data_backup_dest'", "'file:///ob/data'"),
        parameter("1004", "'data_backup_dest'", "''"),
        parameter("1006", "'another'", "'x'"),
    ];
    let rows: Vec<Cells> = rows.iter().map(|row| &row[..]).collect();
    desk.fill("CDB_OB_BACKUP_PARAMETER", &rows).await;
    let read = query::data_dests(&desk.ask(&Query::DataDests).await).unwrap();
    let expected = [(TenantId(1002), "file:///ob/data".to_owned())];
    assert_eq!(read, expected.into());
    let of_one = desk.ask(&Query::DataDestOf(TenantId(1002))).await;
    assert_eq!(query::data_dests(&of_one).unwrap(), read);
    let of_another = desk.ask(&Query::DataDestOf(TenantId(1004))).await;
    assert_eq!(of_another.rows.len(), 1);
}

async fn policies(desk: &mut Desk) {
    let policy = |tenant, name, window| {
        [
            ("TENANT_ID", tenant),
            ("POLICY_NAME", name),
            ("RECOVERY_WINDOW", window),
        ]
    };
    let rows = [
        policy("1002", "'default'", "'7d'"),
        policy("1002", "'log_only'", "'3d'"),
        policy("1004", "'default'", "''"),
    ];
    let rows: Vec<Cells> = rows.iter().map(|row| &row[..]).collect();
    desk.fill("CDB_OB_BACKUP_DELETE_POLICY", &rows).await;
    let mut read = query::policies(&desk.ask(&Query::Policies).await).unwrap();
    let policy = |name: &str, window: &str| DeletePolicy {
        name: name.to_owned(),
        recovery_window: window.to_owned(),
    };
    let of_orders = read.get_mut(&TenantId(1002)).unwrap();
    of_orders.sort_by(|one, other| one.name.cmp(&other.name));
    let expected = [
        (
            TenantId(1002),
            vec![policy("default", "7d"), policy("log_only", "3d")],
        ),
        (TenantId(1004), vec![policy("default", "")]),
    ];
    assert_eq!(read, expected.into());
}

async fn lag_targets(desk: &mut Desk) {
    let text = Query::LagTargets.text(desk.version);
    let text = text.replace("DISTINCT TENANT_ID", "DISTINCT 1 AS TENANT_ID");
    desk.asked.insert(Query::LagTargets.name());
    let read = query::lag_targets(&desk.run(&text).await).unwrap();
    let shown = desk.run("SHOW PARAMETERS LIKE 'archive_lag_target'").await;
    let value = shown.columns.iter().position(|name| name == "value");
    let shown = shown.rows[0][value.unwrap()].clone().unwrap();
    let target = read[&TenantId(1)];
    assert_eq!(format!("{}s", target.as_secs()), shown);
}

/// Runs queries about the whole cluster. Returns how many queries the version does not receive.
async fn of_the_cluster(desk: &mut Desk) -> usize {
    let mode = desk.ask(&Query::UpgradeMode).await;
    assert!(!query::upgrade_mode(&mode).unwrap());
    let root = query::privileges(&desk.ask(&Query::Grants).await);
    assert_eq!(root.has(Privilege::AlterSystem), Some(true));
    assert_eq!(root.has(Privilege::Super), Some(true));
    let query = Query::BackupRefusals(Timestamp::UNIX_EPOCH);
    if query
        .needs()
        .is_some_and(|needed| !desk.version.can(needed))
    {
        return 1;
    }
    // The view belongs to this engine, which has refused no backup.
    let read = query::backup_refusals(&desk.ask(&query).await);
    assert!(read.rows.is_empty() && read.unreadable.is_empty());
    0
}

async fn version_and_identity(desk: &mut Desk) {
    let (version, community) = query::version(&desk.ask(&Query::Version).await).unwrap();
    assert_eq!((version, community), (Version([4, 3, 5, 3]), false));
    let sys = [
        ("TENANT_ID", "1"),
        ("TENANT_TYPE", "'SYS'"),
        ("CREATE_TIME", BEGAN.1),
    ];
    desk.fill("DBA_OB_TENANTS", &[&sys]).await;
    let bootstrap = desk.ask(&Query::Bootstrap).await;
    let identity = query::identity(&desk.ask(&Query::Identity).await, &bootstrap).unwrap();
    let shown = desk.run("SHOW PARAMETERS LIKE 'cluster'").await;
    let value = shown.columns.iter().position(|name| name == "value");
    let name = shown.rows[0][value.unwrap()].clone();
    assert_eq!(Some(identity.cluster_name), name);
    assert_eq!(identity.cluster_id, 1);
    assert_eq!(identity.created_at.as_microsecond(), BEGAN.0);
}

#[allow(clippy::print_stdout, reason = "says what was shown")]
async fn everything_reads_back(version: &str) {
    let mut desk = Desk::new(version).await;
    version_and_identity(&mut desk).await;
    tenants(&mut desk).await;
    rounds(&mut desk).await;
    archive_dests(&mut desk).await;
    data_dests(&mut desk).await;
    running_jobs(&mut desk).await;
    job_history(&mut desk).await;
    progress(&mut desk).await;
    sets(&mut desk).await;
    pieces(&mut desk).await;
    policies(&mut desk).await;
    lag_targets(&mut desk).await;
    restores(&mut desk).await;
    cleanups(&mut desk).await;
    let unknown = usize::from(!desk.version.can(Capability::TenantCompatible));
    let unknown = unknown + of_the_cluster(&mut desk).await;
    let unknown = unknown + stores(&mut desk).await + tables(&mut desk).await;
    let (asked, all) = (&desk.asked, super::kinds_of_queries() - unknown);
    assert_eq!(asked.len(), all, "only {asked:?} were asked");
    println!("{} queries of version {version}", desk.asked.len());
    for (what, why) in EXCEPTIONS {
        println!("exception: {what}: {why}");
    }
}

#[tokio::test]
async fn all_queries_of_4_0_read_what_stands_in_the_views() {
    everything_reads_back("4.0.0.0").await;
}

#[tokio::test]
async fn all_queries_of_4_2_1_read_what_stands_in_the_views() {
    everything_reads_back("4.2.1.0").await;
}

#[tokio::test]
async fn all_queries_of_4_2_5_read_what_stands_in_the_views() {
    everything_reads_back("4.2.5.0").await;
}

#[tokio::test]
async fn all_queries_of_4_3_5_read_what_stands_in_the_views() {
    everything_reads_back("4.3.5.0").await;
}

#[tokio::test]
async fn all_queries_of_4_4_2_read_what_stands_in_the_views() {
    everything_reads_back("4.4.2.0").await;
}
