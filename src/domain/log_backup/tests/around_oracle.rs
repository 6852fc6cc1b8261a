//! Log backup around data backups against a slow second opinion, minute by minute: whether every
//! data backup could be recovered to if archiving ended in this minute.

use super::super::around::desired;
use super::*;
use crate::domain::windows;
use crate::oceanbase::model::{Job, JobId, JobStatus, Piece};

/// Two days.
const MINUTES: i64 = 2 * 24 * 60;

/// Numbers that look as if they were drawn, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A data backup that somebody asks for.
struct Wish {
    minute: i64,
    takes: i64,
    plus_archivelog: bool,
    /// Whether a DBA starts it in the database: no task shows it.
    foreign: bool,
}

#[derive(Default)]
struct Database {
    round: Option<Round>,
    pieces: Vec<Piece>,
    sets: Vec<BackupSet>,
    /// The wish that is being followed, and since when.
    job: Option<(usize, i64)>,
}

fn minutes(minute: i64) -> Scn {
    scn(minute * 60)
}

impl Database {
    fn tenant(&self) -> Tenant {
        let job = |(number, since): (usize, i64)| Job {
            tenant_id: TenantId(1002),
            id: JobId(i64::try_from(number).unwrap() + 1),
            set_id: BackupSetId(0),
            initiator_tenant_id: TenantId(1002),
            initiator_job_id: JobId(0),
            full: true,
            status: JobStatus::Doing,
            started_at: at(since * 60),
            ended_at: None,
            failure: None,
            description: String::new(),
            path: "file:///data".to_owned(),
            percent: None,
        };
        Tenant {
            round: self.round.clone(),
            pieces: Arc::new(self.pieces.clone()),
            sets: Arc::new(self.sets.clone()),
            jobs: self.job.map(job).into_iter().collect(),
            ..bare()
        }
    }

    fn runs(&self) -> bool {
        let round = self.round.as_ref();
        round.is_some_and(|round| round.status == RoundStatus::Doing)
    }

    fn start(&mut self, minute: i64) {
        let id = i64::try_from(self.pieces.len()).unwrap() + 1;
        self.round = Some(Round {
            id,
            status: RoundStatus::Doing,
            start_scn: minutes(minute),
            checkpoint_scn: minutes(minute),
            piece_id: id,
            input_bytes: 0,
            output_bytes: 0,
            comment: String::new(),
            path: "file:///log".to_owned(),
        });
        self.pieces.push(Piece {
            dest_id: 1001,
            round_id: id,
            id,
            start_scn: minutes(minute),
            checkpoint_scn: minutes(minute),
            end_scn: minutes(minute + 24 * 60),
            frozen: false,
            available: true,
        });
    }

    fn stop(&mut self) {
        if let (Some(round), Some(piece)) = (&mut self.round, self.pieces.last_mut()) {
            round.status = RoundStatus::Stop;
            piece.frozen = true;
        }
    }

    fn archive_until(&mut self, minute: i64) {
        if let (true, Some(round), Some(piece)) =
            (self.runs(), &mut self.round, self.pieces.last_mut())
        {
            round.checkpoint_scn = round.checkpoint_scn.max(minutes(minute));
            piece.checkpoint_scn = round.checkpoint_scn;
        }
    }

    fn end_job(&mut self, wish: &Wish, since: i64, minute: i64) {
        self.sets.push(BackupSet {
            id: BackupSetId(i64::try_from(self.sets.len()).unwrap() + 1),
            plus_archivelog: wish.plus_archivelog,
            start_replay_scn: minutes(since),
            min_restore_scn: minutes(minute),
            ..full_set(0)
        });
        self.job = None;
    }

    /// Whether each set could be recovered to if archiving ended now.
    fn is_all_recoverable(&self) -> bool {
        let recoverable = windows::recoverable(&self.sets, &self.pieces);
        recoverable.points.len() == self.sets.len()
    }
}

fn wishes(dice: &mut Dice) -> Vec<Wish> {
    let mut minute = 0;
    let mut wishes = Vec::new();
    while minute < MINUTES - 600 {
        minute += 1 + dice.below(400);
        wishes.push(Wish {
            minute,
            takes: 1 + dice.below(40),
            plus_archivelog: dice.below(4) == 0,
            foreign: dice.below(5) == 0,
        });
    }
    wishes
}

/// Plays two days; for how many minutes archiving ran, and how many sets there are.
fn play(seed: u64) -> (i64, usize) {
    let mut dice = Dice(seed);
    let wishes = wishes(&mut dice);
    let mut database = Database::default();
    let (mut done, mut ran) = (vec![false; wishes.len()], 0);
    for minute in 0..MINUTES {
        // Now and then the store is slow.
        let behind = dice.below(12);
        database.archive_until(minute - behind);
        if let Some((number, since)) = database.job
            && minute >= since + wishes[number].takes
        {
            database.end_job(&wishes[number], since, minute);
            done[number] = true;
        }
        let open = |foreign: bool| {
            let mut numbers = 0..wishes.len();
            numbers.find(|number| {
                let wish = &wishes[*number];
                wish.minute <= minute && !done[*number] && wish.foreign == foreign
            })
        };
        let has_open_tasks = open(false).is_some();
        // The database refuses a backup while logs are not archived, a DBA's too.
        if database.job.is_none() && database.runs() {
            database.job = open(false).or(open(true)).map(|number| (number, minute));
        }
        let must_run = has_open_tasks || database.job.is_some() || !database.is_all_recoverable();
        let wanted = desired(has_open_tasks, &database.tenant());
        let expected = if must_run {
            DesiredState::Running
        } else {
            DesiredState::Stopped
        };
        assert_eq!(wanted, expected, "seed {seed}, minute {minute}");
        ran += i64::from(database.runs());
        match (must_run, database.runs()) {
            (true, false) => database.start(minute),
            (false, true) => database.stop(),
            _ => {}
        }
    }
    assert!(database.is_all_recoverable(), "seed {seed}");
    (ran, database.sets.len())
}

#[test]
fn logs_are_archived_in_each_minute_in_which_a_set_needs_them_and_in_no_other() {
    for seed in 0..50 {
        let (ran, sets) = play(seed);
        // Guards against two days in which nothing happens, or nothing ever rests.
        assert!(
            sets > 3 && ran < MINUTES / 2,
            "{sets} sets in {ran} minutes"
        );
    }
}
