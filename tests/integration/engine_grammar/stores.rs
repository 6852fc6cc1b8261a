//! Queries of destinations: their locations, their limits, and the times of checks.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::model::{
    LimitedLocation, StorageCheck, StorageLimits, TenantId,
};
use oceanbase_backup_operator::oceanbase::query::{self, StorageQuery};

use super::jobs::{BEGAN, at};
use super::rows::Desk;

/// Runs all queries about destinations; returns how many this version does not receive.
pub(super) async fn stores(desk: &mut Desk) -> usize {
    let piece = |id, status| {
        [
            ("TENANT_ID", "1002"),
            ("DEST_ID", "1001"),
            ("PIECE_ID", id),
            ("FILE_STATUS", status),
            ("PATH", "'s3://ob/log?host=https://s3.test'"),
        ]
    };
    let mut deleted = piece("1", "'DELETED'");
    deleted[1] = ("DEST_ID", "1002");
    let two = [piece("2", "'AVAILABLE'"), piece("3", "'AVAILABLE'")];
    desk.fill(
        "CDB_OB_ARCHIVELOG_PIECE_FILES",
        &[&deleted, &two[0], &two[1]],
    )
    .await;
    let read = query::log_roots(&desk.ask(&StorageQuery::LogRoots.into()).await);
    let root = ((TenantId(1002), 1001), "s3://ob/log".to_owned());
    assert_eq!(read.rows, [root]);
    assert_eq!(read.unreadable, []);

    let tried = [
        ("TENANT_ID", "1002"),
        ("PATH", "'s3://ob/log'"),
        ("ENDPOINT", "'host=https://s3.test'"),
        ("DEST_ID", "1001"),
        ("AUTHORIZATION", "'access_id=AKID&encrypt_key=8F2A'"),
        ("LAST_CHECK_TIMESTAMP", BEGAN.1),
    ];
    desk.fill("CDB_OB_BACKUP_STORAGE_INFO", &[&tried]).await;
    let read = query::storage_checks(&desk.ask(&StorageQuery::Checks.into()).await);
    let check = StorageCheck {
        tenant_id: TenantId(1002),
        dest_id: 1001,
        path: "s3://ob/log".to_owned(),
        host: "https://s3.test".to_owned(),
        checked_at: Some(at(BEGAN.0)),
    };
    assert_eq!(read.rows, [check]);
    assert_eq!(read.unreadable, []);
    if !desk.version.can(Capability::StorageLimits) {
        return 1;
    }
    limits(desk, &tried).await;
    0
}

/// Checks a tested destination without limits, and one with limits.
async fn limits(desk: &mut Desk, tried: &[(&'static str, &'static str)]) {
    let with = |path, [iops, bandwidth]: [&'static str; 2]| {
        let limits = [
            ("PATH", path),
            ("MAX_IOPS", iops),
            ("MAX_BANDWIDTH", bandwidth),
        ];
        let others = tried.iter().filter(|(name, _)| *name != "PATH");
        others.copied().chain(limits).collect::<Vec<_>>()
    };
    let unlimited = with("'s3://ob/log'", ["0", "0"]);
    let limited = with("'s3://ob/data'", ["800", "20971520"]);
    desk.fill("CDB_OB_BACKUP_STORAGE_INFO", &[&unlimited, &limited])
        .await;
    let read = query::storage_limits(&desk.ask(&StorageQuery::Limits.into()).await);
    let location = LimitedLocation {
        path: "s3://ob/data?host=https://s3.test".to_owned(),
        limits: StorageLimits {
            max_iops: 800,
            max_bandwidth: 20 << 20,
        },
    };
    assert_eq!(read.rows, [(TenantId(1002), location)]);
    assert_eq!(read.unreadable, []);
}
