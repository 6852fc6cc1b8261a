//! When backups run: the `schedule` block of a strategy. The slot engine that turns it into
//! instants is `domain::schedule`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When data backups run (console S72). Exactly one of `weekly`, `monthly` and `cron`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("[has(self.weekly), has(self.monthly), has(self.cron)].filter(x, x).size() == 1", "must have exactly one of `weekly`, `monthly` and `cron`"))]
pub struct ScheduleSpec {
    /// IANA name of the time zone in which the times are meant, such as `Asia/Shanghai`.
    #[serde(default = "utc")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_+\-/]+$"))]
    pub time_zone: String,
    /// The same days every week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<WeeklySpec>,
    /// The same days every month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly: Option<MonthlySpec>,
    /// Five-field cron expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<CronSpec>,
    /// How late a slot may still start, in seconds; a later one is counted as missed.
    #[serde(default = "six_hours")]
    #[schemars(range(min = 60, max = 604_800))]
    pub starting_deadline_seconds: i64,
    /// What happens with slots that fell due while nobody could start them.
    #[serde(default)]
    pub missed_run_policy: MissedRunPolicy,
    /// Seconds over which a slot's tenants are spread, 0 to 86400: each starts a fixed part of it
    /// later, always the same one. Deadlines count from there.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 86_400))]
    pub spread_seconds: i64,
    /// Times of the week in which no backup of the strategy starts. Neither deadlines nor the
    /// spread run on while one lasts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub blackout_windows: Vec<BlackoutWindow>,
}

/// A time of the week in which no backup starts, in the schedule's zone. It lasts from the first
/// instant at which the clock shows its start to the last at which it has not shown its end: an
/// hour that is shown twice belongs to it twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.start != self.end", "must not end when it starts; for a whole day write `start: \"00:00\"` and `end: \"24:00\"`"))]
pub struct BlackoutWindow {
    /// Time of day at which it starts, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start: String,
    /// Time of day at which it ends, `HH:MM` or `24:00`; one that is not later than `start` is on
    /// the next day.
    #[schemars(
        length(max = 5),
        regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    )]
    pub end: String,
    /// Days on which it starts; left out, every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// What happens with the slots in it; where windows overlap, `Skip` goes before `Postpone`.
    #[serde(default)]
    pub action: BlackoutAction,
}

/// What happens with a slot in a blackout window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BlackoutAction {
    /// It starts when the window ends; of several the full one, or else the newest.
    #[default]
    Postpone,
    /// It is left out.
    Skip,
}

/// Days of the week and one time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("size(self.full) + (has(self.incremental) ? size(self.incremental) : 0) > 0", "must name at least one day"))]
#[x_kube(validation = ("!has(self.incremental) || self.full.all(d, !(d in self.incremental))", "must not name a day both in `full` and in `incremental`"))]
pub struct WeeklySpec {
    /// Time of day, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub time: String,
    /// Days with a full backup.
    #[serde(default)]
    #[schemars(length(max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub full: Vec<Weekday>,
    /// Days with an incremental backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub incremental: Vec<Weekday>,
}

/// Days of the month and one time of day. A day that a month does not have is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("(has(self.full) ? size(self.full) : 0) + (has(self.incremental) ? size(self.incremental) : 0) + (has(self.lastDay) ? 1 : 0) > 0", "must name at least one day"))]
#[x_kube(validation = ("(has(self.full) ? size(self.full) : 0) + (has(self.incremental) ? size(self.incremental) : 0) + (has(self.lastDay) ? 1 : 0) <= 10", "must not name more than 10 days"))]
#[x_kube(validation = ("!has(self.full) || !has(self.incremental) || self.full.all(d, !(d in self.incremental))", "must not name a day both in `full` and in `incremental`"))]
pub struct MonthlySpec {
    /// Time of day, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub time: String,
    /// Days of the month (1 to 31) with a full backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(range(min = 1, max = 31)), extend("x-kubernetes-list-type" = "set"))]
    pub full: Vec<i32>,
    /// Days of the month (1 to 31) with an incremental backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(range(min = 1, max = 31)), extend("x-kubernetes-list-type" = "set"))]
    pub incremental: Vec<i32>,
    /// Type of the backup on the last day of each month, whatever its number. On a day that is
    /// also named by number, the full backup wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<BackupType>,
}

/// Cron expressions of five fields: minute, hour, day of month, month, day of week. Names, lists,
/// ranges and steps are understood; macros, `L`, `W`, `#` and `TZ=` are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.full) || has(self.incremental)", "must have `full`, `incremental` or both"))]
pub struct CronSpec {
    /// Slots of full backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = ("!self.contains('TZ')", "must not contain 'TZ='; use `timeZone`"))]
    #[x_kube(validation = (r"self.matches('^\\s*([0-9A-Za-z*/,-]+\\s+){4}[0-9A-Za-z*/,-]+\\s*$')", "must have five fields of names, numbers, '*', '/', ',' and '-': minute, hour, day of month, month, day of week"))]
    pub full: Option<String>,
    /// Slots of incremental backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = ("!self.contains('TZ')", "must not contain 'TZ='; use `timeZone`"))]
    #[x_kube(validation = (r"self.matches('^\\s*([0-9A-Za-z*/,-]+\\s+){4}[0-9A-Za-z*/,-]+\\s*$')", "must have five fields of names, numbers, '*', '/', ',' and '-': minute, hour, day of month, month, day of week"))]
    pub incremental: Option<String>,
}

/// A day of the week.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[allow(missing_docs)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// What a data backup holds (console S16).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum BackupType {
    /// Everything.
    Full,
    /// What changed since the set before. Without a full set on the same destination the database
    /// makes a full one.
    Incremental,
}

/// What happens with slots that fell due while nobody could start them, within the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MissedRunPolicy {
    /// The latest one runs, a full one before newer incremental ones; the others are counted as
    /// missed.
    #[default]
    RunLatest,
    /// None runs.
    Skip,
}

fn utc() -> String {
    "UTC".to_owned()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

fn six_hours() -> i64 {
    21_600
}
