//! Resources of a tenant: units of CPU and memory in pools, and their locations.

use std::fmt;

use super::TenantId;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $takes:literal, $is_good:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[doc = $takes]
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let is_good: fn(&str) -> bool = $is_good;
                is_good(text).then(|| Self(text.to_owned()))
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text!(
    /// Name of a resource unit or pool that is safe in a statement.
    ResourceName,
    "Takes letters, digits and `_`, not starting with a digit, at most 63.",
    |name| {
        let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
        name.starts_with(starts) && has_only(name, 63, "_")
    }
);
text!(
    /// Name of a zone that is safe in a statement.
    ZoneName,
    "Takes letters, digits, `_`, `-` and `.`, at most 128.",
    |name| has_only(name, 128, "_-.")
);
text!(
    /// Locality of a tenant's replicas in OceanBase's syntax: `F@z1,F@z2` or `FULL{1}@z1`.
    Locality,
    "Takes letters, digits and `_-.@,{}`, at most 1024: nothing that ends an option of RESTORE.",
    |text| has_only(text, 1024, "_-.@,{}")
);
text!(
    /// Zones of a tenant's leaders in OceanBase's syntax: `z1;z2,z3` or `RANDOM`.
    PrimaryZone,
    "Takes letters, digits and `_-.;,`, at most 1024: nothing that ends an option of RESTORE.",
    |text| has_only(text, 1024, "_-.;,")
);

fn has_only(text: &str, limit: usize, others: &str) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    (1..=limit).contains(&text.len()) && text.chars().all(is_good)
}

/// Number of CPUs, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpu(pub u32);

impl Cpu {
    /// Parses the number as the views show it, such as `4`, `2.5` or `2.50`. Further digits are
    /// ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
        let whole = whole.parse::<u32>().ok()?.checked_mul(1000)?;
        whole.checked_add(thousandths.parse().ok()?).map(Self)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        if rest == 0 {
            return whole.fmt(f);
        }
        let rest = format!("{rest:03}");
        write!(f, "{whole}.{}", rest.trim_end_matches('0'))
    }
}

/// Resource unit (`DBA_OB_UNIT_CONFIGS`): resources of one server for a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `UNIT_CONFIG_ID`.
    pub id: i64,
    /// Name of the unit.
    pub name: String,
    /// Largest number of CPUs.
    pub max_cpu: Cpu,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of log disk.
    pub log_disk: u64,
}

/// Resource pool (`DBA_OB_RESOURCE_POOLS`): a number of units in each of several zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// `RESOURCE_POOL_ID`.
    pub id: i64,
    /// Name of the pool.
    pub name: String,
    /// Tenant that owns the pool; `None` while the pool is free.
    pub tenant_id: Option<TenantId>,
    /// Number of units in each zone.
    pub unit_count: i64,
    /// `UNIT_CONFIG_ID` of its unit.
    pub unit_id: i64,
    /// Name of its unit; empty if not known.
    pub unit: String,
    /// Names of its zones.
    pub zones: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_its_quotes_is_no_resource_name() {
        for bad in ["", "a`b", "a'b", "a b", "1a", "a-b", "a,b", "a&b", "ä"] {
            assert_eq!(ResourceName::parse(bad), None, "{bad}");
        }
        assert!(ResourceName::parse("obr_3f2a_pool").is_some());
        assert!(ResourceName::parse(&"p".repeat(64)).is_none());
    }

    #[test]
    fn what_would_begin_another_option_is_neither_a_locality_nor_a_primary_zone() {
        for bad in ["", "F@z1&method=quick", "z1 ", "z1=z2", "z1'", "z1\\"] {
            assert_eq!(Locality::parse(bad), None, "{bad}");
            assert_eq!(PrimaryZone::parse(bad), None, "{bad}");
        }
        assert!(Locality::parse("FULL{1}@zone-1,F@z2").is_some());
        assert!(PrimaryZone::parse("z1;z2,z3").is_some());
    }

    #[test]
    fn processors_are_read_and_written_without_rounding() {
        for (text, thousandths, written) in [
            ("4", 4000, "4"),
            ("2.50", 2500, "2.5"),
            ("0.125", 125, "0.125"),
            ("1.05", 1050, "1.05"),
            ("16.0000000000", 16_000, "16"),
        ] {
            assert_eq!(Cpu::parse(text), Some(Cpu(thousandths)));
            assert_eq!(Cpu(thousandths).to_string(), written);
        }
        for bad in ["", ".5", "-1", "4e2", "4,5", "5000000"] {
            assert_eq!(Cpu::parse(bad), None, "{bad}");
        }
    }
}
