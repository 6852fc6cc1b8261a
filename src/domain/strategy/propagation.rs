//! What a log backup has from its strategy, and follows it in.
//!
//! A field follows as long as it holds what the strategy last wrote there; what somebody wrote into
//! the log backup itself stands. Where the two agree, it follows again.

use super::{Effect, Evaluation, LogBackupEdit, Plan};
use crate::api::LogBackupSpec;
use crate::api::log_backup::LogBackupMode;
use crate::api::strategy::{Followed, Inherited, LogBackupSettings, StrategyLogBackupMode};

/// Names the fields that a strategy's `logBackup` and a LogBackup share: a new one is one word.
macro_rules! followed {
    ($($field:ident),*) => {
        /// What a log backup holds of what follows its strategy.
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

        /// Lets what a log backup holds, and what its strategy last wrote, follow the strategy.
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
    drift,
    heal
);

/// Which generations of a log backup are its strategy's once that has edited the one of this
/// generation; `known` is what was noted before. Nothing where the edit asks something of the
/// database: it is applied like anybody's.
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
    // The database takes other attributes of a destination with the next start only.
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
            // Nothing is made or edited where log backup is somebody else's matter.
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
    /// Log backups that are to follow an edit of the strategy, or another strategy than before.
    pub(super) fn log_backups_to_edit(&self, plan: &Plan<'_>) -> Vec<LogBackupEdit> {
        let is_ours = self.manages_log_backup();
        let eligible = plan.matched.eligible.iter().filter(|_| is_ours);
        let ours = eligible.filter(|tenant| self.refusal(tenant).is_none());
        ours.filter_map(|tenant| {
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
