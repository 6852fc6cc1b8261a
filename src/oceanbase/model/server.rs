//! Servers, and what they have left for units of pools that are not made yet.

use super::Cpu;

/// A server of the cluster (`DBA_OB_SERVERS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its address and port.
    pub address: String,
    /// The zone that it is in.
    pub zone: String,
    /// What it has beside the units of all pools on it, whether a tenant holds the pool or not.
    ///
    /// That is what CREATE RESOURCE POOL counts with (`ObUnitManager::check_resource_enough_for_unit_`,
    /// V4.2 and V4.3). It counts besides, for a while, what a server still has of units that
    /// are dropped already (`CPU_ASSIGNED_MAX`, `MEM_ASSIGNED`); since that goes by itself, it is left
    /// out here.
    pub left: FreeCapacity,
}

/// So much of a server; `None` stands for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeCapacity {
    /// Processors.
    pub cpu: Option<Cpu>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of disk for logs.
    pub log_disk: Option<u64>,
}

impl FreeCapacity {
    /// How many of the three it surely has too little of to hold this, 0 to 3.
    #[must_use]
    pub fn lacks(&self, wanted: &Self) -> usize {
        [
            is_less(self.cpu, wanted.cpu),
            is_less(self.memory, wanted.memory),
            is_less(self.log_disk, wanted.log_disk),
        ]
        .into_iter()
        .filter(|lacks| *lacks)
        .count()
    }
}

fn is_less<T: PartialOrd>(left: Option<T>, wanted: Option<T>) -> bool {
    left.zip(wanted).is_some_and(|(left, wanted)| left < wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_can_be_lacking() {
        let wanted = FreeCapacity {
            cpu: Some(Cpu(2000)),
            memory: Some(8),
            log_disk: Some(24),
        };
        assert_eq!(wanted.lacks(&wanted), 0);
        assert_eq!(FreeCapacity::default().lacks(&wanted), 0);
        assert_eq!(wanted.lacks(&FreeCapacity::default()), 0);
        let less = FreeCapacity {
            cpu: Some(Cpu(1999)),
            memory: Some(7),
            log_disk: None,
        };
        assert_eq!(less.lacks(&wanted), 2);
    }
}
