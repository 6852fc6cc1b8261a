//! Waiting for other processes.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Limit on each wait of a story.
const PATIENCE: Duration = Duration::from_mins(2);

/// Polls until `is_so` holds for the answer, and returns the answer. Panics with the last answer at
/// the timeout.
pub(crate) fn eventually<T: Debug>(
    what: &str,
    ask: impl Fn() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    within(PATIENCE, what, ask, is_so)
}

/// Does the same with a longer limit: a slot of a schedule is at least a minute away.
pub(crate) fn within<T: Debug>(
    patience: Duration,
    what: &str,
    ask: impl Fn() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    let began = Instant::now();
    loop {
        let answer = ask();
        if is_so(&answer) {
            return answer;
        }
        assert!(
            began.elapsed() < patience,
            "{what} did not come true; last seen: {answer:#?}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
