//! Waiting for what another process does.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long anything may take that a story waits for.
const PATIENCE: Duration = Duration::from_mins(2);

/// Asks again until `is_so` holds for the answer, and returns it. Panics with the last answer when
/// it never does.
pub(crate) fn eventually<T: Debug>(
    what: &str,
    ask: impl Fn() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    within(PATIENCE, what, ask, is_so)
}

/// The same for what takes its time: a slot of a schedule is at least a minute away.
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
