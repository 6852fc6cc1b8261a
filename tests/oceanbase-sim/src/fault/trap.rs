//! Faults that wait for a statement.

use std::time::Duration;

use super::{Moment, Trigger};
use crate::log::concerns;
use crate::statement::Kind;
use crate::value::SqlError;

/// The effect of a trap on its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    HangUp(Moment),
    Stall(Moment),
    Slow(Duration),
    Refuse(SqlError),
    Swallow,
}

/// The effect of all traps on one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sprung {
    pub(crate) hang_up: Option<Moment>,
    /// Whether the break is hidden from the client, which waits forever.
    pub(crate) stalls: bool,
    pub(crate) delay: Duration,
    pub(crate) refusal: Option<SqlError>,
    /// Whether the statement is answered with OK and not executed.
    pub(crate) swallows: bool,
}

#[derive(Clone, Debug)]
struct Trap {
    on: Trigger,
    effect: Effect,
}

/// All traps that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traps(Vec<Trap>);

impl Traps {
    pub(super) fn set(&mut self, on: Trigger, effect: Effect) {
        self.0.push(Trap { on, effect });
    }

    /// Returns how many traps are set.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the effect of all traps on this statement, and counts it for every trap that it
    /// matches.
    pub(crate) fn spring(
        &mut self,
        kind: Kind,
        named: &[String],
        (session, of_tenant): (u64, &str),
        text: &str,
    ) -> Sprung {
        let mut sprung = Sprung::default();
        for trap in &mut self.0 {
            let on = &mut trap.on;
            let meant = on.kind.is_none_or(|wanted| wanted == kind)
                && on
                    .tenant
                    .as_deref()
                    .is_none_or(|tenant| concerns(named, of_tenant, tenant))
                && on.session.is_none_or(|wanted| wanted == session)
                && on
                    .containing
                    .as_deref()
                    .is_none_or(|wanted| text.contains(wanted))
                && kind != Kind::Simulate;
            if !meant {
                continue;
            }
            if on.nth > 1 {
                on.nth -= 1;
                continue;
            }
            on.times = on.times.saturating_sub(1);
            match &trap.effect {
                Effect::HangUp(moment) => sprung.hang_up = Some(*moment),
                Effect::Stall(moment) => {
                    sprung.hang_up = Some(*moment);
                    sprung.stalls = true;
                }
                Effect::Slow(delay) => sprung.delay += *delay,
                Effect::Refuse(error) => sprung.refusal = Some(error.clone()),
                Effect::Swallow => sprung.swallows = true,
            }
        }
        self.0.retain(|trap| trap.on.times > 0);
        sprung
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fault;
    use super::*;
    use crate::clock::ManualClock;
    use crate::log::Ending;
    use crate::scenario::Scenario;
    use crate::simulator::Simulator;
    use crate::value::{Backend, End};

    fn hits(on: Trigger, statements: &[(Kind, &str)]) -> Vec<bool> {
        let mut traps = Traps::default();
        traps.set(on, Effect::HangUp(Moment::AfterCommit));
        let spring = |(kind, tenant): &(Kind, &str)| {
            traps
                .spring(*kind, &[(*tenant).to_owned()], (1, "sys"), "text")
                .hang_up
                .is_some()
        };
        statements.iter().map(spring).collect()
    }

    #[test]
    fn a_trap_counts_only_statements_of_its_kind_and_tenant() {
        let statements = [
            (Kind::Backup, "other"),
            (Kind::Backup, "orders"),
            (Kind::Select, "orders"),
            (Kind::Backup, "orders"),
            (Kind::Backup, "orders"),
        ];
        let on = Trigger::next(Kind::Backup).about("orders").nth(2);
        assert_eq!(hits(on, &statements), [false, false, false, true, false]);
    }

    #[test]
    fn a_trap_can_be_meant_for_statements_with_a_text_in_them() {
        let statements = [(Kind::Select, "a"), (Kind::Select, "a")];
        let other = Trigger::any().containing("other");
        assert_eq!(hits(other, &statements), [false, false]);
        let part = Trigger::any().containing("ex").nth(2);
        assert_eq!(hits(part, &statements), [false, true]);
    }

    #[test]
    fn a_trap_can_be_meant_for_one_session() {
        let mut traps = Traps::default();
        let on = Trigger::next(Kind::Select).in_session(2).nth(2);
        traps.set(on, Effect::HangUp(Moment::AfterCommit));
        let spring = |session: &u64| {
            let sprung = traps.spring(Kind::Select, &[], (*session, "sys"), "text");
            sprung.hang_up.is_some()
        };
        let hits: Vec<_> = [1, 2, 1, 2, 2].iter().map(spring).collect();
        assert_eq!(hits, [false, false, false, true, false]);
    }

    #[test]
    fn a_stalled_statement_is_in_the_log_at_once_and_its_answer_never_comes() {
        let scenario = Scenario::new("4.3.5.2");
        let simulator = Simulator::new(&scenario, ManualClock::default()).unwrap();
        let stall = |when| {
            let on = Trigger::next(Kind::Select);
            simulator.inject(Fault::Stall { on, when }).unwrap();
            let mut session = simulator.connect("root@sys", "").unwrap();
            let reply = session.execute("SELECT 1");
            let ending = simulator.log(|log| log.entries().next_back().unwrap().ending.clone());
            (reply.end, reply.delay > Duration::from_hours(1), ending)
        };
        assert_eq!(
            stall(Moment::BeforeExecuting),
            (End::HangUp, true, Ending::LostBefore)
        );
        assert_eq!(
            stall(Moment::AfterCommit),
            (End::HangUp, true, Ending::LostAfter(None))
        );
    }

    #[test]
    fn a_swallowed_statement_is_answered_well_and_not_run() {
        let scenario = Scenario::new("4.3.5.2").tenant("orders");
        let simulator = Simulator::new(&scenario, ManualClock::default()).unwrap();
        let on = Trigger::next(Kind::ArchiveLog).about("orders");
        simulator.inject(Fault::Swallow { on }).unwrap();
        let mut session = simulator.connect("root@sys", "").unwrap();
        let reply = session.execute("ALTER SYSTEM ARCHIVELOG TENANT = orders");
        assert_eq!(reply.end, End::Complete);
        let ending = simulator.log(|log| log.entries().next_back().unwrap().ending.clone());
        assert_eq!(ending, Ending::Swallowed);
        let reads = session
            .execute("SELECT LOG_MODE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'orders'");
        assert!(format!("{:?}", reads.outcomes).contains("NOARCHIVELOG"));
    }

    #[test]
    fn a_trap_can_spring_several_times() {
        let statements = [
            (Kind::Select, "a"),
            (Kind::Select, "a"),
            (Kind::Select, "a"),
        ];
        assert_eq!(
            hits(Trigger::any().times(2), &statements),
            [true, true, false]
        );
    }
}
