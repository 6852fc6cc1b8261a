//! Queries of backup sets and of archived pieces.

use oceanbase_backup_operator::oceanbase::model::{BackupSet, BackupSetId, Piece, Scn, TenantId};
use oceanbase_backup_operator::oceanbase::query::{self, Query};

use super::jobs::{ENDED, at};
use super::queries::{MAX_SCN, MAX_SCN_TEXT};
use super::rows::Desk;

/// Reads backup sets: done, running and deleted.
pub(super) async fn sets(desk: &mut Desk) {
    let done = [
        ("TENANT_ID", "1002"),
        ("BACKUP_SET_ID", "2"),
        ("DEST_ID", "1001"),
        ("BACKUP_TYPE", "'INC'"),
        ("PREV_FULL_BACKUP_SET_ID", "1"),
        ("PREV_INC_BACKUP_SET_ID", "0"),
        ("END_TIMESTAMP", ENDED.1),
        ("STATUS", "'SUCCESS'"),
        ("FILE_STATUS", "'AVAILABLE'"),
        ("PLUS_ARCHIVELOG", "'OFF'"),
        ("START_REPLAY_SCN", "1774746000123456789"),
        ("MIN_RESTORE_SCN", MAX_SCN_TEXT),
        ("INPUT_BYTES", "9223372036854775807"),
        ("OUTPUT_BYTES", "0"),
        ("ENCRYPTION_MODE", "'NONE'"),
        ("TENANT_COMPATIBLE", "'4.2.1.0'"),
        ("PATH", "'file:///ob/data'"),
    ];
    let mut doing = done;
    doing[1] = ("BACKUP_SET_ID", "3");
    doing[6] = ("END_TIMESTAMP", "NULL");
    doing[7] = ("STATUS", "'DOING'");
    let mut deleted = done;
    deleted[8] = ("FILE_STATUS", "'DELETED'");
    desk.fill("CDB_OB_BACKUP_SET_FILES", &[&done, &doing, &deleted])
        .await;
    let mut read = query::sets(&desk.ask(&Query::Sets).await).unwrap();
    let done = BackupSet {
        id: BackupSetId(2),
        dest_id: 1001,
        full: false,
        prev_full_id: BackupSetId(1),
        prev_inc_id: BackupSetId(0),
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: Scn(1_774_746_000_123_456_789),
        min_restore_scn: MAX_SCN,
        ended_at: Some(at(ENDED.0)),
        input_bytes: i64::MAX,
        output_bytes: 0,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.2.1.0".to_owned(),
        path: "file:///ob/data".to_owned(),
    };
    let doing = BackupSet {
        id: BackupSetId(3),
        success: false,
        ended_at: None,
        ..done.clone()
    };
    let mut of_orders = read.remove(&TenantId(1002)).unwrap();
    of_orders.sort_by_key(|set| set.id);
    assert_eq!(of_orders, [done, doing]);
}

/// Reads archived pieces: one that is written, one that is deleted.
pub(super) async fn pieces(desk: &mut Desk) {
    let active = [
        ("TENANT_ID", "1002"),
        ("DEST_ID", "1001"),
        ("ROUND_ID", "4"),
        ("PIECE_ID", "9"),
        ("STATUS", "'ACTIVE'"),
        ("START_SCN", "1774746000123456789"),
        ("CHECKPOINT_SCN", "1774746000123456790"),
        ("END_SCN", MAX_SCN_TEXT),
        ("FILE_STATUS", "'AVAILABLE'"),
        ("OUTPUT_BYTES", "9223372036854775807"),
    ];
    let mut deleted = active;
    deleted[8] = ("FILE_STATUS", "'DELETED'");
    desk.fill("CDB_OB_ARCHIVELOG_PIECE_FILES", &[&active, &deleted])
        .await;
    let read = query::pieces(&desk.ask(&Query::Pieces).await).unwrap();
    let expected = Piece {
        dest_id: 1001,
        round_id: 4,
        id: 9,
        start_scn: Scn(1_774_746_000_123_456_789),
        checkpoint_scn: Scn(1_774_746_000_123_456_790),
        end_scn: MAX_SCN,
        frozen: false,
        available: true,
        output_bytes: i64::MAX,
    };
    assert_eq!(read, [(TenantId(1002), vec![expected])].into());
}
