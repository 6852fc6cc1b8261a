//! Rows of lag targets of log archives.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{ViewError, rows};
use crate::oceanbase::client::Rows;
use crate::oceanbase::model::TenantId;

/// Parses the rows of `archive_lag_target`. Servers may differ for a short time; then the longest
/// value counts. A text that is not a duration is ignored.
pub fn lag_targets(answer: &Rows) -> Result<BTreeMap<TenantId, Duration>, ViewError> {
    let mut targets = BTreeMap::<_, Duration>::new();
    for row in rows("lag_targets", answer) {
        if let Some(target) = duration(row.text("VALUE")?) {
            let longest = targets.entry(row.tenant_id()?).or_default();
            *longest = target.max(*longest);
        }
    }
    Ok(targets)
}

/// Parses a parameter of type TIME: digits and a unit, or seconds without a unit.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit());
    let (digits, unit) = text.split_at(split.unwrap_or(text.len()));
    let micros = match unit.to_ascii_lowercase().as_str() {
        "us" => 1,
        "ms" => 1_000,
        "" | "s" => 1_000_000,
        "m" => 60 * 1_000_000,
        "h" => 60 * 60 * 1_000_000,
        "d" => 24 * 60 * 60 * 1_000_000,
        _ => return None,
    };
    let micros = digits.parse::<u64>().ok()?.checked_mul(micros)?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_targets_are_read_in_every_unit_and_of_several_servers_the_longest() {
        let row = |tenant: &str, value: &str| vec![Some(tenant.to_owned()), Some(value.to_owned())];
        let answer = Rows {
            columns: ["TENANT_ID", "VALUE"].map(str::to_owned).into(),
            rows: vec![
                row("1", "0ms"),
                row("1002", "120s"),
                row("1004", "2h"),
                row("1006", "90"),
                row("1006", "1m"),
                row("1008", "soon"),
                row("1010", "5us"),
            ],
        };
        let read = lag_targets(&answer).unwrap();
        let micros = |(id, target): (&TenantId, &Duration)| (id.0, target.as_micros());
        let expected = [
            (1, 0),
            (1002, 120_000_000),
            (1004, 7_200_000_000),
            (1006, 90_000_000),
            (1010, 5),
        ];
        assert_eq!(read.iter().map(micros).collect::<Vec<_>>(), expected);
    }
}
