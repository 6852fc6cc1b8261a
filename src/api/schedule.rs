//! The `schedule` block of a strategy. `domain::schedule` computes the slots.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Schedule of data backups, by type. At the same minute the full backup takes precedence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.full) || has(self.incremental)", "must have `full`, `incremental` or both"))]
pub struct ScheduleSpec {
    /// IANA name of the time zone of the schedule, such as `Asia/Shanghai` or `UTC`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_+\-/]+$"))]
    pub time_zone: String,
    /// Times of full backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<CalendarSpec>,
    /// Times of incremental backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<CalendarSpec>,
    /// Maximum delay of the start of a slot, in seconds, 60 to 604800; default 21600. A later slot
    /// counts as missed.
    #[serde(default = "six_hours")]
    #[schemars(range(min = 60, max = 604_800))]
    pub starting_deadline_seconds: i64,
    /// Treatment of slots that fell due while the operator could not start them.
    #[serde(default)]
    pub missed_run_policy: MissedRunPolicy,
    /// Seconds over which the tenants of a slot are spread, 0 to 86400; default 0. Each tenant
    /// starts with its own constant offset. Deadlines count from that start.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 86_400))]
    pub spread_seconds: i64,
    /// Weekly periods in which no backup of the strategy starts. Deadlines and the spread are
    /// suspended during such a period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub blackout_windows: Vec<BlackoutWindow>,
}

/// Weekly period, in the time zone of the schedule, in which no backup starts. It begins when the
/// clock first shows `start` and ends when the clock last reaches `end`. An hour that the clock
/// repeats is included twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.start != self.end", "must not end at its start; for a whole day write `start: \"00:00\"` and `end: \"24:00\"`"))]
pub struct BlackoutWindow {
    /// Time of day at which the window starts, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start: String,
    /// Time of day at which the window ends, `HH:MM` or `24:00`. A time not later than `start` is
    /// on the next day.
    #[schemars(
        length(max = 5),
        regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
    )]
    pub end: String,
    /// Days on which the window starts. Default: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// Treatment of the slots in the window. If windows overlap, `Skip` takes precedence over
    /// `Postpone`.
    pub action: BlackoutAction,
}

/// Treatment of a slot in a blackout window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BlackoutAction {
    /// The slot starts when the window ends. Of several slots, the full one starts, otherwise the
    /// newest.
    Postpone,
    /// The slot is skipped.
    Skip,
}

/// Times of the backups of one type: exactly one of `cron`, `weekly` and `monthly`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("[has(self.cron), has(self.weekly), has(self.monthly)].filter(x, x).size() == 1", "must have exactly one of `cron`, `weekly` and `monthly`"))]
pub struct CalendarSpec {
    /// Cron expression of five fields: minute, hour, day of month, month, day of week. Names, lists,
    /// ranges and steps are supported; macros, `L`, `W`, `#` and `TZ=` are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = ("!self.contains('TZ')", "must not contain 'TZ='; use `timeZone`"))]
    #[x_kube(validation = (r"self.matches('^\\s*([0-9A-Za-z*/,-]+\\s+){4}[0-9A-Za-z*/,-]+\\s*$')", "must have five fields of names, numbers, '*', '/', ',' and '-': minute, hour, day of month, month, day of week"))]
    pub cron: Option<String>,
    /// Days of the week and a time of day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<WeeklySpec>,
    /// Days of the month and a time of day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly: Option<MonthlySpec>,
}

impl CalendarSpec {
    /// Returns the calendar of a cron expression.
    #[must_use]
    pub fn cron(expression: &str) -> Self {
        Self {
            cron: Some(expression.to_owned()),
            weekly: None,
            monthly: None,
        }
    }
}

/// Days of the week and one time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeeklySpec {
    /// Days of the week.
    #[schemars(length(min = 1, max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<Weekday>,
    /// Time of day, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub time: String,
}

/// Days of the month and one time of day. A day that a month does not have is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.days) && size(self.days) > 0 || has(self.lastDay) && self.lastDay", "must name at least one day"))]
pub struct MonthlySpec {
    /// Days of the month, 1 to 31.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(range(min = 1, max = 31)), extend("x-kubernetes-list-type" = "set"))]
    pub days: Vec<i32>,
    /// Whether the last day of each month is a day of the schedule; default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(transform = crate::api::omit_default)]
    pub last_day: bool,
    /// Time of day, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub time: String,
}

/// Day of the week.
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

/// Type of a data backup.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum BackupType {
    /// All data.
    #[default]
    Full,
    /// Changes since the previous backup set. Without a full backup set in the same destination,
    /// the database takes a full backup.
    Incremental,
}

/// Treatment of slots that fell due while the operator could not start them, within the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MissedRunPolicy {
    /// The latest slot runs; a full one takes precedence over newer incremental ones. The other
    /// slots count as missed.
    #[default]
    RunLatest,
    /// No slot runs.
    Skip,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

fn six_hours() -> i64 {
    21_600
}
