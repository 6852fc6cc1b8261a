//! Whether a tenant can be restored to one instant: from what, or why not.

use super::archived_log::{ArchivedLog, ContiguousLog, earliest, needed};
use super::backup_chain::{BackupChains, BrokenChain, SetDefect};
use super::{Recoverable, Window, recoverable};
use crate::oceanbase::model::{BackupSet, BackupSetId, Piece, Scn};

/// Whether a tenant can be restored to an instant. Its text says so in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// It can.
    Recoverable {
        /// The instant.
        at: Scn,
        /// The window that it lies in; none where only a set that suffices alone leads there.
        window: Option<Window>,
        /// The full set, then the incremental ones; the last is the one to be restored. Empty where
        /// only windows were known.
        sets: Vec<BackupSet>,
        /// The logs from the last set's START_REPLAY_SCN to the instant, oldest first. Empty where
        /// the sets suffice alone: then `RESTORE` is to be given no place of logs, or it asks for
        /// them.
        pieces: Vec<Piece>,
    },
    /// It can not.
    Not {
        /// The instant.
        at: Scn,
        /// What stands in the way.
        blocker: Blocker,
        /// What can be restored to before it; its end is nearest.
        before: Option<Window>,
        /// What can be restored to after it; its start is nearest.
        after: Option<Window>,
    },
}

/// Why a tenant can not be restored to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// There is no backup set at all.
    NoBackup,
    /// No set that could be used lies before the instant.
    NoUsableSet {
        /// The newest that does lie before it, and what is wrong with it.
        newest: Option<(BackupSetId, SetDefect)>,
    },
    /// A set before the instant stands on another one that can not be used.
    BrokenChain {
        /// The set.
        set: BackupSetId,
        /// The other one, which it stands on directly or by way of others; 0 where it names none.
        stands_on: BackupSetId,
        /// What is wrong with that.
        fault: SetDefect,
    },
    /// The instant is older than all that can be restored to.
    BeforeEverything {
        /// The oldest point that can be restored to.
        oldest: Scn,
    },
    /// Logs are not archived up to the instant.
    AfterEnd {
        /// Up to where they are; none where there are no logs at all.
        archived_to: Option<Scn>,
    },
    /// Logs that are needed are missing.
    Hole {
        /// The set that they are needed for.
        set: BackupSetId,
        /// The first instant whose log is missing.
        from: Scn,
        /// Where there are logs again, of whatever use.
        to: Scn,
    },
    /// Logs are there, but do not join: they go on in another place, or in a round that does not
    /// begin where the one before it ended.
    Seam {
        /// The set that they are needed for.
        set: BackupSetId,
        /// Where those that join end.
        at: Scn,
    },
    /// Nothing is known that can be restored to; said of windows only.
    NothingKnown,
    /// The instant is newer than all that is known to be restorable; said of windows only.
    AfterEverything {
        /// The newest point that can be restored to.
        newest: Scn,
    },
    /// The instant lies between two windows; said of windows only.
    Gap {
        /// End of the earlier one.
        from: Scn,
        /// Start of the later one.
        to: Scn,
    },
}

impl Blocker {
    /// The stable word for conditions.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoBackup => "NoBackup",
            Self::NoUsableSet { .. } => "NoUsableBackupSet",
            Self::BrokenChain { .. } => "BackupChainBroken",
            Self::BeforeEverything { .. } => "BeforeOldestPoint",
            Self::AfterEnd { .. } => "LogsNotArchivedYet",
            Self::Hole { .. } | Self::Seam { .. } => "LogsMissing",
            Self::NothingKnown => "NothingRecoverable",
            Self::AfterEverything { .. } => "AfterNewestPoint",
            Self::Gap { .. } => "OutsideEveryWindow",
        }
    }
}

/// Explains from one tenant's backup sets and archive pieces, given in any order.
///
/// Where several sets lead to the instant the newest is named. `RESTORE` walks over the sets by
/// their numbers as long as MIN_RESTORE_SCN is not past the instant, and takes the last usable one
/// without asking whether its logs are there. As backups of a tenant are made one after the other
/// that is the same set. Were it another one, `RESTORE` would take the one that is named here only
/// where its sources are given one by one (`ADD RESTORE SOURCE`).
#[must_use]
pub fn explain(sets: &[BackupSet], pieces: &[Piece], at: Scn) -> Explanation {
    let log = ArchivedLog::of(pieces);
    let past = RestoreSituation {
        sets,
        chains: BackupChains::of(sets),
        runs: log.runs(),
        at,
    };
    let known = recoverable(sets, pieces);
    let Some((sets, pieces)) = past.way() else {
        let spans = known.spans();
        return refusal(at, &spans, past.blocker(&spans));
    };
    let mut windows = known.windows.into_iter();
    Explanation::Recoverable {
        at,
        window: windows.find(|window| window.contains(at)),
        sets,
        pieces,
    }
}

/// Explains from what is known to be recoverable alone, for when the database can not be asked: see
/// [`known`](super::known).
#[must_use]
pub fn explain_from_windows(known: &Recoverable, at: Scn) -> Explanation {
    let spans = known.spans();
    if spans.iter().any(|span| span.contains(at)) {
        let mut windows = known.windows.iter();
        return Explanation::Recoverable {
            at,
            window: windows.find(|window| window.contains(at)).copied(),
            sets: Vec::new(),
            pieces: Vec::new(),
        };
    }
    let blocker = match (before(&spans, at), after(&spans, at)) {
        (None, None) => Blocker::NothingKnown,
        (None, Some(after)) => Blocker::BeforeEverything {
            oldest: after.start_scn,
        },
        (Some(before), None) => Blocker::AfterEverything {
            newest: before.end_scn,
        },
        (Some(before), Some(after)) => Blocker::Gap {
            from: before.end_scn,
            to: after.start_scn,
        },
    };
    refusal(at, &spans, blocker)
}

fn refusal(at: Scn, spans: &[Window], blocker: Blocker) -> Explanation {
    Explanation::Not {
        at,
        blocker,
        before: before(spans, at),
        after: after(spans, at),
    }
}

fn before(spans: &[Window], at: Scn) -> Option<Window> {
    spans.iter().rfind(|span| span.end_scn < at).copied()
}

fn after(spans: &[Window], at: Scn) -> Option<Window> {
    spans.iter().find(|span| span.start_scn > at).copied()
}

/// What there is, seen from the instant that is asked for.
struct RestoreSituation<'a> {
    sets: &'a [BackupSet],
    chains: BackupChains<'a>,
    runs: Vec<ContiguousLog<'a>>,
    at: Scn,
}

impl<'a> RestoreSituation<'a> {
    /// The newest set that leads to the instant, with all that it stands on, and the logs from it.
    fn way(&self) -> Option<(Vec<BackupSet>, Vec<Piece>)> {
        self.newest_first().into_iter().find_map(|set| {
            let pieces = self.logs_from(set)?;
            let sets = self.chains.of_set(set).ok()?;
            Some((
                sets.into_iter().cloned().collect(),
                pieces.iter().copied().cloned().collect(),
            ))
        })
    }

    fn newest_first(&self) -> Vec<&'a BackupSet> {
        let mut sets: Vec<&BackupSet> = self.sets.iter().collect();
        sets.sort_unstable_by_key(|set| std::cmp::Reverse(set.id));
        sets
    }

    /// The logs that lead from a set to the instant: none are needed by a set that brings its own.
    fn logs_from(&self, set: &BackupSet) -> Option<&'a [&'a Piece]> {
        if set.plus_archivelog && set.min_restore_scn == self.at {
            return Some(&[]);
        }
        let mut runs = self.runs.iter();
        runs.find_map(|run| run.pieces_from(set, self.at))
    }

    fn blocker(&self, spans: &[Window]) -> Blocker {
        let in_front = self.newest_first().into_iter();
        // Of a set that failed nobody knows what it would have led to.
        let in_front = in_front.filter(|set| set.success && earliest(set) <= self.at);
        let in_front: Vec<&BackupSet> = in_front.collect();
        let spoilt = |set: &&'a BackupSet| Some((*set, self.chains.of_set(set).err()?));
        let leads = |(set, _): &(&BackupSet, BrokenChain)| self.logs_from(set).is_some();
        let is_usable = |set: &&&'a BackupSet| self.chains.of_set(set).is_ok();
        if self.sets.is_empty() {
            Blocker::NoBackup
        } else if let Some(spoilt) = in_front.iter().filter_map(spoilt).find(leads) {
            // But for that it would be recoverable.
            blame(spoilt)
        } else if let Some(set) = in_front.iter().find(is_usable) {
            self.missing_logs(set)
        } else if let Some(spoilt) = in_front.iter().find_map(spoilt) {
            blame(spoilt)
        } else if let Some(first) = spans.first() {
            Blocker::BeforeEverything {
                oldest: first.start_scn,
            }
        } else {
            Blocker::NoUsableSet { newest: None }
        }
    }

    /// Where the logs that a usable set needs end, or do not begin.
    fn missing_logs(&self, set: &BackupSet) -> Blocker {
        let archived_to = self.runs.iter().map(|run| run.end).max();
        let runs = self.runs.iter();
        let replayed = runs.filter(|run| run.covers(set.start_replay_scn));
        let from = replayed.map(|run| run.end).max();
        let from = from.unwrap_or(set.start_replay_scn);
        let later = self.runs.iter().filter(|run| run.end > from);
        let next = later.map(|run| run.start).min();
        match (archived_to, next) {
            (Some(end), Some(to)) if end >= needed(set, self.at) => {
                let set = set.id;
                if to > from {
                    Blocker::Hole { set, from, to }
                } else {
                    Blocker::Seam { set, at: from }
                }
            }
            _ => Blocker::AfterEnd { archived_to },
        }
    }
}

fn blame((set, broken): (&BackupSet, BrokenChain)) -> Blocker {
    if broken.at == set.id {
        Blocker::NoUsableSet {
            newest: Some((set.id, broken.fault)),
        }
    } else {
        Blocker::BrokenChain {
            set: set.id,
            stands_on: broken.at,
            fault: broken.fault,
        }
    }
}
