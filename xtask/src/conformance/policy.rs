//! The delete policy of the scratch tenant.

use oceanbase_backup_operator::oceanbase::model::{DELETE_POLICY, Destinations};
use oceanbase_backup_operator::oceanbase::statement::Command;

use super::report::Section;
use super::suite::{Step, Suite};

/// Days of the window, which no backup of a run reaches.
const DAYS: i32 = 7;

const POLICIES: &str = "view CDB_OB_BACKUP_DELETE_POLICY";

impl Suite {
    /// Adds and drops a policy.
    pub(super) async fn check_policy(&mut self) {
        self.begin(Section::DeletePolicy);
        let step = self.add_and_drop_policy().await;
        self.close_section(&step);
    }

    async fn add_and_drop_policy(&mut self) -> Step {
        let add = Command::AddDeletePolicy {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            observed: Destinations::default(),
            days: DAYS,
        };
        let source = "source: the statement is a plain INSERT";
        self.accepts(&add, "ADD DELETE BACKUP POLICY is accepted", source)
            .await?;
        self.check_shown(Some(format!("{DAYS}d"))).await?;
        self.read_columns().await?;
        let assumption = "A second ADD DELETE BACKUP POLICY is refused with 1062";
        // The next checks do not depend on the result.
        let _ = self.refuses(&add, &[1062], assumption, source).await;
        let drop = self.drop_policy();
        let source = "source: the statement is a plain DELETE";
        self.accepts(&drop, "DROP DELETE BACKUP POLICY is accepted", source)
            .await?;
        self.check_shown(None).await?;
        let assumption = "DROP DELETE BACKUP POLICY of a policy that is not there is accepted";
        self.accepts(&drop, assumption, source).await
    }

    async fn check_shown(&mut self, window: Option<String>) -> Step {
        let assumption = match &window {
            Some(window) => format!("The view shows the policy and its window, {window}"),
            None => "The view shows the policy no more".to_owned(),
        };
        let read = self.database.policies(self.tenant_id).await;
        let policies = self.value(read, &assumption, POLICIES)?;
        let mut shown = policies
            .into_iter()
            .filter(|policy| policy.name == DELETE_POLICY);
        let shown = shown.next().map(|policy| policy.recovery_window);
        let observation = shown.clone().unwrap_or_else(|| "no policy".to_owned());
        self.check(shown == window, assumption, observation, POLICIES)
    }

    pub(super) fn drop_policy(&self) -> Command {
        Command::DropDeletePolicy {
            tenant: self.settings.tenant.clone(),
            tenant_id: self.tenant_id,
            recovery_window: format!("{DAYS}d"),
        }
    }
}
