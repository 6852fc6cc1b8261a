//! Faults and their points: values that can be read back from their text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use oceanbase_backup_operator::api::RetrySettings;
use oceanbase_backup_operator::controller::api_client::REQUEST_TIMEOUT;
use oceanbase_sim::fault;

use crate::passing;

/// A request, a statement, an event or a login: the n-th of its name in the run. A position among
/// all points would change as soon as two hash maps differ. Points of the second operator begin
/// with `second: `.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The name, such as `update backuptasks/status a`, or the statement without keys.
    pub name: String,
    /// The number, from 1.
    pub nth: u32,
}

/// A fault.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The operator is killed, and the request is not executed.
    KillBefore,
    /// The operator is killed after the request is executed, before the answer.
    KillAfter,
    /// The connection breaks, and the request is not executed.
    LoseBefore,
    /// The connection breaks after the request is executed.
    LoseAfter,
    /// The request is neither executed nor answered, and the connection stays open.
    NeverBefore,
    /// The request is executed and never answered, and the connection stays open.
    NeverAfter,
    /// The request is rejected with this HTTP status or error number, and not executed.
    Refuse(u16),
    /// The request takes this many seconds.
    Late(u32),
    /// The connection breaks, and the request is executed this many seconds later nevertheless.
    Arrive(u32),
    /// A list shows the state of this many changes ago.
    Stale(u64),
    /// An event is lost; half a minute later the watch ends with 410.
    Drop,
    /// An event arrives twice.
    Twice,
    /// The watch ends before the event.
    Close,
    /// The watch ends before the event with 410.
    Expire,
    /// The API server compacts its history.
    Compact,
    /// The operator's wall clock jumps by this many seconds.
    Jump(i64),
    /// The operator's wall clock runs at this percentage of its speed from then on.
    Speed(u32),
    /// The operator freezes for this many seconds after the request, as after SIGSTOP.
    Freeze(u32),
    /// The operator is asked to stop, as by SIGTERM.
    Stop,
    /// No connection of the operator to the API server succeeds for this many seconds.
    Away(u32),
    /// The API server answers the operator's requests only after this many seconds.
    Silent(u32),
    /// The API server rejects the operator's requests about its Lease for this many seconds.
    Unrenewed(u32),
    /// A fault happens in the database: YAML of [`fault::Fault`].
    Database(String),
    /// The same, and it is reverted after this many seconds.
    While(u32, String),
}

impl Fault {
    /// Returns whether the operator must compensate: the final world is the same as without the
    /// fault.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        match self.act {
            _ if self.act.is_of_clock() => false,
            Act::Database(_) | Act::While(..) => false,
            // A request that arrives before a dead watch is detected, which takes minutes, may be
            // served too late.
            Act::NeverBefore => !self.at.what().starts_with("watch "),
            _ => true,
        }
    }

    /// Returns whether the fault makes the database reject statements for good, which are then
    /// repeated rarely.
    #[must_use]
    pub fn refuses(&self) -> bool {
        let word = |yaml: &str| yaml.starts_with("alterSystem") || yaml.starts_with("upgrading");
        matches!(&self.act, Act::Database(yaml) if word(yaml))
    }

    /// Returns whether the fault makes the clock of the database differ from the others.
    #[must_use]
    pub fn is_of_their_clock(&self) -> bool {
        let is_jump = |yaml: &str| yaml.starts_with("timeJump");
        matches!(&self.act, Act::Database(yaml) | Act::While(_, yaml) if is_jump(yaml))
    }

    /// Returns whether the fault is temporary and must leave no trace in the database.
    #[must_use]
    pub fn passes(&self) -> bool {
        // A task without the required privilege has failed, and reports this.
        let passes = |yaml: &str| !yaml.starts_with("alterSystem");
        matches!(&self.act, Act::While(_, yaml) if passes(yaml)) || self.is_masked()
    }
}

impl Act {
    /// Returns whether another operator takes over because of it, if the fault hits the leader.
    #[must_use]
    pub fn ends_a_lead(&self) -> bool {
        matches!(
            self,
            Self::KillBefore
                | Self::KillAfter
                | Self::Freeze(_)
                | Self::Stop
                | Self::Away(_)
                | Self::Silent(_)
                | Self::Unrenewed(_)
        )
    }

    /// Returns whether the operator's wall clock is wrong because of it.
    #[must_use]
    pub fn is_of_clock(&self) -> bool {
        matches!(self, Self::Jump(_) | Self::Speed(_))
    }

    /// Returns how long after the fault its first report may come.
    #[must_use]
    pub fn is_reported_within(&self) -> Duration {
        match self {
            // Log backup appears to lag when the clock has gained ten minutes.
            Self::Speed(percent @ 101..) => {
                Duration::from_secs(600 * 100 / u64::from(percent - 100))
            }
            // The storage's usage and the cluster's version are written every five minutes only.
            Self::Database(fault)
                if fault.starts_with("drop") || fault.starts_with("upgradeTo") =>
            {
                Duration::from_mins(5)
            }
            _ => Duration::ZERO,
        }
    }

    /// Returns by how many seconds the fault may delay the end of a run of this length, against the
    /// faultless run.
    #[must_use]
    pub fn sets_back(&self, length: Duration) -> u64 {
        match self {
            Self::Jump(seconds) => seconds.min(&0).unsigned_abs(),
            // The operator waits for a job that does not appear.
            Self::Database(fault) if fault.starts_with("swallow") => 600,
            Self::Speed(percent @ 1..=99) => {
                length.as_secs() * 100 / u64::from(*percent) - length.as_secs()
            }
            // Log backup appears to lag when the clock has gained ten minutes.
            Self::Speed(101..) => length.as_secs() / 2,
            _ => 0,
        }
    }

    /// Returns by how much the fault may delay everything, beyond a minute.
    #[must_use]
    pub fn costs(&self) -> u64 {
        match self {
            // The database ends a backup that has just begun, or leaves the tenant out. The next
            // attempt follows later.
            Self::While(seconds, fault)
                if fault.starts_with("upgrading") || fault.starts_with("status") =>
            {
                let pause = RetrySettings::default().backoff_seconds;
                u64::from(*seconds).saturating_add_signed(pause)
            }
            Self::Late(seconds)
            | Self::Arrive(seconds)
            | Self::Freeze(seconds)
            | Self::Away(seconds)
            | Self::Silent(seconds)
            | Self::Unrenewed(seconds)
            | Self::While(seconds, _) => u64::from(*seconds),
            Self::Drop => 30,
            // The longest wait of the operator for an answer.
            Self::NeverBefore | Self::NeverAfter => REQUEST_TIMEOUT.as_secs(),
            _ => 0,
        }
    }
}

/// A fault at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The fault.
    pub act: Act,
    /// The point.
    pub at: Point,
}

/// One experiment. Its text is its id, and replays it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The name of the workload.
    pub workload: String,
    /// The faults.
    pub faults: Vec<Fault>,
}

/// Prefix of the names of points of the second operator.
pub const SECOND: &str = "second: ";

impl Point {
    /// Returns the name without the operator's prefix.
    #[must_use]
    pub fn what(&self) -> &str {
        self.name.strip_prefix(SECOND).unwrap_or(&self.name)
    }

    /// Returns whether the point belongs to the second operator.
    #[must_use]
    pub fn is_of_second(&self) -> bool {
        self.name.starts_with(SECOND)
    }
}

impl Plan {
    /// Creates a plan without faults.
    #[must_use]
    pub fn peace(workload: &str) -> Self {
        Self {
            workload: workload.to_owned(),
            faults: Vec::new(),
        }
    }
}

/// A text that is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no plan: `workload: act @ name#n + act @ name#n` is one")]
pub struct NoPlan(String);

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name, self.nth)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillBefore => f.write_str("kill-before"),
            Self::KillAfter => f.write_str("kill-after"),
            Self::LoseBefore => f.write_str("lose-before"),
            Self::LoseAfter => f.write_str("lose-after"),
            Self::NeverBefore => f.write_str("never-before"),
            Self::NeverAfter => f.write_str("never-after"),
            Self::Refuse(code) => write!(f, "refuse={code}"),
            Self::Late(seconds) => write!(f, "late={seconds}"),
            Self::Arrive(seconds) => write!(f, "arrive={seconds}"),
            Self::Stale(changes) => write!(f, "stale={changes}"),
            Self::Drop => f.write_str("drop"),
            Self::Twice => f.write_str("twice"),
            Self::Close => f.write_str("close"),
            Self::Expire => f.write_str("expire"),
            Self::Compact => f.write_str("compact"),
            Self::Jump(seconds) => write!(f, "jump={seconds}"),
            Self::Speed(percent) => write!(f, "speed={percent}"),
            Self::Freeze(seconds) => write!(f, "freeze={seconds}"),
            Self::Stop => f.write_str("stop"),
            Self::Away(seconds) => write!(f, "away={seconds}"),
            Self::Silent(seconds) => write!(f, "silent={seconds}"),
            Self::Unrenewed(seconds) => write!(f, "unrenewed={seconds}"),
            Self::Database(yaml) => write!(f, "database={yaml}"),
            Self::While(seconds, yaml) => write!(f, "while={seconds} {yaml}"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.workload)?;
        for (at, Fault { act, at: point }) in self.faults.iter().enumerate() {
            let sign = if at == 0 { "" } else { " +" };
            write!(f, "{sign} {act} @ {point}")?;
        }
        Ok(())
    }
}

impl FromStr for Act {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let wrong = || NoPlan(text.to_owned());
        let (word, value) = text.split_once('=').unwrap_or((text, ""));
        Ok(match word {
            "kill-before" => Self::KillBefore,
            "kill-after" => Self::KillAfter,
            "lose-before" => Self::LoseBefore,
            "lose-after" => Self::LoseAfter,
            "never-before" => Self::NeverBefore,
            "never-after" => Self::NeverAfter,
            "refuse" => Self::Refuse(value.parse().map_err(|_| wrong())?),
            "late" => Self::Late(value.parse().map_err(|_| wrong())?),
            "arrive" => Self::Arrive(value.parse().map_err(|_| wrong())?),
            "stale" => Self::Stale(value.parse().map_err(|_| wrong())?),
            "drop" => Self::Drop,
            "twice" => Self::Twice,
            "close" => Self::Close,
            "expire" => Self::Expire,
            "compact" => Self::Compact,
            "jump" => Self::Jump(value.parse().map_err(|_| wrong())?),
            "speed" => Self::Speed(value.parse().map_err(|_| wrong())?),
            "freeze" => Self::Freeze(value.parse().map_err(|_| wrong())?),
            "stop" => Self::Stop,
            "away" => Self::Away(value.parse().map_err(|_| wrong())?),
            "silent" => Self::Silent(value.parse().map_err(|_| wrong())?),
            "unrenewed" => Self::Unrenewed(value.parse().map_err(|_| wrong())?),
            "database" if fault::parse(value).is_ok() => Self::Database(value.to_owned()),
            "while" => {
                let (seconds, yaml) = value.split_once(' ').ok_or_else(wrong)?;
                passing::read(yaml).ok_or_else(wrong)?;
                let seconds = seconds.parse().map_err(|_| wrong())?;
                Self::While(seconds, yaml.to_owned())
            }
            _ => return Err(wrong()),
        })
    }
}

impl FromStr for Plan {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let wrong = || NoPlan(text.to_owned());
        let (workload, rest) = text.split_once(':').ok_or_else(wrong)?;
        let faults = rest.trim().split(" + ").filter(|fault| !fault.is_empty());
        let faults = faults.map(|fault| {
            let (act, point) = fault.split_once(" @ ").ok_or_else(wrong)?;
            let (name, nth) = point.rsplit_once('#').ok_or_else(wrong)?;
            Ok(Fault {
                act: act.parse()?,
                at: Point {
                    name: name.to_owned(),
                    nth: nth.parse().map_err(|_| wrong())?,
                },
            })
        });
        Ok(Self {
            workload: workload.to_owned(),
            faults: faults.collect::<Result<_, NoPlan>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_back_from_its_text() {
        for text in [
            "pair:",
            "pair: kill-before @ create backuptasks a#1",
            "pair: never-before @ list backuptasks#1 + never-after @ create backuptasks a#1",
            "pair: arrive=12 @ SET a#1 + late=30 @ ALTER SYSTEM BACKUP TENANT = 'a' DESCRIPTION = 'obb/*/1'#1 + jump=-60 @ login#2",
            "pair: database=failBackup: {tenant: orders} @ event backuptasks ADDED a#1",
            "pair: while=120 lock: {tenant: orders, locked: true} @ create backuptasks a#1",
            "leader: freeze=40 @ second: get leases a#1 + speed=50 @ login#2 + unrenewed=40 @ update leases a#2 + stop @ login#1",
        ] {
            let plan: Plan = text.parse().unwrap();
            assert_eq!(plan.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_no_plan_is_an_error() {
        for text in [
            "pair",
            "pair: kill @ a#1",
            "pair: drop @ a",
            "pair: database=x @ a#1",
            "pair: while=9 drop: {tenant: orders} @ a#1",
        ] {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
    }
}
