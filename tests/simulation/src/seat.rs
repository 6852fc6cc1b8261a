//! Runtime of an operator: one process after the other. Each can be killed, stopped, frozen or cut
//! off from the API server without affecting other operators.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use api_double::{Call, EventFate, Fate, Gate, Moment, Refusal, Verb};
use oceanbase_backup_operator::controller::api_client::IDLE_TIMEOUT;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::director::Director;
use crate::oracle::Oracle;
use crate::plan::Act;
use crate::time::Time;

/// A slot for an operator's process. Clones share one state.
#[derive(Clone)]
pub struct Seat(Arc<Shared>);

struct Shared {
    /// Prefix of the names of its points.
    prefix: &'static str,
    director: Director,
    oracle: Oracle,
    time: Time,
    process: Mutex<Process>,
    killed: Notify,
}

/// The process that runs now.
#[derive(Default)]
struct Process {
    number: u32,
    is_dead: bool,
    stop: CancellationToken,
    frozen_until: Option<Instant>,
    cut: Option<(Cut, Instant)>,
}

/// The way in which the API server is unreachable.
#[derive(Clone, Copy)]
enum Cut {
    Away,
    Silent,
    Unrenewed,
}

impl Seat {
    /// Creates a seat with this prefix for its points, on a machine with its own clock.
    #[must_use]
    pub fn new(prefix: &'static str, director: &Director, oracle: &Oracle, time: &Time) -> Self {
        Self(Arc::new(Shared {
            prefix,
            director: director.clone(),
            oracle: oracle.clone(),
            time: time.elsewhere(),
            process: Mutex::default(),
            killed: Notify::new(),
        }))
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        let process = self.0.process.lock();
        process.unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time of the machine's clock.
    #[must_use]
    pub fn time(&self) -> &Time {
        &self.0.time
    }

    /// Begins the next process and returns the token that asks it to stop.
    #[must_use]
    pub fn begin(&self) -> CancellationToken {
        let mut process = self.process();
        // A cut network stays cut.
        *process = Process {
            number: process.number + 1,
            cut: process.cut,
            ..Process::default()
        };
        process.stop.clone()
    }

    /// Returns the identity of the process for the API server and for elections.
    #[must_use]
    pub fn actor(&self) -> String {
        let name = match self.0.prefix {
            "" => "first",
            _ => "second",
        };
        format!("operator/{name}-{}", self.process().number)
    }

    /// Runs a process until it ends; returns `None` if it is killed.
    pub async fn run<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let mut process = Box::pin(self.unless_frozen(process));
        tokio::select! {
            biased;
            () = self.0.killed.notified() => None,
            ended = &mut process => Some(ended),
        }
    }

    /// Polls the process only while it is not frozen.
    async fn unless_frozen<T>(&self, process: impl Future<Output = T>) -> T {
        let mut process = Box::pin(process);
        loop {
            let step = poll_fn(|context| {
                if let Some(until) = self.frozen_until() {
                    return Poll::Ready(Err(until));
                }
                match (process.as_mut().poll(context), self.frozen_until()) {
                    (Poll::Ready(done), _) => Poll::Ready(Ok(done)),
                    (Poll::Pending, Some(until)) => Poll::Ready(Err(until)),
                    (Poll::Pending, None) => Poll::Pending,
                }
            });
            match step.await {
                Ok(done) => return done,
                Err(until) => sleep_until(until).await,
            }
        }
    }

    fn frozen_until(&self) -> Option<Instant> {
        let until = self.process().frozen_until;
        until.filter(|until| *until > Instant::now())
    }

    /// Records that the process reaches a point, and returns its fault. A killed process reaches
    /// none.
    #[must_use]
    pub fn meet(&self, name: &str) -> Option<Act> {
        if self.process().is_dead {
            return Some(Act::KillBefore);
        }
        let act = self.0.director.meet(&format!("{}{name}", self.0.prefix))?;
        let in_so_many = |seconds: u32| Instant::now() + Duration::from_secs(seconds.into());
        let mut process = self.process();
        match &act {
            Act::KillBefore | Act::KillAfter => {
                process.is_dead = true;
                self.0.killed.notify_one();
            }
            Act::Stop => process.stop.cancel(),
            Act::Freeze(seconds) => process.frozen_until = Some(in_so_many(*seconds)),
            Act::Away(seconds) => process.cut = Some((Cut::Away, in_so_many(*seconds))),
            Act::Silent(seconds) => process.cut = Some((Cut::Silent, in_so_many(*seconds))),
            Act::Unrenewed(seconds) => process.cut = Some((Cut::Unrenewed, in_so_many(*seconds))),
            Act::Jump(seconds) => self.0.time.jump(*seconds),
            Act::Speed(percent) => self.0.time.run_at(*percent),
            _ => {}
        }
        Some(act)
    }

    /// Returns how the API server is unreachable, and for how much longer.
    fn cut(&self) -> Option<(Cut, Duration)> {
        let (cut, until) = self.process().cut?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some((cut, left))
    }
}

impl Gate for Seat {
    fn call(&self, call: &Call) -> Fate {
        if call.verb.is_writing() && call.plural != "leases" && !self.process().is_dead {
            self.0.oracle.acts(&self.actor(), &call.to_string());
        }
        match self.meet(&call.to_string()) {
            Some(Act::KillAfter | Act::NeverAfter) => return Fate::Never(Moment::After),
            Some(Act::NeverBefore) if call.verb == Verb::Watch => {
                return Fate::Silence(IDLE_TIMEOUT);
            }
            Some(Act::KillBefore | Act::NeverBefore) => return Fate::Never(Moment::Before),
            Some(Act::LoseBefore) => return Fate::Lose(Moment::Before),
            Some(Act::LoseAfter) => return Fate::Lose(Moment::After),
            Some(Act::Refuse(code)) => return Fate::Refuse(Refusal::of_code(code)),
            Some(Act::Late(seconds)) => return Fate::Late(Duration::from_secs(seconds.into())),
            Some(Act::Freeze(seconds)) => {
                return Fate::AnswerLate(Duration::from_secs(seconds.into()));
            }
            Some(Act::Stale(changes)) => return Fate::Stale(changes),
            _ => {}
        }
        match self.cut() {
            Some((Cut::Away, _)) => Fate::Lose(Moment::Before),
            Some((Cut::Silent, left)) => Fate::Late(left),
            Some((Cut::Unrenewed, _)) if call.plural == "leases" => {
                Fate::Refuse(Refusal::of_code(500))
            }
            _ => Fate::Serve,
        }
    }

    fn event(&self, plural: &str, kind: &str, object: &Value) -> EventFate {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        match self.meet(&format!("event {plural} {kind} {name}")) {
            Some(Act::Drop) => return EventFate::Drop(Duration::from_secs(30)),
            Some(Act::Twice) => return EventFate::Twice,
            Some(Act::Late(seconds)) => {
                return EventFate::Late(Duration::from_secs(seconds.into()));
            }
            Some(Act::Close | Act::LoseBefore) => return EventFate::Close,
            Some(Act::Expire) => return EventFate::Expire,
            _ => {}
        }
        match self.cut() {
            Some((Cut::Away, _)) => EventFate::Close,
            Some((Cut::Silent, left)) => EventFate::Late(left),
            _ => EventFate::Deliver,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    fn seat(plan: &str) -> Seat {
        let plan: crate::Plan = plan.parse().unwrap();
        let time = Time::begin();
        let director = Director::new(time.clone(), &plan.faults);
        let workload = crate::workload::Workload::find("pair").unwrap();
        let oracle = Oracle::new(time.clone(), &workload, &[]);
        Seat::new("", &director, &oracle, &time)
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_of_a_frozen_process_runs() {
        let seat = seat("pair: freeze=40 @ login#1");
        let work = async {
            let _ = seat.meet("login");
            sleep(Duration::from_secs(1)).await;
            seat.time().elapsed()
        };
        assert_eq!(seat.run(work).await, Some(Duration::from_secs(40)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_killed_process_ends_where_it_waits() {
        let seat = seat("pair: kill-before @ login#1");
        let work = async {
            let _ = seat.meet("login");
            std::future::pending::<()>().await;
        };
        assert_eq!(seat.run(work).await, None);
        assert_eq!(seat.meet("login"), Some(Act::KillBefore));
        let _ = seat.begin();
        assert_eq!(seat.meet("login"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_of_one_machine_runs_slowly_or_fast() {
        let seat = seat("pair: speed=50 @ login#1 + speed=200 @ login#2");
        let ahead = || {
            let shown = seat.time().clock().now();
            shown.duration_since(seat.time().now()).as_secs()
        };
        let _ = seat.meet("login");
        sleep(Duration::from_mins(1)).await;
        assert_eq!(ahead(), -30);
        let _ = seat.meet("login");
        sleep(Duration::from_mins(1)).await;
        assert_eq!(ahead(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_of_one_machine_jumps_alone() {
        let seat = seat("pair: jump=-300 @ login#1");
        let _ = seat.meet("login");
        let real = seat.time().now();
        let shown = seat.time().clock().now();
        assert_eq!(real.duration_since(shown).as_secs(), 300);
        let other = seat.time().elsewhere();
        assert_eq!(other.clock().now(), real);
    }
}
