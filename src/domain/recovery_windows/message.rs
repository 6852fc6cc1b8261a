//! Text of an explanation: instants in UTC, to the microsecond.

use std::fmt;

use super::backup_chain::{NO_SET, SetDefect};
use super::{Blocker, Explanation, Window};
use crate::oceanbase::model::{BackupSet, Scn};

impl Explanation {
    /// Returns the explanation as a sentence about the tenant without its name: `cannot be
    /// recovered to 2026-11-20T02:00:00.000000Z: …`.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recoverable {
                at, sets, pieces, ..
            } => {
                write!(f, "can be recovered to {}", asked(*at))?;
                from(sets, pieces.len(), f)
            }
            Self::Not {
                at,
                blocker,
                before,
                after,
            } => {
                write!(f, "cannot be recovered to {}: {blocker}", asked(*at))?;
                // These messages already name the point.
                if matches!(
                    blocker,
                    Blocker::BeforeEverything { .. } | Blocker::AfterEverything { .. }
                ) {
                    return Ok(());
                }
                match (before.as_ref().map(last), after.as_ref().map(first)) {
                    (Some(before), Some(after)) => {
                        write!(f, "; nearest points are {before} and {after}")
                    }
                    (Some(point), None) | (None, Some(point)) => {
                        write!(f, "; nearest point is {point}")
                    }
                    (None, None) => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBackup => f.write_str("no backup exists"),
            Self::NoUsableSet { newest: None } => f.write_str("no earlier backup set can be used"),
            Self::NoUsableSet {
                newest: Some((set, fault)),
            } => write!(
                f,
                "no earlier backup set can be used; set {set}, the newest, {fault}"
            ),
            Self::BrokenChain {
                set,
                stands_on: NO_SET,
                ..
            } => write!(
                f,
                "backup set {set} is incremental, and its full set is not known"
            ),
            Self::BrokenChain {
                set,
                stands_on,
                fault,
            } => write!(
                f,
                "backup set {set} depends on set {stands_on}, which {fault}"
            ),
            Self::BeforeEverything { oldest } => {
                write!(f, "the oldest point is {}", since(*oldest))
            }
            Self::AfterEnd { archived_to: None } => f.write_str("no logs are archived"),
            Self::AfterEnd {
                archived_to: Some(end),
            } => write!(f, "logs are archived only up to {}", until(*end)),
            Self::Hole { from, to, .. } => write!(
                f,
                "logs between {} and {} are missing",
                until(*from),
                since(*to)
            ),
            Self::Seam { at, .. } => write!(
                f,
                "the logs after {} are in another destination, or in an archive round that does \
                 not start where the previous one ended",
                until(*at)
            ),
            Self::NothingKnown => f.write_str("no recoverable point is known"),
            Self::AfterEverything { newest } => {
                write!(f, "the newest known point is {}", until(*newest))
            }
            Self::Gap { from, to } => write!(
                f,
                "no point between {} and {} can be recovered",
                until(*from),
                since(*to)
            ),
        }
    }
}

impl fmt::Display for SetDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "does not exist any more",
            Self::Failed => "failed or has not ended",
            Self::Unavailable => "is being deleted, has expired or is broken",
            Self::Unfit => "is not a set that it can depend on",
        })
    }
}

fn from(sets: &[BackupSet], pieces: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let numbers: Vec<String> = sets.iter().map(|set| set.id.to_string()).collect();
    let numbers = numbers.join(", ");
    match sets.len() {
        0 => return Ok(()),
        1 => write!(f, " from backup set {numbers}")?,
        _ => write!(f, " from backup sets {numbers}")?,
    }
    match pieces {
        0 => f.write_str(" alone"),
        1 => f.write_str(" with one archive piece"),
        _ => write!(f, " with {pieces} archive pieces"),
    }
}

const MICROSECOND: u64 = 1_000;

/// Returns the requested point with full precision: an SCN may lie between two microseconds.
fn asked(scn: Scn) -> String {
    if scn.0.is_multiple_of(MICROSECOND) {
        return until(scn);
    }
    format!("{:.9} (SCN {scn})", scn.at())
}

/// Returns a point, truncated: an end that a user enters as displayed is not past the real end.
fn until(scn: Scn) -> String {
    format!("{:.6}", scn.at())
}

/// Returns a point, rounded up: a start that a user enters as displayed is not before the real
/// start.
fn since(scn: Scn) -> String {
    until(Scn(rounded_up(scn)))
}

fn rounded_up(scn: Scn) -> u64 {
    scn.0.div_ceil(MICROSECOND).saturating_mul(MICROSECOND)
}

/// Returns the last point of a window, with its SCN if the window contains no whole microsecond.
fn last(window: &Window) -> String {
    let text = until(window.end_scn);
    with_number(window, &text, window.end_scn)
}

fn first(window: &Window) -> String {
    let text = since(window.start_scn);
    with_number(window, &text, window.start_scn)
}

fn with_number(window: &Window, text: &str, scn: Scn) -> String {
    if rounded_up(window.start_scn) <= window.end_scn.0 {
        text.to_owned()
    } else {
        format!("{text} (SCN {scn})")
    }
}
