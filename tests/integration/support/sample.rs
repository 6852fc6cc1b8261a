//! The sample of fault plans and kills that one run of the tests executes.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::BuildHasher;
use std::sync::OnceLock;

/// Environment variable that selects all plans: `cargo xtask test --long` sets it.
const LONG: &str = "OBBACKUP_TEST_LONG";

/// Environment variable with the seed of an earlier run, to repeat its choice.
const SEED: &str = "OBBACKUP_TEST_SEED";

/// One run executes one of this many. Each run draws others.
const SHARE: usize = 3;

/// Returns how many of `all` plans this run executes.
pub(crate) fn count(all: usize) -> usize {
    if is_long() { all } else { all / SHARE }
}

/// Returns the items that this run executes. Three consecutive seeds choose all of them.
pub(crate) fn of<T>(all: Vec<T>) -> Vec<T> {
    if is_long() {
        return all;
    }
    let offset = usize::try_from(seed()).unwrap();
    let numbered = all.into_iter().zip(offset..);
    let chosen = numbered.filter(|(_, number)| number % SHARE == 0);
    chosen.map(|(item, _)| item).collect()
}

fn is_long() -> bool {
    env::var_os(LONG).is_some()
}

/// Returns the seed of this run: a new one for each process, or the one in `OBBACKUP_TEST_SEED`.
pub(crate) fn seed() -> u64 {
    static CHOSEN: OnceLock<u64> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let given = env::var(SEED).ok().map(|text| text.parse().unwrap());
        given.unwrap_or_else(|| RandomState::new().hash_one(SEED) % 1_000_000)
    })
}
