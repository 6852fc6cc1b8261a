//! Faults that wait for a statement.

use std::time::Duration;

use super::{Moment, Trigger};
use crate::log::concerns;
use crate::statement::Kind;
use crate::value::SqlError;

/// What happens to the statement that a trap was set for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    HangUp(Moment),
    Slow(Duration),
    Refuse(SqlError),
}

/// What happens to one statement, of all traps together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sprung {
    pub(crate) hang_up: Option<Moment>,
    pub(crate) delay: Duration,
    pub(crate) refusal: Option<SqlError>,
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

    /// What this statement runs into; it counts for every trap that is meant for its like.
    pub(crate) fn spring(&mut self, kind: Kind, named: &[String], session: &str) -> Sprung {
        let mut sprung = Sprung::default();
        for trap in &mut self.0 {
            let on = &mut trap.on;
            let meant = on.kind.is_none_or(|wanted| wanted == kind)
                && on
                    .tenant
                    .as_deref()
                    .is_none_or(|tenant| concerns(named, session, tenant))
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
                Effect::Slow(delay) => sprung.delay += *delay,
                Effect::Refuse(error) => sprung.refusal = Some(error.clone()),
            }
        }
        self.0.retain(|trap| trap.on.times > 0);
        sprung
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(on: Trigger, statements: &[(Kind, &str)]) -> Vec<bool> {
        let mut traps = Traps::default();
        traps.set(on, Effect::HangUp(Moment::AfterCommit));
        let spring = |(kind, tenant): &(Kind, &str)| {
            traps
                .spring(*kind, &[(*tenant).to_owned()], "sys")
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
