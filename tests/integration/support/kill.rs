//! SIGKILL of the operator at a point: the operator freezes before a request takes effect or before
//! its answer, and is killed.

use std::sync::Mutex;

use oceanbase_sim::fault::{Fault, Moment as Then, Trigger};
use oceanbase_sim::log::{Ending, StatementLog};
use oceanbase_sim::statement::Kind;

use super::proxy::{Moment, Proxy, Write};
use super::{World, eventually};

/// How many operators are killed at the same time.
const LANES: usize = 4;

/// The point at which the operator is killed.
#[derive(Clone, Copy, Debug)]
pub enum Point {
    /// The next statement of this kind.
    Statement(Kind),
    /// The next status of this kind of objects with this field.
    Status(&'static str, &'static str),
}

/// Makes the operator freeze at the point.
pub fn arm(world: &World, proxy: &Proxy, point: Point, moment: Moment) {
    match point {
        Point::Statement(kind) => world.inject(Fault::Stall {
            on: Trigger::next(kind),
            when: match moment {
                Moment::Before => Then::BeforeExecuting,
                Moment::After => Then::AfterCommit,
            },
        }),
        Point::Status(plural, field) => {
            let operation = format!("PUT {plural}/status");
            let is_at = move |_: &[Write], write: &Write| {
                write.operation == operation && !write.object["status"][field].is_null()
            };
            proxy.hold(Box::new(is_at), moment);
        }
    }
}

/// Kills the frozen operator, and starts another one.
pub fn strike(world: &mut World, proxy: &Proxy, plan: &str) {
    let lost = |ending: &Ending| matches!(ending, Ending::LostBefore | Ending::LostAfter(_));
    let any_lost = |log: &StatementLog| log.entries().any(|entry| lost(&entry.ending));
    let is_reached = || proxy.held() || world.simulator.log(any_lost);
    eventually(plan, is_reached, |reached| *reached);
    world.kill_operator();
    world.start_operator();
}

/// Runs all plans, several at a time.
pub fn each<Plan: Copy + Send>(plans: &[Plan], kill: impl Fn(Plan) + Sync) {
    let left = Mutex::new(plans.to_vec());
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().pop();
                    let Some(plan) = next else { return };
                    kill(plan);
                }
            });
        }
    });
}
