//! Servers, and their free capacity for units of new pools.

use super::Cpu;

/// A server of the cluster (`DBA_OB_SERVERS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address and port of the server.
    pub address: String,
    /// Zone of the server.
    pub zone: String,
    /// Capacity that no unit on the server uses. The units of all pools count, even if no tenant owns
    /// the pool.
    ///
    /// CREATE RESOURCE POOL uses the same calculation
    /// (`ObUnitManager::check_resource_enough_for_unit_`, V4.2 and V4.3). For a while, it also
    /// counts units that are dropped but still occupy a server (`CPU_ASSIGNED_MAX`,
    /// `MEM_ASSIGNED`). Such units are ignored here, because they disappear by themselves.
    pub free: Capacity,
}

/// CPU, memory and log disk: free on a server, or required by a unit. `None` means not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capacity {
    /// Processors.
    pub cpu: Option<Cpu>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of log disk.
    pub log_disk: Option<u64>,
}

impl Capacity {
    /// Returns how many of the three resources are known to be less than required, 0 to 3. An unknown
    /// value is never too small.
    #[must_use]
    pub fn count_shortages(&self, required: &Self) -> usize {
        [
            is_less(self.cpu, required.cpu),
            is_less(self.memory, required.memory),
            is_less(self.log_disk, required.log_disk),
        ]
        .into_iter()
        .filter(|is_short| *is_short)
        .count()
    }
}

fn is_less<T: PartialOrd>(free: Option<T>, required: Option<T>) -> bool {
    free.zip(required)
        .is_some_and(|(free, required)| free < required)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_capacity_is_not_a_shortage() {
        let required = Capacity {
            cpu: Some(Cpu(2000)),
            memory: Some(8),
            log_disk: Some(24),
        };
        assert_eq!(required.count_shortages(&required), 0);
        assert_eq!(Capacity::default().count_shortages(&required), 0);
        assert_eq!(required.count_shortages(&Capacity::default()), 0);
        let less = Capacity {
            cpu: Some(Cpu(1999)),
            memory: Some(7),
            log_disk: None,
        };
        assert_eq!(less.count_shortages(&required), 2);
    }
}
