//! Rotation of the storage's keys. The tenant's own account passes a changed Secret to the
//! database, one location at a time and without affecting the round.
//!
//! `status.credentials` records the version of the Secret for each location. It is written before
//! the first statement and after each one, so that the rotation continues after a restart. A
//! statement with a lost answer is sent again, which has the same result.

use super::retry::RetryState;
use super::{Archive, Effect, Evaluation, LogBackupDecision, STEP_TIMEOUT, State, archive};
use crate::api::log_backup::{ApplyingKeys, TenantKeys};
use crate::domain::tenant::ineligible;
use crate::domain::{Blocker, Next};
use crate::oceanbase::model::{Answer, Tenant, TenantName};

/// Reason if the database cannot receive new keys while it archives.
const ROTATION_WOULD_INTERRUPT_LOGS: &str = "RotationWouldInterruptLogs";

/// Known state of the storage's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageKeys {
    /// `resourceVersion` of the Secret at the last read.
    pub version: String,
    /// The tenant's locations in the storage, without keys: first of its logs, then of its data.
    pub locations: Vec<String>,
    /// Why the database cannot receive new keys, if so.
    pub blocker: Option<Blocker>,
}

/// Returns why a database of this version, or of a tenant without its own account, cannot receive
/// new keys. Returns `None` if it can.
#[must_use]
pub fn rotation_blocker(
    tenant: &str,
    version: &str,
    can: bool,
    has_account: bool,
) -> Option<Blocker> {
    const OTHERWISE: &str = "The operator sends nothing. Keep the old key valid in the storage. If \
                             that is not possible, move to a new BackupStorage with the new key \
                             (strategy with `storageChangePolicy: StopAndSwitch`). This causes a \
                             gap in the logs and needs a new full backup";
    if !can {
        return Some(Blocker::permanent(
            ROTATION_WOULD_INTERRUPT_LOGS,
            format!(
                "the Secret of the storage has changed, but OceanBase {version} cannot take new \
                 keys for a destination in use (ACCESS_INFO of CHANGE EXTERNAL_STORAGE_DEST needs \
                 4.3.5.2 or later). Tenant {tenant} continues with the old keys. {OTHERWISE}. Or \
                 upgrade the database"
            ),
        ));
    }
    (!has_account).then(|| {
        Blocker::permanent(
            ROTATION_WOULD_INTERRUPT_LOGS,
            format!(
                "the Secret of the storage has changed, and only an account of tenant {tenant} can \
                 give the new keys to the database: name one in `tenantCredentials` of the \
                 OceanBaseCluster. {OTHERWISE}"
            ),
        )
    })
}

impl Evaluation<'_> {
    /// Returns the next statement for new keys, before any other step. A storage that rejects the
    /// old keys interrupts the round, and would also interrupt a new round with them.
    pub(super) fn rotation(&mut self, tenant: &Tenant) -> Option<Effect> {
        let observed = self.observed.storage_keys.as_ref()?;
        if observed.locations.is_empty() {
            return None;
        }
        let Some(credentials) = &mut self.status.credentials else {
            // The destination was set before the operator recorded keys.
            self.status.credentials = Some(given(&observed.version));
            return None;
        };
        if credentials.secret_resource_version == observed.version {
            *credentials = given(&observed.version);
            return None;
        }
        if let Some(blocker) = &observed.blocker {
            credentials.applying = None;
            RetryState::of_keys(credentials).forget();
            credentials.cause = Some(blocker.cause());
            return None;
        }
        let is_other_version =
            |applying: &ApplyingKeys| applying.secret_resource_version != observed.version;
        if credentials.applying.as_ref().is_none_or(is_other_version) {
            RetryState::of_keys(credentials).forget();
            credentials.applying = Some(ApplyingKeys {
                secret_resource_version: observed.version.clone(),
                locations: Vec::new(),
            });
        }
        let applying = credentials.applying.as_ref()?;
        let mut left = observed.locations.iter();
        let Some(location) = left.find(|location| !applying.locations.contains(location)) else {
            *credentials = given(&observed.version);
            return None;
        };
        if ineligible(tenant).is_some() {
            return None;
        }
        if let Some(until) = RetryState::of_keys(credentials).paused_until(self.now) {
            self.later = self.later.sooner(Next::At(until), self.now);
            return None;
        }
        Some(Effect::Rotate {
            tenant: TenantName::parse(&self.object.spec.tenant_name)?,
            location: location.clone(),
            version: observed.version.clone(),
        })
    }

    /// Records that the database received the destination with the keys of this version.
    pub(super) fn record_keys(&mut self) {
        if let Some(version) = &self.observed.applied_version {
            self.status.credentials = Some(given(version));
        }
    }

    /// Returns the current state while a statement is sent that does not concern the round.
    pub(super) fn standing(&mut self, tenant: &Tenant, archive: Archive) -> State {
        if !self.is_applied() {
            self.in_progress(archive)
        } else if self.step(tenant, &archive).is_some() {
            State::Drifted(archive)
        } else {
            State::Reached(archive)
        }
    }

    /// Records the result of the new keys of one location.
    pub(super) fn on_rotation_answer(
        mut self,
        tenant: &Tenant,
        (location, version): (&str, &str),
        answer: &Answer,
    ) -> LogBackupDecision {
        let now = self.now;
        if let Some(credentials) = &mut self.status.credentials {
            match answer {
                Answer::Refused(failure) => {
                    RetryState::of_keys(credentials).record_failure(failure, now);
                }
                Answer::Unknown(why) | Answer::NotSent(why) | Answer::Withheld(why) => {
                    RetryState::of_keys(credentials).record_unsent(
                        "the new keys of the storage",
                        why,
                        now,
                    );
                }
                _ => {
                    RetryState::of_keys(credentials).forget();
                    let applying = credentials.applying.get_or_insert_default();
                    version.clone_into(&mut applying.secret_resource_version);
                    applying.locations.push(location.to_owned());
                    let observed = self.observed.storage_keys.as_ref();
                    let all = observed.map_or(&[][..], |observed| &observed.locations);
                    if all
                        .iter()
                        .all(|location| applying.locations.contains(location))
                    {
                        *credentials = given(version);
                    }
                }
            }
            if let Some(until) = RetryState::of_keys(credentials).paused_until(now) {
                self.later = self.later.sooner(Next::At(until), now);
            }
        }
        let state = self.standing(tenant, archive(tenant));
        self.render(Some(tenant), &state, None, STEP_TIMEOUT)
    }
}

/// Returns keys that all locations have.
fn given(version: &str) -> TenantKeys {
    TenantKeys {
        secret_resource_version: version.to_owned(),
        ..TenantKeys::default()
    }
}
