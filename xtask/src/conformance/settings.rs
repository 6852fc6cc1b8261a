//! Settings of a run: flags and the file of the account.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::client::{Account, Tls};
use oceanbase_backup_operator::oceanbase::model::{TableName, TenantName};
use secrecy::SecretString;
use serde::Deserialize;

use super::storage::Storage;

/// Interval between two reads of an awaited state.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Arguments {
    /// Host and port of a server of the cluster, or of OBProxy
    #[arg(long)]
    endpoint: String,
    /// File with `user` (such as root@sys), `password` and optionally `tls` (Disabled or Required),
    /// in YAML or JSON
    #[arg(long)]
    account_file: PathBuf,
    /// Storage of the run's backups: file:///directory or s3://bucket/directory?host=…&access_id=…
    #[arg(long, env = "CONFORMANCE_STORAGE", hide_env_values = true)]
    storage: String,
    /// The scratch tenant: log archiving and backups of it must be off
    #[arg(long)]
    tenant: String,
    /// Also restore a tenant, and drop it again
    #[arg(long)]
    allow_recovery: bool,
    /// A table of the scratch tenant, as database.table, that is recovered under new names; needs
    /// --allow-recovery
    #[arg(long, requires = "allow_recovery")]
    table: Option<String>,
    /// Also write the report to this file
    #[arg(long)]
    pub(super) report: Option<PathBuf>,
    /// Maximum wait for one state, such as the end of a backup
    #[arg(long, default_value_t = 30)]
    timeout_minutes: u32,
}

/// Settings of a run.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The login and the server.
    pub(super) account: Account,
    /// The storage of its backups.
    pub(super) storage: Storage,
    /// The scratch tenant.
    pub(super) tenant: TenantName,
    /// Whether it restores a tenant.
    pub(super) allows_recovery: bool,
    /// The table that it recovers.
    pub(super) table: Option<TableName>,
    /// The maximum wait for one state.
    pub(super) timeout: Duration,
    /// The interval between two reads of an awaited state.
    pub(super) poll_interval: Duration,
    /// When it began.
    pub(super) started_at: Timestamp,
}

impl Settings {
    /// Reads the flags and the file of the account.
    pub(super) fn read(arguments: &Arguments, started_at: Timestamp) -> Result<Self> {
        let table = arguments.table.as_deref();
        let table = table.map(|text| {
            TableName::parse(text)
                .with_context(|| format!("--table is '{text}': write database.table"))
        });
        Ok(Self {
            account: account(&arguments.endpoint, &arguments.account_file)?,
            storage: Storage::parse(&arguments.storage)?,
            tenant: scratch_tenant(&arguments.tenant)?,
            allows_recovery: arguments.allow_recovery,
            table: table.transpose()?,
            timeout: Duration::from_mins(u64::from(arguments.timeout_minutes)),
            poll_interval: POLL_INTERVAL,
            started_at,
        })
    }

    /// Returns the name of the run: the directory of its backups, and part of its keys.
    pub(super) fn run_name(&self) -> String {
        let at = self.started_at.strftime("%Y%m%d-%H%M%S");
        format!("conformance-{at}")
    }

    /// Returns the secrets, which must not be shown.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        let mut secrets: Vec<_> = self.storage.secrets().collect();
        secrets.push(self.account.password.clone());
        secrets
    }
}

/// Returns the name of the scratch tenant, which may be used in a statement.
pub(super) fn scratch_tenant(name: &str) -> Result<TenantName> {
    TenantName::parse(name).with_context(|| {
        format!(
            "--tenant is '{name}': name a user tenant; its name has letters, digits and '_', and is \
             not sys"
        )
    })
}

/// The file of the account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    user: String,
    password: SecretText,
    #[serde(default)]
    tls: TlsMode,
}

/// A text that is never shown.
#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
enum TlsMode {
    #[default]
    Disabled,
    Required,
}

/// Reads the login.
fn account(endpoint: &str, file: &Path) -> Result<Account> {
    let Some((host, port)) = endpoint.rsplit_once(':') else {
        bail!("--endpoint is '{endpoint}': write host:port");
    };
    let port = port
        .parse()
        .with_context(|| format!("--endpoint is '{endpoint}': its port is not a number"))?;
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("--account-file {shown}"))?;
    let mode = std::fs::metadata(file)?.permissions().mode();
    if mode & 0o077 != 0 {
        super::progress(&format!(
            "warning: others may read or write {shown} (mode {:03o}): chmod 600 {shown}",
            mode & 0o777
        ));
    }
    // The error of the parser may quote the file.
    let Ok(read) = serde_saphyr::from_str::<AccountFile>(&text) else {
        bail!(
            "--account-file {shown} is not as expected: it has `user`, `password` and, if wanted, \
             `tls: Disabled` or `tls: Required`, in YAML or JSON"
        );
    };
    Ok(Account {
        endpoints: vec![(host.trim_matches(['[', ']']).to_owned(), port)],
        user: read.user,
        password: read.password.0,
        tls: match read.tls {
            TlsMode::Disabled => Tls::Disabled,
            TlsMode::Required => Tls::Required,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn read(text: &str) -> Result<Account> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("conformance-account-{}-{number}", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, text).unwrap();
        let read = account("db.test:2881", &file);
        std::fs::remove_file(&file).unwrap();
        read
    }

    #[test]
    fn account_is_read_from_yaml_and_json() {
        use secrecy::ExposeSecret;
        for text in [
            "user: root@sys\npassword: sesame\ntls: Required\n",
            r#"{"user": "root@sys", "password": "sesame", "tls": "Required"}"#,
        ] {
            let account = read(text).unwrap();
            assert_eq!(account.endpoints, [("db.test".to_owned(), 2881)]);
            assert_eq!(account.password.expose_secret(), "sesame");
            assert_eq!(account.tls, Tls::Required);
        }
    }

    #[test]
    fn unexpected_account_file_is_not_quoted() {
        for text in ["password: sesame\n", "user: a\npassword: [sesame]\n"] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(
                error.contains("`user`") && !error.contains("sesame"),
                "{error}"
            );
        }
    }

    #[test]
    fn sys_is_no_scratch_tenant() {
        for name in ["sys", "SYS", "all", "a'b", ""] {
            assert!(scratch_tenant(name).is_err(), "{name}");
        }
    }
}
