//! Log archiving of one tenant: rounds, pieces, and their scheduler.
//!
//! Two flags drive it, `LOG_MODE` and the state of the destination; statements only set them.

use std::time::Duration;

use super::round::bytes_in;
use super::{ArchiveDest, Pace, Piece, PieceId, PieceStatus, Round, RoundId, RoundStatus, Scn};

/// Inputs of the scheduler besides its own rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// `LOG_ARCHIVE_DEST`.
    pub(super) dest: Option<&'a ArchiveDest>,
    /// `LOG_ARCHIVE_DEST_STATE` is ENABLE.
    pub(super) enabled: bool,
    /// The tenant's status is NORMAL.
    pub(super) normal: bool,
    /// Whether the destination accepts writes.
    pub(super) writable: bool,
    /// Log that the tenant writes.
    pub(super) bytes_per_second: u64,
    /// How fast the scheduler is.
    pub(super) pace: &'a Pace,
}

/// The log archive of one tenant.
#[derive(Clone, Debug)]
pub struct Archive {
    /// `LOG_MODE` is ARCHIVELOG.
    pub log_mode: bool,
    /// The current round; stays after STOP, absent before the first one.
    pub round: Option<Round>,
    /// Rounds that were stopped, the last one included.
    pub history: Vec<Round>,
    /// All pieces, ascending.
    pub pieces: Vec<Piece>,
    /// The state that rounds do not leave, if any.
    pub(super) hold: Option<RoundStatus>,
    looped_at: Scn,
    due: Scn,
}

impl Archive {
    pub(super) fn new(created_at: Scn) -> Self {
        Self {
            log_mode: false,
            round: None,
            history: Vec::new(),
            pieces: Vec::new(),
            hold: None,
            looped_at: created_at,
            due: Scn::NEVER,
        }
    }

    /// Returns the state of the current round.
    #[must_use]
    pub fn status(&self) -> Option<RoundStatus> {
        self.round.as_ref().map(|round| round.status)
    }

    /// Returns whether a backup may start or continue.
    #[must_use]
    pub fn is_doing(&self) -> bool {
        self.status() == Some(RoundStatus::Doing)
    }

    /// Returns whether the destination may be changed: no round, or a round in STOP.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self.status(), None | Some(RoundStatus::Stop))
    }

    pub(super) fn due(&self) -> Scn {
        self.due
    }

    /// Triggers the scheduler, as ARCHIVELOG and NOARCHIVELOG do.
    pub(super) fn wake(&mut self, now: Scn) {
        self.due = now;
    }

    /// Schedules other changes for the next loop, up to 50 s later.
    pub(super) fn notice(&mut self, now: Scn, pace: &Pace) {
        let period = pace.idle_archive_loop().max(Duration::from_nanos(1));
        let loops = now.since(self.looped_at).as_nanos() / period.as_nanos() + 1;
        let next = period.saturating_mul(u32::try_from(loops).unwrap_or(u32::MAX));
        self.due = self.due.min(self.looped_at.plus(next)).max(now);
    }

    /// Breaks a running round: a log gap, a lost log stream.
    pub(super) fn interrupt(&mut self, comment: &str) -> bool {
        match &mut self.round {
            Some(round) if matches!(round.status, RoundStatus::Beginning | RoundStatus::Doing) => {
                round.status = RoundStatus::Interrupted;
                comment.clone_into(&mut round.comment);
                self.due = Scn::NEVER;
                true
            }
            _ => false,
        }
    }

    /// Simulates a round of the past up to `until`.
    pub(super) fn replay(
        &mut self,
        dest: &ArchiveDest,
        from: Scn,
        until: Scn,
        then: RoundStatus,
        bytes_per_second: u64,
    ) {
        self.prepare(dest, dest.interval);
        self.begin(from);
        self.archive_until(until, bytes_per_second);
        self.looped_at = until;
        self.log_mode = then != RoundStatus::Stop;
        if then == RoundStatus::Stop {
            self.stop();
        } else if let Some(round) = &mut self.round {
            round.status = then;
        }
        self.due = if then == RoundStatus::Doing {
            until
        } else {
            Scn::NEVER
        };
    }

    pub(super) fn run_until(&mut self, now: Scn, around: Around<'_>) {
        while self.due <= now {
            if self.is_doing() && self.log_mode && around.enabled {
                self.skip_quiet_loops(now, around.pace.idle_archive_loop());
            }
            self.looped_at = self.due;
            self.step(self.due, around);
            self.due = self.next_due(around);
        }
    }

    /// Combines loops in which only the checkpoint moves into the last one.
    fn skip_quiet_loops(&mut self, now: Scn, period: Duration) {
        let period = period.max(Duration::from_nanos(1));
        let loops = now.since(self.due).as_nanos() / period.as_nanos();
        let skipped = period.saturating_mul(u32::try_from(loops).unwrap_or(u32::MAX));
        self.due = self.due.plus(skipped);
    }

    fn is_held(&self) -> bool {
        self.hold.is_some() && self.hold == self.status()
    }

    fn next_due(&self, around: Around<'_>) -> Scn {
        if self.is_held() {
            return Scn::NEVER;
        }
        let busy = self.looped_at.plus(around.pace.busy_archive_loop());
        let idle = self.looped_at.plus(around.pace.idle_archive_loop());
        let can_start = self.log_mode && around.enabled && around.normal && around.dest.is_some();
        match self.status() {
            None | Some(RoundStatus::Stop) if can_start => idle,
            Some(
                RoundStatus::Prepare
                | RoundStatus::Beginning
                | RoundStatus::Suspending
                | RoundStatus::Stopping,
            ) => busy,
            Some(RoundStatus::Doing) => idle,
            Some(RoundStatus::Suspend) if !self.log_mode || around.enabled => idle,
            Some(RoundStatus::Interrupted) if !self.log_mode => idle,
            None | Some(RoundStatus::Stop | RoundStatus::Suspend | RoundStatus::Interrupted) => {
                Scn::NEVER
            }
        }
    }

    fn step(&mut self, at: Scn, around: Around<'_>) {
        if self.is_held() {
            return;
        }
        let log_mode = self.log_mode;
        let Some(round) = self
            .round
            .as_mut()
            .filter(|r| r.status != RoundStatus::Stop)
        else {
            if let Some(dest) = around.dest
                && log_mode
                && around.enabled
                && around.normal
            {
                let interval = around.pace.piece_interval.unwrap_or(dest.interval);
                self.prepare(dest, interval);
            }
            return;
        };
        match round.status {
            RoundStatus::Prepare => self.begin(at),
            RoundStatus::Stopping => self.stop(),
            RoundStatus::Beginning
            | RoundStatus::Doing
            | RoundStatus::Suspending
            | RoundStatus::Suspend
            | RoundStatus::Interrupted
                if !log_mode =>
            {
                round.status = RoundStatus::Stopping;
            }
            RoundStatus::Beginning if around.writable => {
                round.status = RoundStatus::Doing;
                self.archive_until(at, around.bytes_per_second);
            }
            RoundStatus::Doing if !around.enabled => round.status = RoundStatus::Suspending,
            RoundStatus::Doing if around.writable => {
                self.archive_until(at, around.bytes_per_second);
            }
            RoundStatus::Suspending => round.status = RoundStatus::Suspend,
            RoundStatus::Suspend if around.enabled => round.status = RoundStatus::Beginning,
            // The checkpoint stops if the storage accepts no writes.
            RoundStatus::Beginning
            | RoundStatus::Doing
            | RoundStatus::Suspend
            | RoundStatus::Interrupted
            | RoundStatus::Stop => {}
        }
    }

    fn prepare(&mut self, dest: &ArchiveDest, interval: Duration) {
        let (id, piece) = self
            .round
            .as_ref()
            .map_or((RoundId(1), PieceId(1)), |last| {
                (last.id.next(), last.used_piece.next())
            });
        self.round = Some(Round {
            id,
            dest: dest.id,
            status: RoundStatus::Prepare,
            start: Scn::ZERO,
            checkpoint: Scn::ZERO,
            base_piece: piece,
            used_piece: piece,
            interval,
            compression: dest.compression,
            bytes: 0,
            comment: String::new(),
            uri: dest.uri.clone(),
        });
    }

    fn begin(&mut self, at: Scn) {
        let Some(round) = &mut self.round else { return };
        round.status = RoundStatus::Beginning;
        round.start = at;
        round.checkpoint = at;
        self.pieces.push(Piece::open(round, round.base_piece, at));
    }

    fn stop(&mut self) {
        let Some(round) = &mut self.round else { return };
        round.status = RoundStatus::Stop;
        if let Some(piece) = self
            .pieces
            .last_mut()
            .filter(|piece| piece.round == round.id)
        {
            piece.status = PieceStatus::Frozen;
        }
        self.history.push(round.clone());
    }

    /// Moves the checkpoint and opens the pieces that it reaches.
    fn archive_until(&mut self, at: Scn, bytes_per_second: u64) {
        let Some(round) = &mut self.round else { return };
        let Some(mut piece) = self
            .pieces
            .last_mut()
            .filter(|piece| piece.round == round.id)
        else {
            return;
        };
        round.bytes += bytes_in(at.since(round.checkpoint), bytes_per_second);
        round.checkpoint = at;
        while piece.end <= at {
            piece.advance(piece.end, bytes_per_second);
            piece.status = PieceStatus::Frozen;
            round.used_piece = round.used_piece.next();
            let next = Piece::open(round, round.used_piece, piece.end);
            self.pieces.push(next);
            let Some(last) = self.pieces.last_mut() else {
                return;
            };
            piece = last;
        }
        piece.advance(at, bytes_per_second);
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
