//! Where destinations are, and when the database tried them.

use super::{Legible, without_options};
use crate::oceanbase::client::Rows;
use crate::oceanbase::model::{StoreCheck, TenantId};

/// Reads where pieces lie: the root of each destination.
#[must_use]
pub fn log_roots(answer: &Rows) -> Legible<((TenantId, i64), String)> {
    Legible::of("log_roots", answer, |row| {
        let key = (row.tenant_id()?, row.i64("DEST_ID")?);
        Ok((key, without_options(row.text("PATH")?)))
    })
}

/// Reads when destinations were tried.
#[must_use]
pub fn store_checks(answer: &Rows) -> Legible<StoreCheck> {
    Legible::of("store_checks", answer, |row| {
        let endpoint = row.text("ENDPOINT")?;
        // The engine keeps it as it stood in the destination.
        let host = endpoint.strip_prefix("host=").unwrap_or(endpoint);
        Ok(StoreCheck {
            tenant_id: row.tenant_id()?,
            dest_id: row.i64("DEST_ID")?,
            path: without_options(row.text("PATH")?),
            host: host.to_owned(),
            checked_at: row.at("LAST_CHECK_TIMESTAMP")?,
        })
    })
}
