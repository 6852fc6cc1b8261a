//! What must hold of several operators, of which one acts: the one that the Lease names, for as
//! long as it has renewed it.
//!
//! The oracle goes by what the API server has stored, not by what an operator believes.

#[cfg(test)]
mod tests;

use std::time::Duration;

use api_double::Change;

use super::State;

/// For how long the Lease of a simulated world is good after each renewal.
pub const LEASE: Duration = Duration::from_secs(15);

/// How long its holder may act after a renewal: the last third of the lease is left for what is on
/// its way.
const ACTING: Duration = Duration::from_secs(10);

/// A Lease as it is held.
pub(super) struct Held {
    /// Whose client wrote it last; nobody's when it was given back.
    by: Option<String>,
    since: Duration,
    /// When it was written or deleted last: the others wait once more from then on.
    touched_at: Duration,
    /// The longest time without a renewal so far.
    longest_gap: Duration,
}

impl State {
    /// The Lease was written by an operator, or deleted by somebody.
    pub(super) fn leads(&mut self, change: &Change) {
        let now = self.time.elapsed();
        let Some(after) = &change.after else {
            let longest_gap = self.longest_gap();
            if let Some(held) = &mut self.lease {
                (held.touched_at, held.longest_gap) = (now, longest_gap);
            }
            return;
        };
        let holder = after["spec"]["holderIdentity"].as_str().unwrap_or_default();
        let longest_gap = self.longest_gap();
        self.lease = Some(Held {
            by: (!holder.is_empty()).then(|| change.actor.clone()),
            since: now,
            touched_at: now,
            longest_gap,
        });
    }

    /// The longest time for which nobody has renewed the Lease, up to now.
    pub(super) fn longest_gap(&self) -> Duration {
        let gap = |held: &Held| {
            held.longest_gap
                .max(self.time.elapsed().saturating_sub(held.touched_at))
        };
        self.lease.as_ref().map_or(Duration::ZERO, gap)
    }

    /// How long ago it was written.
    fn age(&self, held: &Held) -> Duration {
        self.time.elapsed().saturating_sub(held.since)
    }

    /// Somebody sends something that changes an object or the database.
    pub(super) fn acts(&mut self, actor: &str, what: &str) {
        if !self.is_elected {
            return;
        }
        let wrong = match &self.lease {
            None => "nobody was elected".to_owned(),
            Some(held) if held.by.as_deref() != Some(actor) => match &held.by {
                Some(holder) => format!("{holder} leads"),
                None => "the lease was given back".to_owned(),
            },
            Some(held) if self.age(held) > ACTING => {
                format!("its lease was renewed {:?} ago", self.age(held))
            }
            Some(_) => return,
        };
        self.violated(&format!("one leader: {actor} sends {what}, but {wrong}"));
    }
}
