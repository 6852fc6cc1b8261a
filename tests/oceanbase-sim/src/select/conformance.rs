//! Statements that this evaluator and a real OceanBase engine must answer alike.
//!
//! The tables are views rebuilt as tables with [`crate::views::create_table`], filled with
//! [`tables`]; the session's zone is `+08:00`, the engine's default. Answers are compared by names
//! of columns, kinds of types and text of values; none depends on the time of the run.

use crate::value::Value;
use crate::views::{self, Version, View};

/// The statements, to be run with the database `oceanbase` in use.
pub const QUERIES: &[&str] = &[
    "SELECT * FROM CDB_OB_ARCHIVELOG_SUMMARY",
    "select * from oceanbase.dba_ob_backup_jobs order by job_id",
    "SELECT STATUS FROM oceanbase.`CDB_OB_ARCHIVELOG_SUMMARY` ORDER BY ROUND_ID DESC LIMIT 1",
    "SELECT round_id, Status AS s, IFNULL(checkpoint_scn_display, '-') FROM \
     CDB_OB_ARCHIVELOG_SUMMARY order by round_id",
    "SELECT j.JOB_ID, j.`STATUS`, oceanbase.j.RESULT FROM DBA_OB_BACKUP_JOBS AS j \
     WHERE j.DESCRIPTION = 'obb/7' ORDER BY 1",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE STATUS = 'doing' OR status LIKE 'COMP%' \
     ORDER BY JOB_ID DESC",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE START_TIMESTAMP >= '2024-01-31 11:20:59.804836' \
     ORDER BY JOB_ID",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE END_TIMESTAMP < '2024-02-01' ORDER BY JOB_ID",
    "SELECT JOB_ID, END_TIMESTAMP IS NULL, END_TIMESTAMP FROM DBA_OB_BACKUP_JOBS \
     ORDER BY END_TIMESTAMP, JOB_ID",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE RESULT <> 0 AND JOB_ID IN (1, 2, 3) \
     AND NOT STATUS IN ('DOING')",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE JOB_ID BETWEEN 2 AND 3 ORDER BY JOB_ID",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE JOB_ID = '2' OR COMMENT LIKE '%\\_id: 1%'",
    "SELECT DISTINCT BACKUP_TYPE FROM DBA_OB_BACKUP_JOBS ORDER BY BACKUP_TYPE",
    "SELECT BACKUP_TYPE, COUNT(*) AS n, MIN(JOB_ID), MAX(START_TIMESTAMP), SUM(RESULT) \
     FROM DBA_OB_BACKUP_JOBS GROUP BY BACKUP_TYPE ORDER BY n DESC, 1",
    "SELECT COUNT(*), COUNT(END_TIMESTAMP), COUNT(DISTINCT BACKUP_TYPE), SUM(JOB_ID), \
     MIN(DESCRIPTION) FROM DBA_OB_BACKUP_JOBS",
    "SELECT COUNT(*), SUM(JOB_ID), MAX(PATH) FROM DBA_OB_BACKUP_JOBS WHERE 1 = 0",
    "SELECT BACKUP_TYPE FROM DBA_OB_BACKUP_JOBS GROUP BY BACKUP_TYPE HAVING COUNT(*) > 1",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID LIMIT 1, 2",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID LIMIT 2 OFFSET 1",
    "SELECT CHECKPOINT_SCN / 1000, CHECKPOINT_SCN DIV 1000, CHECKPOINT_SCN % 1000, \
     CHECKPOINT_SCN + 1, CHECKPOINT_SCN - START_SCN, CHECKPOINT_SCN*2 \
     FROM CDB_OB_ARCHIVELOG_SUMMARY ORDER BY ROUND_ID",
    "SELECT truncate((1706671112366131 - checkpoint_scn / 1000) / 1000000, 4) AS DELAY \
     FROM CDB_OB_ARCHIVELOG_SUMMARY WHERE ROUND_ID = 2",
    "SELECT time_to_usec(START_TIMESTAMP), usec_to_time(1706671259804836) = START_TIMESTAMP \
     FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID",
    "SELECT SCN_TO_TIMESTAMP(START_SCN) = START_SCN_DISPLAY, SCN_TO_TIMESTAMP(START_SCN), \
     TIMESTAMP_TO_SCN(START_SCN_DISPLAY) FROM CDB_OB_ARCHIVELOG_SUMMARY ORDER BY ROUND_ID",
    "SELECT COMPRESSION_RATIO + 1, COMPRESSION_RATIO * 2, COMPRESSION_RATIO / 3, \
     ROUND(COMPRESSION_RATIO), ROUND(INPUT_BYTES / 1024 / 1024, 2), -ROUND_ID \
     FROM CDB_OB_ARCHIVELOG_SUMMARY ORDER BY ROUND_ID",
    "SELECT CASE WHEN INPUT_BYTES >= 1024*1024*1024 \
     THEN CONCAT(ROUND(INPUT_BYTES/1024/1024/1024, 2), 'GB') \
     ELSE CONCAT(ROUND(INPUT_BYTES/1024/1024, 2), 'MB') END AS DISPLAY \
     FROM CDB_OB_ARCHIVELOG_SUMMARY ORDER BY ROUND_ID",
    "SELECT CASE BACKUP_TYPE WHEN 'full' THEN 1 WHEN 'inc' THEN 2.5 END, \
     IF(RESULT = 0, 'ok', 'failed') FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID",
    "SELECT COALESCE(NULL, CHECKPOINT_SCN, 0), NULLIF(DEST_ID, 1001), IFNULL(NULL, 7), \
     COALESCE(START_SCN_DISPLAY, CHECKPOINT_SCN_DISPLAY) FROM CDB_OB_ARCHIVELOG_SUMMARY \
     ORDER BY ROUND_ID",
    "SELECT CONCAT(JOB_ID, '/', STATUS), CONCAT(START_TIMESTAMP), CONCAT('a', NULL), \
     LOWER(STATUS), UPPER('x') FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID",
    "SELECT CAST(JOB_ID AS CHAR), CAST(START_TIMESTAMP AS CHAR), CAST('12' AS UNSIGNED), \
     CAST(2.5 AS SIGNED), CAST(STATUS AS CHAR(3)), CAST(1 AS DECIMAL(10,2)) \
     FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID",
    "SELECT 1, 'abc', 1.50, NULL, TRUE, -3, \"x\", 1  +  1, 10/4, 7/0, 2/3*3, 5 % 3, 7 DIV 2",
    "SELECT NULL = 1, NULL <=> NULL, NULL IN (1), 1 IN (2, NULL), 1 NOT IN (2, NULL), \
     NULL AND 0, NULL OR 1, NOT NULL, 1 XOR 1, NULL IS TRUE, 'a ' = 'A', 'a' LIKE 'A '",
    "SELECT ROUND(2.5), ROUND(-2.5), ROUND(10/3, 2), TRUNCATE(-1.999, 1), ABS(-3), MOD(7, 4)",
    "SELECT '2024-01-31 10:00:00' < '2024-01-31 9:00:00', \
     usec_to_time(0) < '1970-01-01 08:00:00.000001'",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE JOB_ID = 1 UNION ALL \
     SELECT RESULT FROM DBA_OB_BACKUP_JOBS WHERE JOB_ID = 3 ORDER BY 1",
    "SELECT 'running' AS w, JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE STATUS = 'DOING' UNION \
     SELECT 'over', JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE STATUS <> 'DOING' ORDER BY JOB_ID",
    "SELECT x.n + 1 FROM (SELECT COUNT(*) AS n FROM DBA_OB_BACKUP_JOBS) x",
    "SELECT j.JOB_ID, a.ROUND_ID FROM DBA_OB_BACKUP_JOBS j LEFT JOIN CDB_OB_ARCHIVELOG_SUMMARY a \
     ON a.ROUND_ID = j.JOB_ID ORDER BY j.JOB_ID",
    "SELECT a.ROUND_ID FROM DBA_OB_BACKUP_JOBS j JOIN CDB_OB_ARCHIVELOG_SUMMARY a \
     ON a.ROUND_ID = j.JOB_ID AND j.STATUS = 'COMPLETED'",
    "SELECT START_TIMESTAMP - INTERVAL 1 DAY FROM DBA_OB_BACKUP_JOBS ORDER BY JOB_ID",
    "SELECT TENANT_NAME, MAX_LS_ID, RECOVERY_UNTIL_SCN FROM DBA_OB_TENANTS WHERE \
     TENANT_NAME = 'Orders' AND TENANT_TYPE = 'USER'",
    "SELECT 7 DIV 2 + 1, 1 + 7 DIV 2 * 3, 2 + 3 * 4 - 1, NOT 1 = 2, 1 OR 0 AND 0",
    "SELECT b.* FROM DBA_OB_BACKUP_JOBS",
    "SELECT * FROM OceanBase.NoSuch",
    "SELECT *",
    "SELECT IFNULL(1)",
    "SELECT 1 UNION SELECT 1, 2",
    "SELECT FROM DBA_OB_BACKUP_JOBS",
    "SELECT 1 FROM dual WHERE 1 = 1 LIMIT 1",
    "DESC DBA_OB_BACKUP_JOBS",
    "SELECT nosuch FROM DBA_OB_BACKUP_JOBS",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE nosuch = 1",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS ORDER BY j.nosuch",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS ORDER BY 2",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS GROUP BY nosuch",
    "SELECT JOB_ID FROM DBA_OB_BACKUP_JOBS WHERE COUNT(*) > 1",
    "SELECT ROUND_ID FROM CDB_OB_ARCHIVELOG_SUMMARY a JOIN CDB_OB_ARCHIVELOG_SUMMARY b \
     ON a.ROUND_ID = b.ROUND_ID",
    "SELECT * FROM nosuch",
    "SELECT * FROM nosuchdb.x",
    "SELECT @@nosuch",
    "SELECT 0 - CHECKPOINT_SCN FROM CDB_OB_ARCHIVELOG_SUMMARY WHERE ROUND_ID = 2",
    "SELECT SCN_TO_TIMESTAMP(NULL)",
    "SELECT JOB_ID, FROM DBA_OB_BACKUP_JOBS",
    "SELEKT 1",
    "SELECT * FROM DBA_OB_BACKUP_JOBS WHERE",
];

/// The release whose columns the tables have.
pub const VERSION: Version = Version::V4_3_5;

/// Returns the views that [`QUERIES`] read and their rows.
#[must_use]
pub fn tables() -> Vec<(View, Vec<Vec<Value>>)> {
    [
        ("CDB_OB_ARCHIVELOG_SUMMARY", rounds()),
        ("DBA_OB_BACKUP_JOBS", jobs()),
        ("DBA_OB_TENANTS", tenants()),
    ]
    .into_iter()
    .filter_map(|(name, rows)| Some((views::find(VERSION, name)?, rows)))
    .collect()
}

/// Returns an `INSERT` of the rows, with instants as functions of numbers, independent of zones.
#[must_use]
pub fn insert(view: &View, rows: &[Vec<Value>]) -> String {
    let literal = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Value::Timestamp(micros) => format!("usec_to_time({micros})"),
        Value::DateTime(micros) => format!("scn_to_timestamp({micros}000)"),
    };
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "({})",
                row.iter().map(literal).collect::<Vec<_>>().join(", ")
            )
        })
        .collect();
    format!(
        "INSERT INTO oceanbase.`{}` VALUES {}",
        view.name,
        rows.join(", ")
    )
}

fn int(number: i128) -> Value {
    Value::Int(number)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// 2024-01-31 03:16:32.366131 UTC.
const START: i64 = 1_706_670_992_366_131;

fn rounds() -> Vec<Vec<Value>> {
    let round = |id: i128, status: &str, bytes: i128, display: &str, checkpoint: i64| {
        let scn = |micros: i64| int(i128::from(micros) * 1000);
        let shown = |micros| {
            if micros == 0 {
                Value::Null
            } else {
                Value::DateTime(micros)
            }
        };
        vec![
            int(1002),
            int(1001),
            int(id),
            int(1),
            int(0),
            text(status),
            scn(START),
            shown(START),
            scn(checkpoint),
            shown(checkpoint),
            int(1),
            int(1),
            int(id),
            int(86_400_000_000),
            int(1),
            text("none"),
            int(bytes),
            text(display),
            int(bytes),
            text(display),
            Value::Decimal("1.00".to_owned()),
            int(0),
            text("0.00MB"),
            int(0),
            text("0.00MB"),
            text("file:///ob-backup/t1/log"),
            text(""),
        ]
    };
    vec![
        round(1, "STOP", 54_533_925, "52.01MB", START + 60_000_001),
        round(2, "DOING", 16_106_127_360, "15.00GB", START + 61_234_567),
        round(3, "PREPARE", 0, "0.00MB", 0),
    ]
}

fn jobs() -> Vec<Vec<Value>> {
    let job =
        |id: i128, kind: &str, status: &str, end: Option<i64>, result: i128, rest: [&str; 2]| {
            vec![
                int(id),
                int(1),
                int(id),
                int(1002),
                int(0),
                text("1002"),
                text("OFF"),
                text(kind),
                text("USER_TENANT"),
                text("NONE"),
                text(""),
                Value::Timestamp(START + 267_438_705 + i64::try_from(id).unwrap_or(0)),
                end.map_or(Value::Null, Value::Timestamp),
                text(status),
                int(result),
                text(rest[0]),
                text(rest[1]),
                text("file:///ob-backup/t1/data"),
            ]
        };
    vec![
        job(
            1,
            "FULL",
            "COMPLETED",
            Some(START + 396_407_435),
            0,
            ["", "it's 100% fine"],
        ),
        job(2, "INC", "DOING", None, 0, ["", "obb/7"]),
        job(
            3,
            "FULL",
            "FAILED",
            Some(START + 90_000_000_000),
            -9029,
            [
                "(SERVER)ls_id: 1001, addr: 10.0.0.1:2882, module: BACKUP_DATA",
                "obb/7",
            ],
        ),
    ]
}

fn tenants() -> Vec<Vec<Value>> {
    let tenant = |id: i128, name: &str, kind: &str, scns: bool| {
        let scn = |number: i128| if scns { int(number) } else { Value::Null };
        vec![
            int(id),
            text(name),
            text(kind),
            Value::Timestamp(START),
            Value::Timestamp(START),
            text("RANDOM"),
            text("FULL{1}@zone1"),
            Value::Null,
            text("MYSQL"),
            text("NORMAL"),
            text("NO"),
            text("NO"),
            text("PRIMARY"),
            text("NORMAL"),
            int(0),
            scn(1_706_670_992_366_131_000),
            scn(1_706_670_992_366_131_000),
            scn(1_706_670_992_366_130_000),
            scn(4_611_686_018_427_387_903),
            text(if scns { "ARCHIVELOG" } else { "NOARCHIVELOG" }),
            text("DISABLED"),
            int(1),
            text("4.3.5.3"),
            scn(1001),
            text("NORMAL"),
        ]
    };
    vec![
        tenant(1, "sys", "SYS", false),
        tenant(1001, "META$1002", "META", false),
        tenant(1002, "orders", "USER", true),
    ]
}
