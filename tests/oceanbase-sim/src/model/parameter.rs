//! Ordinary parameters (`ALTER SYSTEM SET name = value`) that concern backup.

use std::time::Duration;

use crate::views::Version;

/// A parameter and its default.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its default, in the form of queries.
    pub default: &'static str,
    /// `DATA_TYPE`.
    pub data_type: &'static str,
    /// Whether each tenant has its own value.
    pub per_tenant: bool,
    /// The first release with it.
    pub since: Version,
    /// `INFO`.
    pub info: &'static str,
}

const fn tenant(
    name: &'static str,
    default: &'static str,
    data_type: &'static str,
    since: Version,
    info: &'static str,
) -> Parameter {
    Parameter {
        name,
        default,
        data_type,
        per_tenant: true,
        since,
        info,
    }
}

const fn cluster(
    name: &'static str,
    default: &'static str,
    data_type: &'static str,
    info: &'static str,
) -> Parameter {
    Parameter {
        name,
        default,
        data_type,
        per_tenant: false,
        since: Version::V4_0,
        info,
    }
}

/// The known parameters.
pub const PARAMETERS: &[Parameter] = &[
    tenant(
        "archive_lag_target",
        "120s",
        "TIME",
        Version::V4_2,
        "archive lag target",
    ),
    tenant(
        "backup_data_file_size",
        "4G",
        "CAPACITY",
        Version::V4_2_1,
        "backup data file size",
    ),
    tenant(
        "ha_high_thread_score",
        "0",
        "INT",
        Version::V4_0,
        "threads of restore",
    ),
    tenant(
        "ha_low_thread_score",
        "0",
        "INT",
        Version::V4_0,
        "threads of backup and cleanup",
    ),
    tenant(
        "log_archive_concurrency",
        "0",
        "INT",
        Version::V4_0,
        "threads of log archiving",
    ),
    tenant(
        "log_restore_concurrency",
        "0",
        "INT",
        Version::V4_0,
        "threads of log restore",
    ),
    cluster(
        "_ob_enable_prepared_statement",
        "True",
        "BOOL",
        "prepared statements",
    ),
    cluster("cluster", "", "STRING", "name of the cluster"),
    cluster("cluster_id", "", "INT", "id of the cluster"),
    cluster(
        "enable_upgrade_mode",
        "False",
        "BOOL",
        "whether the cluster is being upgraded",
    ),
    cluster(
        "min_observer_version",
        "",
        "STRING",
        "the smallest version of its nodes",
    ),
    cluster("mysql_port", "2881", "INT", "port of the MySQL protocol"),
];

impl Parameter {
    /// Returns the parameter of this name, if the version has it.
    #[must_use]
    pub fn find(name: &str, version: Version) -> Option<&'static Self> {
        PARAMETERS
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(name) && known.since <= version)
    }

    /// Returns the meaning of a switch's value; none for other values and other parameters.
    #[must_use]
    pub fn switch(&self, value: &str) -> Option<bool> {
        if self.data_type != "BOOL" {
            return None;
        }
        match value.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "t" | "y" | "1" => Some(true),
            "false" | "off" | "no" | "f" | "n" | "0" => Some(false),
            _ => None,
        }
    }

    /// Returns whether a value has the parameter's type and is in its range.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match self.name {
            "archive_lag_target" => {
                parse_duration(value).is_some_and(|lag| lag <= Duration::from_hours(2))
            }
            "cluster_id" | "mysql_port" => value.parse::<u64>().is_ok(),
            _ if self.data_type == "BOOL" => self.switch(value).is_some(),
            _ if self.data_type == "INT" => value.parse::<u64>().is_ok_and(|number| number <= 100),
            _ => true,
        }
    }
}

/// Parses a time literal: digits and `us`, `ms`, `s`, `m`, `h` or `d`; seconds without a unit.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let number: u64 = digits.parse().ok()?;
    let seconds = |unit: u64| number.checked_mul(unit).map(Duration::from_secs);
    match unit.to_ascii_lowercase().as_str() {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        "d" => seconds(86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_literals_carry_their_unit() {
        let seconds = |text| parse_duration(text).map(|parsed| parsed.as_secs());
        assert_eq!(
            ["1d", "24h", "90m", "7", "x", "7w", ""].map(seconds),
            [
                Some(86_400),
                Some(86_400),
                Some(5400),
                Some(7),
                None,
                None,
                None
            ]
        );
    }

    #[test]
    fn the_lag_target_came_with_4_2() {
        assert!(Parameter::find("archive_lag_target", Version::V4_1).is_none());
        assert!(Parameter::find("ARCHIVE_LAG_TARGET", Version::V4_2).is_some());
    }
}
