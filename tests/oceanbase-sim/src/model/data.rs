//! Tables of a tenant and their row counts.

use std::time::Duration;

use super::Scn;
use crate::statement::TableName;

/// A table and its row count at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// When it was created.
    pub created_at: Scn,
    /// When it was dropped.
    pub dropped_at: Option<Scn>,
    /// Its rows at `counted_at`.
    pub rows: u64,
    /// When its rows were counted.
    pub counted_at: Scn,
    /// New rows per hour, before and after the count.
    pub rows_per_hour: u64,
}

const HOUR: Duration = Duration::from_hours(1);

impl Table {
    /// Returns its rows at an instant; `None` if it does not exist then.
    #[must_use]
    pub fn count(&self, at: Scn) -> Option<u64> {
        let exists = self.created_at <= at && self.dropped_at.is_none_or(|dropped| at < dropped);
        exists.then(|| {
            if at >= self.counted_at {
                self.rows + self.came_in(at.since(self.counted_at))
            } else {
                let later = self.came_in(self.counted_at.since(at));
                self.rows.saturating_sub(later)
            }
        })
    }

    fn came_in(&self, span: Duration) -> u64 {
        let rows = span.as_nanos() * u128::from(self.rows_per_hour) / HOUR.as_nanos();
        u64::try_from(rows).unwrap_or(u64::MAX)
    }

    /// Returns the table as a restore to `scn` recovers it: without new rows.
    #[must_use]
    pub fn restored(&self, scn: Scn) -> Option<Self> {
        Some(Self {
            name: self.name.clone(),
            created_at: scn,
            dropped_at: None,
            rows: self.count(scn)?,
            counted_at: scn,
            rows_per_hour: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Scn = Scn(1_795_140_000_000_000_000);

    fn table() -> Table {
        Table {
            name: TableName {
                database: "shop".to_owned(),
                table: "orders".to_owned(),
            },
            created_at: NOON.minus(HOUR * 10),
            dropped_at: None,
            rows: 1000,
            counted_at: NOON,
            rows_per_hour: 60,
        }
    }

    #[test]
    fn rows_come_in_as_time_passes_and_were_fewer_before() {
        let counts = [NOON.minus(HOUR), NOON, NOON.plus(HOUR / 2)].map(|at| table().count(at));
        assert_eq!(counts, [Some(940), Some(1000), Some(1030)]);
    }

    #[test]
    fn a_restored_table_has_the_rows_of_its_instant_and_keeps_them() {
        let restored = table().restored(NOON.minus(HOUR)).unwrap();
        assert_eq!(restored.count(NOON.plus(HOUR)), Some(940));
    }

    #[test]
    fn a_table_that_was_dropped_is_there_before_and_not_after() {
        let mut table = table();
        table.dropped_at = Some(NOON);
        let there = [NOON.minus(HOUR), NOON].map(|at| table.count(at).is_some());
        assert_eq!(there, [true, false]);
        assert_eq!(table.restored(NOON), None);
    }
}
