//! Log backup around data backups, compared minute by minute with a slow independent oracle. The
//! oracle checks whether every data backup could be recovered if archiving ended in this minute. A
//! round takes time to start and to stop, and backups arrive meanwhile.

use super::*;
use crate::domain::recovery_windows;
use crate::oceanbase::model::{Job, JobId, JobStatus, Piece};

/// Two days.
const MINUTES: i64 = 2 * 24 * 60;

/// Reproducible pseudorandom numbers.
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

/// A requested data backup.
struct RequestedBackup {
    minute: i64,
    takes: i64,
    plus_archivelog: bool,
    /// Whether a DBA starts it in the database: no task shows it.
    foreign: bool,
}

#[derive(Default)]
struct Database {
    has_dest: bool,
    /// Last request.
    archive_log: bool,
    /// End of the round's start or stop.
    busy_until: i64,
    round: Option<Round>,
    pieces: Vec<Piece>,
    sets: Vec<BackupSet>,
    /// The active request, and its start.
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
            archive_log: Some(self.archive_log),
            log_dest: self.has_dest.then(|| dest(true)),
            round: self.round.clone(),
            pieces: Arc::new(self.pieces.clone()),
            sets: Arc::new(self.sets.clone()),
            jobs: self.job.map(job).into_iter().collect(),
            ..bare()
        }
    }

    fn is(&self, status: &RoundStatus) -> bool {
        self.round
            .as_ref()
            .is_some_and(|round| round.status == *status)
    }

    fn runs(&self) -> bool {
        self.is(&RoundStatus::Doing)
    }

    fn has_stopped(&self) -> bool {
        self.round.is_none() || self.is(&RoundStatus::Stop)
    }

    /// Performs the statement, which takes this many minutes.
    fn perform(&mut self, effect: &Effect, minute: i64, takes: i64) {
        match effect {
            Effect::SetDestination(_) => self.has_dest = true,
            Effect::Start(_) => self.start(minute),
            Effect::Stop(_) => self.stop(),
            other => panic!("{other:?}"),
        }
        self.busy_until = minute + takes;
    }

    /// Completes a start or stop that ends by this minute.
    fn get_on(&mut self, minute: i64) {
        let Some(round) = self.round.as_mut().filter(|_| minute >= self.busy_until) else {
            return;
        };
        match &round.status {
            RoundStatus::Beginning => round.status = RoundStatus::Doing,
            RoundStatus::Stopping => round.status = RoundStatus::Stop,
            _ => {}
        }
    }

    fn start(&mut self, minute: i64) {
        self.archive_log = true;
        let id = i64::try_from(self.pieces.len()).unwrap() + 1;
        self.round = Some(Round {
            id,
            status: RoundStatus::Beginning,
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
            output_bytes: 1,
        });
    }

    fn stop(&mut self) {
        self.archive_log = false;
        if let (Some(round), Some(piece)) = (&mut self.round, self.pieces.last_mut()) {
            round.status = RoundStatus::Stopping;
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

    fn end_job(&mut self, wish: &RequestedBackup, since: i64, minute: i64) {
        self.sets.push(BackupSet {
            id: BackupSetId(i64::try_from(self.sets.len()).unwrap() + 1),
            plus_archivelog: wish.plus_archivelog,
            start_replay_scn: minutes(since),
            min_restore_scn: minutes(minute),
            ..full_set(0)
        });
        self.job = None;
    }

    /// Returns whether each set could be recovered if archiving ended now.
    fn is_all_recoverable(&self) -> bool {
        let recoverable = recovery_windows::recoverable(&self.sets, &self.pieces);
        recoverable.points.len() == self.sets.len()
    }
}

fn wishes(dice: &mut Dice) -> Vec<RequestedBackup> {
    let mut minute = 0;
    let mut wishes = Vec::new();
    while minute < MINUTES - 600 {
        // Some arrive while the round of the previous one is still stopping.
        let within = if dice.below(3) == 0 { 60 } else { 400 };
        minute += 1 + dice.below(within);
        wishes.push(RequestedBackup {
            minute,
            takes: 1 + dice.below(40),
            plus_archivelog: dice.below(4) == 0,
            foreign: dice.below(5) == 0,
        });
    }
    wishes
}

/// Returns the expected statement for a database that must archive, or must not.
fn expected(database: &Database, must_run: bool) -> Option<Effect> {
    let name = TenantName::parse("orders")?;
    let effect = match (must_run, database.has_stopped()) {
        (true, true) if !database.has_dest => Effect::SetDestination(name),
        (true, true) => Effect::Start(name),
        (false, false) if database.runs() => Effect::Stop(name),
        _ => return None,
    };
    Some(effect)
}

/// Decides in this minute; a due statement is sent and accepted.
fn reconcile(story: &mut Story, observed: &Observation, minute: i64) -> Option<Effect> {
    let effect = story.reconcile(observed, minute * 60).effect?;
    let answer = Some((&effect, &Answer::Done));
    let decision = decide(&story.object(), observed, answer, at(minute * 60));
    story.status = decision.status;
    Some(effect)
}

/// Simulates two days. Returns the minutes of archiving, the number of sets, and the minutes in
/// which a backup waited while a round stopped.
fn play(seed: u64) -> (i64, usize, i64) {
    let mut dice = Dice(seed);
    let wishes = wishes(&mut dice);
    let mut story = Story::of(DesiredState::Running);
    story.spec.mode = LogBackupMode::AroundDataBackup;
    let mut database = Database::default();
    let (mut done, mut ran, mut waited) = (vec![false; wishes.len()], 0, 0);
    for minute in 0..MINUTES {
        // Occasionally the storage is slow.
        let behind = dice.below(12);
        database.get_on(minute);
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
        // The database refuses any backup while logs are not archived, including a DBA's.
        if database.job.is_none() && database.runs() {
            database.job = open(false).or(open(true)).map(|number| (number, minute));
        }
        let must_run = has_open_tasks || database.job.is_some() || !database.is_all_recoverable();
        let expected = expected(&database, must_run);
        ran += i64::from(database.runs());
        waited += i64::from(has_open_tasks && database.is(&RoundStatus::Stopping));
        let shown = Observation {
            has_open_tasks,
            ..observed(database.tenant())
        };
        let sent = reconcile(&mut story, &shown, minute);
        assert_eq!(sent, expected, "seed {seed}, minute {minute}");
        if let Some(effect) = sent {
            database.perform(&effect, minute, dice.below(10));
        }
    }
    assert!(database.is_all_recoverable(), "seed {seed}");
    (ran, database.sets.len(), waited)
}

#[test]
fn logs_are_archived_in_each_minute_in_which_a_set_needs_them_and_in_no_other() {
    let mut waited = 0;
    for seed in 0..50 {
        let (ran, sets, stopping) = play(seed);
        // Guards against two days without activity, or with archiving most of the time.
        assert!(
            sets > 3 && ran < MINUTES / 2,
            "{sets} sets in {ran} minutes"
        );
        waited += stopping;
    }
    // Guards against fifty runs in which no backup arrives while a round stops.
    assert!(waited > 10, "{waited} minutes");
}
