//! Parser for cron expressions of five fields, which become bit masks.
//!
//! It supports names, lists, ranges and steps. Extensions of other dialects (macros, `?`, `L`, `W`,
//! `#`, seconds, `TZ=`) are rejected with an alternative. Days follow Vixie cron, see crontab(5): a
//! day field that starts with `*` is unrestricted. If neither does, a day that matches either field
//! counts.

use super::calendar::{Calendar, DayRule, Days, Times, mask};
use thiserror::Error;

/// Why an expression was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CronError {
    /// A macro such as `@daily`.
    #[error("macros such as `{0}` are not supported; write five fields, such as `0 2 * * *`")]
    Macro(String),
    /// `TZ=` or `CRON_TZ=`.
    #[error("`{0}` is not allowed here; name the time zone in `timeZone`")]
    TimeZone(String),
    /// The number of fields is not five.
    #[error(
        "it has {0} fields instead of five (minute, hour, day of month, month, day of week); \
         seconds and years are not supported"
    )]
    FieldCount(usize),
    /// A field cannot be parsed.
    #[error("{field} field `{text}`: {problem}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Field as written.
        text: String,
        /// The problem and what to write instead.
        problem: String,
    },
    /// No day ever matches.
    #[error("it never occurs: no such day exists; change the day of month or the month")]
    Never,
}

struct Field {
    name: &'static str,
    low: u8,
    high: u8,
    names: &'static [&'static str],
}

const MINUTE: Field = Field {
    name: "minute",
    low: 0,
    high: 59,
    names: &[],
};
const HOUR: Field = Field {
    name: "hour",
    low: 0,
    high: 23,
    names: &[],
};
const DAY_OF_MONTH: Field = Field {
    name: "day of month",
    low: 1,
    high: 31,
    names: &[],
};
const MONTH: Field = Field {
    name: "month",
    low: 1,
    high: 12,
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
};
/// Both 0 and 7 are Sunday.
const DAY_OF_WEEK: Field = Field {
    name: "day of week",
    low: 0,
    high: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};

/// Parses an expression.
pub(super) fn parse(expression: &str) -> Result<Calendar, CronError> {
    let fields: Vec<&str> = expression.split_ascii_whitespace().collect();
    if let Some(first) = fields.first() {
        if first.starts_with('@') {
            return Err(CronError::Macro((*first).to_owned()));
        }
        if first.contains("TZ=") {
            return Err(CronError::TimeZone((*first).to_owned()));
        }
    }
    let [minute, hour, day_of_month, month, day_of_week] = fields[..] else {
        return Err(CronError::FieldCount(fields.len()));
    };
    let of_week = DAY_OF_WEEK.parse(day_of_week)?;
    let unrestricted = day_of_month.starts_with('*') || day_of_week.starts_with('*');
    let calendar = Calendar {
        times: Times {
            minutes: MINUTE.parse(minute)?,
            hours: HOUR.parse(hour)?,
        },
        days: Days {
            of_month: DAY_OF_MONTH.parse(day_of_month)?,
            last_of_month: false,
            months: MONTH.parse(month)?,
            of_week: (of_week | of_week >> 7) & Days::ALL.of_week,
            rule: if unrestricted {
                DayRule::Both
            } else {
                DayRule::Either
            },
        },
    };
    if calendar.is_empty() {
        Err(CronError::Never)
    } else {
        Ok(calendar)
    }
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, CronError> {
        let mut items = text.split(',').map(|item| self.item(item));
        items
            .try_fold(0, |sum, item| item.map(|mask| sum | mask))
            .map_err(|problem| CronError::Field {
                field: self.name,
                text: text.to_owned(),
                problem,
            })
    }

    /// Parses one list member: `*`, `a` or `a-b`; `*` and `a-b` may have a `/step`.
    fn item(&self, item: &str) -> Result<u64, String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (from, to) = if range == "*" {
            (self.low, self.high)
        } else if let Some((from, to)) = range.split_once('-') {
            self.range(from, to)?
        } else {
            let value = self.value(range)?;
            if let Some(step) = step {
                let high = self.high;
                return Err(format!(
                    "a step needs a range; write `{range}-{high}/{step}`"
                ));
            }
            (value, value)
        };
        let step = step.map_or(Ok(1), |step| self.step(step))?;
        let values = (from..=to).step_by(usize::from(step));
        Ok(mask(values.filter_map(|value| i8::try_from(value).ok())))
    }

    fn range(&self, from: &str, to: &str) -> Result<(u8, u8), String> {
        let low = self.value(from)?;
        let mut high = self.value(to)?;
        // `FRI-SUN` ends on the following Sunday, not on the one before.
        if self.high == DAY_OF_WEEK.high && high == 0 && low > 0 {
            high = 7;
        }
        if low <= high {
            return Ok((low, high));
        }
        let (first, last) = (self.low, self.high);
        let last = if last == DAY_OF_WEEK.high { 6 } else { last };
        Err(format!(
            "the start of the range is after its end; write `{from}-{last},{first}-{to}`"
        ))
    }

    fn step(&self, text: &str) -> Result<u8, String> {
        let span = self.high - self.low;
        match number(text) {
            Some(step) if (1..=span).contains(&step) => Ok(step),
            // `*/90` in the minutes would silently mean "every hour".
            _ => Err(format!(
                "the step `{text}` must be a number from 1 to {span}"
            )),
        }
    }

    fn value(&self, text: &str) -> Result<u8, String> {
        let (low, high) = (self.low, self.high);
        if let Some(value) = number(text) {
            return if (low..=high).contains(&value) {
                Ok(value)
            } else {
                Err(format!("`{text}` is not within {low} to {high}"))
            };
        }
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        if let Some(index) = named.and_then(|index| u8::try_from(index).ok()) {
            return Ok(index + low);
        }
        Err(self.refusal(text))
    }

    fn refusal(&self, text: &str) -> String {
        let (low, high) = (self.low, self.high);
        let letters = text.trim_matches(|c: char| c.is_ascii_digit() || c == '-');
        match letters.to_ascii_uppercase().as_str() {
            "" if text.is_empty() => "a value is missing".to_owned(),
            "?" => "`?` is not supported; write `*`".to_owned(),
            "*" => "`*` must be alone or before a step, as in `*/2`".to_owned(),
            "L" | "W" | "LW" => {
                "`L` and `W` are not supported; for the last day of a month use the schedule \
                 `monthly` with `lastDay`"
                    .to_owned()
            }
            letters if letters.contains('#') => {
                "`#` is not supported; name days of the week or of the month".to_owned()
            }
            _ if self.names.is_empty() => {
                format!("`{text}` is not a number from {low} to {high}")
            }
            _ => {
                let names = self.names.join(", ");
                format!("`{text}` is neither a number from {low} to {high} nor one of {names}")
            }
        }
    }
}

/// Parses digits only: `u8::from_str` would also accept a sign.
fn number(text: &str) -> Option<u8> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}
