//! Explanation of whether a tenant can be restored to an instant, and from which backups.

use super::archived_log::{ArchivedLog, ContiguousLog, earliest, needed};
use super::backup_chain::{BackupChains, BrokenChain, SetDefect};
use super::{Recoverable, Window, recoverable};
use crate::oceanbase::model::{BackupSet, BackupSetId, Piece, Scn};

/// Whether a tenant can be restored to an instant. `Display` gives the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// The tenant can be restored.
    Recoverable {
        /// The instant.
        at: Scn,
        /// Window that contains it; `None` if only a self-contained set reaches it.
        window: Option<Window>,
        /// The full set, then the incremental ones; the last is the one to restore. Empty if only
        /// windows were known.
        sets: Vec<BackupSet>,
        /// Logs from the last set's START_REPLAY_SCN to the instant, oldest first. Empty if the
        /// sets are self-contained: `RESTORE` must then get no log destination, or it requires
        /// logs.
        pieces: Vec<Piece>,
    },
    /// The tenant cannot be restored.
    Not {
        /// The instant.
        at: Scn,
        /// What prevents it.
        blocker: Blocker,
        /// Last restorable window before it.
        before: Option<Window>,
        /// First restorable window after it.
        after: Option<Window>,
    },
}

/// Why a tenant cannot be restored to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// No backup set exists.
    NoBackup,
    /// No usable set lies before the instant.
    NoUsableSet {
        /// Newest set before it, and its defect.
        newest: Option<(BackupSetId, SetDefect)>,
    },
    /// A set before the instant depends on another set that cannot be used.
    BrokenChain {
        /// The set.
        set: BackupSetId,
        /// The other set, on which it depends directly or indirectly; 0 if it names none.
        stands_on: BackupSetId,
        /// Defect of the other set.
        fault: SetDefect,
    },
    /// The instant is older than every restorable point.
    BeforeEverything {
        /// Oldest restorable point.
        oldest: Scn,
    },
    /// Logs are not archived up to the instant yet.
    AfterEnd {
        /// End of the archived logs; `None` if no logs exist.
        archived_to: Option<Scn>,
    },
    /// Required logs are missing.
    Hole {
        /// Set that requires them.
        set: BackupSetId,
        /// First instant whose log is missing.
        from: Scn,
        /// Start of the next existing logs, whether usable or not.
        to: Scn,
    },
    /// Logs exist but do not join: they continue in another destination, or in a round that does
    /// not start where the previous one ended.
    Seam {
        /// Set that requires them.
        set: BackupSetId,
        /// End of the logs that join.
        at: Scn,
    },
    /// No restorable point is known; only for explanations from windows.
    NothingKnown,
    /// The instant is newer than every known restorable point; only for explanations from windows.
    AfterEverything {
        /// Newest restorable point.
        newest: Scn,
    },
    /// The instant lies between two windows; only for explanations from windows.
    Gap {
        /// End of the earlier window.
        from: Scn,
        /// Start of the later window.
        to: Scn,
    },
}

impl Blocker {
    /// Returns the stable reason for conditions.
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

/// Explains an instant from one tenant's backup sets and archive pieces, given in any order.
///
/// If several sets lead to the instant, the newest is named. `RESTORE` walks over the sets by
/// number while MIN_RESTORE_SCN is not past the instant. It takes the last usable set without
/// checking for its logs. A tenant's backups run one after another, so that is the same set. If it
/// differed, `RESTORE` would use the named set only with explicit sources (`ADD RESTORE SOURCE`).
#[must_use]
pub fn explain(sets: &[BackupSet], pieces: &[Piece], at: Scn) -> Explanation {
    let log = ArchivedLog::of(pieces);
    let situation = RestoreSituation {
        sets,
        chains: BackupChains::of(sets),
        runs: log.runs(),
        at,
    };
    let known = recoverable(sets, pieces);
    let Some((sets, pieces)) = situation.sources() else {
        let spans = known.spans();
        return refusal(at, &spans, situation.blocker(&spans));
    };
    let mut windows = known.windows.into_iter();
    Explanation::Recoverable {
        at,
        window: windows.find(|window| window.contains(at)),
        sets,
        pieces,
    }
}

/// Explains from the known windows and points alone, for when the database cannot be queried: see
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

/// Available backups, evaluated for the requested instant.
struct RestoreSituation<'a> {
    sets: &'a [BackupSet],
    chains: BackupChains<'a>,
    runs: Vec<ContiguousLog<'a>>,
    at: Scn,
}

impl<'a> RestoreSituation<'a> {
    /// Returns the newest set that leads to the instant, with its chain and the logs after it.
    fn sources(&self) -> Option<(Vec<BackupSet>, Vec<Piece>)> {
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

    /// Returns the logs that lead from a set to the instant. A self-contained set needs none.
    fn logs_from(&self, set: &BackupSet) -> Option<&'a [&'a Piece]> {
        if set.plus_archivelog && set.min_restore_scn == self.at {
            return Some(&[]);
        }
        let mut runs = self.runs.iter();
        runs.find_map(|run| run.pieces_from(set, self.at))
    }

    fn blocker(&self, spans: &[Window]) -> Blocker {
        let in_front = self.newest_first().into_iter();
        // What a failed set would have led to is unknown.
        let in_front = in_front.filter(|set| set.success && earliest(set) <= self.at);
        let in_front: Vec<&BackupSet> = in_front.collect();
        let spoilt = |set: &&'a BackupSet| Some((*set, self.chains.of_set(set).err()?));
        let leads = |(set, _): &(&BackupSet, BrokenChain)| self.logs_from(set).is_some();
        let is_usable = |set: &&&'a BackupSet| self.chains.of_set(set).is_ok();
        if self.sets.is_empty() {
            Blocker::NoBackup
        } else if let Some(spoilt) = in_front.iter().filter_map(spoilt).find(leads) {
            // Apart from this defect, the instant would be restorable.
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

    /// Returns where the logs that a usable set needs end or fail to start.
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
