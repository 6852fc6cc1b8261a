//! Rows of servers and their free capacity.

use std::collections::HashMap;
use std::str::FromStr;

use super::{Row, ViewError, rows};
use crate::oceanbase::client::Rows;
use crate::oceanbase::model::{Capacity, Cpu, Server};

/// Address and port, as the views show them.
type Address = (String, String);

/// Resources that the units on a server use.
#[derive(Default)]
struct UsedResources {
    max_cpu: u32,
    min_cpu: u32,
    memory: u64,
    log_disk: u64,
}

/// Parses [`RestoreQuery::Servers`](super::super::RestoreQuery::Servers). The free capacity is that
/// of `Capacities` minus that of `PlacedUnits`.
///
/// A value that cannot be read is not known, and a unit with an unreadable number uses nothing.
/// Otherwise the operator could report a lack of capacity that does not exist. A server that cannot
/// be read makes the result empty.
#[must_use]
pub fn servers(servers: &Rows, capacities: &Rows, units: &Rows) -> Vec<Server> {
    let mut taken = HashMap::<Address, UsedResources>::new();
    for unit in rows("placed_units", units) {
        let Ok(address) = address(&unit) else {
            continue;
        };
        let cpu = |column| cpu(&unit, column).unwrap_or_default().0;
        let of_server = taken.entry(address).or_default();
        of_server.max_cpu = of_server.max_cpu.saturating_add(cpu("MAX_CPU"));
        of_server.min_cpu = of_server.min_cpu.saturating_add(cpu("MIN_CPU"));
        let memory = number(&unit, "MEMORY_SIZE").unwrap_or_default();
        of_server.memory = of_server.memory.saturating_add(memory);
        let log_disk = number(&unit, "LOG_DISK_SIZE").unwrap_or_default();
        of_server.log_disk = of_server.log_disk.saturating_add(log_disk);
    }
    let nothing = UsedResources::default();
    let free = rows("capacities", capacities).filter_map(|row| {
        let address = address(&row).ok()?;
        let free = free_capacity(&row, taken.get(&address).unwrap_or(&nothing));
        Some((address, free))
    });
    let free: HashMap<_, _> = free.collect();
    let read = rows("servers", servers).map(|row| {
        let address = address(&row)?;
        Ok(Server {
            zone: row.text("ZONE")?.to_owned(),
            free: free.get(&address).copied().unwrap_or_default(),
            address: format!("{}:{}", address.0, address.1),
        })
    });
    let read: Result<_, ViewError> = read.collect();
    read.unwrap_or_default()
}

/// Returns the free capacity. `CPU_CAPACITY_MAX` limits the sum of the maximum CPUs of the units.
/// It exceeds the number of CPUs if `resource_hard_limit` is above 100. The sum of the minimum CPUs
/// never exceeds the number of CPUs.
fn free_capacity(capacity: &Row<'_>, taken: &UsedResources) -> Capacity {
    let free = |column, taken| {
        let all = cpu(capacity, column)?;
        Some(Cpu(all.0.saturating_sub(taken)))
    };
    let of_max = free("CPU_CAPACITY_MAX", taken.max_cpu);
    let of_min = free("CPU_CAPACITY", taken.min_cpu);
    let bytes = |column, taken| Some(number::<u64>(capacity, column)?.saturating_sub(taken));
    Capacity {
        cpu: of_max.into_iter().chain(of_min).min(),
        memory: bytes("MEM_CAPACITY", taken.memory),
        log_disk: bytes("LOG_DISK_CAPACITY", taken.log_disk),
    }
}

fn address(row: &Row<'_>) -> Result<Address, ViewError> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok((text("SVR_IP")?, text("SVR_PORT")?))
}

fn cpu(row: &Row<'_>, column: &'static str) -> Option<Cpu> {
    Cpu::parse(row.text(column).ok()?)
}

fn number<T: FromStr>(row: &Row<'_>, column: &'static str) -> Option<T> {
    row.text(column).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &str, rows: &[&str]) -> Rows {
        let cell = |cell: &str| (cell != "NULL").then(|| cell.to_owned());
        Rows {
            columns: columns.split(' ').map(str::to_owned).collect(),
            rows: rows
                .iter()
                .map(|row| row.split(' ').map(cell).collect())
                .collect(),
        }
    }

    const SERVERS: &str = "SVR_IP SVR_PORT ZONE";
    const CAPACITIES: &str =
        "SVR_IP SVR_PORT CPU_CAPACITY CPU_CAPACITY_MAX MEM_CAPACITY LOG_DISK_CAPACITY";
    const UNITS: &str = "SVR_IP SVR_PORT MAX_CPU MIN_CPU MEMORY_SIZE LOG_DISK_SIZE";

    /// Returns the free capacity of the server `a:1` as `cpu memory log_disk`.
    fn left(capacity: &str, units: &[&str]) -> String {
        let read = servers(
            &table(SERVERS, &["a 1 z1"]),
            &table(CAPACITIES, &[capacity]),
            &table(UNITS, units),
        );
        assert_eq!((&*read[0].address, &*read[0].zone), ("a:1", "z1"));
        let Capacity {
            cpu,
            memory,
            log_disk,
        } = read[0].free;
        let text = |it: Option<u64>| it.map_or_else(|| "?".to_owned(), |it| it.to_string());
        let cpu = cpu.map_or_else(|| "?".to_owned(), |cpu| cpu.to_string());
        format!("{cpu} {} {}", text(memory), text(log_disk))
    }

    #[test]
    fn a_server_has_left_what_its_own_units_do_not_take() {
        let units = ["a 1 2.5 1 30 70", "a 1 1 1 10 20", "b 1 9 9 9 9"];
        assert_eq!(left("a 1 16 16.0 100 200", &units), "12.5 60 110");
        assert_eq!(left("a 1 2 2 20 20", &units), "0 0 0");
    }

    #[test]
    fn processors_are_promised_up_to_the_limit_and_guaranteed_up_to_their_number() {
        let unit = ["a 1 8 2 0 0"];
        assert_eq!(left("a 1 16 32 0 0", &unit), "14 0 0");
        assert_eq!(left("a 1 16 20 0 0", &unit), "12 0 0");
    }

    #[test]
    fn what_is_null_or_no_number_is_not_known() {
        assert_eq!(left("a 1 NULL NULL NULL 1e3", &[]), "? ? ?");
        assert_eq!(left("a 1 NULL 4 -1 5", &[]), "4 ? 5");
        let unit = ["a 1 NULL NULL NULL NULL"];
        assert_eq!(left("a 1 4 4 5 6", &unit), "4 5 6");
    }

    #[test]
    fn a_server_that_does_not_answer_is_there_and_nothing_is_known_of_it() {
        assert_eq!(left("b 1 4 4 5 6", &["a 1 1 1 1 1"]), "? ? ?");
    }

    #[test]
    fn a_column_that_is_missing_is_not_known() {
        let known = table(SERVERS, &["a 1 z1"]);
        let of_memory = table("SVR_IP SVR_PORT MEM_CAPACITY", &["a 1 7"]);
        let free = servers(&known, &of_memory, &Rows::default())[0].free;
        let memory = Capacity {
            memory: Some(7),
            ..Capacity::default()
        };
        assert_eq!(free, memory);
        let without_zone = table("SVR_IP SVR_PORT", &["a 1"]);
        assert_eq!(servers(&without_zone, &of_memory, &known), []);
    }
}
