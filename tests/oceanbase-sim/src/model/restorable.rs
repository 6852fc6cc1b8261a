//! Instants to which backup sets and archived log can be restored (V4: restorable windows).

use super::{BackupSet, BackupType, FileStatus, Piece, Scn, SetId};

/// A restorable span of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub from: Scn,
    /// The last instant.
    pub to: Scn,
}

/// The sets and pieces that a restore to one instant reads.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The sets, the full one first.
    pub sets: Vec<BackupSet>,
    /// The pieces, in their order.
    pub pieces: Vec<Piece>,
}

/// Why a restore to an instant is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// No usable full set exists.
    NoFullSet,
    /// No usable set exists.
    NoSet,
    /// Every set is later; the earliest full set leads to this instant.
    Before(Scn),
    /// There is no log.
    NoLog,
    /// The log does not reach back to the set.
    LogBeginsLater,
    /// The log ends here.
    LogEnds(Scn),
    /// The log has a gap that begins here.
    Hole(Scn),
}

/// Sets and pieces at the destinations of one restore.
#[derive(Clone, Debug, Default)]
pub struct Restorable<'a> {
    sets: Vec<&'a BackupSet>,
    /// The readable ones, in their order.
    pieces: Vec<&'a Piece>,
}

impl<'a> Restorable<'a> {
    /// Selects from these sets and pieces, in any state.
    #[must_use]
    pub fn new(
        sets: impl IntoIterator<Item = &'a BackupSet>,
        pieces: impl IntoIterator<Item = &'a Piece>,
    ) -> Self {
        let mut pieces: Vec<_> = pieces
            .into_iter()
            .filter(|piece| piece.file_status == FileStatus::Available)
            .collect();
        pieces.sort_by_key(|piece| (piece.dest, piece.round, piece.id));
        Self {
            sets: sets.into_iter().filter(|set| set.is_usable()).collect(),
            pieces,
        }
    }

    /// Returns the set and all that it depends on, full set first; `None` if a set is gone.
    fn chain(&self, set: &'a BackupSet) -> Option<Vec<&'a BackupSet>> {
        let find = |id: SetId| self.sets.iter().copied().find(|set| set.id == id);
        let mut chain = vec![set];
        let mut last = set;
        while last.backup_type == BackupType::Inc {
            last = find(last.prev_inc)?;
            chain.push(last);
        }
        (last.id == set.full()).then(|| {
            chain.reverse();
            chain
        })
    }

    /// Returns the pieces without a gap from this instant on. If several contain the instant, as at
    /// the change of a destination, it returns the longest run.
    fn run(&self, from: Scn) -> Vec<&'a Piece> {
        let holds = |piece: &Piece| piece.start <= from && from <= piece.checkpoint;
        let pieces = self.pieces.iter().enumerate();
        let runs = pieces.filter(|(_, piece)| holds(piece));
        let runs = runs.map(|(first, _)| self.run_of(first));
        let farthest = runs.max_by_key(|run| run.last().map(|last| last.checkpoint));
        farthest.unwrap_or_default()
    }

    /// Returns the pieces without a gap from this piece on.
    fn run_of(&self, first: usize) -> Vec<&'a Piece> {
        let mut run: Vec<&Piece> = Vec::new();
        for piece in self.pieces.iter().skip(first).copied() {
            let joins = run
                .last()
                .is_none_or(|last| last.dest == piece.dest && last.checkpoint == piece.start);
            if !joins {
                break;
            }
            run.push(piece);
        }
        run
    }

    /// Returns the end of the log from an instant on, up to the first gap.
    #[must_use]
    pub fn log_end(&self, from: Scn) -> Option<Scn> {
        self.run(from).last().map(|last| last.checkpoint)
    }

    /// Returns every window, disjoint and ascending.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        let mut windows = Vec::new();
        let whole = |set: &'a BackupSet| self.chain(set).map(|_| set);
        for set in self.sets.iter().copied().filter_map(whole) {
            let end = self.log_end(set.start_replay);
            let from = set.min_restore;
            match end {
                Some(to) if to > from => windows.push(Window { from, to }),
                _ if set.plus_archivelog => windows.push(Window { from, to: from }),
                _ => {}
            }
        }
        windows.sort_by_key(|window| window.from);
        let mut merged: Vec<Window> = Vec::new();
        for window in windows {
            match merged.last_mut() {
                Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
                _ => merged.push(window),
            }
        }
        merged
    }

    /// Returns the target of a restore without UNTIL: the end of the log, even if no set leads
    /// there. With `alone`, the newest set's instant.
    #[must_use]
    pub fn latest(&self, alone: bool) -> Option<Scn> {
        if alone {
            self.sets.iter().map(|set| set.min_restore).max()
        } else {
            self.pieces.iter().map(|piece| piece.checkpoint).max()
        }
    }

    /// Returns the passwords that a restore requires: the engine reads all sets, including unneeded
    /// ones.
    pub fn passwords(&self) -> impl Iterator<Item = &str> {
        let passwords = self.sets.iter().map(|set| set.passwd.as_str());
        passwords.filter(|passwd| !passwd.is_empty())
    }

    /// Returns what a restore to this instant reads. The engine takes the newest set before the
    /// instant. With `alone`, the sets' own log is the only log.
    ///
    /// # Errors
    /// The missing part.
    pub fn reading(&self, scn: Scn, alone: bool) -> Result<Reading, Shortage> {
        let chain = self.newest_chain(scn)?;
        let set = chain.last().copied().ok_or(Shortage::NoSet)?;
        let sets = chain.into_iter().cloned().collect();
        if alone {
            // The log of a set reaches only to the end of the set.
            return match (set.plus_archivelog, scn == set.min_restore) {
                (false, _) => Err(Shortage::NoLog),
                (true, false) => Err(Shortage::LogEnds(set.min_restore)),
                (true, true) => Ok(Reading {
                    sets,
                    pieces: Vec::new(),
                }),
            };
        }
        if self.pieces.is_empty() {
            return Err(Shortage::NoLog);
        }
        let run = self.run(set.start_replay);
        let Some(end) = run.last().map(|last| last.checkpoint) else {
            return Err(Shortage::LogBeginsLater);
        };
        if end < scn || end <= set.min_restore {
            let goes_on = self.pieces.iter().any(|piece| piece.start > end);
            return Err(if goes_on {
                Shortage::Hole(end)
            } else {
                Shortage::LogEnds(end)
            });
        }
        let mut pieces = Vec::new();
        for piece in run {
            pieces.push(piece.clone());
            if piece.checkpoint >= scn {
                break;
            }
        }
        Ok(Reading { sets, pieces })
    }

    fn newest_chain(&self, scn: Scn) -> Result<Vec<&'a BackupSet>, Shortage> {
        let usable = self.sets.iter().rev().copied();
        let found = usable
            .filter(|set| set.min_restore <= scn)
            .find_map(|set| self.chain(set));
        let fulls = self
            .sets
            .iter()
            .filter(|set| set.backup_type == BackupType::Full);
        match (found, fulls.map(|set| set.min_restore).min()) {
            (Some(chain), _) => Ok(chain),
            (None, Some(earliest)) => Err(Shortage::Before(earliest)),
            (None, None) if self.sets.is_empty() => Err(Shortage::NoSet),
            (None, None) => Err(Shortage::NoFullSet),
        }
    }
}

#[cfg(test)]
#[path = "restorable_tests.rs"]
mod tests;
