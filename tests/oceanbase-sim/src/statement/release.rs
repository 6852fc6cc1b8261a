//! The first releases of statement forms, one entry for each line.
//!
//! The source is `tests/kernel/grammar-v4.tsv`.

use crate::views::Version;

const fn at(major: u16, minor: u16, patch: u16, build: u16) -> Version {
    Version([major, minor, patch, build])
}

/// `CANCEL RESTORE`.
pub(super) const CANCEL_RESTORE: &[Version] = &[at(4, 2, 0, 0)];
/// `RESTORE FROM … PREVIEW`. Before, PREVIEW is at the end of the whole statement.
pub(super) const PREVIEW: &[Version] = &[at(4, 2, 1, 0)];
/// `RECOVER STANDBY`.
pub(super) const RECOVER_STANDBY: &[Version] = &[at(4, 1, 0, 0)];
/// `RUN UPGRADE JOB`.
pub(super) const RUN_UPGRADE: &[Version] = &[at(4, 1, 0, 0)];
/// `RECOVER TABLE` and `CANCEL RECOVER TABLE`.
pub(super) const RECOVER_TABLE: &[Version] = &[at(4, 2, 1, 0)];
/// `TO t` without the word TENANT.
pub(super) const OPTIONAL_TENANT: &[Version] = &[at(4, 2, 1, 4), at(4, 2, 4, 0), at(4, 3, 1, 0)];
/// Names of `REMAP` that the grammar combines. Before, a pair is one token.
pub(super) const REMAP_NAMES: &[Version] = &[at(4, 2, 1, 3), at(4, 2, 2, 0), at(4, 3, 0, 0)];
/// `db.tb` of `REMAP` as one token, unless a name is quoted.
pub(super) const REMAP_JOINED: &[Version] = &[at(4, 2, 1, 4), at(4, 2, 3, 0), at(4, 3, 0, 0)];
/// `BACKUP KEY`.
pub(super) const BACKUP_KEY: &[Version] = &[at(4, 2, 0, 0)];
/// `BACKUP CLUSTER PARAMETERS`.
pub(super) const CLUSTER_PARAMETERS: &[Version] = &[at(4, 2, 5, 0), at(4, 3, 5, 0)];
/// `CHANGE EXTERNAL_STORAGE_DEST`. The source of the bundle patches of 4.2.5 was not available; the
/// manual names the second patch.
pub(super) const CHANGE_STORAGE: &[Version] = &[at(4, 2, 5, 2), at(4, 3, 3, 0)];
/// `DELETE` with lists of ids, `ARCHIVELOG_PIECE` and `BACKUP ALL`.
pub(super) const DELETE_LISTS: &[Version] = &[at(4, 4, 2, 0)];
