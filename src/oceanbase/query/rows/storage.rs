//! Rows of the locations of destinations, their limits, and the database's checks of them.

use super::{ParsedRows, without_options};
use crate::oceanbase::client::Rows;
use crate::oceanbase::model::{LimitedLocation, StorageCheck, StorageLimits, TenantId};

/// Parses the locations of pieces: the root of each destination.
#[must_use]
pub fn log_roots(answer: &Rows) -> ParsedRows<((TenantId, i64), String)> {
    ParsedRows::of("log_roots", answer, |row| {
        let key = (row.tenant_id()?, row.i64("DEST_ID")?);
        Ok((key, without_options(row.text("PATH")?)))
    })
}

/// Parses the times at which destinations were checked.
#[must_use]
pub fn storage_checks(answer: &Rows) -> ParsedRows<StorageCheck> {
    ParsedRows::of("store_checks", answer, |row| {
        Ok(StorageCheck {
            tenant_id: row.tenant_id()?,
            dest_id: row.i64("DEST_ID")?,
            path: without_options(row.text("PATH")?),
            host: host(row.text("ENDPOINT")?).to_owned(),
            checked_at: row.at("LAST_CHECK_TIMESTAMP")?,
        })
    })
}

/// Parses locations with limits.
#[must_use]
pub fn storage_limits(answer: &Rows) -> ParsedRows<(TenantId, LimitedLocation)> {
    ParsedRows::of("store_limits", answer, |row| {
        let root = without_options(row.text("PATH")?);
        let location = LimitedLocation {
            path: format!("{root}?host={}", host(row.text("ENDPOINT")?)),
            limits: StorageLimits {
                max_iops: row.i64("MAX_IOPS")?,
                max_bandwidth: row.i64("MAX_BANDWIDTH")?,
            },
        };
        Ok((row.tenant_id()?, location))
    })
}

/// Returns the host of an endpoint. The database keeps an endpoint as it was written in the
/// destination.
fn host(endpoint: &str) -> &str {
    endpoint.strip_prefix("host=").unwrap_or(endpoint)
}
