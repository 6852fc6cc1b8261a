//! Checks of the operator against the tables of `tests/kernel`. Each release parses every statement
//! that it can receive and has every column that is read. The capability table agrees with both.

mod capabilities;
mod columns;
mod commands;
mod queries;
mod shape;
mod statements;
mod table;

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::version::Version;

/// Returns whether the operator sends statements to this release that need the capability.
fn is_sent_to(version: Version, needed: Option<Capability>) -> bool {
    needed.is_none_or(|capability| version.can(capability))
}
