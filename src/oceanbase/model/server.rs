//! Servers, and their free capacity for units of new pools.

use super::Cpu;

/// A server of the cluster (`DBA_OB_SERVERS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address and port of the server.
    pub address: String,
    /// Zone of the server.
    pub zone: String,
    /// Capacity beyond the units of all pools on the server, whether a tenant owns the pool or not.
    ///
    /// CREATE RESOURCE POOL uses the same calculation
    /// (`ObUnitManager::check_resource_enough_for_unit_`, V4.2 and V4.3). For a while, it also
    /// counts units that are dropped but still occupy a server (`CPU_ASSIGNED_MAX`,
    /// `MEM_ASSIGNED`). Such units are ignored here, because they disappear by themselves.
    pub left: FreeCapacity,
}

/// Free capacity of a server; `None` means not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeCapacity {
    /// Processors.
    pub cpu: Option<Cpu>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of log disk.
    pub log_disk: Option<u64>,
}

impl FreeCapacity {
    /// Returns how many of the three capacities are certainly too small for this, 0 to 3.
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
