//! One OceanBase cluster: its tenants, archives, backups, and their progress with time.
//!
//! The model reads no clock and does no I/O. Every change is a statement or
//! [`World::advance`](world::World::advance) to an instant. States and timings follow the engine's
//! archive scheduler (`ob_archive_scheduler_service`, `ob_tenant_archive_scheduler`) and data
//! backup scheduler (`ob_backup_data_scheduler`).

mod access;
mod account;
mod archive;
mod backup;
mod backup_scheduler;
mod change;
mod cleanup;
mod cleanup_scheduler;
mod data;
mod deletion;
mod destination;
mod id;
mod job;
mod lag;
mod obsolete;
mod pace;
mod parameter;
mod parent;
mod past;
mod policy;
mod recover;
mod release;
mod resource;
mod restorable;
mod restore;
mod restores;
mod root_event;
mod round;
mod scn;
mod slow_reads;
mod standby;
mod storage;
mod stored;
mod sys_cleanup;
mod tenant;
mod unit;
mod upgrade;
mod uri;
mod world;

pub use access::NewAccess;
pub use account::{Account, Privilege, password_hash};
pub use archive::Archive;
pub use backup::{Backups, Doom, Request};
pub(crate) use backup_scheduler::NODE;
pub use change::Hold;
pub use cleanup::{CleanJob, CleanKind, CleanRequest, CleanTarget, CleanTask, Cleanups};
pub use data::Table;
pub use destination::{ArchiveDest, Binding, DataDest, StorageCheck, parse_interval};
pub use id::{DestId, JobId, PieceId, RoundId, SetId, TaskId, TenantId};
pub use job::{BackupSet, BackupType, Job, JobLevel, JobStatus, SetStatus, Stage, Task};
pub(crate) use job::{data_progress, phase};
pub use lag::{Lag, LagUntil};
pub use pace::Pace;
pub use parameter::{PARAMETERS, Parameter, parse_duration};
pub use parent::{ChildRows, Parents, SysRequest};
pub use past::PastBackup;
pub use policy::Policy;
pub use recover::{RecoverJob, RecoverRequest, RecoverStage, Recoveries};
pub(crate) use release::{
    RestoreAnswer, has_log_mode, limits_reading, reads_time_of_server, restore_answer,
    takes_plus_archivelog, words_of_two_sources,
};
pub(crate) use resource::NewPool;
pub use resource::Resources;
pub use restorable::{Reading, Restorable, Shortage, Window};
pub use restore::{Origin, RestoreDoom, RestoreJob, RestoreRequest, RestoreStage, Seed};
pub(crate) use restores::server_comment;
pub use restores::{Restores, Shell};
pub use root_event::{MAX_ROOT_EVENTS, RootEvent};
pub use round::{FileStatus, Piece, PieceStatus, Round, RoundStatus};
pub use scn::Scn;
pub use standby::{ACTIVATION_STEPS, Standby, SwitchoverStatus, UNLIMITED};
pub use storage::{Format, Health, Purpose, Storage};
pub use stored::{Sources, Stored, parse_time};
pub use sys_cleanup::CleanParents;
pub use tenant::{Mode, Role, Tenant, TenantStatus};
pub use unit::{Pool, Server, UnitConfig, UnitSize};
pub use upgrade::{UpgradeEvent, Upgrades, Wait};
pub(crate) use uri::hex;
pub use uri::{Scheme, Uri};
pub use world::{Edition, Identity, NewTenant, World};
