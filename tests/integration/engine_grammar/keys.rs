//! New keys and limits of a storage.

use oceanbase_backup_operator::oceanbase::model::{StorageLimits, TenantId};
use oceanbase_backup_operator::oceanbase::statement::{StorageUpdate, StorageUpdateKind};
use secrecy::ExposeSecret;

use super::engine::engine;
use super::statements::{s3, tenant};

/// This engine knows only its own external storage: its error comes after parsing.
#[tokio::test]
async fn new_keys_and_limits_of_a_place_are_taken_and_no_misspelt_ones() {
    let destination = s3(&[("s3_region", "eu-1")]);
    let location = destination.location().clone();
    let limits = StorageUpdateKind::Limits(location, StorageLimits::NONE);
    let cases = [
        (
            StorageUpdateKind::Keys(destination),
            ("ACCESS_INFO", "ACCES_INFO"),
        ),
        (limits, ("ATTRIBUTE", "ATTRIBUT")),
    ];
    let mut session = engine().session().await;
    for (kind, clause) in cases {
        let change = StorageUpdate {
            tenant: tenant(),
            tenant_id: TenantId(1002),
            user: "root".to_owned(),
            password: "of no concern".into(),
            kind,
        };
        let statement = change.text();
        let text = statement.expose_secret();
        let code = session.code(text).await;
        assert_ne!(code, 1064, "{text}: {code}");
        let words = [
            ("CHANGE", "CHANGGE"),
            ("EXTERNAL_STORAGE_DEST", "EXTERNAL_STORRAGE_DEST"),
            ("PATH", "PAATH"),
            clause,
        ];
        for (good, bad) in words {
            let spoilt = text.replacen(good, bad, 1);
            assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
        }
    }
}
