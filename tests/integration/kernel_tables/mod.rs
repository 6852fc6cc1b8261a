//! The operator before the tables of `tests/kernel`: every statement that it can send is a sentence
//! of each release that it is sent to, every column that it reads is there, and the capability table
//! agrees with both.

mod capabilities;
mod columns;
mod commands;
mod queries;
mod shape;
mod statements;
mod table;

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::version::Version;

/// Returns whether the operator sends to this release what needs the capability.
fn is_sent_to(version: Version, needed: Option<Capability>) -> bool {
    needed.is_none_or(|capability| version.can(capability))
}
