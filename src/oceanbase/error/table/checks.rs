//! Error numbers of a restored tenant for a login or a check.

use super::Explanation;
use super::FailureClass::Permanent;

/// Error numbers with another meaning when a restored tenant returns them for a login or a check.
pub const OF_CHECKS: &[Explanation] = table! {
    1045 LoginRefused Permanent
        "the restored tenant rejects the login"
        "check the Secret of `credentials`: it needs the `username` and `password` that were valid at the restored point"
    1054 UnknownColumn Permanent
        "the statement names a column that does not exist"
        "correct `sql` of the check"
    1064 StatementNotUnderstood Permanent
        "the restored tenant does not understand the statement"
        "correct `sql` of the check"
    1142 MissingPrivilege Permanent
        "the user has no privilege to read a table of the check"
        "grant SELECT on the table in the source tenant; later backups contain the grant"
    1146 TableNotFound Permanent
        "a table of the check does not exist in the restored tenant"
        "correct `sql` of the check, or find out why the table is not in the backup"
    1227 MissingPrivilege Permanent
        "the user lacks a privilege for the check"
        "grant SELECT on the tables in the source tenant; later backups contain the grant"
    4012 CheckTimedOut Permanent
        "the check exceeded its time limit"
        "raise `timeoutSeconds` of the check, or query less data"
    5157 TenantGone Permanent
        "the restored tenant does not exist"
        "no action is needed; the next verification restores another tenant"
};
