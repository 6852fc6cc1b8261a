use super::*;
use crate::model::DestId;
use crate::views::Version;

const START: Scn = Scn(1_795_140_000_000_000_000);

struct Bench {
    archive: Archive,
    dest: ArchiveDest,
    enabled: bool,
    writable: bool,
    pace: Pace,
    now: Scn,
}

impl Bench {
    fn new() -> Self {
        let mut dest = ArchiveDest::parse("LOCATION=file:///log", Version::V4_3_5).unwrap();
        dest.id = DestId::FIRST;
        Self {
            archive: Archive::new(START),
            dest,
            enabled: true,
            writable: true,
            pace: Pace::default(),
            now: START,
        }
    }

    fn doing() -> Self {
        let mut bench = Self::new();
        bench.switch(true);
        bench.pass(60);
        bench
    }

    fn switch(&mut self, log_mode: bool) {
        self.archive.log_mode = log_mode;
        self.archive.wake(self.now);
        self.pass(0);
    }

    fn set_enabled(&mut self, enabled: bool) {
        self.enabled = enabled;
        self.archive.notice(self.now, &self.pace);
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        let around = Around {
            dest: Some(&self.dest),
            enabled: self.enabled,
            normal: true,
            writable: self.writable,
            bytes_per_second: 1000,
            pace: &self.pace,
        };
        self.archive.run_until(self.now, around);
    }

    /// Returns the states that a check every second finds.
    fn states(&mut self, seconds: u64) -> Vec<&'static str> {
        let mut seen = vec![self.archive.status().map_or("", RoundStatus::name)];
        for _ in 0..seconds {
            self.pass(1);
            seen.push(self.archive.status().map_or("", RoundStatus::name));
        }
        seen.dedup();
        seen
    }
}

#[test]
fn a_round_comes_up_in_twenty_seconds() {
    let mut bench = Bench::new();
    bench.switch(true);
    assert_eq!(bench.states(20), ["PREPARE", "BEGINNING", "DOING"]);
}

#[test]
fn a_round_in_prepare_has_no_start_yet() {
    let mut bench = Bench::new();
    bench.switch(true);
    assert_eq!(bench.archive.round.unwrap().start, Scn::ZERO);
}

#[test]
fn a_deferred_round_goes_on_without_a_gap() {
    let mut bench = Bench::doing();
    bench.set_enabled(false);
    assert_eq!(bench.states(70), ["DOING", "SUSPENDING", "SUSPEND"]);
    bench.set_enabled(true);
    assert_eq!(bench.states(70), ["SUSPEND", "BEGINNING", "DOING"]);
    assert_eq!(bench.archive.round.unwrap().id, RoundId(1));
}

#[test]
fn a_stopped_round_becomes_history_and_the_next_one_counts_on() {
    let mut bench = Bench::doing();
    bench.switch(false);
    assert_eq!(bench.states(20), ["STOPPING", "STOP"]);
    bench.switch(true);
    bench.pass(60);
    let round = bench.archive.round.as_ref().unwrap();
    assert_eq!((round.id, round.base_piece), (RoundId(2), PieceId(2)));
    assert_eq!(bench.archive.history.len(), 1);
}

#[test]
fn an_interrupted_round_never_heals_by_itself() {
    let mut bench = Bench::doing();
    assert!(bench.archive.interrupt("log stream 1001 interrupted"));
    assert_eq!(bench.states(3600), ["INTERRUPTED"]);
    bench.switch(false);
    assert_eq!(bench.states(20), ["STOPPING", "STOP"]);
}

#[test]
fn the_checkpoint_moves_once_a_loop() {
    let mut bench = Bench::doing();
    let before = bench.archive.round.as_ref().unwrap().checkpoint;
    bench.pass(100);
    let after = bench.archive.round.as_ref().unwrap().checkpoint;
    assert_eq!(after.since(before), Duration::from_secs(100));
}

#[test]
fn the_checkpoint_stands_still_while_the_store_takes_no_writes() {
    let mut bench = Bench::doing();
    let before = bench.archive.round.as_ref().unwrap().checkpoint;
    bench.writable = false;
    bench.pass(3600);
    assert_eq!(bench.archive.round.as_ref().unwrap().checkpoint, before);
}

#[test]
fn pieces_join_without_a_gap() {
    let mut bench = Bench::doing();
    bench.pass(10 * 86_400);
    let pieces = &bench.archive.pieces;
    assert_eq!(pieces.len(), 11);
    for pair in pieces.windows(2) {
        assert_eq!(pair[0].checkpoint, pair[1].start);
        assert_eq!(
            (pair[0].status, pair[0].end),
            (PieceStatus::Frozen, pair[1].start)
        );
    }
}

#[test]
fn one_long_step_leaves_what_many_short_ones_leave() {
    let mut long = Bench::doing();
    let mut short = Bench::doing();
    long.pass(3 * 86_400);
    for _ in 0..3 * 1440 {
        short.pass(60);
    }
    let facts = |bench: &Bench| -> Vec<_> {
        bench
            .archive
            .pieces
            .iter()
            .map(|p| (p.id, p.start, p.checkpoint, p.status))
            .collect()
    };
    assert_eq!(facts(&long), facts(&short));
}

#[test]
fn the_last_piece_of_a_stopped_round_keeps_its_planned_end() {
    let mut bench = Bench::doing();
    bench.switch(false);
    bench.pass(60);
    let piece = bench.archive.pieces.last().unwrap();
    assert!(piece.status == PieceStatus::Frozen && piece.checkpoint < piece.end);
}
