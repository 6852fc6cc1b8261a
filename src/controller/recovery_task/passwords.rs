//! Passwords of the backup sets, from Secrets.

use super::super::secret::Values;
use super::super::{Context, namespace};
use crate::api::{LocalReference, RecoveryTask};
use crate::domain::Blocker;
use crate::oceanbase::database::Permit;
use crate::oceanbase::restore_password::RestorePassword;

/// Returns what is wrong with the Secrets of a task that has not started.
pub(super) async fn wrong_secret(task: &RecoveryTask, context: &Context) -> Option<Blocker> {
    for reference in &task.spec.decryption_secret_refs {
        let secret = context.secrets.read(&namespace(task), reference).await;
        let usable = secret.and_then(|secret| password_in(&secret));
        if let Err(blocker) = usable {
            return Some(blocker);
        }
    }
    None
}

fn password_in(secret: &Values) -> Result<RestorePassword, Blocker> {
    RestorePassword::new(secret.required("password")?)
        .map_err(|error| Blocker::permanent("UnusableRestorePassword", error.to_string()))
}

/// Returns the passwords of the backup sets.
pub(super) async fn passwords(
    task: &RecoveryTask,
    permit: &Permit,
    context: &Context,
) -> Result<Vec<RestorePassword>, Blocker> {
    let mut passwords = Vec::new();
    for reference in &task.spec.decryption_secret_refs {
        passwords.push(password(task, reference, permit, context).await?);
    }
    Ok(passwords)
}

async fn password(
    task: &RecoveryTask,
    reference: &LocalReference,
    permit: &Permit,
    context: &Context,
) -> Result<RestorePassword, Blocker> {
    let secret = context.secrets.read(&namespace(task), reference).await?;
    secret.check_database(permit.endpoints())?;
    password_in(&secret)
}
