//! Counts of sent statements. Without faults each request sends one; otherwise no more than the
//! faults explain.

use std::collections::BTreeMap;

use oceanbase_sim::Simulator;

use crate::engine::without_instants;
use crate::plan::{Act, Fault};

/// How often each kind of statement ran for each tenant, with any result.
pub type Sent = BTreeMap<String, u64>;

/// Counts the statements that change the database.
#[must_use]
pub fn sent(simulator: &Simulator) -> Sent {
    let mut sent = Sent::new();
    simulator.log(|log| {
        for entry in log.changing() {
            // Units and pools are not tenants.
            let resource = entry.text.split('`').nth(1).unwrap_or_default();
            let whom = match entry.named.as_slice() {
                [] => without_instants(resource.to_owned()),
                names => without_instants(names.join(", ")),
            };
            let what = format!("{:?} of {whom}", entry.kind);
            *sent.entry(what).or_default() += 1;
        }
    });
    sent
}

/// Returns how many statements a fault lets the operator repeat: those whose answer was lost.
fn repeats(fault: &Fault) -> u64 {
    const WORDS: [&str; 3] = ["ALTER SYSTEM ", "CREATE ", "DROP "];
    // The operator queries the database for the outcome of these, and repeats nothing else.
    const ONCE: [&str; 4] = [
        "ALTER SYSTEM BACKUP ",
        "ALTER SYSTEM DELETE ",
        "ALTER SYSTEM RESTORE ",
        "ALTER SYSTEM RECOVER ",
    ];
    let what = fault.at.what();
    let is_statement = WORDS.iter().any(|word| what.starts_with(word))
        && !ONCE.iter().any(|word| what.starts_with(word));
    let is_unanswered = matches!(fault.act, Act::KillAfter | Act::LoseAfter | Act::NeverAfter);
    u64::from(is_statement && is_unanswered)
}

/// Returns the statements that were sent too often or too rarely. `reads_slowly`: RESTORE reads the
/// storage for a while before its row exists.
#[must_use]
pub fn miscounted(peace: &Sent, found: &Sent, faults: &[Fault], reads_slowly: bool) -> Vec<String> {
    let unheard: u64 = faults.iter().map(repeats).sum();
    let mut whats: Vec<_> = peace.keys().chain(found.keys()).collect();
    whats.sort();
    whats.dedup();
    let wrong = whats.into_iter().filter_map(|what| {
        let count = |sent: &Sent| sent.get(what).copied().unwrap_or_default();
        let (wanted, found) = (count(peace), count(found));
        // A statement whose row does not exist yet is repeated, and one of the two takes effect.
        let begins = ["Restore of ", "CancelRestore of "];
        if reads_slowly && begins.iter().any(|begin| what.starts_with(begin)) {
            let again = faults.len() as u64;
            let is_right = (1..=wanted + unheard + again).contains(&found);
            return (!is_right).then(|| format!("I14: {what} was sent {found} times"));
        }
        let is_right = (wanted..=wanted + unheard).contains(&found);
        (!is_right).then(|| format!("I14: {what} was sent {found} times, in peace {wanted}"))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u64) -> Sent {
        Sent::from([("ArchiveLog of orders".to_owned(), count)])
    }

    fn faults(text: &str) -> Vec<Fault> {
        let plan: crate::Plan = text.parse().unwrap();
        plan.faults
    }

    #[test]
    fn a_statement_that_is_sent_twice_without_need_is_seen() {
        let kill = faults("pair: kill-before @ ALTER SYSTEM ARCHIVELOG TENANT = 'orders'#1");
        assert_eq!(
            miscounted(&of(1), &of(2), &kill, false),
            ["I14: ArchiveLog of orders was sent 2 times, in peace 1"]
        );
    }

    #[test]
    fn a_statement_that_nobody_heard_of_may_be_sent_once_more() {
        let kill = faults("pair: kill-after @ ALTER SYSTEM ARCHIVELOG TENANT = 'orders'#1");
        assert_eq!(
            miscounted(&of(1), &of(2), &kill, false),
            Vec::<String>::new()
        );
        assert_eq!(miscounted(&of(1), &of(3), &kill, false).len(), 1);
    }

    #[test]
    fn a_statement_that_is_not_sent_is_seen() {
        assert_eq!(miscounted(&of(1), &Sent::new(), &[], false).len(), 1);
    }
}
