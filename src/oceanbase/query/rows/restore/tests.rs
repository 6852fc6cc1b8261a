//! Rows of restores, pools and units.

use super::*;

const COLUMNS: &str =
    "TENANT_ID, JOB_ID, STATUS, RESTORE_TENANT_ID, TOTAL_BYTES, FINISH_BYTES, COMMENT";

/// Returns rows of one view. Columns that are not named are empty.
fn answer(columns: &str, rows: &[&[&str]], ended: bool) -> Rows {
    let mut names: Vec<_> = columns.split(", ").collect();
    let given = names.len();
    let all = [
        "RESTORE_TENANT_NAME",
        "RESTORE_TENANT_ID",
        "BACKUP_TENANT_NAME",
        "BACKUP_CLUSTER_NAME",
        "RESTORE_SCN",
        "START_TIMESTAMP",
        "BACKUP_SET_LIST",
        "BACKUP_PIECE_LIST",
        "TOTAL_BYTES",
        "FINISH_BYTES",
        "DESCRIPTION",
    ];
    let ends = ["FINISH_TIMESTAMP", "COMMENT"];
    let others = all.iter().chain(ends.iter().filter(|_| ended));
    let others: Vec<_> = others
        .filter(|name| !names.contains(name))
        .copied()
        .collect();
    names.extend(others);
    let row = |row: &&[&str]| {
        let values = row.iter().map(|value| Some((*value).to_owned()));
        let empty = std::iter::repeat_n(Some(String::new()), names.len() - given);
        values.chain(empty).collect()
    };
    Rows {
        columns: names.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.iter().map(row).collect(),
    }
}

fn running(columns: &str, rows: &[&[&str]]) -> Vec<Restore> {
    restores(&answer(columns, rows, false), false).rows
}

fn ended(columns: &str, rows: &[&[&str]]) -> Vec<Restore> {
    restores(&answer(columns, rows, true), true).rows
}

const WAITS: &str = "WAIT_TENANT_RESTORE_FINISH";

#[test]
fn the_row_of_sys_is_joined_with_that_of_the_tenant() {
    let columns = "TENANT_ID, JOB_ID, STATUS, RESTORE_TENANT_ID, TOTAL_BYTES, FINISH_BYTES";
    let rows: [&[&str]; 2] = [
        &["1004", "1", "RESTORING", "1004", "200", "51"],
        &["1", "1", WAITS, "1004", "", ""],
    ];
    let read = running(columns, &rows);
    assert_eq!(read.len(), 1);
    let restoring = RestoreStatus::Restoring("RESTORING".to_owned());
    assert_eq!((&read[0].status, read[0].percent), (&restoring, Some(25)));
    assert_eq!(read[0].tenant_id, Some(TenantId(1004)));
}

#[test]
fn percents_of_the_tenant_s_row_are_taken_where_there_are_any() {
    let columns = "TENANT_ID, JOB_ID, STATUS, RESTORE_PROGRESS, RECOVER_PROGRESS";
    let rows: [&[&str]; 2] = [
        &["1", "1", WAITS, "", ""],
        &["1004", "1", "RESTORING", "100.00", "12.75"],
    ];
    let read = running(columns, &rows);
    assert_eq!(
        (read[0].percent, read[0].recover_percent),
        (Some(99), Some(12))
    );
}

#[test]
fn a_tenant_s_row_without_that_of_sys_is_no_restore() {
    assert_eq!(
        running("TENANT_ID, JOB_ID, STATUS", &[&["1004", "1", "RESTORING"]]),
        []
    );
}

#[test]
fn a_row_of_another_tenant_with_the_same_number_is_not_joined() {
    let columns = "TENANT_ID, JOB_ID, STATUS, RESTORE_TENANT_ID";
    let rows: [&[&str]; 2] = [
        &["1", "1", WAITS, "1006"],
        &["1004", "1", "UPGRADE", "1004"],
    ];
    assert_eq!(running(columns, &rows)[0].status, RestoreStatus::WaitTenant);
}

#[test]
fn the_first_version_does_not_say_whose_a_row_is() {
    let rows: [&[&str]; 2] = [&["1", "UPGRADE"], &["1", WAITS]];
    assert_eq!(
        running("JOB_ID, STATUS", &rows)[0].status,
        RestoreStatus::Upgrade
    );
    let alone = running("JOB_ID, STATUS", &[&["1", "RESTORE_WAIT_LS"]]);
    let waiting = RestoreStatus::Restoring("RESTORE_WAIT_LS".to_owned());
    assert_eq!(alone[0].status, waiting);
    let rows: [&[&str]; 2] = [&["1", "SUCCESS"], &["1", "FAIL"]];
    assert_eq!(
        ended("JOB_ID, STATUS", &rows)[0].status,
        RestoreStatus::Fail
    );
}

#[test]
fn a_tenant_that_is_not_there_yet_has_no_number() {
    for none in ["", "0", "-1", "18446744073709551615"] {
        let read = running(
            "TENANT_ID, JOB_ID, STATUS, RESTORE_TENANT_ID",
            &[&["1", "1", "CREATE_TENANT", none]],
        );
        assert_eq!(read[0].tenant_id, None, "{none}");
    }
}

#[test]
fn paths_are_shown_without_their_keys() {
    let columns = "TENANT_ID, JOB_ID, STATUS, BACKUP_SET_LIST, BACKUP_PIECE_LIST";
    let sets =
        "s3://b/data/backup_set_1_full?host=h&access_key=sesame, s3://b/data/backup_set_2_inc?x";
    let row = ["1", "1", WAITS, sets, "file:///log/piece_d1001r1p1"];
    let read = running(columns, &[&row]);
    assert_eq!(
        read[0].sets,
        [
            "s3://b/data/backup_set_1_full",
            "s3://b/data/backup_set_2_inc"
        ]
    );
    assert_eq!(read[0].pieces, ["file:///log/piece_d1001r1p1"]);
    assert!(!format!("{read:?}").contains("sesame"));
}

#[test]
fn an_instant_is_read_as_a_time_stamp_and_as_microseconds() {
    let columns = "TENANT_ID, JOB_ID, STATUS, START_TIMESTAMP";
    let at = |text: &str| running(columns, &[&["1", "1", WAITS, text]])[0].started_at;
    let expected: Timestamp = "2026-11-20T02:00:00.5Z".parse().unwrap();
    assert_eq!(at("2026-11-20 02:00:00.500000"), Some(expected));
    assert_eq!(at(&expected.as_microsecond().to_string()), Some(expected));
    for none in ["", "0", "soon"] {
        assert_eq!(at(none), None, "{none}");
    }
}

#[test]
fn a_failed_restore_says_why_and_shows_nothing_else_of_its_comment() {
    let failed = |comment: &str| {
        let row = ["1", "1", "FAIL", "1004", "", "", comment];
        ended(COLUMNS, &[&row])[0].failure.clone().unwrap()
    };
    let comment = "(ROOTSERVICE)addr: 10.0.0.1:2882, result: -9071(access_key=sesame), trace_id: Y";
    assert_eq!(failed(comment).code, -9071);
    assert!(!failed(comment).message.contains("sesame"));
    let of_root_service = "ROOTSERVICE : OB_RESOURCE_POOL_ALREADY_GRANTED(-4626) on \"10.0.0.1:2882\" with \
                           traceid Y";
    assert_eq!(failed(of_root_service).code, -4626);
    assert_eq!(failed(of_root_service).reason, "PoolInUse");
    for unclear in ["", "result: ", "result: 0(x)", "result: -99999999999"] {
        assert_eq!(failed(unclear).code, -9099, "{unclear}");
    }
}

#[test]
fn one_that_went_well_has_no_failure_and_no_percents() {
    let row = ["1", "1", "SUCCESS", "1004", "200", "200", "result: 0(ok)"];
    let read = ended(COLUMNS, &[&row]);
    assert_eq!((&read[0].failure, read[0].percent), (&None, None));
    assert_eq!(read[0].status, RestoreStatus::Success);
}

#[test]
fn a_row_that_can_not_be_read_is_left_out_and_told() {
    let rows: [&[&str]; 2] = [&["1", "one", WAITS], &["1", "2", WAITS]];
    let read = restores(&answer("TENANT_ID, JOB_ID, STATUS", &rows, false), false);
    assert_eq!((read.rows.len(), read.unreadable.len()), (1, 1));
}

/// Returns these rows unchanged, including NULL.
fn plain(columns: &str, rows: &[&[Option<&str>]]) -> Rows {
    let row = |row: &&[Option<&str>]| row.iter().map(|value| value.map(str::to_owned)).collect();
    Rows {
        columns: columns.split(", ").map(str::to_owned).collect(),
        rows: rows.iter().map(row).collect(),
    }
}

#[test]
fn a_pool_is_free_while_no_tenant_stands_in_it() {
    let columns = "RESOURCE_POOL_ID, NAME, TENANT_ID, UNIT_COUNT, UNIT_CONFIG_ID, ZONE_LIST";
    let free = ["1001", "p1"].map(Some);
    let rest = ["1", "1005", "zone1;zone2"].map(Some);
    let free: Vec<_> = free.into_iter().chain([None]).chain(rest).collect();
    let mut held = free.clone();
    held[2] = Some("1002");
    let read = pools(&plain(columns, &[&free, &held])).rows;
    assert_eq!(read[0].tenant_id, None);
    assert_eq!(read[1].tenant_id, Some(TenantId(1002)));
    assert_eq!(read[0].zones, ["zone1", "zone2"]);
}

#[test]
fn a_unit_is_read_with_its_sizes_in_bytes() {
    let columns = "UNIT_CONFIG_ID, NAME, MAX_CPU, MEMORY_SIZE, LOG_DISK_SIZE";
    let good = ["1005", "u1", "2.50", "8589934592", "25769803776"].map(Some);
    let bad = ["1006", "u2", "many", "1", "1"].map(Some);
    let read = units(&plain(columns, &[&good, &bad]));
    assert_eq!(read.rows[0].max_cpu, Cpu(2500));
    assert_eq!(
        (read.rows[0].memory, read.rows[0].log_disk),
        (8 << 30, 24 << 30)
    );
    assert_eq!((read.rows.len(), read.unreadable.len()), (1, 1));
}

#[test]
fn a_preview_lists_sets_and_pieces_without_keys() {
    let columns = "BACKUP_TYPE, BACKUP_ID, PREVIEW_PATH, BACKUP_DESC";
    let set = [
        "BACKUP_SET",
        "1",
        "s3://b/data/backup_set_1_full?access_key=sesame",
        "x",
    ]
    .map(Some);
    let piece = ["BACKUP_PIECE", "4", "file:///log/piece_d1001r1p4", "y"].map(Some);
    let read = preview(&plain(columns, &[&set, &piece])).unwrap();
    let shown: Vec<_> = read
        .iter()
        .map(|row| (row.is_set, row.id, row.path.as_str()))
        .collect();
    let expected = [
        (true, 1, "s3://b/data/backup_set_1_full"),
        (false, 4, "file:///log/piece_d1001r1p4"),
    ];
    assert_eq!(shown, expected);
}
