//! The change from standby to primary, and how far a standby follows.

use super::{Pace, Restorable, Role, Scn, Tenant, Uri, World};

/// `RECOVERY_UNTIL_SCN` of a tenant without a limit.
pub const UNLIMITED: Scn = Scn(4_611_686_018_427_387_903);

/// `SWITCHOVER_STATUS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the engine's own words
pub enum SwitchoverStatus {
    #[default]
    Normal,
    PrepareFlashback,
    Flashback,
    SwitchingToPrimary,
}

impl SwitchoverStatus {
    /// Returns the name in the view.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::PrepareFlashback => "PREPARE FLASHBACK",
            Self::Flashback => "FLASHBACK",
            Self::SwitchingToPrimary => "SWITCHING TO PRIMARY",
        }
    }
}

/// The standby state of a tenant.
#[derive(Clone, Debug)]
pub struct Standby {
    /// `SWITCHOVER_STATUS`.
    pub status: SwitchoverStatus,
    /// `SWITCHOVER_EPOCH`.
    pub epoch: u64,
    /// `RECOVERY_UNTIL_SCN`.
    pub until: Scn,
    /// `SYNC_SCN` of a tenant that does not follow the log.
    pub stands_at: Option<Scn>,
    /// The source of its log.
    pub log: Option<Uri>,
    /// When the next status begins.
    due: Scn,
    /// The status at which an activation stops until it is requested again.
    stuck: bool,
}

impl Default for Standby {
    fn default() -> Self {
        Self {
            status: SwitchoverStatus::Normal,
            epoch: 0,
            until: UNLIMITED,
            stands_at: None,
            log: None,
            due: Scn::NEVER,
            stuck: false,
        }
    }
}

/// The number of steps of an activation before the statement is answered.
pub const ACTIVATION_STEPS: u32 = 3;

impl Standby {
    /// Stops a restored tenant at its restored SCN.
    pub fn stop_at(&mut self, scn: Scn) {
        self.until = scn;
        self.stands_at = Some(scn);
    }

    pub(super) fn due(&self) -> Scn {
        self.due
    }
}

impl World {
    /// Returns `SYNC_SCN` of a tenant.
    #[must_use]
    pub fn sync_scn(&self, tenant: &Tenant) -> Scn {
        let standby = &tenant.standby;
        match standby.stands_at {
            None => self.now(),
            Some(at) if standby.until <= at => at,
            Some(at) => self.log_end(standby, at).min(standby.until),
        }
    }

    /// Returns the end of the log from an instant on, up to the first gap.
    fn log_end(&self, standby: &Standby, from: Scn) -> Scn {
        let Some(log) = &standby.log else { return from };
        let ends = self.stored().into_iter().filter_map(|stored| {
            let pieces = stored.tenant.archive.pieces.iter();
            let here = pieces.filter(|piece| piece.uri.place() == log.place());
            Restorable::new([], here).log_end(from)
        });
        ends.max().unwrap_or(from).max(from)
    }
}

impl Tenant {
    /// Activates the tenant, and resumes an activation that stopped.
    pub(super) fn activate(&mut self, fails: bool, now: Scn, pace: &Pace) {
        if self.standby.status == SwitchoverStatus::Normal {
            self.standby.status = SwitchoverStatus::PrepareFlashback;
        }
        self.standby.stuck = fails;
        self.standby.due = now.plus(pace.backup_step());
    }

    pub(super) fn step_standby(&mut self, at: Scn, pace: &Pace) {
        let standby = &mut self.standby;
        standby.due = at.plus(pace.backup_step());
        match standby.status {
            SwitchoverStatus::PrepareFlashback => standby.status = SwitchoverStatus::Flashback,
            SwitchoverStatus::Flashback if standby.stuck => standby.due = Scn::NEVER,
            SwitchoverStatus::Flashback => {
                standby.status = SwitchoverStatus::SwitchingToPrimary;
                standby.epoch += 1;
                self.role = Role::Primary;
            }
            SwitchoverStatus::SwitchingToPrimary | SwitchoverStatus::Normal => {
                standby.status = SwitchoverStatus::Normal;
                standby.until = UNLIMITED;
                standby.stands_at = None;
                standby.due = Scn::NEVER;
            }
        }
    }
}
