//! Error numbers of a restored tenant for a login or a check.

use super::Explanation;
use super::FailureClass::Permanent;

/// Error numbers with another meaning when a restored tenant returns them for a login or a check.
pub const OF_CHECKS: &[Explanation] = table! {
    1045 LoginRefused Permanent
        "the restored tenant refuses the login"
        "check `username` and `password` in the Secret of `credentialsSecretRef`: the user and the password must be as they were at the point that was restored"
    1054 UnknownColumn Permanent
        "the statement names a column that is not there"
        "correct `sql` of the check"
    1064 StatementNotUnderstood Permanent
        "the restored tenant does not understand the statement"
        "correct `sql` of the check"
    1142 MissingPrivilege Permanent
        "the user may not read a table of the check"
        "grant SELECT on it in the tenant that is backed up: a later backup has the grant"
    1146 TableNotFound Permanent
        "a table of the check is not in the restored tenant"
        "correct `sql` of the check, or look why the table is not in the backup"
    1227 MissingPrivilege Permanent
        "the user lacks a privilege for the check"
        "grant SELECT on the tables in the tenant that is backed up: a later backup has the grant"
    4012 CheckTimedOut Permanent
        "the check took longer than it may"
        "raise `timeoutSeconds` of the check, or ask for less"
    5157 TenantGone Permanent
        "the restored tenant is not there"
        "nothing; the next verification restores another one"
};
