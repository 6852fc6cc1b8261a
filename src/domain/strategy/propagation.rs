//! Settings that a log backup inherits from its strategy and follows.
//!
//! A field follows while it holds the value that the strategy last wrote. A value that a user wrote
//! into the log backup stays. Once both values agree, the field follows again.

use super::{Effect, Evaluation, LogBackupEdit, Plan};
use crate::api::LogBackupSpec;
use crate::api::log_backup::LogBackupMode;
use crate::api::strategy::{Followed, Inherited, LogBackupSettings, StrategyLogBackupMode};

/// Lists the fields that a strategy's `logBackup` and a LogBackup share: a new field is one entry.
macro_rules! followed {
    ($($field:ident),*) => {
        /// Returns the settings of a log backup that follow its strategy.
        #[must_use]
        pub fn settings_of(spec: &LogBackupSpec) -> LogBackupSettings {
            let mut settings = LogBackupSettings {
                mode: spec.mode.into(),
                ..LogBackupSettings::default()
            };
            $(settings.$field.clone_from(&spec.$field);)*
            settings
        }

        /// Writes these settings into a log backup.
        pub fn give(settings: &LogBackupSettings, spec: &mut LogBackupSpec) {
            spec.mode = settings.mode.into();
            $(spec.$field.clone_from(&settings.$field);)*
        }

        /// Updates the log backup's settings, and the recorded ones, where they follow the
        /// strategy.
        fn follow(
            wanted: &LogBackupSettings,
            held: &mut LogBackupSettings,
            last: &mut LogBackupSettings,
        ) {
            if held.mode == last.mode || held.mode == wanted.mode {
                (held.mode, last.mode) = (wanted.mode, wanted.mode);
            }
            $(if held.$field == last.$field || held.$field == wanted.$field {
                held.$field.clone_from(&wanted.$field);
                last.$field.clone_from(&wanted.$field);
            })*
        }
    };
}

followed!(
    binding,
    piece_switch_days,
    archive_lag_target_seconds,
    drift_policy,
    interruption
);

/// Returns the generations of a log backup that come from its strategy, after the strategy edited
/// this generation. `known` is the previous record. Returns `None` if the edit requires a database
/// change: it is then applied like any user's edit.
#[must_use]
pub fn followed(
    before: &LogBackupSpec,
    after: &LogBackupSpec,
    generation: i64,
    known: Option<Followed>,
) -> Option<Followed> {
    let asked = |spec: &LogBackupSpec| {
        let location = (spec.storage_ref.clone(), spec.path.clone());
        (spec.mode, spec.archive_lag_target_seconds, location)
    };
    if before == after {
        return known;
    }
    // The database applies other destination attributes only at the next start.
    (asked(before) == asked(after)).then(|| {
        let known = known.filter(|known| known.to == generation);
        Followed {
            from: known.map_or(generation, |known| known.from),
            to: generation.saturating_add(1),
        }
    })
}

impl From<StrategyLogBackupMode> for LogBackupMode {
    fn from(mode: StrategyLogBackupMode) -> Self {
        match mode {
            StrategyLogBackupMode::AroundDataBackup => Self::AroundDataBackup,
            // With `Unmanaged`, no log backup is created or edited.
            StrategyLogBackupMode::Continuous | StrategyLogBackupMode::Unmanaged => {
                Self::Continuous
            }
        }
    }
}

impl From<LogBackupMode> for StrategyLogBackupMode {
    fn from(mode: LogBackupMode) -> Self {
        match mode {
            LogBackupMode::Continuous => Self::Continuous,
            LogBackupMode::AroundDataBackup => Self::AroundDataBackup,
        }
    }
}

impl Evaluation<'_> {
    /// Returns edits for log backups that follow an edit of the strategy or a change of strategy.
    pub(super) fn log_backups_to_edit(&self, plan: &Plan<'_>) -> Vec<LogBackupEdit> {
        let is_managed = self.manages_log_backup();
        let eligible = plan.matched.eligible.iter().filter(|_| is_managed);
        let eligible = eligible.filter(|tenant| self.refusal(tenant).is_none());
        eligible
            .filter_map(|tenant| {
                let known = self.index.log_backup_of(tenant)?;
                let before = known.inherited.as_ref()?;
                let mut settings = known.settings.clone();
                let mut inherited = Inherited {
                    strategy: self.strategy.name.to_owned(),
                    log_backup: before.log_backup.clone(),
                    recovery_window: self.window_to_pass_on(tenant, known, before),
                };
                let wanted = &self.strategy.spec.log_backup;
                follow(wanted, &mut settings, &mut inherited.log_backup);
                let location = self.new_location(tenant, known);
                let is_own = before.strategy == self.strategy.name;
                let policy = if is_own {
                    self.strategy.spec.storage_change_policy
                } else {
                    known.storage_change_policy
                };
                let is_the_same = settings == known.settings
                    && inherited == *before
                    && location.is_none()
                    && policy == known.storage_change_policy;
                (!is_the_same).then(|| LogBackupEdit {
                    name: known.name.clone(),
                    version: known.version.clone(),
                    settings,
                    location,
                    storage_change_policy: policy,
                    inherited,
                })
            })
            .collect()
    }

    pub(super) fn edit_log_backups(&self, plan: &Plan<'_>) -> Option<Effect> {
        let edits = self.batch(self.log_backups_to_edit(plan), |edit| &edit.name);
        (!edits.is_empty()).then_some(Effect::EditLogBackups(edits))
    }
}
