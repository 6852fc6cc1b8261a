//! Tests of a session over the views of the conformance tables.

use jiff::tz::{Offset, TimeZone};

use super::*;

struct Session {
    own_zone: TimeZone,
    server_zone: TimeZone,
    version: Version,
}

fn session() -> Session {
    Session {
        own_zone: TimeZone::fixed(Offset::constant(8)),
        server_zone: TimeZone::UTC,
        version: Version::V4_3_5,
    }
}

impl Catalog for Session {
    fn table(&self, name: &str) -> Option<Table> {
        if name == "GV$OB_PARAMETERS" {
            return Some(parameters());
        }
        let mut all = conformance::tables().into_iter();
        let (view, rows) = all.find(|(view, _)| view.name == name)?;
        Some(Table {
            columns: view.columns,
            rows,
        })
    }

    fn table_names(&self) -> Vec<String> {
        conformance::tables()
            .into_iter()
            .map(|(view, _)| view.name)
            .collect()
    }

    fn variable(&self, name: &str, scope: VariableScope) -> Option<Value> {
        let all = self.variables(scope);
        all.into_iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    fn variables(&self, scope: VariableScope) -> Vec<(String, Value)> {
        let timeout = if scope == VariableScope::Global {
            10_000_000
        } else {
            5_000_000
        };
        vec![
            (
                "version".to_owned(),
                Value::Text("5.7.25-OceanBase_CE-v4.3.5.0".to_owned()),
            ),
            ("ob_query_timeout".to_owned(), Value::Int(timeout)),
        ]
    }

    fn now_micros(&self) -> i64 {
        1_706_671_112_366_131
    }

    fn version(&self) -> Version {
        self.version
    }

    fn tenant_id(&self) -> u64 {
        1
    }

    fn database(&self) -> Option<String> {
        Some("oceanbase".to_owned())
    }

    fn user(&self) -> String {
        "root@10.0.0.7".to_owned()
    }

    fn session_time_zone(&self) -> &TimeZone {
        &self.own_zone
    }

    fn server_time_zone(&self) -> &TimeZone {
        &self.server_zone
    }
}

fn parameters() -> Table {
    let view = crate::views::find(Version::V4_3_5, "GV$OB_PARAMETERS").unwrap();
    let row = |tenant: Value, name: &str| {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut row = vec![
            text("10.0.0.1"),
            Value::Int(2882),
            text("zone1"),
            text("CLUSTER"),
        ];
        row.extend([tenant, text(name), text("TIME"), text("120s")]);
        row.extend(["info", "LOGSERVICE", "DYNAMIC_EFFECTIVE", "120s", "YES"].map(text));
        row
    };
    let rows = vec![
        row(Value::Null, "memory_limit"),
        row(Value::Int(1), "archive_lag_target"),
        row(Value::Int(1002), "archive_lag_target"),
    ];
    Table {
        columns: view.columns,
        rows,
    }
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let answer = query(text, &session()).unwrap();
    answer
        .rows
        .into_iter()
        .map(|row| {
            row.into_iter()
                .map(|value| value.unwrap_or("NULL".to_owned()))
                .collect()
        })
        .collect()
}

fn cell(text: &str) -> String {
    rows(text)[0][0].clone()
}

fn code(text: &str) -> u16 {
    query(text, &session()).unwrap_err().code
}

fn message(text: &str) -> String {
    query(text, &session()).unwrap_err().message
}

fn names(text: &str) -> Vec<String> {
    let answer = query(text, &session()).unwrap();
    answer
        .columns
        .into_iter()
        .map(|column| column.name)
        .collect()
}

#[test]
fn every_row_of_the_conformance_tables_fits_its_view() {
    for (view, rows) in conformance::tables() {
        assert!(
            rows.iter().all(|row| row.len() == view.columns.len()),
            "{}",
            view.name
        );
    }
}

#[test]
fn the_newest_round_is_found_by_order_and_limit() {
    let newest = "SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG_SUMMARY \
                  ORDER BY ROUND_ID DESC LIMIT 1";
    assert_eq!(cell(newest), "PREPARE");
}

#[test]
fn a_timestamp_is_shown_in_the_zone_of_the_session() {
    let start = "SELECT START_TIMESTAMP FROM DBA_OB_BACKUP_JOBS WHERE JOB_ID = 1";
    assert_eq!(cell(start), "2024-01-31 11:20:59.804837");
}

#[test]
fn the_display_of_an_scn_is_shown_in_the_zone_of_the_server() {
    let start = "SELECT START_SCN_DISPLAY FROM CDB_OB_ARCHIVELOG_SUMMARY WHERE ROUND_ID = 1";
    assert_eq!(cell(start), "2024-01-31 03:16:32.366131");
}

#[test]
fn now_shows_the_own_zone_and_no_fraction() {
    assert_eq!(
        rows("SELECT NOW(), NOW(6)"),
        [["2024-01-31 11:18:32", "2024-01-31 11:18:32.366131"]]
    );
}

#[test]
fn the_lag_in_seconds_is_computed_as_the_field_does_it() {
    let lag = "select truncate((time_to_usec(now(6)) - checkpoint_scn / 1000) / 1000000, 4) \
               from CDB_OB_ARCHIVELOG_SUMMARY where round_id = 2";
    assert_eq!(cell(lag), "58.7654");
}

#[test]
fn zero_minus_an_scn_is_out_of_range_and_not_negative() {
    assert_eq!(
        code("SELECT 0 - START_SCN FROM CDB_OB_ARCHIVELOG_SUMMARY"),
        1690
    );
}

#[test]
fn a_column_that_this_version_lacks_is_unknown_even_without_rows() {
    assert_eq!(
        message("SELECT NO_SUCH FROM DBA_OB_BACKUP_JOBS WHERE 1 = 0"),
        "Unknown column 'NO_SUCH' in 'field list'"
    );
}

#[test]
fn a_view_that_the_tenant_can_not_see_does_not_exist() {
    assert_eq!(
        message("SELECT 1 FROM CDB_OB_BACKUP_JOBS"),
        "Table 'oceanbase.cdb_ob_backup_jobs' doesn't exist"
    );
}

#[test]
fn a_misspelt_statement_is_quoted_from_the_bad_word_on() {
    assert!(message("SELECT 1\nFRUM x y").ends_with("near 'x y' at line 2"));
}

#[test]
fn a_statement_of_another_kind_is_refused_and_not_run() {
    assert_eq!(code("DELETE FROM DBA_OB_BACKUP_JOBS"), 1235);
}

#[test]
fn an_unknown_function_is_refused() {
    assert_eq!(code("SELECT UUID()"), 1235);
}

#[test]
fn unnamed_columns_are_called_as_the_client_wrote_them() {
    let names = names("select  job_id,\n count( * ) , max(Job_Id)+ 1 as M from DBA_OB_BACKUP_JOBS");
    assert_eq!(names, ["job_id", "count( * )", "M"]);
}

#[test]
fn a_star_spells_the_columns_as_the_view_does() {
    assert_eq!(names("select * from dba_ob_backup_jobs")[0], "JOB_ID");
}

#[test]
fn the_session_value_of_a_variable_hides_the_global_one() {
    assert_eq!(
        rows("SELECT @@ob_query_timeout, @@global.ob_query_timeout, @@session.ob_query_timeout"),
        [["5000000", "10000000", "5000000"]]
    );
}

#[test]
fn an_unknown_variable_has_an_error_of_its_own() {
    assert_eq!(
        message("SELECT @@socket"),
        "Unknown system variable 'socket'"
    );
}

#[test]
fn the_session_knows_who_and_where_it_is() {
    assert_eq!(
        rows("SELECT OB_VERSION(), VERSION(), DATABASE(), USER()"),
        [[
            "4.3.5.0",
            "5.7.25-OceanBase_CE-v4.3.5.0",
            "oceanbase",
            "root@10.0.0.7"
        ]]
    );
}

#[test]
fn show_parameters_leaves_out_what_belongs_to_other_tenants() {
    assert_eq!(rows("SHOW PARAMETERS LIKE 'archive_lag%'").len(), 1);
}

#[test]
fn show_parameters_takes_a_condition() {
    assert_eq!(
        rows("show parameters where name = 'memory_limit'")[0][4],
        "memory_limit"
    );
}

#[test]
fn show_variables_takes_a_pattern() {
    assert_eq!(
        rows("SHOW GLOBAL VARIABLES LIKE 'OB_QUERY%'"),
        [["ob_query_timeout", "10000000"]]
    );
}

#[test]
fn show_tables_names_its_pattern_in_the_heading() {
    assert_eq!(
        names("SHOW TABLES LIKE 'DBA%'"),
        ["Tables_in_oceanbase (DBA%)"]
    );
}

#[test]
fn desc_spells_types_as_the_engine_does() {
    assert_eq!(
        rows("DESC oceanbase.CDB_OB_ARCHIVELOG_SUMMARY")[6],
        ["START_SCN", "bigint(20) unsigned", "NO", "", "NULL", ""]
    );
}

#[test]
fn a_chain_of_two_thousand_additions_is_refused_and_not_a_crash() {
    assert_eq!(code(&format!("SELECT 1{}", "+1".repeat(1990))), 1235);
}

#[test]
fn no_nonsense_breaks_the_evaluator() {
    let nonsense = [
        "",
        ";",
        "(",
        ")",
        "SELECT",
        "SELECT 1e999",
        "SELECT 'é",
        "SELECT `a",
        "SHOW",
        "DESC",
        "SELECT é FROM é",
        "SELECT -99999999999999999999999999999999999999999",
        "SHOW TABLES LIKE",
        "SELECT ROUND(1, -99)",
        "SELECT usec_to_time(9999999999999999999)",
        "SELECT 1 LIMIT -1",
        "SELECT scn_to_timestamp(-1)",
        "SELECT * FROM a.b.c.d",
        "SHOW PARAMETERS WHERE",
        "SELECT CAST('é' AS CHAR(0))",
        "SELECT NOW(7)",
        "SELECT 1 ORDER BY 0",
        "/* */",
        "-- x",
        "SELECT ABS(-9223372036854775808), 99999999999999999999 * 99999999999999999999 * 9",
        "SELECT NOW() + INTERVAL 9223372036854775807 DAY",
        "SELECT 1 FROM (SELECT 1",
    ];
    for text in nonsense {
        let _ = query(text, &session());
    }
    for text in conformance::QUERIES {
        for end in text.char_indices().map(|(at, _)| at).step_by(3) {
            let _ = query(&text[..end], &session());
        }
    }
}
