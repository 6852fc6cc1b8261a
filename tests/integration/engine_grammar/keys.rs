//! New keys of a store.

use oceanbase_backup_operator::oceanbase::command::Rotation;
use oceanbase_backup_operator::oceanbase::model::TenantId;
use secrecy::ExposeSecret;

use super::engine::engine;
use super::statements::{s3, tenant};

/// The engine here knows no external storage but its own: what it says comes after it has read the words.
#[tokio::test]
async fn new_keys_of_a_place_are_taken_and_no_misspelt_ones() {
    let rotation = Rotation {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        user: "root".to_owned(),
        password: "of no concern".into(),
        destination: s3(&[("s3_region", "eu-1")]),
    };
    let statement = rotation.text();
    let text = statement.expose_secret();
    let mut session = engine().session().await;
    let code = session.code(text).await;
    assert_ne!(code, 1064, "{code}");
    for (good, bad) in [
        ("CHANGE", "CHANGGE"),
        ("EXTERNAL_STORAGE_DEST", "EXTERNAL_STORRAGE_DEST"),
        ("PATH", "PAATH"),
        ("ACCESS_INFO", "ACCES_INFO"),
    ] {
        let spoilt = text.replacen(good, bad, 1);
        assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
    }
}
