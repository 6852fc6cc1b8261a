//! The shown sizes of a storage, and when they are written.

use super::*;
use crate::domain::storage::decide;
use crate::oceanbase::model::StorageLimits;

const GIB: i64 = 1 << 30;
const DAY: i64 = 24 * 60 * 60;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A storage of this capacity with repeated checks.
struct Store {
    status: BackupStorageStatus,
    observed: Observation,
    events: Vec<(bool, &'static str)>,
}

impl Store {
    fn of(capacity: Option<&str>) -> Self {
        let capacity = capacity.map(|text| Capacity {
            quantity: text.into(),
            alert_percent: 80,
        });
        Self {
            status: BackupStorageStatus::default(),
            observed: Observation {
                location: Ok("file:///ob-backup".to_owned()),
                users: 1,
                limits: StorageLimits::NONE,
                secret_version: None,
                log_backups: Vec::new(),
                data_backup: None,
                tried_at: None,
                figures: None,
                capacity,
            },
            events: Vec::new(),
        }
    }

    /// Checks a storage with this content; returns whether anything was written.
    fn reconcile(&mut self, data_bytes: i64, log_bytes: i64, second: i64) -> bool {
        self.observed.figures = Some(Figures {
            data_bytes,
            log_bytes,
        });
        self.reconcile_again(second)
    }

    fn reconcile_again(&mut self, second: i64) -> bool {
        let decision = decide(1, &self.status, &self.observed, at(second));
        let event = decision.event.map(|event| (event.warning, event.reason));
        self.events.extend(event);
        let is_written = decision.status != self.status;
        self.status = decision.status;
        is_written
    }

    fn used(&self) -> Option<&str> {
        let summary = self.status.summary.as_ref();
        summary.map(|summary| &*summary.used)
    }

    fn within_capacity(&self) -> Option<(&str, &str)> {
        let mut conditions = self.status.conditions.iter();
        let known = conditions.find(|known| known.type_ == WITHIN_CAPACITY)?;
        Some((&known.status, &known.reason))
    }
}

#[test]
fn data_and_logs_are_added_up_and_shown_for_people_too() {
    let mut store = Store::of(Some("10Gi"));
    store.reconcile(3 * GIB, GIB / 2, 0);
    assert_eq!(store.status.data_bytes, Some(3 * GIB));
    assert_eq!(store.status.log_bytes, Some(GIB / 2));
    assert_eq!(store.used(), Some("3.5 GiB (35 %)"));
}

#[test]
fn without_a_capacity_there_is_no_percentage_and_no_condition() {
    let mut store = Store::of(None);
    store.reconcile(3 * GIB, 0, 0);
    assert_eq!(store.used(), Some("3.0 GiB"));
    assert_eq!(store.within_capacity(), None);
}

#[test]
fn a_small_move_is_not_written_and_small_ones_add_up() {
    let mut store = Store::of(None);
    assert!(store.reconcile(1000, 0, 0));
    assert!(!store.reconcile(1005, 0, 300));
    assert!(!store.reconcile(1009, 0, 600));
    assert!(store.reconcile(1010, 0, 900));
    assert!(!store.reconcile(1001, 0, 1200));
    assert!(store.reconcile(0, 0, 1500));
    assert!(!store.reconcile(0, 0, 1800));
}

#[test]
fn what_moves_all_the_time_is_written_every_five_minutes() {
    let mut store = Store::of(None);
    let written = (0..60).filter(|minute| store.reconcile(1 << minute, 0, minute * 60));
    assert_eq!(written.count(), 12);
}

#[test]
fn the_threshold_is_told_once_and_again_when_there_is_room() {
    let mut store = Store::of(Some("1000"));
    store.reconcile(795, 0, 0);
    assert_eq!(
        store.within_capacity(),
        Some(("True", "StorageBelowThreshold"))
    );
    // Less than one percent, and written nevertheless.
    assert!(store.reconcile(800, 0, 10));
    assert_eq!(
        store.within_capacity(),
        Some(("False", "StorageNearlyFull"))
    );
    store.reconcile(900, 0, 20);
    store.reconcile(799, 0, 30);
    assert_eq!(
        store.within_capacity(),
        Some(("True", "StorageBelowThreshold"))
    );
    let expected = [
        (true, "StorageNearlyFull"),
        (false, "StorageBelowThreshold"),
    ];
    assert_eq!(store.events, expected);
}

#[test]
fn a_capacity_that_is_no_quantity_is_told_and_not_that_figures_are_awaited() {
    for text in ["10TB", "", "0", "-1Gi"] {
        let mut store = Store::of(Some(text));
        store.reconcile_again(0);
        let reported = Some(("Unknown", "CapacityUnreadable"));
        assert_eq!(store.within_capacity(), reported);
        store.reconcile(100, 1, 10);
        assert_eq!(store.within_capacity(), reported);
        assert_eq!(total(&store.status), Some(101));
    }
}

#[test]
fn a_larger_capacity_ends_it_without_new_figures() {
    let mut store = Store::of(Some("1000"));
    store.reconcile(900, 0, 0);
    store.observed.figures = None;
    store.observed.capacity = Store::of(Some("2k")).observed.capacity;
    store.reconcile_again(10);
    assert_eq!(store.used(), Some("900 B (45 %)"));
    assert_eq!(
        store.within_capacity(),
        Some(("True", "StorageBelowThreshold"))
    );
}

#[test]
fn while_a_cluster_is_silent_the_figures_stand_and_before_they_are_unknown() {
    let mut store = Store::of(Some("1000"));
    store.reconcile_again(0);
    assert_eq!(total(&store.status), None);
    assert_eq!(store.within_capacity(), Some(("Unknown", "FiguresUnknown")));
    store.reconcile(100, 1, 10);
    store.observed.figures = None;
    assert!(!store.reconcile_again(20));
    assert_eq!(total(&store.status), Some(101));
}

#[test]
fn each_day_has_one_point_with_what_was_there_last_and_ninety_are_kept() {
    let mut store = Store::of(None);
    for day in 0..100 {
        store.reconcile(1000 + day, 10, day * DAY);
        store.reconcile(2000 + day, 20, day * DAY + 600);
    }
    let trend = &store.status.trend;
    assert_eq!(trend.len(), 90);
    let last = trend.last().unwrap();
    assert_eq!(last.date, day(at(99 * DAY)));
    assert_eq!((last.data_bytes, last.log_bytes), (2099, 20));
    assert!(trend.is_sorted_by(|one, next| one.date < next.date));
}

#[test]
fn a_quiet_day_is_a_point_too() {
    let mut store = Store::of(None);
    store.reconcile(1000, 10, 0);
    assert!(!store.reconcile(1001, 10, 60));
    assert!(store.reconcile(1001, 10, DAY));
    assert_eq!(store.status.trend.len(), 2);
    assert_eq!(store.status.data_bytes, Some(1001));
}

#[test]
fn bytes_are_written_for_people() {
    for (bytes, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (150 << 20, "150 MiB"),
        (i64::MAX, "7.9 EiB"),
    ] {
        assert_eq!(bytes_text(bytes), text);
    }
}
