//! The sample of fault plans that one run of the tests executes.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::BuildHasher;
use std::sync::OnceLock;

/// Environment variable that selects all plans: `cargo xtask test --long` sets it.
const LONG: &str = "OBBACKUP_TEST_LONG";

/// Environment variable with the seed of an earlier run, to repeat its choice.
const SEED: &str = "OBBACKUP_TEST_SEED";

/// One run executes one plan of this many. Each run draws other plans.
const SHARE: usize = 3;

/// Returns how many of `all` plans this run executes.
pub(super) fn count(all: usize) -> usize {
    if env::var_os(LONG).is_some() {
        all
    } else {
        all / SHARE
    }
}

/// Returns the seed of this run: a new one for each process, or the one in `OBBACKUP_TEST_SEED`.
pub(super) fn seed() -> u64 {
    static CHOSEN: OnceLock<u64> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let given = env::var(SEED).ok().map(|text| text.parse().unwrap());
        given.unwrap_or_else(|| RandomState::new().hash_one(SEED) % 1_000_000)
    })
}
