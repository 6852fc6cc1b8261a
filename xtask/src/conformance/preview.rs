//! The point that the run restores to, and its preview.

use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::client::{QueryError, Rows};
use oceanbase_backup_operator::oceanbase::model::{BackupSet, Scn};
use oceanbase_backup_operator::oceanbase::query::{self, Query, RestoreQuery};
use oceanbase_backup_operator::oceanbase::statement::{Command, Recovery};
use oceanbase_backup_operator::oceanbase::version::Version;

use super::database::Database;
use super::report::Section;
use super::suite::{Poll, Step, Suite, evidence_of};

const SHOW: &str = "source: ob_tenant_show_restore_preview.cpp";

/// The answer of a release to a preview that it does not execute.
#[derive(Clone, Copy)]
enum Refusal {
    /// The parser refuses PREVIEW (1064); SHOW is not supported (1235).
    ByParser,
    /// PREVIEW is accepted; SHOW answers 1210.
    ByShow,
}

impl Suite {
    /// Waits until the logs reach beyond a set. Returns a point between the two.
    pub(super) async fn point_beyond(&mut self, set: &BackupSet) -> Step<Scn> {
        let (tenant, from) = (self.tenant_id, set.min_restore_scn);
        let probe = async |database: &mut Database| {
            let round = database.round(tenant).await?;
            let reached = round.map(|round| round.checkpoint_scn);
            Ok(match reached {
                Some(reached) if reached > from => Poll::Done(reached),
                Some(_) => Poll::Pending("the checkpoint is before the newest set".to_owned()),
                None => Poll::Pending("there is no round".to_owned()),
            })
        };
        let reached = self
            .reaches(
                "The checkpoint of log archiving passes the newest set",
                "passed",
                "view CDB_OB_ARCHIVELOG",
                probe,
            )
            .await?;
        Ok(Scn(from.0 + (reached.0 - from.0).div_ceil(2)))
    }

    /// Requests a preview of a restore.
    pub(super) async fn check_preview(&mut self, until: Scn) {
        self.begin(Section::Preview);
        let preview = Command::from(Recovery::Preview {
            tenant: self.names.restored.clone(),
            sources: vec![self.data.clone(), self.log.clone()],
            until,
            decryption: Vec::new(),
        });
        // The session is used for nothing else.
        self.database.close();
        let step = match refusal(self.database.version) {
            None => self.check_working_preview(&preview).await,
            Some(refusal) => self.check_refused_preview(&preview, refusal).await,
        };
        self.close_section(&step);
        self.database.close();
    }

    async fn show_preview(&mut self) -> Result<Rows, QueryError> {
        self.database.ask(&Query::from(RestoreQuery::Preview)).await
    }

    async fn check_working_preview(&mut self, preview: &Command) -> Step {
        let evidence = evidence_of(Capability::RestorePreview);
        self.accepts(preview, "RESTORE … PREVIEW is accepted", evidence)
            .await?;
        let assumption = "SHOW RESTORE PREVIEW names sets and pieces";
        let answer = self.show_preview().await;
        self.is_accepted(&answer, None, "SHOW RESTORE PREVIEW is accepted", SHOW)?;
        let rows = query::preview(&answer.unwrap_or_default());
        let rows = self.value(rows.map_err(Into::into), assumption, SHOW)?;
        let sets = rows.iter().filter(|row| row.is_set).count();
        let pieces = rows.len() - sets;
        let observation = format!("sets: {sets}, pieces: {pieces}");
        self.check(sets > 0 && pieces > 0, assumption, observation, SHOW)?;
        let again = self.show_preview().await;
        let assumption = "A second SHOW RESTORE PREVIEW is refused with 1235";
        self.is_refused(&again, None, &[1235], assumption, SHOW)
    }

    async fn check_refused_preview(&mut self, preview: &Command, refusal: Refusal) -> Step {
        match refusal {
            Refusal::ByParser => {
                let evidence = "grammar: the form without a tenant parses from 4.2.1 on";
                let assumption = "RESTORE … PREVIEW is refused with 1064";
                self.refuses(preview, &[1064], assumption, evidence).await?;
                let answer = self.show_preview().await;
                let assumption = "SHOW RESTORE PREVIEW is refused with 1235";
                self.is_refused(&answer, None, &[1235], assumption, SHOW)
            }
            Refusal::ByShow => {
                let evidence = evidence_of(Capability::RestorePreview);
                let assumption = "RESTORE … PREVIEW is accepted, and nothing comes of it";
                self.accepts(preview, assumption, evidence).await?;
                let answer = self.show_preview().await;
                let assumption = "SHOW RESTORE PREVIEW is refused with 1210";
                self.is_refused(&answer, None, &[1210], assumption, SHOW)
            }
        }
    }
}

/// Returns how a release refuses a preview, or `None` if it executes it.
fn refusal(version: Version) -> Option<Refusal> {
    if version.can(Capability::RestorePreview) {
        None
    } else if version < Version([4, 2, 1, 0]) {
        Some(Refusal::ByParser)
    } else {
        Some(Refusal::ByShow)
    }
}
