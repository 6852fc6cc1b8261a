//! Privileges of the account.

use oceanbase_backup_operator::oceanbase::model::Privilege;
use oceanbase_backup_operator::oceanbase::query::{self, Query};

use super::report::{Section, Verdict};
use super::suite::{Step, Suite, describe};

/// Operations that the account can perform.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    /// Backups and log archiving.
    pub(super) backs_up: bool,
    /// Restores as well.
    pub(super) restores: bool,
}

impl Suite {
    /// Checks the privileges of the account. A privilege that a role may grant counts as granted.
    pub(super) async fn check_privileges(&mut self) -> Step<Abilities> {
        self.begin(Section::Privileges);
        let answer = self.database.ask(&Query::Grants).await;
        let Ok(rows) = &answer else {
            let observation = describe(&answer, None);
            let assumption = "SHOW GRANTS lists what the account may do";
            self.add(
                Verdict::Mismatch,
                assumption,
                observation,
                "statement SHOW GRANTS",
            );
            return Ok(Abilities {
                backs_up: true,
                restores: true,
            });
        };
        let privileges = query::privileges(rows);
        let mut abilities = Abilities {
            backs_up: true,
            restores: true,
        };
        for privilege in Privilege::ALL {
            let for_backups = matches!(privilege, Privilege::AlterSystem | Privilege::Select);
            let granted = privileges.has(privilege);
            if granted == Some(false) {
                abilities.restores = false;
                abilities.backs_up &= !for_backups;
            }
            let is_needed = for_backups || self.settings.allows_recovery;
            let (verdict, observation) = match granted {
                Some(true) => (Verdict::ExpectedValue, "granted".to_owned()),
                None => (
                    Verdict::NotChecked,
                    "a role may grant it: the statements below show it".to_owned(),
                ),
                Some(false) if is_needed => (
                    Verdict::Mismatch,
                    format!("missing: GRANT {privilege} to the account"),
                ),
                Some(false) => (
                    Verdict::NotChecked,
                    "missing: only recoveries need it".to_owned(),
                ),
            };
            self.add(
                verdict,
                format!("The account has {privilege}"),
                observation,
                "source: ob_privilege_check.cpp",
            );
        }
        Ok(abilities)
    }
}
