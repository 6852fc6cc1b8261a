//! Identifiers, each with its own type so that a set id cannot be used as a job id.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// Returns the next identifier.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// `TENANT_ID`: 1 is sys, user tenants are even from 1002, their meta tenants odd.
    TenantId;
    /// `JOB_ID`, ascending per tenant; sys counts its own.
    JobId;
    /// `TASK_ID`, ascending per tenant.
    TaskId;
    /// `BACKUP_SET_ID`, ascending per tenant from 1; 0 in the rows of sys.
    SetId;
    /// `ROUND_ID` of the log archive, from 1.
    RoundId;
    /// `PIECE_ID`, which continues over rounds.
    PieceId;
    /// `DEST_ID`, counted per tenant from 1001.
    DestId;
}

impl TenantId {
    /// The sys tenant.
    pub const SYS: Self = Self(1);

    /// Returns the meta tenant of a user tenant.
    #[must_use]
    pub fn meta(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl DestId {
    /// The first destination of a tenant.
    pub const FIRST: Self = Self(1001);
}
