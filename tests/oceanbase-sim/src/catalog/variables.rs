//! System variables of a session.

use std::collections::BTreeMap;

use jiff::tz::{Offset, TimeZone};

use crate::error;
use crate::model::{Edition, World};
use crate::select::VariableScope;
use crate::value::{SqlError, Value};

/// The known variables.
pub(super) const NAMES: &[&str] = &[
    "auto_increment_increment",
    "autocommit",
    "character_set_client",
    "character_set_connection",
    "character_set_database",
    "character_set_results",
    "character_set_server",
    "collation_connection",
    "collation_database",
    "collation_server",
    "foreign_key_checks",
    "init_connect",
    "interactive_timeout",
    "license",
    "lower_case_table_names",
    "max_allowed_packet",
    "net_read_timeout",
    "net_write_timeout",
    "ob_query_timeout",
    "ob_trx_idle_timeout",
    "ob_trx_timeout",
    "performance_schema",
    "query_cache_size",
    "query_cache_type",
    "socket",
    "sql_mode",
    "sql_quote_show_create",
    "sql_select_limit",
    "system_time_zone",
    "time_zone",
    "transaction_isolation",
    "transaction_read_only",
    "tx_isolation",
    "tx_read_only",
    "version",
    "version_comment",
    "wait_timeout",
];

const SQL_MODE: &str = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_AUTO_CREATE_USER";
const DEFAULT_TIME_ZONE: &str = "+08:00";
const DEFAULT_QUERY_TIMEOUT: u64 = 10_000_000;

/// The variables that a session has set.
#[derive(Clone, Debug)]
pub(crate) struct Variables {
    set: BTreeMap<String, String>,
    /// `None` is SYSTEM.
    zone: Option<TimeZone>,
}

impl Default for Variables {
    fn default() -> Self {
        Self {
            set: BTreeMap::new(),
            zone: parse_time_zone(DEFAULT_TIME_ZONE),
        }
    }
}

impl Variables {
    /// Sets one variable; user variables begin with `@` and are not kept.
    ///
    /// # Errors
    /// 1193 for an unknown name, 1298 for an unknown zone.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), SqlError> {
        if name.starts_with('@') {
            return Ok(());
        }
        if !NAMES.contains(&name) {
            return Err(error::unknown_variable(name));
        }
        if name == "time_zone" {
            self.zone = if value.eq_ignore_ascii_case("SYSTEM") {
                None
            } else {
                let zone = parse_time_zone(value);
                Some(zone.ok_or_else(|| error::unknown_time_zone(value))?)
            };
        }
        if name == "ob_query_timeout" && value.parse::<u64>().is_err() {
            return Err(error::invalid_argument());
        }
        self.set.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Returns `ob_query_timeout`, which is in microseconds.
    pub(crate) fn query_timeout(&self) -> u64 {
        let set = self
            .set
            .get("ob_query_timeout")
            .and_then(|text| text.parse().ok());
        set.unwrap_or(DEFAULT_QUERY_TIMEOUT)
    }

    pub(super) fn time_zone<'a>(&'a self, server: &'a TimeZone) -> &'a TimeZone {
        self.zone.as_ref().unwrap_or(server)
    }

    pub(super) fn get(
        &self,
        name: &str,
        scope: VariableScope,
        world: &World,
        server: &TimeZone,
    ) -> Option<Value> {
        if !NAMES.contains(&name) {
            return None;
        }
        let set = match scope {
            VariableScope::Session => self.set.get(name),
            VariableScope::Global => None,
        };
        let text = set.cloned().unwrap_or_else(|| default(name, world, server));
        let number = IS_NUMBER
            .contains(&name)
            .then(|| text.parse().ok())
            .flatten();
        Some(number.map_or(Value::Text(text), Value::Int))
    }
}

const IS_NUMBER: &[&str] = &[
    "auto_increment_increment",
    "autocommit",
    "foreign_key_checks",
    "interactive_timeout",
    "lower_case_table_names",
    "max_allowed_packet",
    "net_read_timeout",
    "net_write_timeout",
    "ob_query_timeout",
    "ob_trx_idle_timeout",
    "ob_trx_timeout",
    "performance_schema",
    "query_cache_size",
    "sql_quote_show_create",
    "transaction_read_only",
    "tx_read_only",
    "wait_timeout",
];

fn default(name: &str, world: &World, server: &TimeZone) -> String {
    let edition = match world.identity.edition {
        Edition::Ce => "OceanBase_CE",
        Edition::Ee => "OceanBase",
    };
    let version = world.shown_version();
    match name {
        "auto_increment_increment"
        | "autocommit"
        | "foreign_key_checks"
        | "lower_case_table_names"
        | "sql_quote_show_create" => "1".to_owned(),
        "character_set_client"
        | "character_set_connection"
        | "character_set_database"
        | "character_set_results"
        | "character_set_server" => "utf8mb4".to_owned(),
        "collation_connection" | "collation_database" | "collation_server" => {
            "utf8mb4_general_ci".to_owned()
        }
        "interactive_timeout" | "wait_timeout" => "28800".to_owned(),
        "net_read_timeout" => "30".to_owned(),
        "net_write_timeout" => "60".to_owned(),
        "max_allowed_packet" => "16777216".to_owned(),
        "ob_query_timeout" => DEFAULT_QUERY_TIMEOUT.to_string(),
        "ob_trx_idle_timeout" | "ob_trx_timeout" => "86400000000".to_owned(),
        "performance_schema" | "query_cache_size" | "transaction_read_only" | "tx_read_only" => {
            "0".to_owned()
        }
        "query_cache_type" => "OFF".to_owned(),
        "sql_mode" => SQL_MODE.to_owned(),
        "system_time_zone" => zone_name(server),
        "time_zone" => DEFAULT_TIME_ZONE.to_owned(),
        "transaction_isolation" | "tx_isolation" => "READ-COMMITTED".to_owned(),
        "version" => format!("5.7.25-{edition}-v{version}"),
        "version_comment" => format!("{edition} {version} (simulated)"),
        _ => String::new(),
    }
}

fn zone_name(zone: &TimeZone) -> String {
    match zone.to_fixed_offset() {
        Ok(offset) => {
            let minutes = offset.seconds() / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
        Err(_) => zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

/// Parses `+08:00` and the like, or a name of the zone database.
pub(crate) fn parse_time_zone(text: &str) -> Option<TimeZone> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return TimeZone::get(text).ok(),
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let in_range = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    let seconds = sign * (hours * 3600 + minutes * 60);
    in_range
        .then(|| Offset::from_seconds(seconds).ok())
        .flatten()
        .map(TimeZone::fixed)
}
