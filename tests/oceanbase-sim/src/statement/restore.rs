//! `RESTORE`, its preview and sources, standby control, upgrade of a tenant.

use super::parser::{Parsed, Parser};
use super::{Action, Kind, Tenants, Until, release};

/// The body of `ALTER SYSTEM RESTORE t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restore {
    /// The tenant to create.
    pub tenant: String,
    /// `FROM`: destinations, joined by commas.
    pub from: Option<String>,
    /// `UNTIL`.
    pub until: Until,
    /// `WITH`: `key=value` joined by `&`.
    pub options: String,
    /// `DESCRIPTION`.
    pub description: String,
}

impl Parser<'_> {
    /// Parses a statement of this file; `None` if it begins otherwise.
    pub(super) fn restore_statement(&mut self) -> Parsed<Option<(Kind, Action)>> {
        let found = if self.since(release::CANCEL_RESTORE) && self.eat_words(&["CANCEL", "RESTORE"])
        {
            let tenant = self.tenant_name()?;
            (Kind::CancelRestore, Action::CancelRestore(tenant))
        } else if self.eat_words(&["ADD", "RESTORE", "SOURCE"]) {
            let uri = self.string()?;
            (Kind::RestoreSource, Action::AddRestoreSource(uri))
        } else if self.eat_words(&["CLEAR", "RESTORE", "SOURCE"]) {
            (Kind::RestoreSource, Action::ClearRestoreSource)
        } else if self.eat("RESTORE") {
            self.restore()?
        } else if self.eat_words(&["ACTIVATE", "STANDBY"]) {
            let tenants = self.tenant_list()?;
            let verify = self.eat("VERIFY");
            (
                Kind::ActivateStandby,
                Action::ActivateStandby { tenants, verify },
            )
        } else if self.since(release::RECOVER_STANDBY) && self.eat_words(&["RECOVER", "STANDBY"]) {
            let tenants = self.tenant_list()?;
            let until = self.until()?;
            (
                Kind::RecoverStandby,
                Action::RecoverStandby { tenants, until },
            )
        } else if self.since(release::RUN_UPGRADE) && self.eat_words(&["RUN", "UPGRADE", "JOB"]) {
            let job = self.string()?;
            let tenants = self.tenant_list()?;
            (Kind::RunUpgrade, Action::RunUpgrade { job, tenants })
        } else {
            return Ok(None);
        };
        self.end()?;
        Ok(Some(found))
    }

    /// Parses RESTORE, which is a preview without a tenant.
    fn restore(&mut self) -> Parsed<(Kind, Action)> {
        let has_preview = self.since(release::PREVIEW);
        let begins = |word: &&str| self.at(word);
        if has_preview && ["FROM", "UNTIL", "PREVIEW"].iter().any(begins) {
            let from = self.from()?;
            let until = self.until()?;
            self.expect("PREVIEW")?;
            return Ok((Kind::RestorePreview, Action::RestorePreview { from, until }));
        }
        let tenant = self.tenant_name()?;
        let from = self.from()?;
        let until = self.until()?;
        self.expect("WITH")?;
        let options = self.string()?;
        self.keys()?;
        let description = self.description()?;
        if !has_preview && self.eat("PREVIEW") {
            return Ok((Kind::RestorePreview, Action::Unsupported));
        }
        let restore = Restore {
            tenant,
            from,
            until,
            options,
            description,
        };
        Ok((Kind::Restore, Action::Restore(restore)))
    }

    /// Parses `FROM 'uri{,uri}'`, or nothing.
    pub(super) fn from(&mut self) -> Parsed<Option<String>> {
        if self.eat("FROM") {
            self.string().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Parses `UNTIL TIME = 's'`, `UNTIL SCN = n`, `UNTIL UNLIMITED`, `CANCEL`, or nothing.
    pub(super) fn until(&mut self) -> Parsed<Until> {
        if self.eat("CANCEL") {
            return Ok(Until::Cancel);
        }
        if !self.eat("UNTIL") {
            return Ok(Until::Latest);
        }
        if self.eat("UNLIMITED") {
            return Ok(Until::Unlimited);
        }
        let is_time = self.eat("TIME");
        if !is_time {
            self.expect("SCN")?;
        }
        self.expect_sign('=')?;
        if is_time {
            return self.string().map(Until::Time);
        }
        let negative = self.eat_sign('-');
        let number = self.integer()?;
        Ok(Until::Scn(if negative { -number } else { number }))
    }

    /// Parses `ENCRYPTED BY`, `WITH KEY FROM`, `WITH TENANT_STS_CREDENTIAL`, which are not
    /// simulated.
    pub(super) fn keys(&mut self) -> Parsed<()> {
        loop {
            if self.eat_words(&["ENCRYPTED", "BY"])
                || self.eat_words(&["WITH", "KEY", "FROM"])
                || self.eat_words(&["WITH", "TENANT_STS_CREDENTIAL"])
            {
                self.string()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Parses the tenant of a statement, and records it for the log.
    pub(super) fn tenant_name(&mut self) -> Parsed<String> {
        let name = self.name()?;
        self.tenants = Tenants::Named(vec![name.clone()]);
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::newest as parse;
    use super::*;

    fn code(text: &str) -> u16 {
        parse(text).action.err().map_or(0, |error| error.code)
    }

    #[test]
    fn a_restore_has_its_clauses_in_order() {
        let text = "ALTER SYSTEM RESTORE copy FROM 'file:///d,file:///l' UNTIL SCN = 17 \
                    WITH 'pool_list=p' DESCRIPTION = 'key'";
        let statement = parse(text);
        assert_eq!(statement.tenants, Tenants::Named(vec!["copy".to_owned()]));
        assert_eq!(
            statement.action,
            Ok(Action::Restore(Restore {
                tenant: "copy".to_owned(),
                from: Some("file:///d,file:///l".to_owned()),
                until: Until::Scn(17),
                options: "pool_list=p".to_owned(),
                description: "key".to_owned(),
            }))
        );
    }

    #[test]
    fn a_restore_without_options_is_a_syntax_error() {
        assert_eq!(code("ALTER SYSTEM RESTORE copy FROM 'file:///d'"), 1064);
    }

    #[test]
    fn a_restore_without_a_tenant_is_a_preview() {
        let text = "ALTER SYSTEM RESTORE FROM 'file:///d' UNTIL TIME = '2026-11-20' PREVIEW";
        assert_eq!(parse(text).kind, Kind::RestorePreview);
        assert_eq!(
            parse(text).action,
            Ok(Action::RestorePreview {
                from: Some("file:///d".to_owned()),
                until: Until::Time("2026-11-20".to_owned()),
            })
        );
    }

    #[test]
    fn an_equals_sign_of_until_is_not_optional() {
        assert_eq!(code("ALTER SYSTEM RESTORE t UNTIL SCN 17 WITH 'x'"), 1064);
    }

    #[test]
    fn a_standby_is_recovered_without_an_end_or_not_any_more() {
        for (end, until) in [
            ("UNTIL UNLIMITED", Until::Unlimited),
            ("CANCEL", Until::Cancel),
            ("UNTIL SCN = 9", Until::Scn(9)),
        ] {
            let text = format!("ALTER SYSTEM RECOVER STANDBY TENANT = copy {end}");
            let tenants = Tenants::Named(vec!["copy".to_owned()]);
            let expected = Action::RecoverStandby { tenants, until };
            assert_eq!(parse(&text).action, Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_upgrade_names_its_job_in_quotes() {
        let text = "ALTER SYSTEM RUN UPGRADE JOB \"UPGRADE_ALL\" TENANT = copy";
        assert_eq!((parse(text).kind, code(text)), (Kind::RunUpgrade, 0));
    }
}
