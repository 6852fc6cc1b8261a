//! `ALTER SYSTEM`.

use super::lexer::{Spanned, Token};
use super::parser::{Parsed, Parser};
use super::{Action, AddPolicy, Backup, ConfigName, Kind, Setting, release};

impl Parser<'_> {
    pub(super) fn alter_system(&mut self) -> Parsed<(Kind, Action)> {
        if let Some(found) = self.restore_statement()? {
            return Ok(found);
        }
        if let Some(found) = self.table_statement()? {
            return Ok(found);
        }
        if let Some(found) = self.cleanup_statement()? {
            return Ok(found);
        }
        if self.since(release::BACKUP_KEY) && self.eat_words(&["BACKUP", "KEY"]) {
            return self.backup_key();
        }
        if self.since(release::CLUSTER_PARAMETERS)
            && self.eat_words(&["BACKUP", "CLUSTER", "PARAMETERS"])
        {
            self.unsupported_tail()?;
            return Ok((Kind::AlterSystem, Action::Unsupported));
        }
        for (words, kind) in UNSUPPORTED {
            if self.eat_words(words) {
                self.unsupported_tail()?;
                return Ok((*kind, Action::Unsupported));
            }
        }
        let (kind, action) = if self.eat("ARCHIVELOG") {
            (Kind::ArchiveLog, self.log_mode(true)?)
        } else if self.eat("NOARCHIVELOG") {
            (Kind::NoArchiveLog, self.log_mode(false)?)
        } else if self.eat("BACKUP") {
            (Kind::Backup, self.backup()?)
        } else if self.eat_words(&["CANCEL", "DELETE", "BACKUP"]) {
            let tenants = self.tenant_list()?;
            self.description()?;
            (Kind::CancelDeleteBackup, Action::CancelDelete(tenants))
        } else if self.eat_words(&["CANCEL", "BACKUP"]) {
            (
                Kind::CancelBackup,
                Action::CancelBackup(self.tenant_list()?),
            )
        } else if self.eat_words(&["ADD", "DELETE", "BACKUP", "POLICY"]) {
            (Kind::AddDeletePolicy, self.add_policy()?)
        } else if self.eat_words(&["DROP", "DELETE", "BACKUP", "POLICY"]) {
            self.eat_sign('=');
            let name = self.string()?;
            (
                Kind::DropDeletePolicy,
                Action::DropPolicy(name, self.tenant_list()?),
            )
        } else {
            self.settings()?
        };
        self.end()?;
        Ok((kind, action))
    }

    fn log_mode(&mut self, on: bool) -> Parsed<Action> {
        let tenants = self.tenant_list()?;
        self.description()?;
        Ok(Action::LogMode(on, tenants))
    }

    /// Parses BACKUP in exactly this order: DESCRIPTION before PLUS ARCHIVELOG is 1064.
    fn backup(&mut self) -> Parsed<Action> {
        let incremental = self.eat("INCREMENTAL");
        let tenants = if self.eat("DATABASE") {
            super::Tenants::Unnamed
        } else if self.at("TENANT") {
            self.tenant_list()?
        } else {
            return Err(self.unexpected());
        };
        let to = if self.eat("TO") {
            self.eat_sign('=');
            Some(self.string()?)
        } else {
            None
        };
        let plus_archivelog = self.eat_words(&["PLUS", "ARCHIVELOG"]);
        let description = self.description()?;
        Ok(Action::Backup(Backup {
            incremental,
            tenants,
            to,
            plus_archivelog,
            description,
        }))
    }

    fn add_policy(&mut self) -> Parsed<Action> {
        self.eat_sign('=');
        let mut policy = AddPolicy {
            name: self.string()?,
            ..AddPolicy::default()
        };
        if self.eat("RECOVERY_WINDOW") {
            self.eat_sign('=');
            policy.recovery_window = Some(self.string()?);
        }
        if self.eat("REDUNDANCY") {
            self.eat_sign('=');
            policy.redundancy = Some(self.integer()?);
        }
        if self.eat("BACKUP_COPIES") {
            self.eat_sign('=');
            self.integer()?;
        }
        policy.tenants = self.tenant_list()?;
        Ok(Action::AddPolicy(policy))
    }

    fn settings(&mut self) -> Parsed<(Kind, Action)> {
        self.eat("SET");
        let mut settings = vec![self.setting()?];
        while self.eat_sign(',') {
            settings.push(self.setting()?);
        }
        if self.eat("COMMENT") {
            self.eat_sign('=');
            self.string()?;
        }
        if self.eat("SCOPE") {
            self.eat_sign('=');
            self.name()?;
        }
        let tenants = self.tenant_list()?;
        let kind = match settings.first() {
            Some(Setting::Config(ConfigName::LogArchiveDestState, _)) => {
                Kind::SetLogArchiveDestState
            }
            Some(Setting::Config(ConfigName::DataBackupDest, _)) => Kind::SetDataBackupDest,
            Some(Setting::Config(ConfigName::LogRestoreSource, _)) => Kind::SetLogRestoreSource,
            Some(Setting::Config(..)) => Kind::SetLogArchiveDest,
            _ => Kind::SetParameter,
        };
        Ok((kind, Action::Set(settings, tenants)))
    }

    fn setting(&mut self) -> Parsed<Setting> {
        let name = match self.peek() {
            Some(Token::Word(name)) => name.clone(),
            _ => return Err(self.unexpected()),
        };
        self.take();
        self.expect_sign('=')?;
        let value = self.literal()?;
        Ok(match config_name(&name) {
            Some(config) => Setting::Config(config, value),
            None => Setting::Parameter(name, value),
        })
    }

    /// Parses `BACKUP KEY [TENANT = t] TO 'uri' ENCRYPTED BY 'password'`.
    fn backup_key(&mut self) -> Parsed<(Kind, Action)> {
        self.tenant_list()?;
        self.expect("TO")?;
        self.string()?;
        if self.eat_words(&["ENCRYPTED", "BY"]) {
            self.string()?;
        }
        self.end()?;
        Ok((Kind::AlterSystem, Action::Unsupported))
    }

    /// Records the names of a tenant list for the log. No form of V4 has a destination there.
    fn unsupported_tail(&mut self) -> Parsed<()> {
        while self.peek().is_some() {
            if self.at("TO")
                && matches!(
                    self.tokens.get(self.next + 1),
                    Some(Spanned {
                        token: Token::Text(_),
                        ..
                    })
                )
            {
                return Err(self.unexpected());
            }
            if !self.at("TENANT") || self.tenant_list().is_err() {
                self.take();
            }
        }
        Ok(())
    }
}

fn config_name(name: &str) -> Option<ConfigName> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "log_archive_dest" => return Some(ConfigName::LogArchiveDest),
        "log_archive_dest_state" => return Some(ConfigName::LogArchiveDestState),
        "data_backup_dest" => return Some(ConfigName::DataBackupDest),
        "log_restore_source" => return Some(ConfigName::LogRestoreSource),
        _ => {}
    }
    let number = name
        .strip_prefix("log_archive_dest_state_")
        .or_else(|| name.strip_prefix("log_archive_dest_"))?;
    matches!(number.parse(), Ok(1..=8)).then_some(ConfigName::Numbered)
}

/// Statements of the grammar that answer 1235, here or in every V4 release.
const UNSUPPORTED: &[(&[&str], Kind)] = &[
    (&["BACKUP", "BACKUPSET"], Kind::AlterSystem),
    (&["BACKUP", "BACKUPPIECE"], Kind::AlterSystem),
    (&["START", "BACKUP", "ARCHIVELOG"], Kind::AlterSystem),
    (&["STOP", "BACKUP", "ARCHIVELOG"], Kind::AlterSystem),
    (&["SUSPEND", "BACKUP"], Kind::AlterSystem),
    (&["RESUME", "BACKUP"], Kind::AlterSystem),
    (&["SWITCHOVER"], Kind::Switchover),
    (&["VALIDATE"], Kind::AlterSystem),
    (&["CANCEL", "VALIDATE", "BACKUP"], Kind::AlterSystem),
    (&["MINOR", "FREEZE"], Kind::AlterSystem),
    (&["MAJOR", "FREEZE"], Kind::AlterSystem),
];

#[cfg(test)]
#[path = "system_tests.rs"]
mod tests;
