//! Usual duration and size of a tenant's data backups. The operator computes them, because
//! Prometheus limits its retention and labels its series with the Pod of the leader.

/// Maximum number of backups before the newest that count.
const MAX_SAMPLES: usize = 7;
/// Minimum number of backups; with fewer there is no baseline.
const MIN_SAMPLES: usize = 3;

/// Returns the median of the values before the newest; the upper median of an even number.
/// `newest_first` contains all values.
pub(super) fn baseline(newest_first: impl Iterator<Item = i64>) -> Option<i64> {
    let mut before: Vec<i64> = newest_first.skip(1).take(MAX_SAMPLES).collect();
    if before.len() < MIN_SAMPLES {
        return None;
    }
    before.sort_unstable();
    before.get(before.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_compared_with_the_median_of_those_before_it() {
        assert_eq!(baseline([900, 10, 500, 12].into_iter()), Some(12));
    }

    #[test]
    fn a_few_have_no_baseline() {
        assert_eq!(baseline([900, 10, 12].into_iter()), None);
        assert_eq!(baseline([].into_iter()), None);
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let old = [1; 20];
        let recent = [5; 8];
        assert_eq!(baseline(recent.into_iter().chain(old)), Some(5));
    }
}
